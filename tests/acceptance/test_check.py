"""`tui-gen check`: says how machine and films stand, keeps it for the run, and leaves nothing else behind."""

from __future__ import annotations

import fcntl
import json
import os
import re
import select
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Configure, Films
from tests.acceptance.program import (
    Dataset,
    Running,
    command,
    entry,
    environment,
    run,
    run_inside,
    still_alive,
)

HOSTILE = "\x1b]0;PWN\x07 [/red] \udcff row\nrow"


@dataclass(frozen=True, slots=True)
class Recorder:
    """An ffmpeg that tells what it is started for: through a pipe, as a decoder may write to no file."""

    env: dict[str, str]
    descriptor: int

    def looks(self) -> tuple[int, int]:
        """Return how many probes and how many surveys it was started for since the last time."""
        lines = []
        while select.select([self.descriptor], [], [], 0)[0]:
            lines += os.read(self.descriptor, 1 << 20).decode().splitlines()
        assert lines
        return sum("level+verbose" in line for line in lines), sum("w=64:h=36" in line for line in lines)


@pytest.fixture
def recorder(tmp_path: Path, embedded_ffmpeg: str) -> Iterator[Recorder]:
    pipe, program = tmp_path / "pipe", tmp_path / "ffmpeg"
    os.mkfifo(pipe)
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" > {pipe}\nexec {embedded_ffmpeg} "$@"\n')
    program.chmod(0o755)
    descriptor = os.open(pipe, os.O_RDWR)
    fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, 1 << 20)
    yield Recorder(environment(TUI_GEN_FFMPEG=str(program)), descriptor)
    os.close(descriptor)


def facts(data: Dataset) -> list[set[str]]:
    """Return the kinds of facts in the lines of the ledger, in order; "run" where one began."""
    return [
        set(line["facts"]) if line["kind"] == "facts" else {line["kind"]}
        for line in data.ledger()
        if line["kind"] in {"facts", "run"}
    ]


def test_what_a_check_finds_is_not_looked_for_again_by_the_run(
    configure: Configure, two_films: list[dict[str, Any]], recorder: Recorder
) -> None:
    data = configure(two_films)
    done = run_inside("check", data.config, env=recorder.env)
    assert done.code == 0, str(done)
    assert done.out.endswith("Ready.\n")
    assert f"kept for the run, in {data.ledger_path}" in done.err
    assert recorder.looks() == (2, 2)
    learned = [kind for kinds in facts(data) for kind in kinds]
    assert [learned.count(kind) for kind in ("file", "probe", "survey", "run")] == [2, 2, 2, 0]
    ended = data.run(env=recorder.env)
    assert ended.code == 0, str(ended)
    assert "starting fresh" in ended.out
    assert recorder.looks() == (0, 0)
    after = facts(data)
    assert not any({"probe", "survey"} & kinds for kinds in after[after.index({"run"}) :])


@pytest.mark.soak
def test_a_second_check_takes_what_is_known(configure: Configure, films: Films, recorder: Recorder) -> None:
    data = configure([entry(films.beta, HOSTILE, {"general": 1.0})])
    first = json.loads(run_inside("check", data.config, "--json", env=recorder.env).out)
    assert recorder.looks() == (1, 1)
    before = data.ledger_path.read_bytes()
    done = run_inside("check", data.config, "--json", env=recorder.env)
    second = json.loads(done.out)
    assert recorder.looks() == (0, 0)
    assert data.ledger_path.read_bytes() == before
    (film,) = second["videos"]
    assert film["name"] == HOSTILE
    known = ("codec", "size", "colour", "duration_seconds", "key_frames", "bars", "formats")
    assert {key: film[key] for key in known} == {key: first["videos"][0][key] for key in known}
    assert film["size"] == [320, 180]
    assert [place["result"] for place in film["test"]] == ["good"] * 3
    assert film["cost_estimate"]["processor_seconds"] > 0
    assert film["key_frames"]["longest_frames"] == 12


def test_what_is_wrong_with_a_film_is_said_and_makes_the_exit_code(
    configure: Configure, films: Films, tmp_path: Path
) -> None:
    (tmp_path / "text.mkv").write_text("this is no film\n" * 100, encoding="utf-8")
    data = configure(
        [
            entry(films.beta, HOSTILE, {"general": 1.0}),
            entry(tmp_path / "gone.mkv", "Gone", {"general": 1.0}),
            entry(tmp_path / "text.mkv", "Text", {"general": 1.0}),
            entry(films.alpha, "Unwanted", {}),
        ]
    )
    done = run_inside("check", data.config, env=environment(COLUMNS="80"))
    assert done.code == 3, str(done)
    assert "NOT THERE: file not found" in done.out
    assert "CANNOT BE USED: not a video file" in done.out
    assert "left out by the configuration: no category has a weight for it" in done.out
    assert "Videos: 4; 1 good" in done.out
    assert not any(ord(character) < 32 for line in done.out.splitlines() for character in line)
    assert max(map(len, done.out.splitlines())) <= 80
    kinds = [line["kind"] for line in data.ledger()]
    assert kinds.count("unusable") == 1


