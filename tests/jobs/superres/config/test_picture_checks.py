"""WebP is refused for pictures that it cannot hold."""

import json
from pathlib import Path
from typing import Any

import pytest

from tui_gen.config.faults import ConfigurationError
from tui_gen.jobs.superres.config.load import load_settings
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.extraction.picture_form import picture_form

FILM = {"name": "Dune", "path": "/films/dune.mkv", "categories": {"general": 1.0}}
TALL = {"general": {"tall": {"gt_size": [96, 2400], "probability": 1}}}


def load(folder: Path, base: dict[str, Any], **keys: Any) -> Settings:  # noqa: ANN401 - any key
    path = folder / "config.json"
    path.write_text(
        json.dumps({"base_settings": {"output_base_dir": "out", **base}, "videos": [FILM], **keys})
    )
    return load_settings(path)


def test_png_is_the_default_and_webp_is_taken(tmp_path: Path) -> None:
    assert load(tmp_path, {}).image_format == "png"
    settings = load(tmp_path, {}, image_format="webp", gt_frames=7)
    assert picture_form(settings).suffix == ".webp"
    assert load(tmp_path, {}, png_compression="igzip").png_compression == "igzip"


@pytest.mark.parametrize(
    ("base", "keys", "words"),
    [
        ({}, {"colour_output": "pq16"}, '8 bits a channel, and "colour_output" is "pq16"'),
        ({}, {"colour_output": "linear16"}, 'or "colour_output": "sdr8"'),
        ({"frames": 31}, {"gt_frames": 31}, "large_720 has 720x22320"),
        ({}, {"format_config": TALL, "gt_frames": 7}, "tall has 96x16800"),
        ({"frames": 100, "scale": 2}, {}, "large_720 has 360x36000"),
        ({"frames": 15, "scale": 4, "lr_scales": [2]}, {"format_config": TALL}, "tall has 48x18000"),
    ],
)
def test_webp_is_refused_where_it_cannot_hold_the_pictures(
    tmp_path: Path, base: dict[str, Any], keys: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, base, image_format="webp", **keys)
    assert "image_format" in str(refused.value)
    assert words in str(refused.value)
    load(tmp_path, base, image_format="png", **keys)


def test_the_same_stacks_fit_with_fewer_frames(tmp_path: Path) -> None:
    load(tmp_path, {"frames": 15, "scale": 4}, image_format="webp", format_config=TALL)
    load(tmp_path, {"frames": 15}, image_format="webp", gt_frames=15)
