"""The command line keeps its commands, options, choices, defaults and exit codes. Others may be added."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.golden.parser import RECORD, documented_exit_codes, exit_codes_of_refusals, losses, probed
from tests.golden.program import read_json

GOLDEN = read_json(RECORD)


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return probed()


def test_no_command_option_choice_or_default_is_lost(found: dict[str, Any]) -> None:
    assert list(losses(GOLDEN["parser"], found["parser"])) == []


def test_a_command_line_without_a_command_means_the_same_command(found: dict[str, Any]) -> None:
    assert found["lines"] == GOLDEN["lines"]


def test_no_documented_exit_code_is_lost() -> None:
    assert set(GOLDEN["exit codes"]) <= set(documented_exit_codes())


def test_command_lines_that_end_at_once_have_the_same_exit_codes(tmp_path: Path) -> None:
    assert exit_codes_of_refusals(tmp_path) == GOLDEN["refusals"]


def test_a_loss_is_told_from_an_addition() -> None:
    before, now = GOLDEN["parser"], deepcopy(GOLDEN["parser"])
    now["commands"]["new"] = deepcopy(now["commands"]["plan"])
    run = now["commands"]["run"]["options"]
    run["--new"] = deepcopy(run["--mix"])
    assert list(losses(before, now)) == []
    del run["--limit"]
    run["--json"]["default"] = True
    del now["commands"]["demo"]
    now["commands"]["export"]["options"]["--split"]["choices"].remove("val")
    assert [text.partition(":")[0] for text in losses(before, now)] == [
        "tui-gen demo",
        "tui-gen export --split",
        "tui-gen run --json",
        "tui-gen run --limit",
    ]
