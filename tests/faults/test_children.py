"""Decoders that die, hang, stop or babble cost time, never a patch, and never the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.acceptance.program import Running, command_line, still_alive
from tests.faults.conftest import PATIENCE, STALL_SECONDS, Scene, needs, strace

Fake = Callable[[str], dict[str, str]]
ROOMY_MIB = 400


def children(running: Running, *words: str) -> list[psutil.Process]:
    """Return those of its children whose command line holds one of some words."""
    found = []
    for child in running.descendants():
        try:
            line = " ".join(child.cmdline())
        except psutil.Error:
            continue
        if any(word in line for word in words):
            found.append(child)
    return found


def kill(processes: list[psutil.Process], number: signal.Signals = signal.SIGKILL) -> int:
    sent = 0
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue
        sent += 1
    return sent


@pytest.mark.soak
def test_killed_children_are_replaced_and_no_byte_differs(scene: Scene) -> None:
    killed = 0
    with scene.start() as running:
        scene.wait_for_clips(running, 1)
        deadline = time.monotonic() + 20
        while killed < 12 and running.process.poll() is None and time.monotonic() < deadline:
            # What looks at films leaves no trace in the status.
            readers = [
                each for each in running.descendants() if "reader_child" in " ".join(command_line(each))
            ]
            killed += kill(readers[:1])
            time.sleep(0.03)
        done = running.end()
    assert killed
    assert done.code in {0, 3}, str(done)
    again = scene.data.status()["progress"]["clips_retried"]
    assert again or b'"reader":"clip"' in scene.data.ledger_path.read_bytes()
    scene.finish(done)


@pytest.mark.soak
def test_a_film_that_kills_every_decoder_is_set_aside_and_the_others_go_on(
    scene: Scene, fake_ffmpeg: Fake
) -> None:
    env = fake_ffmpeg('case "$*" in *bert.mp4*) kill -SEGV $$ ;; esac')
    done = scene.run(env=env)
    assert done.code == 3, str(done)
    assert "quarantined until the next run" in done.err
    assert "Bert" in done.err
    made = {clip.partition(":")[0] for clip, _ in scene.data.made()}
    assert made == {"anna", "cleo"}
    scene.finish(done)


@pytest.mark.soak
@pytest.mark.slow
def test_clips_whose_decoders_all_die_end_in_three_failures_not_in_hundreds(
    scene: Scene, fake_ffmpeg: Fake
) -> None:
    # Everything that gives pixels dies; looking at headers works.
    env = fake_ffmpeg('case "$*" in *256x128*) ;; *bgr24*) kill -SEGV $$ ;; esac')
    done = scene.run(env=env)
    assert done.code == 3, str(done)
    status = scene.data.status()
    assert status["progress"]["clips_failed"] <= 12
    assert {video["state"] for video in status["video_checkpoints"].values()} == {"set aside"}
    scene.finish(done)


def test_an_ffmpeg_that_dies_of_its_work_is_refused_at_the_start(scene: Scene, fake_ffmpeg: Fake) -> None:
    done = scene.run(env=fake_ffmpeg('case "$*" in *256x128*) kill -SEGV $$ ;; esac'))
    assert done.code == 2, str(done)
    assert "does not run" in done.err
    assert not scene.data.output.exists()


@pytest.mark.soak
def test_a_decoder_that_hangs_before_its_first_frame_is_killed_and_the_clip_tried_again(
    scene: Scene, fake_ffmpeg: Fake
) -> None:
    once = scene.data.config.parent / "hung"
    hang = f'if mkdir "{once}" 2>/dev/null; then exec sleep 1000; fi'
    env = fake_ffmpeg(f'case "$*" in *256x128*) ;; *bgr24*) {hang} ;; esac')
    began = time.monotonic()
    done = scene.run(env=env)
    assert done.code == 0, str(done)
    assert once.exists()
    assert time.monotonic() - began > STALL_SECONDS
    scene.finish(done)


@pytest.mark.soak
def test_a_stopped_decoder_is_killed_while_the_others_go_on(scene: Scene) -> None:
    with scene.start("--workers", "2") as running:
        scene.wait_for_clips(running, 1)
        stopped: list[psutil.Process] = []
        while not stopped and running.process.poll() is None:
            stopped = children(running, "reader_child", "ffmpeg")[:1]
            kill(stopped, signal.SIGSTOP)
        made = scene.made()
        done = running.end()
    assert stopped
    assert still_alive(stopped, 0.0) == []
    assert done.code == 0, str(done)
    assert scene.made() > made
    scene.finish(done)


@pytest.mark.soak
def test_a_decoder_that_babbles_fills_no_memory_and_blocks_nothing(scene: Scene, fake_ffmpeg: Fake) -> None:
    babble = 'yes "frame of nonsense" | head -c 3000000 >&2'
    env = fake_ffmpeg(f'case "$*" in *256x128*) ;; *bgr24*) {babble} ;; esac')
    peak = 0
    with scene.start("--workers", "1", "--limit", "3", env=env) as running:
        while running.process.poll() is None:
            try:
                peak = max(peak, psutil.Process(running.process.pid).memory_info().rss)
            except psutil.NoSuchProcess:
                break
            time.sleep(0.05)
        done = running.end()
    assert done.code == 0, str(done)
    assert peak < ROOMY_MIB << 20
    scene.finish(done)


@pytest.mark.soak
@pytest.mark.parametrize("who", ["everybody", "the engine alone"])
def test_a_machine_that_slept_blames_no_decoder(who: str, scene: Scene) -> None:
    patience = {**PATIENCE, "stall": [3.0, 3.0]}
    with scene.start("--verbose", patience=patience) as running:
        scene.wait_for_clips(running, 2)
        # The children first: an engine that still runs must not see them stand.
        everybody = running.descendants() if who == "everybody" else []
        kill([psutil.Process(running.process.pid)], signal.SIGSTOP)
        kill(everybody, signal.SIGSTOP)
        time.sleep(5)  # the fault itself: longer than a decoder may be silent
        kill(everybody, signal.SIGCONT)
        kill([psutil.Process(running.process.pid)], signal.SIGCONT)
        done = running.end()
    assert done.code == 0, str(done)
    assert scene.data.status()["progress"]["clips_retried"] == 0
    assert "gave nothing" not in done.out + done.err
    scene.finish(done)


def test_a_film_that_can_be_read_only_by_giants_meets_their_limits() -> None:
    """A child may ask for no more address space than the machine has, and writes no file at all."""
    from tui_gen.processes.launching import launch_arguments

    program = (
        "import resource as r, os, sys\n"
        "print(r.getrlimit(r.RLIMIT_CORE)[0], r.getrlimit(r.RLIMIT_FSIZE)[0], r.getrlimit(r.RLIMIT_AS)[0])\n"
        "print(open('/proc/self/oom_score_adj').read())"
    )
    launch = [*launch_arguments(), sys.executable, "-c", program]
    done = subprocess.run(launch, capture_output=True, text=True, check=True)
    core, file_size, address_space, oom_score = map(int, done.stdout.split())
    assert (core, file_size) == (0, 0)
    own_score = int(Path("/proc/self/oom_score_adj").read_text())
    assert oom_score == min(own_score + 500, 1000), "the engine may be ended for its children's memory"
    assert 0 < address_space <= max(8 << 30, psutil.virtual_memory().total)


@pytest.fixture
def little_memory() -> Iterator[Path]:
    """Make a control group whose processes share little memory; give its folder."""
    root = Path("/sys/fs/cgroup/memory")
    group = (root if root.is_dir() else root.parent) / f"tui-gen-test-{os.getpid()}"
    try:
        group.mkdir()
        limit = next(group / name for name in LIMIT_NAMES if (group / name).exists())
        limit.write_text(str(LITTLE_BYTES))
    except (OSError, StopIteration) as error:
        pytest.skip(f"no control group can be made: {error}")
    yield group
    group.rmdir()


LIMIT_NAMES = ("memory.limit_in_bytes", "memory.max")
COUNT_NAMES = ("memory.oom_control", "memory.events")
LITTLE_BYTES = 300 << 20


def killed_for_memory(group: Path) -> int:
    """Return how many processes of a control group the kernel has ended for want of memory."""
    told = next((group / name).read_text() for name in COUNT_NAMES if (group / name).exists())
    return int(dict(line.split() for line in told.splitlines())["oom_kill"])


@pytest.mark.soak
def test_where_memory_runs_out_decoders_die_and_not_the_engine(scene: Scene, little_memory: Path) -> None:
    join = f'echo $$ > "{little_memory}/cgroup.procs" && exec "$@"'
    patience = {**PATIENCE, "at_once": 8}
    prefix = ["/bin/sh", "-c", join, "sh"]
    with scene.start("--workers", "8", patience=patience, prefix=prefix) as running:
        done = running.end()
    # How much is taken at once is chance: a run that was lucky shows nothing.
    if not killed_for_memory(little_memory):
        pytest.skip("there was memory enough")
    assert done.code in {0, 3}, str(done)
    scene.finish(done)


@pytest.mark.soak
@needs("strace")
@pytest.mark.parametrize("error", ["EAGAIN", "ENOMEM"])
def test_a_machine_without_room_for_processes_is_waited_for_and_no_film_blamed(
    error: str, scene: Scene
) -> None:
    calls = "clone,clone3,vfork"
    with scene.start(prefix=strace(f"trace={calls}", f"inject={calls}:error={error}:when=12..20")) as running:
        done = running.end()
    assert done.code == 0, str(done)
    progress = scene.data.status()["progress"]
    assert "the machine has no room" in scene.log(), "nothing was injected"
    assert progress["clips_failed"] == 0
    scene.finish(done)


@pytest.mark.soak
@needs("prlimit")
def test_too_few_file_descriptors_are_waited_for_and_no_film_blamed(scene: Scene) -> None:
    with scene.start("--workers", "4") as running:
        scene.wait_for_clips(running, 2)
        pid = str(running.process.pid)
        used = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        subprocess.run(["prlimit", f"--pid={pid}", f"--nofile={used - 2}:4096"], check=True)
        running.wait_until(lambda: "no room" in scene.log(), "a word about it")
        subprocess.run(["prlimit", f"--pid={pid}", "--nofile=1024:4096"], check=True)
        done = running.end()
    assert done.code == 0, str(done)
    assert scene.data.status()["progress"]["clips_failed"] == 0
    scene.finish(done)
