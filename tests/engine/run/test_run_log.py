"""A log on a disk that takes nothing is no reason for a traceback, nor for a run to end in one."""

from __future__ import annotations

import errno
import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from tui_gen.engine.run.run_log import logging_to

FULL = Path("/dev/full")


def test_a_full_disk_costs_the_log_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to(FULL):
        for number in range(1000):  # far more than a buffer holds
            logging.getLogger("tui_gen").warning("line %d", number)
    assert capsys.readouterr() == ("", "")


def test_lines_that_may_be_missing_are_told_once_the_disk_takes_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, log = tmp_path / "engine.log", logging.getLogger("tui_gen")
    with logging_to(path), FULL.open("w", encoding="utf-8", buffering=1) as full:
        log.warning("before")
        handler = the_handler()
        stream, handler.stream = handler.stream, full
        log.warning("lost")
        log.warning("lost too")
        handler.stream = stream
        log.warning("after")
        log.warning("later")
        with Path(os.devnull).open("w") as nowhere:  # where what is left may go
            os.dup2(nowhere.fileno(), full.fileno())
    told = [line.partition(": ")[2] for line in path.read_text(encoding="utf-8").splitlines()]
    missing = f"{os.strerror(errno.ENOSPC)}: lines above this one may be missing"
    assert told == ["before", "after", missing, "later"]
    assert "Traceback" not in capsys.readouterr().err


def test_a_fault_of_the_program_in_a_line_is_still_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with logging_to(tmp_path / "engine.log"):
        the_handler().handle(logging.makeLogRecord({"msg": "%d", "args": ("no number",)}))
    assert "TypeError" in capsys.readouterr().err


def the_handler() -> logging.FileHandler:
    (handler,) = (h for h in logging.getLogger().handlers if isinstance(h, RotatingFileHandler))
    return handler
