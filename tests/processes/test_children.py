"""Children are killed, stopped, made to talk and abandoned; none is left behind and no byte changes."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.acceptance.program import still_alive
from tests.jobs.superres import sample_films as films
from tests.jobs.superres.sample_films import (
    HDR10_TAGS,
    NUMBERED,
    SETTINGS,
    clips_of,
    make_numbered,
    probed,
    read_film,
    run_ffmpeg,
    stretch_of,
    task,
)
from tui_gen.base.errors import OutOfMemoryError
from tui_gen.engine.model.work import Doing, Failed, Retried, Unusable
from tui_gen.jobs.superres.extraction.reading.clips import read_clips
from tui_gen.jobs.superres.media import Ffmpeg, Reading, probe
from tui_gen.jobs.superres.units import PROBED_FRAMES, Probe, Stretch
from tui_gen.media.geometry import Size
from tui_gen.processes.children import (
    ChildError,
    Command,
    Ended,
    ExactSink,
    StallLimits,
    TextSink,
    run_child,
    start_child,
)
from tui_gen.processes.launching import launch_arguments

LIMITS = StallLimits(20.0, 20.0)


async def read_all(ffmpeg: Ffmpeg, stretch: Stretch) -> list[Reading]:
    """Read a stretch by one child per clip."""
    return await films.read_all(ffmpeg, stretch, reader=read_clips)


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    assert children() == []


@pytest.mark.parametrize("may_write", [False, True])
async def test_a_child_writes_files_only_where_it_may(tmp_path: Path, *, may_write: bool) -> None:
    target = tmp_path / "file"
    script = f"with open({str(target)!r}, 'w') as file: file.write('written')"
    command = Command(
        program=sys.executable,
        arguments=lambda _: ["-I", "-c", script],
        limits=LIMITS,
        may_write=may_write,
    )
    ended = await run_child(command)
    assert (ended.status == 0) is may_write
    assert target.read_text() == ("written" if may_write else "")


@pytest.fixture(scope="module")
def film(embedded_ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "a.mkv"
    return make_numbered(embedded_ffmpeg, path, 120, "-c:v", "libx264", "-g", "24", "-pix_fmt", "yuv420p")


@pytest.fixture(scope="module")
def slow_film(embedded_ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a film whose clips take seconds: it is large and must be tone-mapped."""
    path = tmp_path_factory.mktemp("film") / "slow.mkv"
    pq = "setparams=color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc:range=tv"
    source = ["-f", "lavfi", "-i", "testsrc2=s=3840x2160:r=24:d=1"]
    run_ffmpeg(embedded_ffmpeg, *source, "-vf", pq, "-c:v", "mpeg4", "-q:v", "5", str(path))
    tagged = path.with_name("tagged.mkv")
    run_ffmpeg(embedded_ffmpeg, "-i", str(path), "-c", "copy", *HDR10_TAGS, str(tagged))
    return tagged


def once(folder: Path, real: str, first: str) -> Ffmpeg:
    """Return an ffmpeg that does something else the first time."""
    path = folder / "ffmpeg"
    path.write_text(
        f'#!/bin/sh\nif mkdir "{folder}/done" 2>/dev/null; then {first}; fi\nexec "{real}" "$@"\n'
    )
    path.chmod(0o755)
    return Ffmpeg(str(path), "9")


async def stretch_at(ffmpeg: Ffmpeg, film: Path, *times: float, size: Size | None = None) -> Stretch:
    facts = await probed(ffmpeg, film)
    return stretch_of(film, facts, [task(i, [t], size or facts.upright) for i, t in enumerate(times)])


async def decoding_child() -> psutil.Process:
    """Wait until a child is an ffmpeg at work and return it."""
    while True:
        for child in children():
            try:
                if "ffmpeg" in child.name() and child.cpu_times().user > 0.2:
                    return child
            except psutil.NoSuchProcess:
                continue
        await asyncio.sleep(0.005)


