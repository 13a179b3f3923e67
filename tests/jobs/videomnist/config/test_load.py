"""A configuration is read whole, or everything that is wrong with it is told with its line and key."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tui_gen.config.faults import ConfigurationError
from tui_gen.jobs.videomnist.config.load import load_settings, opened_pool
from tui_gen.jobs.videomnist.config.recipe import recipe_hash, recipe_of
from tui_gen.jobs.videomnist.config.schema import ConfigFile
from tui_gen.jobs.videomnist.digits.pool import DigitsError
from tui_gen.jobs.videomnist.model import MOTIONS, VideoSettings

LEAST = {"job": "videomnist", "output_dir": "out", "digits": "drawn"}


def written(folder: Path, **keys: object) -> Path:
    path = folder / "generator_config.json"
    path.write_text(json.dumps({**LEAST, **keys}), encoding="utf-8")
    return path


def problems_of(path: Path) -> list[tuple[int | None, str, str]]:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(path)
    return [(problem.line, problem.key, problem.wrong) for problem in refused.value.problems]


def test_the_least_configuration_has_the_defaults_of_the_specification(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path))
    assert settings.video == VideoSettings()
    assert (settings.videos_per_digit, settings.test_videos_per_digit) == (1000, 200)
    assert settings.output == tmp_path / "out"
    assert settings.h5_path == tmp_path / "out" / "videomnist.h5"
    assert settings.max_workers == os.cpu_count()
    assert (settings.min_free_gb, settings.nice, settings.keep_shards) == (1, 19, False)
    assert settings.samples is not None
    assert settings.samples.formats == ("gif", "mp4")


def test_comments_and_trailing_commas_are_read(tmp_path: Path) -> None:
    path = tmp_path / "generator_config.json"
    path.write_text('{"job": "videomnist", // moving digits\n "output_dir": "o", "fps": 12,}')
    assert load_settings(path).fps == 12


def test_one_digit_may_be_written_without_a_list(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, digits_per_video=2)).video.digits_per_video == (2,)
    assert load_settings(written(tmp_path, digits_per_video=[3, 1])).video.digits_per_video == (1, 3)


def test_the_test_split_has_a_fifth_of_the_videos_and_never_none(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, videos_per_digit=7)).test_videos_per_digit == 1
    assert load_settings(written(tmp_path, videos_per_digit=3)).test_videos_per_digit == 1
    assert problems_of(written(tmp_path, test_videos_per_digit=0))[0][1] == "test_videos_per_digit"


def test_everything_that_is_wrong_is_told_at_once_with_line_and_key(tmp_path: Path) -> None:
    path = tmp_path / "generator_config.json"
    path.write_text(
        """{
  "job": "videomnist",
  "digits": "/nowhere/at/all",
  "image_size": "large",
  "motoin_types": ["bounce"],
  "motion_types": ["bounce", "zigzag"],
  "channels": 2,
  "fps": 10,
  "fps": 12
}"""
    )
    found = problems_of(path)
    told = {key: line for line, key, _ in found}
    assert told == {
        "output_dir": 1,
        "digits": 3,
        "image_size": 4,
        "motoin_types": 5,
        "motion_types[1]": 6,
        "channels": 7,
        "fps": 9,
    }


def test_an_unknown_key_names_the_one_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match='did you mean "videos_per_digit"'):
        load_settings(written(tmp_path, video_per_digit=3))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("output_file", "../out.h5"),
        ("output_file", ".h5"),
        ("output_file", "videos.zip"),
        ("motion_types", []),
        ("motion_types", ["bounce", "bounce"]),
        ("digits_per_video", 6),
        ("digits_per_video", True),
        ("compose", "blend"),
        ("compression", "lzf"),
        ("sample_formats", ["avi"]),
        ("rotation", 181),
        ("scaling", 1),
        ("seed", -1),
        ("videos_per_digit", 0),
        ("digits", {"train": "a"}),
        ("digits", ""),
        ("max_workers", 0),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_key(tmp_path: Path, key: str, value: object) -> None:
    found = problems_of(written(tmp_path, **{key: value}))
    assert found
    assert all(re.match(key, told) for _, told, _ in found)


def test_masks_without_truth_are_refused(tmp_path: Path) -> None:
    assert [key for _, key, _ in problems_of(written(tmp_path, masks=True, truth=False))] == ["masks"]


def test_frames_without_room_for_the_digits_are_refused_with_the_least_size(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, image_size=28))
    with pytest.raises(ConfigurationError, match=r":1: image_size: .* must be at least \d\d"):
        opened_pool(settings)


def test_every_motion_of_the_model_may_be_written(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, motion_types=list(MOTIONS))).video.motion_types == MOTIONS


def test_the_recipe_has_every_setting_that_decides_the_bytes(tmp_path: Path) -> None:
    """A key that is changed changes the recipe, unless it says how much is made, where, or how it is run."""
    others = {
        "image_size": 80,
        "digit_size": 20,
        "sequence_length": 9,
        "spare_frames": 2,
        "seed": 7,
        "motion_types": ["spiral"],
        "margin": 3,
        "rotation": 1,
        "scaling": 0.2,
        "jitter": 2,
        "digits_per_video": 2,
        "compose": "over",
        "overlap": "avoid",
        "channels": 1,
        "compression": "none",
        "truth": False,
        "captions": False,
        "masks": True,
    }
    without = {
        *("job", "output_dir", "output_file", "digits", "videos_per_digit", "test_videos_per_digit"),
        *("create_samples", "sample_formats", "num_samples", "fps", "gif_duration", "zoom"),
        *("create_montage", "create_comparison", "num_per_class", "max_workers", "min_free_gb", "nice"),
        *("keep_shards", "status_file", "hooks", "keymap", "notices", "schedule", "cluster"),
    }
    assert {*others, *without} == set(ConfigFile.model_fields)
    usual = recipe_of(load_settings(written(tmp_path)), "digits")
    hashes = {recipe_hash(usual), recipe_hash({**usual, "digits": "others"})}
    for key, value in others.items():
        hashes.add(recipe_hash(recipe_of(load_settings(written(tmp_path, **{key: value})), "digits")))
    assert len(hashes) == len(others) + 2


def test_where_digits_were_looked_for_and_how_to_get_some_is_told_on_lines_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_found(*_: object, **__: object) -> None:
        message = "no digits found. These places were looked at:\n  here\n  there"
        raise DigitsError(message)

    monkeypatch.setattr("tui_gen.jobs.videomnist.config.load.load_pool", none_found)
    settings = load_settings(written(tmp_path))
    with pytest.raises(ConfigurationError) as refused:
        opened_pool(settings)
    first, *others = str(refused.value).splitlines()
    assert first.endswith(':1: digits: no digits found; name other digits, or write "drawn"')
    assert others == ["These places were looked at:", "  here", "  there"]
