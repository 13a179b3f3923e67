"""The keys of pairs: where they are allowed, what they give, and how the recipe tells of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.superres.planning.test_plan import settings, video
from tui_gen.config.faults import ConfigurationError
from tui_gen.engine.run.session import recipe_differences
from tui_gen.jobs.superres.config.load import load_settings
from tui_gen.jobs.superres.config.recipe import LEGACY_RECIPE, Fingerprints, recipe_of
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.file_kinds import kind_named, kind_of_folder
from tui_gen.media.ffmpeg import Ffmpeg

FILM = {"name": "Dune", "path": "dune.mkv", "categories": {"general": 1.0}}


def load(folder: Path, pair: str | None, **keys: Any) -> Settings:  # noqa: ANN401 - any key
    path = folder / "config.json"
    entry = FILM if pair is None else {**FILM, "pair": pair}
    path.write_text(json.dumps({"base_settings": {"output_base_dir": "out"}, "videos": [entry], **keys}))
    return load_settings(path)


def test_the_path_is_relative_to_the_configuration_as_that_of_the_film(tmp_path: Path) -> None:
    read = load(tmp_path, "dvd/dune.mkv")
    assert read.videos[0].pair == str(tmp_path / "dvd" / "dune.mkv")
    assert load(tmp_path, None).videos[0].pair is None


def test_a_pair_adds_a_stack_for_each_stack_of_lr(tmp_path: Path) -> None:
    read = load(tmp_path, "dvd.mkv")
    assert [kind.folder for kind in read.pair_kinds] == ["LR_pair", "LR_7frames_pair"]
    assert [kind.name for kind in read.pair_kinds] == ["lr_pair", "lr7_pair"]
    assert [kind.name for kind in read.kinds_of("general")] == ["gt", "lr", "lr7", "lr_pair", "lr7_pair"]
    assert [kind.name for kind in load(tmp_path, None).kinds_of("general")] == ["gt", "lr", "lr7"]
    for kind in read.pair_kinds:
        assert kind_named(kind.name) == kind_of_folder(kind.folder) == kind


@pytest.mark.parametrize(
    ("pair", "keys", "words"),
    [
        ("dune.mkv", {}, "it is the film's own file"),
        ("dvd.mkv", {"colour_output": "pq16"}, "8-bit SDR only"),
        ("dvd.mkv", {"repeated_frames": "collapse"}, "consecutive frames only"),
        (
            "dvd.mkv",
            {"lr_variants": {"pair": {"jpeg": [30, 90]}}},
            "the name is that of the folders of pairs",
        ),
        ("dvd.mkv", {"pair_max_residual": 0}, "from 0.02 to 2"),
    ],
)
def test_what_cannot_be_had_is_refused(tmp_path: Path, pair: str, keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, pair, **keys)
    assert words in str(caught.value)


def test_a_variant_may_have_the_name_where_no_film_has_a_pair(tmp_path: Path) -> None:
    assert load(tmp_path, None, lr_variants={"pair": {"jpeg": [30, 90]}}).lr_variants[0].name == "pair"


def recipe(pair: str | None) -> dict[str, Any]:
    source, film = video("a", {"general": 1.0})
    sources = ((source, replace(film, pair=pair)),)
    chosen = settings({"general": 10})
    return recipe_of(chosen, sources, ffmpeg=Ffmpeg("/bin/ffmpeg", "9"), fingerprints=Fingerprints("f"))


def test_another_release_is_another_recipe_and_another_folder_is_not() -> None:
    def differences(before: str | None, after: str | None) -> list[str]:
        return recipe_differences(recipe(before), recipe(after), legacy=LEGACY_RECIPE)

    assert differences(None, None) == []
    assert differences("/dvd/a.mkv", "/elsewhere/a.mkv") == []
    assert differences(None, "/dvd/a.mkv")
    assert differences("/dvd/a.mkv", "/dvd/b.mkv")


def test_a_run_folder_without_the_key_goes_on() -> None:
    before = {key: value for key, value in recipe(None).items() if not key.startswith("pair of")}
    assert recipe_differences(before, recipe(None), legacy=LEGACY_RECIPE) == []