@pytest.mark.soak
async def test_a_child_killed_in_the_middle_of_a_clip_is_replaced_and_gives_the_same_bytes(
    embedded_ffmpeg: str, slow_film: Path
) -> None:
    ffmpeg, size = Ffmpeg(embedded_ffmpeg, "9"), Size(1920, 1080)
    stretch = await stretch_at(ffmpeg, slow_film, 0.5, size=size)
    undisturbed = clips_of(await read_all(ffmpeg, stretch))[0]
    reading = asyncio.create_task(read_all(ffmpeg, stretch))
    (await decoding_child()).kill()
    reports = await reading
    assert [r.reason for r in reports if isinstance(r, Retried)] == ["ffmpeg was killed by SIGKILL"]
    clip = clips_of(reports)[0]
    assert clip.attempts == 2
    assert np.array_equal(clip.frames[size], undisturbed.frames[size])


async def test_a_child_that_is_always_killed_fails_the_clip_after_three_attempts(
    embedded_ffmpeg: str, film: Path, tmp_path: Path
) -> None:
    stretch = await stretch_at(Ffmpeg(embedded_ffmpeg, "9"), film, 2.0)
    bad = tmp_path / "ffmpeg"
    bad.write_text("#!/bin/sh\necho 'about to die' >&2\nkill -SEGV $$\n")
    bad.chmod(0o755)
    reports = await read_all(Ffmpeg(str(bad), "9"), stretch)
    failed = reports[-1]
    assert isinstance(failed, Failed)
    assert (failed.reason, failed.attempts, failed.detail) == (
        "ffmpeg was killed by SIGSEGV",
        3,
        "about to die",
    )
    assert sum(isinstance(report, Retried) for report in reports) == 2


async def test_a_stopped_child_trips_the_stall_clock_and_is_replaced(
    embedded_ffmpeg: str, film: Path, tmp_path: Path
) -> None:
    stretch = await stretch_at(Ffmpeg(embedded_ffmpeg, "9"), film, 2.0)
    ffmpeg = once(tmp_path, embedded_ffmpeg, "kill -STOP $$")
    reader = read_clips(stretch, ffmpeg=ffmpeg, threads=1, stall=StallLimits(2.0, 2.0))
    reports = [report async for report in reader]
    assert [r.reason for r in reports if isinstance(r, Retried)] == ["ffmpeg gave nothing for 2 s"]
    assert clips_of(reports)[0].attempts == 2


async def test_a_child_that_cannot_be_started_fails_the_clip(embedded_ffmpeg: str, film: Path) -> None:
    stretch = await stretch_at(Ffmpeg(embedded_ffmpeg, "9"), film, 2.0)
    reports = await read_all(Ffmpeg("/nowhere/ffmpeg", "9"), stretch)
    assert isinstance(reports[-1], Failed)
    assert reports[-1].reason == "could not start /nowhere/ffmpeg"
    assert reports[-1].detail == "No such file or directory"


async def test_an_io_error_is_tried_again_on_the_same_window(
    embedded_ffmpeg: str, film: Path, tmp_path: Path
) -> None:
    stretch = await stretch_at(Ffmpeg(embedded_ffmpeg, "9"), film, 2.0)
    ffmpeg = once(tmp_path, embedded_ffmpeg, "echo '[error] film: Input/output error' >&2; exit 1")
    reports = await read_all(ffmpeg, stretch)
    assert [r.reason for r in reports if isinstance(r, Retried)] == ["reading the file failed"]
    assert clips_of(reports)


async def test_a_filter_that_does_not_exist_makes_the_source_unusable_at_once(
    embedded_ffmpeg: str, film: Path, tmp_path: Path
) -> None:
    stretch = await stretch_at(Ffmpeg(embedded_ffmpeg, "9"), film, 2.0, 3.0)
    bad = tmp_path / "ffmpeg"
    bad.write_text("#!/bin/sh\necho \"[AVFilterGraph @ 0x1] [error] No such filter: 'zscale'\" >&2\nexit 8\n")
    bad.chmod(0o755)
    reports = await read_all(Ffmpeg(str(bad), "9"), stretch)
    assert isinstance(reports[-1], Unusable)
    assert reports[-1].reason == "this ffmpeg has no filter zscale"
    assert sum(isinstance(report, Doing) for report in reports) == 1


