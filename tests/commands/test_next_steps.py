"""What to do after a run: commands that can be pasted, and only those that the job offers."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.tui.runs import working_run
from tui_gen.cli.arguments import parser
from tui_gen.commands.next_steps import next_steps
from tui_gen.commands.run_end import end_of_watched
from tui_gen.contract.capabilities import Capabilities
from tui_gen.contract.job import JobConfig
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState

SOMETHING: Any = object()
ALL = Capabilities(sheet_maker=SOMETHING, verifier=SOMETHING, exporter=SOMETHING)


def steps(
    capabilities: Capabilities, typed: str = "generator_config.json", result: str = "finished"
) -> list[str]:
    state = working_run()
    state.apply(ev.RunEnded(state.last_at, result, 0))
    config = SimpleNamespace(capabilities=capabilities, nouns=state.nouns)
    return list(next_steps(cast("JobConfig", config), state, typed))


@pytest.mark.parametrize("typed", ["generator_config.json", "my films.json"])
def test_the_commands_can_be_pasted(typed: str) -> None:
    lines = steps(ALL, typed)
    assert len(lines) == 3
    for line in lines:
        words = shlex.split(line.partition(": ")[2])
        assert words[0] == "tui-gen"
        assert parser().parse_args(words[1:]).config == typed


def test_what_the_job_does_not_offer_is_not_advised() -> None:
    assert steps(Capabilities()) == []
    assert len(steps(replace(ALL, exporter=None))) == 2


def test_the_job_comes_first_and_its_export_is_the_only_one() -> None:
    own = replace(ALL, next_steps=lambda: ["For a trainer: tui-gen export kohya FOLDER"])
    lines = steps(own)
    assert lines[0] == "For a trainer: tui-gen export kohya FOLDER"
    assert sum("export" in line for line in lines) == 1
    assert steps(own, result="stopped") == steps(ALL)


def test_a_run_that_made_nothing_has_nothing_to_look_at() -> None:
    config = SimpleNamespace(capabilities=ALL, nouns=RunState().nouns)
    assert list(next_steps(cast("JobConfig", config), RunState(), "c.json")) == []


def test_a_ledger_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / ".tui-gen" / "ledger.jsonl").mkdir(parents=True)
    found = end_of_watched(RunState(output=str(tmp_path)))
    assert found.course is None
    assert "ledger.jsonl: cannot be read (Is a directory)" in found.trouble
