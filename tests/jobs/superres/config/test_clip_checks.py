"""The stacks of a configuration fit the length of its clips."""

import json
from pathlib import Path
from typing import Any

import pytest

from tui_gen.config.faults import ConfigurationError
from tui_gen.jobs.superres.config.load import load_settings
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.planning.worker_memory import USUAL_BYTES, worker_bytes

FILM = {"name": "Dune", "path": "/films/dune.mkv", "categories": {"general": 1.0}}


def load(folder: Path, base: dict[str, Any], **keys: Any) -> Settings:  # noqa: ANN401 - any key
    path = folder / "config.json"
    path.write_text(
        json.dumps({"base_settings": {"output_base_dir": "out", **base}, "videos": [FILM], **keys})
    )
    return load_settings(path)


@pytest.mark.parametrize(
    ("base", "gt_frames", "folders"),
    [
        ({}, 1, ["GT", "LR", "LR_7frames"]),
        ({"frames": 15}, 1, ["GT", "LR", "LR_15frames"]),
        ({"frames": 30}, 30, ["GT", "LR", "LR_30frames", "GT_30frames"]),
        ({"frames": 15, "lr_versions": ["5frames"]}, 15, ["GT", "LR", "GT_15frames"]),
        (
            {"frames": 100, "lr_versions": ["100frames", "7frames", "31frames"]},
            1,
            ["GT", "LR_7frames", "LR_31frames", "LR_100frames"],
        ),
        ({"lr_versions": ["3frames"]}, 1, ["GT", "LR_3frames"]),
    ],
)
def test_the_stacks_follow_from_the_length(
    tmp_path: Path, base: dict[str, Any], gt_frames: int, folders: list[str]
) -> None:
    settings = load(tmp_path, base, gt_frames=gt_frames)
    assert [kind.folder for kind in settings.file_kinds] == folders


@pytest.mark.parametrize(
    ("base", "keys", "words"),
    [
        ({"frames": 8}, {}, "7, 15, 30, 31 or 100"),
        ({"frame_step": 5}, {}, "1 to 4"),
        ({"lr_versions": ["9frames"]}, {}, '"9frames": clips have 7 frames'),
        ({"frames": 30, "lr_versions": ["6frames", "30frames"]}, {}, "odd number"),
        ({"frames": 15, "lr_versions": ["5frames", "7frames"]}, {}, 'add "15frames"'),
        ({"frames": 15}, {"gt_frames": 7}, "write 1, or 15"),
        ({"lr_versions": ["all"]}, {}, "other odd numbers"),
        ({"lr_versions": ["1frames"]}, {}, "other odd numbers"),
        (
            {"frames": 100},
            {
                "gt_frames": 100,
                "format_config": {"general": {"huge": {"gt_size": [12000, 12000], "probability": 1}}},
            },
            "too large for a PNG file",
        ),
    ],
)
def test_stacks_that_no_clip_fills_are_refused(
    tmp_path: Path, base: dict[str, Any], keys: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, base, **keys)
    assert words in str(refused.value)
    assert len(refused.value.problems) == 1


def test_the_share_of_frames_that_must_differ_is_that_of_seven(tmp_path: Path) -> None:
    scores = {"repeated_frames": "reject"}
    limits = [
        load(tmp_path, {"frames": n}, scores=scores).scores["repeated_frames"].under for n in (7, 15, 100)
    ]
    assert limits == [5, 11, 71]


def test_longer_clips_are_expected_to_take_more_memory(tmp_path: Path) -> None:
    large = {"format_config": {"general": {"fullhd_1920": 1.0}}}
    assert worker_bytes(load(tmp_path, {}, gt_frames=7, **large)) == USUAL_BYTES
    short, long = (worker_bytes(load(tmp_path, {"frames": n}, **large)) for n in (15, 100))
    with_truth = worker_bytes(load(tmp_path, {"frames": 100}, gt_frames=100, **large))
    frame_bytes = 1920 * 1080 * 3
    assert USUAL_BYTES + 8 * frame_bytes < short < long < with_truth
    assert with_truth > USUAL_BYTES + 280 * frame_bytes
