"""Ratio and frames are those of the files: nothing is taken for 3 or 7."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from tests.acceptance.program import Dataset
from tests.jobs.superres.dataset.export import loaders
from tests.jobs.superres.dataset.export.conftest import decoded, index, made, native, part_of
from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.export.shards import LEAST_SHARDS, divided
from tui_gen.jobs.superres.dataset.export.stacks import DamagedError, Stack, kinds_of, picture_size, stack_of
from tui_gen.jobs.superres.dataset.export.trees import septuplet
from tui_gen.media.geometry import Size

GT = Size(540, 540)
ONE = Sample("aa", 0, "g", "train", "f", 540, 540, "G/Patches/GT/a.png", ("gt", "lr"), 0, 1, None, 0, 0)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (Size(540, 540), Stack(1, 1)),
        (Size(180, 1260), Stack(3, 7)),
        (Size(270, 1350), Stack(2, 5)),
        (Size(135, 1215), Stack(4, 9)),
        (Size(540, 3780), Stack(1, 7)),
    ],
)
def test_a_size_tells_ratio_and_frames(size: Size, expected: Stack) -> None:
    assert stack_of(ONE, "lr", size) == expected


@pytest.mark.parametrize("size", [Size(181, 1260), Size(180, 1261), Size(541, 540), Size(180, 100)])
def test_a_size_that_fits_no_ratio_is_damage(size: Size) -> None:
    with pytest.raises(DamagedError, match=r"damaged: G/Patches/LR/a\.png"):
        stack_of(ONE, "lr", size)


def test_the_clip_is_the_plain_stack_with_the_most_frames() -> None:
    sample = replace(ONE, kinds=("gt", "gt15", "lr", "lr15", "lr15_h264", "lr31_x2"))
    sizes = {"gt": GT, "gt15": Size(540, 8100), "lr": Size(180, 900), "lr15": Size(180, 2700)}
    kinds = kinds_of([sample], lambda _, kind: sizes.get(kind))
    assert (kinds.clip, kinds.truths, kinds.ratio, kinds.frames) == ("lr15", "gt15", 3, 15)
    # Of files that cannot be read, the name tells.
    assert kinds.stacks["lr31_x2"] == Stack(2, 31)
    assert kinds.alignment == 6
    assert list(kinds.low) == ["lr15", "lr"]


@pytest.mark.parametrize(
    ("lr", "clip", "ratio"), [("x2", "lr31_x2", 2), ("h264", "lr15_h264", 3), ("x4", None, 1)]
)
def test_the_lr_asked_for_is_the_clip(lr: str, clip: str | None, ratio: int) -> None:
    sample = replace(ONE, kinds=("gt", "lr", "lr15", "lr_x2", "lr15_h264", "lr31_x2"))
    sizes = {"gt": GT, "lr15_h264": Size(180, 2700), "lr_x2": Size(270, 1350), "lr31_x2": Size(270, 8370)}
    kinds = kinds_of([sample], lambda _, kind: sizes.get(kind), lr=lr)
    assert (kinds.clip, kinds.ratio) == (clip, ratio)
    assert list(kinds.low) == {"x2": ["lr31_x2", "lr_x2"], "h264": ["lr15_h264"], "x4": []}[lr]


@pytest.mark.parametrize(
    ("frames", "places", "names"),
    [
        (1, [0], "4"),
        (5, [0, 1, 2, 3, 4], "23456"),
        (7, list(range(7)), "1234567"),
        (15, list(range(4, 11)), "1234567"),
    ],
)
def test_the_middle_frame_is_im4_of_any_number(frames: int, places: list[int], names: str) -> None:
    assert septuplet(Stack(3, frames)) == dict(zip(places, (f"im{name}" for name in names), strict=True))


def test_a_png_tells_its_size_in_its_head() -> None:
    content = cv2.imencode(".png", np.zeros((5, 9, 3), np.uint8))[1].tobytes()
    assert picture_size(content[:24]) == Size(9, 5)
    assert picture_size(content[:23]) is None
    assert picture_size(b"JFIF" + content) is None


def test_a_dataset_of_another_ratio_is_exported_with_it(copy: Dataset, export: Callable[..., Path]) -> None:
    patches = made(copy)
    for patch in patches.values():
        frames = np.split(native(copy, patch, "lr7"), 7)
        small = np.concatenate([cv2.resize(frame, (24, 24)) for frame in frames[1:6]])
        path = copy.output / patch["files"]["lr7"]
        path.write_bytes(cv2.imencode(".png", small)[1].tobytes())
    folder = export("basicsr-vimeo", "--category", "general", "--format", "tiny", data=copy) / "general/tiny"
    options = yaml.safe_load((folder / "train.yml").read_text())
    assert (options["scale"], options["datasets"]["train"]["num_frame"]) == (4, 5)
    assert options["network_g"]["type"] == "EDVR"
    train = folder / "train"
    read = loaders.basicsr_vimeo(
        train / "meta_info.txt", loaders.on_disk(train / "GT"), loaders.on_disk(train / "LQ"), num_frame=5
    )
    rows = index(train)
    seen = 0
    for name, (low, high) in read:
        assert [frame.shape for frame in low] == [(24, 24, 3)] * 5
        whole = decoded((copy.output / rows[name]["gt"]).read_bytes())
        assert np.array_equal(high[0], whole)
        seen += 1
    assert seen == sum(part_of(patch) == "train" for patch in patches.values())


def test_shards_are_even_at_least_eight_and_no_larger_than_asked() -> None:
    lengths = [(replace(ONE, index=number), 100) for number in range(1000)]
    assert [len(shard) for shard in divided(lengths, 10**9)] == [125] * LEAST_SHARDS
    assert [len(shard) for shard in divided(lengths[:3], 10**9)] == [1, 1, 1]
    small = list(divided(lengths, 1000))
    assert max(len(shard) for shard in small) == 10
    assert [sample for shard in small for sample in shard] == [sample for sample, _ in lengths]
    # A patch that is larger than a shard has one of its own.
    assert [len(shard) for shard in divided(lengths[:16], 10)] == [1] * 16
    assert list(divided([], 10)) == []
