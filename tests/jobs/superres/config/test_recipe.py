"""A run folder of an earlier version goes on under the settings that it was written by, and no others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.jobs.superres.planning.test_plan import settings, video
from tui_gen.engine.run.session import recipe_differences
from tui_gen.jobs.superres.config.recipe import (
    COLOUR_RULES,
    LEGACY_RECIPE,
    Fingerprints,
    recipe_advice,
    recipe_of,
)
from tui_gen.jobs.superres.degradation.variants import Variant, Video
from tui_gen.media.ffmpeg import Ffmpeg

FILMS = (video("a", {"general": 1.0}),)


def recipe(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any setting
    chosen = settings({"general": 10}, **changes)
    return recipe_of(chosen, FILMS, ffmpeg=Ffmpeg("/bin/ffmpeg", "9"), fingerprints=Fingerprints("f"))


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
        ("frame_step", 2),
        ("gt_frames", 7),
        ("crop_choice", "detail"),
        ("repeated_frames", "collapse"),
        ("scale", 4),
        ("lr_scales", (2, 4)),
        ("colour_output", "pq16"),
    ],
)
def test_a_setting_that_earlier_versions_did_not_have_is_another_recipe(setting: str, value: object) -> None:
    changed = {**recipe(**{setting: value}), "colour_rules": 1}
    (difference,) = recipe_differences(of_an_earlier_version(), changed, legacy=LEGACY_RECIPE)
    assert difference.startswith(f"{setting}: ")


def test_variants_are_another_recipe_and_so_are_other_encoders() -> None:
    h264 = Variant("h264", "lr", (Video(("libx264",), "crf", (18, 35)),))
    changed = {**recipe(lr_variants=(h264,)), "colour_rules": 1}
    (difference,) = recipe_differences(of_an_earlier_version(), changed, legacy=LEGACY_RECIPE)
    assert difference.startswith("lr_variants: {} -> {'h264': {'from': 'lr', 'steps': [{'video': ")
    written = json.loads(json.dumps({**changed, "lr_variants fingerprint": "a"}))
    assert (
        recipe_differences(written, {**changed, "lr_variants fingerprint": "a"}, legacy=LEGACY_RECIPE) == []
    )
    others = recipe_differences(written, {**changed, "lr_variants fingerprint": "b"}, legacy=LEGACY_RECIPE)
    assert others == ["lr_variants fingerprint: 'a' -> 'b'"]
    assert "lr_variants fingerprint" not in recipe()


def test_clips_of_another_length_are_another_recipe() -> None:
    changed = {**recipe(frames=15), "colour_rules": 1}
    (difference,) = recipe_differences(of_an_earlier_version(), changed, legacy=LEGACY_RECIPE)
    assert difference == "frames: 7 -> 15"


@pytest.mark.parametrize("key", ["scale", "frames", "colour_rules"])
def test_other_rules_are_another_recipe(key: str) -> None:
    changed = {**recipe(), "colour_rules": 1, key: 99}
    (difference,) = recipe_differences(of_an_earlier_version(), changed, legacy=LEGACY_RECIPE)
    assert difference == f"{key}: {LEGACY_RECIPE[key]} -> 99"


def test_another_peak_of_linear_light_is_another_recipe() -> None:
    one, other = (recipe(colour_output="linear16", linear_peak_nits=peak) for peak in (1000.0, 4000.0))
    assert recipe_differences(one, other, legacy=LEGACY_RECIPE) == ["linear_peak_nits: 1000.0 -> 4000.0"]


def test_a_folder_that_needs_no_kernel_goes_on_without_a_word() -> None:
    for chosen in ({"hdr": "exact"}, {"hdr": "fast", "colour_output": "pq16"}):
        before = {**recipe(**chosen)}
        del before["hdr_fast"]  # as by a version that did not have the key
        assert recipe_differences(before, recipe(**chosen), legacy=LEGACY_RECIPE) == []
        assert recipe_advice(before, recipe(**chosen)) is None


def test_a_folder_of_the_earlier_fast_conversion_is_refused_with_the_choice() -> None:
    before = {**recipe(hdr="fast")}
    del before["hdr_fast"]
    assert recipe_differences(before, recipe(hdr="fast"), legacy=LEGACY_RECIPE) == ["hdr_fast: 1 -> 2"]
    advice = recipe_advice(before, recipe(hdr="fast"))
    assert advice is not None
    assert "--mix" in advice
    assert '"hdr": "exact"' in advice
    # A change by the user needs no explanation.
    assert recipe_advice(recipe(hdr="exact"), recipe(hdr="fast")) is None
    assert recipe_advice(before, recipe(hdr="exact")) is None