@pytest.mark.soak
async def test_a_chatty_child_neither_blocks_nor_fills_the_memory(
    embedded_ffmpeg: str, film: Path, tmp_path: Path
) -> None:
    ffmpeg = once(
        tmp_path, embedded_ffmpeg, "yes 'a line of noise, again and again' | head -c 30000000 >&2; exit 1"
    )
    stretch = await stretch_at(Ffmpeg(embedded_ffmpeg, "9"), film, 2.0)
    before = psutil.Process().memory_info().rss
    reports = await read_all(ffmpeg, stretch)
    assert len(str(reports[-1])) < 40_000
    assert psutil.Process().memory_info().rss - before < 20_000_000


async def ended(
    action: Callable[[AsyncGenerator[Reading, None], "asyncio.Task[Reading]"], None],
    stretch: Stretch,
    program: str,
) -> float:
    """Start reading, wait for the child to work, act, and return how long the end took."""
    reader = read_clips(stretch, ffmpeg=Ffmpeg(program, "9"), threads=1)
    assert isinstance(await anext(reader), Doing)
    pull = asyncio.ensure_future(anext(reader))
    child = await decoding_child()
    began = time.monotonic()
    action(reader, pull)
    with pytest.raises((asyncio.CancelledError, StopAsyncIteration)):
        await pull
    await reader.aclose()
    assert not psutil.pid_exists(child.pid)
    return time.monotonic() - began


async def test_cancelling_a_pull_kills_and_reaps_the_child_within_a_moment(
    embedded_ffmpeg: str, slow_film: Path
) -> None:
    stretch = await stretch_at(Ffmpeg(embedded_ffmpeg, "9"), slow_film, 0.5)

    def cancel(_: object, pull: "asyncio.Task[Reading]") -> None:
        pull.cancel()

    assert await ended(cancel, stretch, embedded_ffmpeg) < 2


async def test_cancelling_the_pull_of_a_stopped_child_kills_it_too(
    embedded_ffmpeg: str, slow_film: Path
) -> None:
    stretch = await stretch_at(Ffmpeg(embedded_ffmpeg, "9"), slow_film, 0.5)

    def stop_and_cancel(_: object, pull: "asyncio.Task[Reading]") -> None:
        for child in children():
            child.send_signal(signal.SIGSTOP)
        pull.cancel()

    assert await ended(stop_and_cancel, stretch, embedded_ffmpeg) < 2


async def test_nothing_runs_between_two_pulls_and_after_closing(embedded_ffmpeg: str, film: Path) -> None:
    reader = read_clips(
        await stretch_at(Ffmpeg(embedded_ffmpeg, "9"), film, 1.0, 2.0, 3.0),
        ffmpeg=Ffmpeg(embedded_ffmpeg, "9"),
        threads=1,
    )
    async for report in reader:
        assert children() == []
        if not isinstance(report, Doing):
            break
    await reader.aclose()
    descriptors = psutil.Process().num_fds()
    for _ in range(3):
        await read_all(
            Ffmpeg(embedded_ffmpeg, "9"), await stretch_at(Ffmpeg(embedded_ffmpeg, "9"), film, 1.0)
        )
    assert psutil.Process().num_fds() <= descriptors + 1


async def test_a_hung_probe_is_a_passing_failure(film: Path, tmp_path: Path) -> None:
    hung = tmp_path / "ffmpeg"
    hung.write_text("#!/bin/sh\nexec sleep 1000\n")
    hung.chmod(0o755)
    unit = Probe("v", str(film), SETTINGS)
    with pytest.raises(ChildError, match="ffmpeg hung"):
        await probe(
            unit.file, least_frames=PROBED_FRAMES, ffmpeg=Ffmpeg(str(hung), "9"), limits=StallLimits(3.0, 3.0)
        )


