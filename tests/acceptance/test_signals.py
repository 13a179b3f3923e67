"""A run can be interrupted in every way a terminal knows, and loses nothing but time."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.acceptance.conftest import Configure, Films, Here
from tests.acceptance.program import (
    Dataset,
    Running,
    check_whole,
    command,
    command_line,
    entry,
    environment,
    load,
    run,
    still_alive,
)
from tui_gen.base.nouns import USUAL_NOUNS

MANY = {"general": 1.0}
DRAIN_SECONDS = 20.0
STOP_SECONDS = 10.0


@pytest.fixture
def long_run(films: Films, configure: Configure) -> Dataset:
    """Return a configuration of some forty clips: too many to be done before a signal comes."""
    videos = [
        entry(films.alpha, "Alpha", MANY),
        entry(films.beta, "Beta", MANY),
        entry(films.gamma, "Gamma", MANY),
    ]
    return configure(videos, base_frame_limit=14)


def at_work(data: Dataset, *flags: str) -> Running:
    """Start a run and wait until its first clips are made."""
    running = data.start(*flags)
    running.wait_until(lambda: data.ledger_path.exists() and len(data.made()) >= 2, "two clips made")
    return running


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGINT, 130, marks=pytest.mark.soak),
        (signal.SIGTERM, 143),
        pytest.param(signal.SIGHUP, 129, marks=pytest.mark.soak),
    ],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else "",
)
def test_the_first_signal_finishes_the_clips_in_hand_and_says_how_to_go_on(
    number: signal.Signals, code: int, long_run: Dataset
) -> None:
    with at_work(long_run) as running:
        descendants = running.descendants()
        running.signal(number)
        done = running.end(DRAIN_SECONDS)
    assert done.code == code, str(done)
    assert f"Received {number.name}: finishing the clips in hand" in done.out
    assert f"Progress saved to {long_run.ledger_path}" in done.out
    assert f"Go on with: tui-gen run {long_run.config}" in done.out
    assert "Traceback" not in done.err
    assert still_alive(descendants, 0.0) == []
    check_whole(long_run)
    made = long_run.made()
    assert 2 <= len(made) < 42
    assert long_run.status()["state"] == "stopped"
    assert long_run.ledger()[-1]["kind"] == "end"


def test_what_was_interrupted_goes_on_where_it_was(long_run: Dataset) -> None:
    with at_work(long_run) as running:
        running.signal(signal.SIGINT)
        running.end(DRAIN_SECONDS)
    before, made = long_run.stamps(), long_run.made()
    done = long_run.complete("--limit", "4")
    images, clips = USUAL_NOUNS.image.counted(len(made)), USUAL_NOUNS.clip.counted(len(made))
    assert f"Resuming: {images} of {clips} are made" in done.out
    assert re.search(r"Last video: (Alpha|Beta|Gamma), (1 clip|\d+ clips) made", done.out)
    assert {path: long_run.stamps()[path] for path in before} == before
    check_whole(long_run)


@dataclass(frozen=True, slots=True)
class Held:
    """A run that has got as far as its first clip, and gets no further."""

    data: Dataset
    running: Running
    decoders: list[psutil.Process]


HOLDING = """#!/bin/sh
case "$*" in
  *256x128*) ;; # a gradient through the chain, before anything else
  *bgr24*) exec {sleep} 1000 ;;
