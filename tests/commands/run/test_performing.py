"""However a run ends, its end is recorded and the user's hook is told."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.run.toy_run import ToyRun, join_writers, toy_config
from tests.engine.toy import ToyJob, ToyStage, make
from tui_gen.base.errors import RefusedError
from tui_gen.engine.control.server import ControlServer
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Clip, Report
from tui_gen.engine.storage.recorder import Recorder

WRITER = "import sys, pathlib; pathlib.Path(sys.argv[1]).open('a').write(sys.stdin.read())"


@pytest.fixture
def told_path(tmp_path: Path) -> Path:
    return tmp_path / "told.jsonl"


@pytest.fixture
def toy_run(tmp_path: Path, told_path: Path) -> ToyRun:
    hooks = {"on_finish": (sys.executable, "-c", WRITER, str(told_path))}
    return ToyRun(toy_config(tmp_path / "out", hooks=hooks), ToyStage({"a": 8}))


def told(path: Path) -> list[tuple[str, int, str]]:
    lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
    return [(line["state"], line["exit_code"], line["reason"]) for line in lines]


def failing_with(error: Exception) -> ToyStage:
    class FailingStage(ToyStage):
        def plan(self, *_: object) -> Any:  # noqa: ANN401 - it never returns
            raise error

    return FailingStage({"a": 8})


def test_a_run_that_finishes_tells_on_finish_once(toy_run: ToyRun, told_path: Path) -> None:
    toy_run.perform()
    assert told(told_path) == [("finished", 0, "")]


def test_an_internal_error_tells_on_finish(toy_run: ToyRun, told_path: Path) -> None:
    toy_run.opened.job = ToyJob((failing_with(ZeroDivisionError("a bug")),))
    with pytest.raises(ZeroDivisionError):
        toy_run.perform()
    assert told(told_path) == [("failed", 1, "an internal error; see engine.log")]


def test_a_part_beside_the_run_that_fails_is_named_and_the_work_goes_on(
    toy_run: ToyRun, told_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_server: ControlServer) -> None:
        message = "a bug"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(ControlServer, "run", fail)
    toy_run.perform()
    assert told(told_path) == [("finished", 0, "")]
    problems = [problem.text for problem in toy_run.session.state.problems]
    assert any("'control' beside the run has failed" in text for text in problems), problems
    assert "ZeroDivisionError: a bug" in (toy_run.config.run.run_folder / "engine.log").read_text()


def test_what_the_engine_refuses_after_the_start_tells_on_finish_why(
    toy_run: ToyRun, told_path: Path
) -> None:
    toy_run.opened.job = ToyJob((failing_with(RefusedError("no video is left")),))
    with pytest.raises(RefusedError):
        toy_run.perform()
    assert told(told_path) == [("failed", 2, "no video is left")]


def test_a_ledger_that_cannot_be_written_right_after_the_start_tells_on_finish(
    toy_run: ToyRun, told_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Recorder.write

    def failing(recorder: Recorder, event: ev.Durable) -> None:
        if isinstance(event, ev.SourceSkipped):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/out/ledger.jsonl")
        write(recorder, event)

    monkeypatch.setattr(Recorder, "write", failing)
    toy_run.opened.found = (ev.SourceSkipped(1.0, "a"),)
    with pytest.raises(RefusedError, match="No space left on device"):
        toy_run.perform()
    ((state, code, reason),) = told(told_path)
    assert (state, code) == ("failed", 2)
    assert "/out/ledger.jsonl" in reason
    assert toy_run.session.state.phase == "failed"


def test_a_run_that_could_not_begin_tells_nothing(
    toy_run: ToyRun, told_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "/out")

    monkeypatch.setattr(toy_run.opened, "prepare", failing)
    with pytest.raises(RefusedError, match="Read-only file system"):
        toy_run.perform()
    assert not told_path.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_tells_on_finish(number: signal.Signals, toy_run: ToyRun, told_path: Path) -> None:
    def signalled(clip: Clip) -> Iterable[Report]:
        if clip.index == 1:
            signal.raise_signal(number)
        return make(clip)

    toy_run.stage.act = signalled
    assert toy_run.perform().exit_code == 128 + number
    ((state, code, _),) = told(told_path)
    assert (state, code) == ("stopped", 4)


@pytest.mark.timeout(60)
def test_a_reader_who_takes_nothing_holds_up_no_clip(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"-" * 4096)
    os.set_blocking(writer, True)
    with os.fdopen(writer, "w") as full:
        toy_run = ToyRun(toy_config(tmp_path / "out"), ToyStage({"a": 200}), full, full, is_verbose=True)
        assert toy_run.perform().exit_code == 0
        assert toy_run.session.state.clips_made == 200
        os.close(reader)
        join_writers()
