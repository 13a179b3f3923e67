"""Which changes of a stage's recipe are refused, which are redone, and which are none."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.engine.toy import ToyStage
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_changes import redone_stages, refused_changes
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import JsonObject, OnChange


@dataclass
class RecipeStage(ToyStage):
    """A stage with a recipe."""

    on_change: OnChange = "refuse"
    recipe: JsonObject = field(default_factory=dict)
    legacy_recipe: JsonObject = field(default_factory=dict)


def begun_with(recipe: JsonObject) -> RunState:
    state = RunState()
    state.apply(ev.StageStarted(1.0, "toy", recipe, ""))
    return state


def stage(recipe: JsonObject, on_change: OnChange, legacy: JsonObject) -> RecipeStage:
    return RecipeStage({"a": 1}, name="toy", on_change=on_change, recipe=recipe, legacy_recipe=legacy)


@pytest.mark.parametrize(
    ("before", "now", "legacy", "difference"),
    [
        ({"size": 1}, {"size": 1}, {}, None),
        ({"size": 1}, {"size": 2}, {}, "size: 1 -> 2"),
        ({}, {"size": 2}, {}, "size: None -> 2"),
        ({}, {"size": 1}, {"size": 1}, None),  # the key is new, and what it says is not
        ({}, {"size": 2}, {"size": 1}, "size: 1 -> 2"),
        ({"size": 2}, {}, {"size": 1}, "size: 2 -> 1"),
    ],
)
def test_a_recipe_differs_where_what_it_stands_for_differs(
    before: JsonObject, now: JsonObject, legacy: JsonObject, difference: str | None
) -> None:
    refusing, redoing = (stage(now, how, legacy) for how in ("refuse", "redo"))
    state = begun_with(before)
    assert refused_changes([refusing], state) == ([f"stage toy: {difference}"] if difference else [])
    assert refused_changes([redoing], state) == []
    assert redone_stages([redoing], state) == ([redoing] if difference else [])
    assert redone_stages([refusing], state) == []
