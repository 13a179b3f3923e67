"""The whole program in a real terminal: tmux starts it, presses keys, kills the terminal, comes back."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.acceptance.conftest import SDR, X264, Configure, Films, make_film
from tests.acceptance.program import Dataset, check_whole, command, entry, environment, recorded_files, run
from tests.acceptance.tmux import Tmux, wait_for
from tui_gen.base.exit_codes import ExitCode

pytestmark = [
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
    pytest.mark.timeout(240),
]


@pytest.fixture(scope="module")
def long_films(tmp_path_factory: pytest.TempPathFactory, embedded_ffmpeg: str) -> Path:
    """Return a folder with two films of ten minutes."""
    folder = tmp_path_factory.mktemp("long")
    for name in ("alpha", "gamma"):
        drawn = folder / "drawn.mkv"
        make_film(
            embedded_ffmpeg, f"testsrc2=s=320x180:r=24:d=12,noise=alls=9{SDR}", drawn, [*X264, "-g", "96"]
        )
        again = ["-stream_loop", "49", "-i", str(drawn), "-c", "copy", str(folder / f"{name}.mkv")]
        subprocess.run([embedded_ffmpeg, "-nostdin", "-v", "error", *again], check=True, timeout=60)
    return folder


@pytest.fixture
def data(configure: Configure, long_films: Path) -> Iterator[Dataset]:
    """Yield a run that a test has to end itself: many clips of two films."""
    made = configure(
        [
            entry(long_films / "alpha.mkv", "Alpha [b] (2001)", {"general": 1.0}),
            entry(long_films / "gamma.mkv", "Gamma", {"space": 1.0}),
        ],
        base_frame_limit=1000,
    )
    yield made
    for engine in engines(made):
        engine.kill()


def engines(data: Dataset) -> list[psutil.Process]:
    """Return the engines; a child that has not replaced its program yet looks like its engine."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter(["cmdline", "ppid"]):
        line = process.info["cmdline"] or []
        if "run" in line and str(data.config) in line:
            found.append(process)
    pids = {process.pid for process in found}
    return [process for process in found if process.info["ppid"] not in pids]


def shell_line(data: Dataset, **changes: str) -> str:
    words = shlex.join(command(str(data.config)))
    settings = shlex.join(f"{key}={value}" for key, value in environment(**changes).items())
    return f"env -i {settings} TERM=xterm-256color LC_ALL=C.UTF-8 {words}; echo ended with $?; read line"


def ctl(data: Dataset, *words: str) -> str:
    return run("ctl", "-c", data.config, *words).out


def test_a_closed_terminal_leaves_the_work_alone_and_the_screen_comes_back(tmux: Tmux, data: Dataset) -> None:
    first = tmux.open("first", shell_line(data))
    first.shows("RUNNING", "GENERAL", "Alpha [b] (2001)")
    (engine,) = engines(data)
    wait_for(lambda: data.count("GT") > 2, "patches")
    first.close()
    before = data.count("GT")
    wait_for(lambda: data.count("GT") > before + 2, "more patches without a terminal")
    again = tmux.open("again", shell_line(data), width=120, height=36)
    again.shows("RUNNING", "Gamma", seconds=10)
    assert [process.pid for process in engines(data)] == [engine.pid]
    again.press("q")
    again.shows("leave it running")
    again.press("Enter")
    again.shows("ended with 0")
    assert engine.is_running()
    assert "stopping" in ctl(data, "stop")
    wait_for(lambda: not engines(data), "the end of the engine")
    check_whole(data)


def test_two_screens_agree_and_a_pause_stops_the_work(tmux: Tmux, data: Dataset) -> None:
    one = tmux.open("one", shell_line(data))
    one.shows("RUNNING")
    wait_for(lambda: data.count("GT") > 2, "patches")
    two = tmux.open("two", shell_line(data), width=60, height=16)
    two.shows("RUNNING")
    one.press("Space")
    two.shows("PAUSED", seconds=10)
    wait_for(lambda: _stands_still(data), "a standstill")
    (engine,) = engines(data)
    still, spent = data.count("GT"), _cpu_seconds(engine)
    time.sleep(3)  # what is asserted is that nothing happens meanwhile
    assert data.count("GT") == still
    assert _cpu_seconds(engine) - spent < 0.6
    two.press("+")
    one.shows("workers target 3", seconds=10)
    two.press("q")
    two.shows("finish and stop")
    two.press("Down", "Enter")
    two.shows("ended with 4")
    one.shows("STOPPED")
    wait_for(lambda: not engines(data), "the end of the engine")
    check_whole(data)


def _cpu_seconds(engine: psutil.Process) -> float:
    """Return what the engine and all it started have used."""
    total = 0.0
    for process in [engine, *engine.children(recursive=True)]:
        times = process.cpu_times()
        total += times.user + times.system
    return total


def _stands_still(data: Dataset) -> bool:
    before = len(data.ledger())
    time.sleep(1)
    return len(data.ledger()) == before