def test_no_child_outlives_a_killed_parent() -> None:
    program = textwrap.dedent("""
        import asyncio, sys
        from tui_gen.processes.children import Command, StallLimits, run_child
        def told(line):
            print(line, flush=True)
            from tui_gen.processes.keepalive import Line
            return Line.SIGN
        command = Command(program="/bin/sh", arguments=lambda _: ["-c", "echo $$ >&2; exec sleep 1000"],
                          on_line=told, limits=StallLimits(100, 100))
        asyncio.run(run_child(command))
    """)
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert psutil.pid_exists(pid)
    child = psutil.Process(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert still_alive([child], 10.0) == []


def in_a_thread(work: Callable[[], object]) -> list[object]:
    """Return what a call in a thread of its own returns or raises, when the thread is gone."""
    came: list[object] = []

    def run() -> None:
        try:
            came.append(work())
        except RuntimeError as error:
            came.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return came


def test_a_child_would_die_with_the_thread_that_started_it_so_only_the_main_thread_starts_one() -> None:
    launch = [*launch_arguments(), "/bin/cat"]

    def started() -> subprocess.Popen[bytes]:
        child = subprocess.Popen(launch, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"?")  # it answers: the launcher has done its part
        child.stdin.flush()
        assert child.stdout.read(1) == b"?"
        return child

    (child,) = in_a_thread(started)
    assert isinstance(child, subprocess.Popen)
    assert child.wait(20) == -signal.SIGKILL, "the reason for the rule is gone"
    child.communicate()
    command = Command(program="/bin/true", arguments=lambda _: [], limits=LIMITS)
    (refused,) = in_a_thread(lambda: start_child(command))
    assert isinstance(refused, RuntimeError)
    assert "main" in str(refused)


async def run_shell(text: str, *sinks: TextSink | ExactSink, limits: StallLimits = LIMITS) -> Ended:
    def arguments(pipes: object) -> list[str]:
        assert isinstance(pipes, list)
        return ["-c", text.format(*pipes)]

    return await run_child(Command(program="/bin/bash", arguments=arguments, sinks=sinks, limits=limits))


async def test_a_child_sees_a_scrubbed_environment_its_own_session_and_low_priority(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FFREPORT", "file=/tmp/x")
    sink = TextSink()
    await run_shell(
        "env >&{0}; pwd >&{0}; nice >&{0}; ulimit -c >&{0}; ps -o sid= -p $$ >&{0}; echo $$ >&{0}", sink
    )
    *_, folder, niceness, core, session, pid = sink.data.decode().split()
    assert b"FFREPORT" not in sink.data
    assert (folder, core) == ("/", "0")
    assert int(niceness) == min(19, os.nice(0) + 19)
    assert session == pid


@pytest.mark.parametrize("ended_by_the_system", [True, False])
async def test_a_child_that_the_system_ends_for_want_of_memory_is_told_from_one_that_was_killed(
    monkeypatch: pytest.MonkeyPatch, *, ended_by_the_system: bool
) -> None:
    counts = iter([5, 6 if ended_by_the_system else 5])

    class Events:
        def read_text(self, **_: str) -> str:
            return f"nr_free_pages 7\noom_kill {next(counts)}\noom_kill_other 9\n"

    monkeypatch.setattr("tui_gen.processes.memory._EVENTS", Events())
    if ended_by_the_system:
        with pytest.raises(OutOfMemoryError, match="memory ran out: the system ended bash"):
            await run_shell("kill -KILL $$")
    else:
        assert (await run_shell("kill -KILL $$")).status == -signal.SIGKILL


async def test_several_pipes_are_read_together_and_counted_exactly() -> None:
    one, two = ExactSink(memoryview(bytearray(3_000_000))), ExactSink(memoryview(bytearray(1_000)))
    done = await run_shell(
        "head -c 2000000 /dev/zero >&{1}; head -c 3000000 /dev/zero >&{0}; echo end >&2; exit 3", one, two
    )
    assert (done.status, done.tail, done.was_killed) == (3, "end", False)
    assert one.is_exact
    assert (two.filled, two.extra, two.is_exact) == (1_000, 1_999_000, False)


async def test_only_frames_count_as_life_once_the_limit_is_set() -> None:
    began = time.monotonic()
    done = await run_shell("while :; do echo busy >&2; sleep 0.1; done", limits=StallLimits(1.0, 1.0))
    assert done.has_stalled
    assert time.monotonic() - began < 10


def test_a_clip_has_the_same_bytes_whatever_the_number_of_threads(embedded_ffmpeg: str, film: Path) -> None:
    clip = read_film(Ffmpeg(embedded_ffmpeg, "9"), film, [2.0])[0]

    async def with_four() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
        reader = read_clips(await stretch_at(ffmpeg, film, 2.0), ffmpeg=ffmpeg, threads=4)
        return clips_of([report async for report in reader])[0].frames[NUMBERED]

    assert np.array_equal(clip.frames[NUMBERED], asyncio.run(with_four()))