esac
exec '{ffmpeg}' "$@"
"""


@pytest.fixture
def held(films: Films, configure: Configure, embedded_ffmpeg: str, tmp_path: Path) -> Iterator[Held]:
    """Start a run whose ffmpeg hangs where it is to make pictures of a clip."""
    wrapper = tmp_path / "ffmpeg"
    wrapper.write_text(HOLDING.format(sleep=_sleep(), ffmpeg=embedded_ffmpeg), encoding="utf-8")
    wrapper.chmod(0o755)
    data = configure([entry(films.alpha, "Alpha", MANY)])
    with data.start(env=environment(TUI_GEN_FFMPEG=str(wrapper))) as running:
        running.wait_until(lambda: _sleepers(running) != [], "an ffmpeg that hangs")
        held = Held(data, running, running.descendants())
        yield held
    for process in held.decoders:  # none is left, where the program is right
        if process.is_running():
            process.kill()


def test_the_second_signal_stops_at_once(held: Held) -> None:
    held.running.signal(signal.SIGINT)
    held.running.read_until("finishing the clips in hand")
    assert held.running.process.poll() is None
    assert still_alive(held.decoders, 0.0) != []
    began = time.monotonic()
    held.running.signal(signal.SIGINT)
    done = held.running.end(STOP_SECONDS)
    assert time.monotonic() - began < 5.0
    assert done.code == 130, str(done)
    assert "Received SIGINT: stopping now" in done.out
    assert "Traceback" not in done.err
    assert still_alive(held.decoders, 0.0) == []


@pytest.mark.crash
def test_no_child_outlives_a_killed_engine(held: Held) -> None:
    held.running.signal(signal.SIGKILL)
    held.running.end()
    assert still_alive(held.decoders, 2.0) == []


def _sleep() -> str:
    return "/bin/sleep"


def _sleepers(running: Running) -> list[psutil.Process]:
    return [child for child in running.descendants() if command_line(child)[:1] == [_sleep()]]


@pytest.mark.soak
def test_a_second_signal_in_the_middle_of_the_work_leaves_whole_patches(long_run: Dataset) -> None:
    with at_work(long_run) as running:
        running.signal(signal.SIGINT)
        running.signal(signal.SIGTERM)
        done = running.end(STOP_SECONDS)
    assert done.code in {130, 143}, str(done)
    long_run.complete("--limit", "4")
    check_whole(long_run)


@pytest.mark.soak
def test_a_signal_that_is_ignored_on_purpose_stays_ignored(films: Films, configure: Configure) -> None:
    data = configure([entry(films.beta, "Beta", {"general": 0.8})])
    with Running(["/usr/bin/nohup", *command("run", data.config)]) as running:
        running.wait_until(lambda: data.ledger_path.exists() and data.made() != [], "a clip made")
        running.signal(signal.SIGHUP)
        done = running.end()
    assert done.code == 0, str(done)
    check_whole(data)


@pytest.mark.parametrize("flag", [pytest.param("-v", marks=pytest.mark.soak), "--json"])
def test_a_reader_that_goes_away_does_not_end_the_work(flag: str, films: Films, configure: Configure) -> None:
    data = configure([entry(films.beta, "Beta", {"general": 0.8})])
    with data.start(flag) as running:
        assert running.process.stdout is not None
        assert running.process.stdout.readline() != ""
        running.process.stdout.close()
        _, err = running.process.communicate(timeout=60)
    assert running.process.returncode == 0, err
    assert "Traceback" not in err
    assert "BrokenPipe" not in err
    check_whole(data)
    assert data.count("GT") == 8


@pytest.mark.soak
def test_closed_outputs_do_not_end_the_work(films: Films, configure: Configure) -> None:
    data = configure([entry(films.beta, "Beta", {"general": 0.3})])
    line = " ".join(command("run", data.config))
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {line} <&- >&- 2>&-"], check=False, env=environment(), timeout=60
    )
    assert done.returncode == 0
    check_whole(data)
    assert data.count("GT") == 3


# ------------------------------------------------------------------ two at once


def test_a_second_engine_on_the_same_output_is_turned_away_at_once(held: Held) -> None:
    done = held.data.run()
    assert done.code == 11, str(done)
    assert f"process {held.running.process.pid} on {socket.gethostname()}" in done.err
    assert "Traceback" not in done.err
    assert done.seconds < 2.0 * load()
    assert held.running.process.poll() is None
    assert still_alive(held.decoders, 0.0) != []


def test_a_killed_engine_holds_no_lock(long_run: Dataset) -> None:
    with at_work(long_run) as running:
        running.signal(signal.SIGKILL)
        running.end()
    long_run.complete("--limit", "1")
    check_whole(long_run)


def test_fresh_is_refused_while_an_engine_works(held: Held) -> None:
    before = held.data.ledger_path.read_bytes()
    done = held.data.run("--fresh", "--yes")
    assert done.code in {2, 11}, str(done)
    assert str(held.data.output) in done.err
    assert held.data.ledger_path.read_bytes() == before
    assert held.running.process.poll() is None


# ------------------------------------------------------------------ flags


@pytest.mark.soak
def test_limit_ends_after_so_many_clips_and_can_be_repeated(long_run: Dataset) -> None:
    for total in (3, 6):
        done = long_run.complete("--limit", "3")
        check_whole(long_run)
        assert len(long_run.made()) == total
        assert "Go on with: tui-gen run" in done.out


def test_only_works_on_one_video_alone_and_takes_a_part_of_its_name(long_run: Dataset) -> None:
    long_run.complete("--only", "bet", "--limit", "4")
    check_whole(long_run)
    assert long_run.count("GT") == long_run.count("GT", "patch_beta_*") == 4


def test_only_with_a_name_that_fits_several_is_refused(long_run: Dataset, here: Here) -> None:
    done = here("run", long_run.config, "--only", "a")
    assert done.code == 2
    assert '"a" fits 3 videos' in done.err
    assert not long_run.ledger_path.exists()


@pytest.mark.soak
def test_fresh_sets_everything_aside_and_starts_over(films: Films, configure: Configure) -> None:
    data = configure([entry(films.beta, "Beta", {"general": 0.4})])
    data.complete()
    first = data.tree()
    refused = data.run("--fresh")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert data.tree() == first
    data.complete("--fresh", "--yes")
    second = {path: digest for path, digest in data.tree().items() if path.startswith("General/")}
    assert second == first
    (held_out,) = [path for path in data.output.iterdir() if path.name.startswith("General.")]
    assert sum(1 for path in held_out.rglob("*.png")) == len(first)
    (ledger,) = data.ledger_path.parent.glob("ledger.jsonl.*")
    assert ledger.read_bytes().count(b'"outcome":"made"') == 4
    assert len(data.made()) == 4


def test_json_lines_are_json_and_talk_goes_to_stderr(films: Films, configure: Configure) -> None:
    data = configure([entry(films.beta, "Beta", {"general": 0.8})])
    done = data.complete("--json")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert lines
    assert {line["schema"] for line in lines} == {1}
    assert all(line["pid"] > 0 and line["category_stats"] is not None for line in lines)
    assert "Config loaded: 1 video (" in done.err
    assert "Total images created:    8" in done.err


def test_the_feed_tells_of_every_clip(films: Films, configure: Configure) -> None:
    data = configure([entry(films.beta, "Beta", {"general": 0.5})])
    done = data.complete("-v")
    for index in range(5):
        assert f"Beta clip {index} @ " in done.out
    assert done.out.count("saved to GENERAL: General/Patches_") == 5
    assert done.out.count("difference ") == 5


def test_without_a_terminal_the_bare_command_runs(films: Films, configure: Configure) -> None:
    data = configure([entry(films.beta, "Beta", {"general": 0.3})])
    done = run(data.config)
    assert done.code == 0, str(done)
    check_whole(data)
    assert data.count("GT") == 3
