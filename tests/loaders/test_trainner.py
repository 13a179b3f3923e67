"""traiNNer-redux's own PairedVideoDataset reads an export by the configuration that is among its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.jobs.superres.dataset.export.conftest import made, native, part_of
from tests.loaders.checkouts import TRAINNER
from tests.loaders.conftest import Case, Export
from tests.loaders.training import batches, check_learning, frames, is_same

pytestmark = pytest.mark.loaders
pytest.importorskip("pyvips", reason="traiNNer-redux reads pictures with pyvips: pip install '.[loaders]'")


def configured(folder: Path) -> Any:  # noqa: ANN401 - the trainer's own options
    """Return the options of each data set, as traiNNer/utils/options.py and train.py complete them."""
    options, _ = TRAINNER.module("utils.options").yaml_load(str(folder / "train.yml"))
    for phase, data in options.datasets.items():
        data.phase, data.scale = phase, options.scale
        if phase == "train":
            data.gt_size = data.lq_size * options.scale
    return options.datasets


def test_trainner_trains_and_validates(chosen: Case, export: Export) -> None:
    kind = TRAINNER.module("data.paired_video_dataset").PairedVideoDataset
    flags = ("--category", "general", "--format", "tiny")
    options = configured(export("trainner", *flags, *chosen.flags, data=chosen.data) / "general" / "tiny")
    assert (options["train"].scale, options["train"].clip_size) == (chosen.ratio, chosen.frames)
    patches = made(chosen.data)
    for part in ("train", "val"):
        seen = set()
        for item in batches(kind(options[part]), size=1):
            key = Path(item["gt_path"][0]).name.split("_")[0]
            expected = [*chosen.clip(patches[key]), native(chosen.data, patches[key], "gt")]
            assert is_same(frames(item["lq"]) + frames(item["gt"]), expected)
            seen.add(key)
        assert seen == {key for key, patch in patches.items() if part_of(patch) == part} != set()
    check_learning(batches(kind(options["train"]), shuffle=True))