def test_without_films_the_machine_is_checked_and_nothing_is_made(
    configure: Configure, tmp_path: Path
) -> None:
    data = configure([])
    done = run_inside("check", data.config)
    assert done.code == 0, str(done)
    for what in (
        "ffmpeg",
        "filters",
        "libraries",
        "terminal",
        "logout",
        "output",
        "space",
        "files",
        "engine",
    ):
        assert f" {what} " in done.out
    assert not data.output.exists()
    alone = run("check", cwd=tmp_path)
    assert alone.code == 0, str(alone)
    assert "ffmpeg" in alone.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.json"]


def test_what_cannot_be_used_on_this_machine_is_wrong(configure: Configure, films: Films) -> None:
    data = configure([entry(films.beta, "Beta", {"general": 1.0})], min_free_gb=10**9)
    data.edit(lambda settings: settings.update(ffmpeg="/bin/true"))
    done = run_inside("check", data.config)
    assert done.code == 3, str(done)
    assert "WRONG    ffmpeg" in done.out
    assert "WRONG    space" in done.out
    assert "not looked at: there is no fit ffmpeg" in done.out


def test_a_faulty_configuration_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "faulty.json"
    path.write_text('{"videos": [{"nam": "x"}]}', encoding="utf-8")
    done = run_inside("check", path)
    assert done.code == 2
    assert 'did you mean "name"?' in done.err
    assert done.out == ""


@pytest.mark.parametrize(("output", "flags"), [("not/there", ()), ("one", ("--no-keep",))])
def test_nothing_is_made_above_the_output_folder_nor_where_it_is_not_wanted(
    configure: Configure, films: Films, output: str, flags: tuple[str, ...]
) -> None:
    data = configure([entry(films.beta, "Beta", {"general": 1.0})], output_base_dir=output)
    before = sorted(data.config.parent.rglob("*"))
    done = run_inside("check", data.config, *flags)
    assert done.code == 0, str(done)
    assert sorted(data.config.parent.rglob("*")) == before
    assert ("not kept for the run: " in done.err) == (not flags)


@pytest.mark.soak
def test_beside_an_engine_it_only_reads(configure: Configure, two_films: list[dict[str, Any]]) -> None:
    data = configure(two_films, base_frame_limit=400)
    with data.start() as running:
        running.wait_until(lambda: data.ledger_path.exists() and len(data.made()) > 0, "the first patch")
        os.kill(running.process.pid, signal.SIGSTOP)
        before = data.ledger_path.read_bytes()
        done = run_inside("check", data.config)
        assert data.ledger_path.read_bytes() == before
        os.kill(running.process.pid, signal.SIGCONT)
    assert done.code == 0, str(done)
    assert f"process {running.process.pid} on " in done.out
    assert "not measured while an engine is at work" in done.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_children_at_once(
    configure: Configure, films: Films, number: signal.Signals
) -> None:
    data = configure([entry(path, path.name, {"general": 1.0}) for path in (films.alpha, films.gamma)])
    with Running(command("check", data.config)) as running:
        running.wait_until(lambda: len(running.descendants()) > 1, "the first children")
        children = running.descendants()
        running.signal(number)
        done = running.end(seconds=10.0)
        assert still_alive(children, seconds=1.0) == []
    assert done.code == 128 + number, str(done)
    assert re.search(r"Stopped after [01] of 2 videos", done.err), str(done)
    assert "Traceback" not in done.err
    assert any("file" in kinds for kinds in facts(data))


@pytest.mark.soak
def test_a_terminal_sees_how_far_it_is(configure: Configure, films: Films) -> None:
    data = configure([entry(films.beta, "Beta", {"general": 1.0})])
    ours, theirs = os.openpty()
    done = subprocess.run(
        command("check", data.config, "--json"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment(TERM="xterm-256color", LANG="C.UTF-8"),
        check=True,
        timeout=100,
    )
    os.close(theirs)
    said = os.read(ours, 65536).decode()
    os.close(ours)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert f"checked 0 of 1 videos {'━' * 20} 0.0 % - left" in plain
    assert said.count("\r\x1b[K") >= 1
    assert json.loads(done.stdout)["ready"] is True
