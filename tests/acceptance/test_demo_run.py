"""`tui-gen demo` works on a fresh machine: no terminal, no ffmpeg on PATH, every target met exactly."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.acceptance.program import Dataset, Done, check_whole, run
from tests.conftest import MadeOnce
from tests.finished_demo import finished_demo

DEMO_SECONDS = 120.0
pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]
SIZES = {
    "Patches": (540, 540),
    "Patches_Medium169": (720, 405),
    "Patches_Large": (720, 720),
    "Patches_XLarge169": (1440, 810),
    "Patches_FullHD": (1920, 1080),
}
TILES = {"LR": 5, "LR_7frames": 7}

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def demo(made_once: MadeOnce) -> tuple[Done, Path]:
    """Return what the demo said, and its folder."""
    return finished_demo(made_once)


@pytest.fixture(scope="module")
def data(demo: tuple[Done, Path]) -> Dataset:
    """Return the dataset it made; its configuration, without comments, beside the one it wrote."""
    done, folder = demo
    assert done.code == 0, str(done)
    written = (folder / "generator_config.json").read_text(encoding="utf-8")
    settings = json.loads(
        "\n".join(line for line in written.splitlines() if not line.lstrip().startswith("//"))
    )
    paths = {
        name: str(path.parents[2].relative_to(folder / "dataset"))
        for name, path in _one_patch_each(folder / "dataset")
    }
    plain = folder / "plain.json"
    plain.write_text(json.dumps({**settings, "category_paths": paths}), encoding="utf-8")
    return Dataset(plain)


def _one_patch_each(output: Path) -> Iterator[tuple[str, Path]]:
    for line in (output / ".tui-gen" / "ledger.jsonl").read_text(encoding="ascii").splitlines():
        entry = json.loads(line)
        if entry["kind"] == "clip":
            for patch in entry["patches"]:
                yield patch["category"].partition("/")[0], output / patch["files"]["gt"]


def test_the_demo_ends_well_and_says_so(demo: tuple[Done, Path]) -> None:
    done, folder = demo
    assert done.code == 0, str(done)
    assert "Dataset generation complete" in done.out
    assert f"Output: {folder / 'dataset'}" in done.out
    assert "Traceback" not in done.err


def test_every_target_is_met_exactly(data: Dataset) -> None:
    check_whole(data)
    targets = data.settings["category_targets"]
    stats = data.status()["category_stats"]
    assert len(targets) == 3
    assert {name: stats[name]["images_created"] for name in targets} == targets


def test_every_ground_truth_has_both_stacks_of_the_same_name_and_their_sizes(data: Dataset) -> None:
    found = sorted(data.output.glob("**/GT/*.png"))
    held_out = [path for path in found if path.parents[1].name.startswith("Val")]
    assert len(found) - len(held_out) == sum(data.settings["category_targets"].values())
    for path in found:
        width, height = SIZES[path.parents[1].name.replace("Val", "Patches")]
        assert read(path).shape == (height, width, 3)
        for kind, tiles in TILES.items():
            stack = read(path.parents[1] / kind / path.name)
            assert stack.shape == (tiles * height // 3, width // 3, 3)


def test_the_middle_tile_of_both_stacks_is_the_shrunken_ground_truth(data: Dataset) -> None:
    for path in data.output.glob("**/GT/*.png"):
        expected = shrunken(read(path))
        for kind, tiles in TILES.items():
            stack = read(path.parents[1] / kind / path.name)
            middle = np.split(stack, tiles)[tiles // 2]
            difference = np.abs(middle.astype(int) - expected.astype(int))
            assert difference.max() <= 1, path
            assert np.count_nonzero(difference) < difference.size / 1000, path


def test_the_tiles_of_the_short_stack_are_the_inner_ones_of_the_long_one(data: Dataset) -> None:
    for path in data.output.glob("**/LR/*.png"):
        short = np.split(read(path), 5)
        long = np.split(read(path.parents[1] / "LR_7frames" / path.name), 7)
        for tile, other in zip(short, long[1:6], strict=True):
            assert np.array_equal(tile, other)
        assert any(not np.array_equal(long[3], tile) for tile in long[:3]), f"nothing moves in {path}"


def test_a_trainer_that_validates_on_540x540_finds_patches_to_validate_on(
    data: Dataset, tmp_path: Path
) -> None:
    done = run("export", "vsrpp", tmp_path / "out", "-c", data.config)
    assert done.code == 0, str(done)
    assert "near duplicates" not in done.err
    held_out = sorted((tmp_path / "out").glob("**/Val/GT/*.png"))
    assert {path.parents[4].name for path in held_out} == {"Universal", "Toon"}
    assert "space has no Val" in done.err


def test_no_black_bar_reaches_a_patch(data: Dataset) -> None:
    patches = [read(path) for path in data.output.glob("**/GT/patch_wide_coast_*.png")]
    assert patches
    for patch in patches:
        assert patch.mean(axis=(1, 2)).min() > 12


def test_the_demo_again_makes_nothing_again(data: Dataset, demo: tuple[Done, Path]) -> None:
    before = data.stamps()
    done = run("demo", demo[1], seconds=4 * DEMO_SECONDS)
    assert done.code == 0, str(done)
    assert "Making film" not in done.out
    assert data.stamps() == before


# ------------------------------------------------------------------ an independent reference


def read(path: Path) -> Picture:
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None, path
    assert picture.dtype == np.uint8
    return picture.astype(np.uint8)


def shrunken(picture: Picture) -> Picture:
    """Return a third of a picture: Keys' cubic (a = -0.5), 11 taps, mirrored rim, rounded once."""
    offsets = np.arange(-5, 6)
    weights = np.array([cubic(offset / 3) for offset in offsets])
    weights /= weights.sum()
    values = picture.astype(np.float64)
    for axis in (0, 1):
        padding: Any = [(5, 5) if dimension == axis else (0, 0) for dimension in range(3)]
        padded = np.pad(values, padding, mode="symmetric")
        centres = np.arange(1, picture.shape[axis], 3) + 5
        values = sum(
            weight * np.take(padded, centres + offset, axis=axis)
            for weight, offset in zip(weights, offsets, strict=True)
        )
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def cubic(distance: float) -> float:
    x = math.fabs(distance)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0