def test_a_dead_engine_is_shown_and_started_again(tmux: Tmux, data: Dataset) -> None:
    screen = tmux.open("dead", shell_line(data), width=100, height=30)
    screen.shows("RUNNING")
    wait_for(lambda: data.count("GT") > 2, "patches")
    (engine,) = engines(data)
    engine.send_signal(signal.SIGKILL)
    screen.shows("DEAD", seconds=15)
    # With files that the dead engine named and did not record.
    left = {path for path in data.tree() if ".tui-gen-tmp" not in path}
    screen.press("a")
    screen.shows("RUNNING", seconds=30)
    (again,) = engines(data)
    assert again.pid != engine.pid
    for size in [(20, 5), (200, 50), (40, 10), (80, 24)] * 3:
        screen.resize(*size)
    screen.shows("RUNNING", seconds=10)
    wait_for(lambda: left <= recorded_files(data).keys(), "its clips in hand are made again and recorded")
    ctl(data, "drain")
    screen.shows("STOPPED")
    wait_for(lambda: not engines(data), "the end of the engine")
    check_whole(data)


@pytest.mark.soak
def test_a_stopped_run_is_started_again_where_the_temporary_folder_belongs_to_somebody_else(
    tmux: Tmux, data: Dataset, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (temporary / f"tui-gen-{os.getuid()}").touch()
    screen = tmux.open("stopped", shell_line(data, TMPDIR=str(temporary)))
    screen.shows("RUNNING")
    (engine,) = engines(data)
    assert "stopping" in ctl(data, "stop")
    screen.shows("STOPPED", "start again")
    screen.press("a")
    screen.shows("RUNNING")
    (again,) = engines(data)
    assert again.pid != engine.pid
    assert "stopping" in ctl(data, "stop")
    screen.shows("STOPPED")
    check_whole(data)


@pytest.mark.soak
def test_a_finished_run_opens_as_finished_alone_and_in_two_terminals_at_once(
    tmux: Tmux, configure: Configure, films: Films
) -> None:
    data = configure([entry(films.beta, "Beta", {"space": 1.0})], base_frame_limit=2)
    data.complete()
    for sizes in ([(80, 24)], [(80, 24), (120, 36)], [(120, 36), (80, 24)]):
        screens = [
            tmux.open(f"{len(sizes)} {sizes[0][0]} {width}", shell_line(data), width=width, height=height)
            for width, height in sizes
        ]
        for screen in screens:
            screen.shows("FINISHED", "100.0 %", "1 of 1 videos", "2 of 2 clips made", "nothing wrong")
            screen.press("q")
            screen.shows("ended with 0")


@pytest.mark.soak
def test_a_film_is_skipped_and_taken_back_from_a_shell(tmux: Tmux, data: Dataset) -> None:
    screen = tmux.open("skip", shell_line(data), width=120, height=36)
    screen.shows("RUNNING", "Gamma")
    assert "skipping Gamma" in ctl(data, "skip", "gam")
    screen.shows("skipped by hand", seconds=10)
    assert '"state": "skipped"' in ctl(data, "status", "--json")
    assert "taking back Gamma" in ctl(data, "unskip", "Gamma")
    assert "1 workers" in ctl(data, "workers", "1")
    refused = run("ctl", "-c", data.config, "skip", "a")
    assert refused.code == 2
    assert "fits 2 videos" in refused.err
    watched = run("monitor", data.config, "--once")
    assert "TOTAL" in watched.out
    assert watched.out.startswith("RUNNING")
    ctl(data, "stop")
    screen.shows("STOPPED")


def test_a_first_start_offers_the_next_steps(tmux: Tmux, tmp_path: Path) -> None:
    words = shlex.join(command())
    settings = shlex.join(f"{key}={value}" for key, value in environment().items())
    terminal = "TERM=xterm-256color LC_ALL=C.UTF-8"
    start = f"cd {shlex.quote(str(tmp_path))}; env -i {settings} {terminal} {words}; read line"
    screen = tmux.open("new", start)
    screen.shows("tui-gen turns a library of films", "demo")
    screen.press("q")
    assert not (tmp_path / "generator_config.json").exists()


def test_a_faulty_configuration_is_told_before_anything_is_started(tmux: Tmux, data: Dataset) -> None:
    data.config.write_text('{"base_settings": {"output_base_dir": "out", "max_worker": 3}}')
    screen = tmux.open("faulty", shell_line(data))
    screen.shows("max_worker", "ended with 2")
    assert engines(data) == []


def test_a_review_that_is_left_writes_nothing_and_lets_nothing_behind_it_begin(
    tmux: Tmux, films: Films, tmp_path: Path
) -> None:
    scan = shlex.join(command("scan", films.alpha.parent, "-o", tmp_path / "config.json", "--no-probe"))
    terminal = tmux.open("review", f"{scan} && echo GOES ON; echo LEFT WITH $?; sleep 60")
    terminal.shows("s save")
    terminal.press("q")
    terminal.shows("Nothing was written.", f"LEFT WITH {ExitCode.STOPPED:d}")
    assert "GOES ON" not in terminal.text()
    assert not (tmp_path / "config.json").exists()
