"""A change of settings is refused with the same words by every command that refuses it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.engine.three_stages import three_stages
from tui_gen.base.errors import RefusedError
from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.commands.changed_settings import refuse_changed_recipe
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.capabilities import Capabilities
from tui_gen.contract.job import JobConfig
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Job, OnChange

NO_CAPABILITIES = Capabilities()


@dataclass(frozen=True)
class Config:
    """The part of a configuration that the check reads."""

    run: RunConfig
    nouns: Nouns = USUAL_NOUNS
    capabilities: Capabilities = NO_CAPABILITIES


def refuse(tmp_path: Path, state: RunState, *, capitals: OnChange = "redo", **recipes: Any) -> None:  # noqa: ANN401
    config = Config(RunConfig("texts", tmp_path / "c.json", tmp_path, 0, output_key="folder"))
    cut, later, join = three_stages.Texts(tmp_path, {}, recipes).stages
    job = SimpleNamespace(stages=(cut, replace(later, on_change=capitals), join), recipe={}, legacy_recipe={})
    refuse_changed_recipe(cast("JobConfig", config), cast("Job", job), state)


def test_a_stage_that_would_be_redone_and_may_not_is_refused(tmp_path: Path) -> None:
    state = RunState()
    for name in ("cut", "capitals"):
        state.apply(ev.StageStarted(1.0, name, {}, ""))
    changed: Any = {"cut": {"ending": ";"}}
    refuse(tmp_path, state, capitals="refuse")
    refuse(tmp_path, state, **changed)
    with pytest.raises(RefusedError, match="stage capitals: a stage before it would be redone") as refused:
        refuse(tmp_path, state, capitals="refuse", **changed)
    assert "another folder, start over with --fresh" in str(refused.value)
