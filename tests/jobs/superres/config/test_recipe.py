"""A run folder of an earlier version goes on under the settings that it was written by, and no others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.jobs.superres.planning.test_plan import settings, video
from tui_gen.engine.run.session import recipe_differences
from tui_gen.jobs.superres.config.recipe import COLOUR_RULES, LEGACY_RECIPE, recipe_of
from tui_gen.media.ffmpeg import Ffmpeg

FILMS = (video("a", {"general": 1.0}),)


def recipe(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any setting
    chosen = settings({"general": 10}, **changes)
    return recipe_of(chosen, FILMS, ffmpeg=Ffmpeg("/bin/ffmpeg", "9"), fingerprint="f")


def of_an_earlier_version(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any setting
    """Return a recipe as the ledger of the first version holds it."""
    kept = {key: value for key, value in recipe(**changes).items() if key not in LEGACY_RECIPE}
    decoded: dict[str, Any] = json.loads(json.dumps(kept))
    return decoded


def test_every_legacy_key_is_in_the_recipe() -> None:
    assert LEGACY_RECIPE.keys() <= recipe().keys()


def test_an_earlier_run_folder_differs_by_the_rules_of_its_time_alone() -> None:
    differences = recipe_differences(of_an_earlier_version(), recipe(), legacy=LEGACY_RECIPE)
    assert differences == [f"colour_rules: 1 -> {COLOUR_RULES}"]
    of_its_time = {**recipe(), "colour_rules": 1}
    assert recipe_differences(of_an_earlier_version(), of_its_time, legacy=LEGACY_RECIPE) == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("gt_frames", 7),
        ("crop_choice", "detail"),
        ("repeated_frames", "collapse"),
        ("colour_output", "pq16"),
    ],
)
def test_a_setting_that_earlier_versions_did_not_have_is_another_recipe(setting: str, value: object) -> None:
    changed = {**recipe(**{setting: value}), "colour_rules": 1}
    (difference,) = recipe_differences(of_an_earlier_version(), changed, legacy=LEGACY_RECIPE)
    assert difference.startswith(f"{setting}: ")


@pytest.mark.parametrize("key", ["scale", "frames", "colour_rules"])
def test_other_rules_are_another_recipe(key: str) -> None:
    changed = {**recipe(), "colour_rules": 1, key: 99}
    (difference,) = recipe_differences(of_an_earlier_version(), changed, legacy=LEGACY_RECIPE)
    assert difference == f"{key}: {LEGACY_RECIPE[key]} -> 99"


def test_another_peak_of_linear_light_is_another_recipe() -> None:
    one, other = (recipe(colour_output="linear16", linear_peak_nits=peak) for peak in (1000.0, 4000.0))
    assert recipe_differences(one, other, legacy=LEGACY_RECIPE) == ["linear_peak_nits: 1000.0 -> 4000.0"]
