"""Frames become arrays, and arrays PNG that hold exactly what they are given."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tui_gen.jobs.superres.config.settings import LrVersion, Settings
from tui_gen.jobs.superres.dataset.file_kinds import GT, LR, FileKind
from tui_gen.jobs.superres.extraction.kernels import kernel_for, shrink
from tui_gen.jobs.superres.extraction.patches import (
    cut_patch,
    encode_patch,
)
from tui_gen.jobs.superres.extraction.png import encode_png
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.jobs.superres.units import Cut
from tui_gen.media.geometry import Region, Size

Image = NDArray[np.uint8]

LR7 = FileKind(is_gt=False, frames=7)
GT7 = FileKind(is_gt=True, frames=7)

SMALL = PatchFormat("small", Size(48, 36), Size(16, 12), "Patches", "")
FRAME = Size(160, 90)
SETTINGS = Settings(Path("config.json"), Path("out"), (), {})
CUT = Cut(
    category="general",
    category_folder="Universal/Learn",
    format=SMALL,
    frame=FRAME,
    region=Region(40, 30, 48, 36),
    picture=Region(0, 0, 160, 90),
    file_stem="patch_dune_2021_idx0042",
)


def clip(seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (7, FRAME.height, FRAME.width, 3), dtype=np.uint8)


# ----------------------------------------------------------------------------------------- the arrays


def test_gt_is_the_crop_of_the_middle_frame() -> None:
    frames = clip()
    assert np.array_equal(cut_patch(frames, CUT, settings=SETTINGS)[GT], frames[3, 30:66, 40:88])


def test_gt_does_not_hang_on_to_the_frames() -> None:
    frames = clip()
    patch = cut_patch(frames, CUT, settings=SETTINGS)
    before = patch[GT].copy()
    frames[:] = 0
    assert np.array_equal(patch[GT], before)


def test_seven_ground_truths_are_stacked_in_time_and_the_middle_one_is_gt() -> None:
    frames = clip()
    assert GT7 not in cut_patch(frames, CUT, settings=SETTINGS)
    patch = cut_patch(frames, CUT, settings=replace(SETTINGS, gt_frames=7))
    tiles = np.split(patch[GT7], 7)
    assert all(np.array_equal(tile, frame[30:66, 40:88]) for tile, frame in zip(tiles, frames, strict=True))
    assert np.array_equal(tiles[3], patch[GT])


def test_stacks_hold_the_shrunken_crops_from_top_to_bottom_in_time() -> None:
    frames = clip()
    patch = cut_patch(frames, CUT, settings=SETTINGS)
    whole = Region(0, 0, 48, 36)
    tiles = [shrink(frame[30:66, 40:88], whole, kernel_for("bicubic", 3), bounds=whole) for frame in frames]
    assert np.array_equal(patch[LR7], np.concatenate(tiles))
    assert np.array_equal(patch[LR], np.concatenate(tiles[1:6]))


def test_the_middle_tile_of_both_stacks_is_the_shrunken_gt() -> None:
    patch = cut_patch(clip(), CUT, settings=SETTINGS)
    whole = Region(0, 0, 48, 36)
    middle = shrink(patch[GT], whole, kernel_for("bicubic", 3), bounds=whole)
    assert np.array_equal(patch[LR][24:36], middle)
    assert np.array_equal(patch[LR7][36:48], middle)


@pytest.mark.parametrize("versions", [(), ("5frames",), ("7frames",), ("5frames", "7frames")])
def test_only_the_stacks_asked_for_are_made(versions: tuple[LrVersion, ...]) -> None:
    both = cut_patch(clip(), CUT, settings=SETTINGS)
    patch = cut_patch(clip(), CUT, settings=replace(SETTINGS, lr_versions=versions))
    assert (LR in patch, LR7 in patch) == ("5frames" in versions, "7frames" in versions)
    assert LR not in patch or np.array_equal(patch[LR], both[LR])
    assert LR7 not in patch or np.array_equal(patch[LR7], both[LR7])


def test_the_picture_border_sees_the_picture_around_the_crop_but_no_bar() -> None:
    frames = clip()
    settings = replace(SETTINGS, lr_border="picture")
    inside = cut_patch(frames, CUT, settings=settings)
    whole = Region(0, 0, 159, 90)
    reference = shrink(frames[3, :, 1:], whole, kernel_for("bicubic", 3), bounds=whole)
    assert np.array_equal(inside[LR][24:36], reference[10:22, 13:29])
    barred = cut_patch(frames, replace(CUT, picture=CUT.region), settings=settings)
    assert np.array_equal(barred[LR], cut_patch(frames, CUT, settings=SETTINGS)[LR])


@given(
    columns=st.integers(1, 12),
    rows=st.integers(1, 12),
    ratio=st.integers(1, 5),
    draw=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    border=st.sampled_from(["crop", "picture"]),
)
def test_every_format_gives_stacks_of_its_size(
    columns: int, rows: int, ratio: int, draw: tuple[float, float], border: Literal["crop", "picture"]
) -> None:
    gt, lr = Size(columns * ratio, rows * ratio), Size(columns, rows)
    at = Region(int(draw[0] * (160 - gt.width)), int(draw[1] * (90 - gt.height)), gt.width, gt.height)
    cut = replace(CUT, format=PatchFormat("any", gt, lr, "Patches_any", "_any"), region=at)
    patch = cut_patch(clip(), cut, settings=replace(SETTINGS, lr_border=border))
    assert patch[GT].shape == (gt.height, gt.width, 3)
    assert patch[LR].shape == (5 * rows, columns, 3)
    assert patch[LR7].shape == (7 * rows, columns, 3)


def test_frames_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="90, 160"):
        cut_patch(clip()[:, :-1], CUT, settings=SETTINGS)
    with pytest.raises(ValueError, match="90, 160"):
        cut_patch(clip()[:6], CUT, settings=SETTINGS)


# -------------------------------------------------------------------------------------------- the PNG


@pytest.mark.parametrize("compression", ["rle", "fast", *"0123456789"])
def test_a_png_holds_exactly_the_image(compression: str) -> None:
    image = cv2.GaussianBlur(clip()[0], (0, 0), 3).astype(np.uint8)
    encoded = encode_png(image, compression)
    decoded = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(np.asarray(decoded), image)
    assert encode_png(image, compression) == encoded


def test_the_default_png_is_smaller_than_the_fast_one() -> None:
    image = cv2.GaussianBlur(clip()[0], (0, 0), 3).astype(np.uint8)
    assert len(encode_png(image, "rle")) < len(encode_png(image, "fast")) < len(encode_png(image, "0"))


def test_a_patch_is_encoded_without_the_stacks_it_lacks() -> None:
    image = clip()[0]
    files = encode_patch({GT: image, LR7: image[:12]}, SETTINGS)
    assert list(files) == ["gt", "lr7"]
    assert files["lr7"] == encode_png(image[:12], "rle")
