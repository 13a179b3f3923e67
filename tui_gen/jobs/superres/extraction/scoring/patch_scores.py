"""Measures a patch by its GT and its LR stack, so the scores do not depend on the way of reading the film.

Luma is OpenCV's gray (BT.601, uint8, 0..255) with the shape (height, width). Images are uint8 with the shape
(height, width, 3), BGR.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.dataset.file_kinds import GT
from tui_gen.jobs.superres.extraction.patches import Image, PatchArrays
from tui_gen.jobs.superres.extraction.scoring.scores import NEAR_DUPLICATE, Rules, rounded
from tui_gen.jobs.superres.units import Cut

Gray = NDArray[np.uint8]

MOST_DECIBELS = 100.0
"""The PSNR of two equal pictures."""
HASH_SIDE, HASHED_SIDE = 8, 32
STROKE_PIXELS = 5
STROKE_CONTRAST = 60
STROKE_LUMA = 180
STROKE_CHANGE = 12
LOWER_PART = 5
"""Text is looked for in the lowest fifth of the picture."""
FLOW_LEAST_SIDE = 16

_STEPS_16 = 257
"""16-bit values in a step of 8 bits: 65535 / 255."""
_NOISE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


@dataclass(frozen=True, slots=True)
class PatchMeasures:
    """The scores and the hash of one patch."""

    scores: dict[str, float]  # requested scores that could be measured, rounded
    perceptual_hash: int | None  # None unless near duplicates are requested


def measure_patch(arrays: PatchArrays, cut: Cut, rules: Rules) -> PatchMeasures:
    """Return the scores that the rules request, and the hash.

    `motion` needs LR frames of FLOW_LEAST_SIDE pixels a side, `noise` a GT of 3: smaller patches lack them.
    Raises ValueError if a score needs LR frames and the patch has none.
    """
    gt = luma(arrays[GT])
    values: dict[str, float] = {}
    if "flat" in rules:
        values["flat"] = float(gt.std())
    if "black" in rules:
        values["black"] = percentile_99(gt)
    if {"learnable", "motion", "text"} & rules.keys():
        values |= _of_stack(gt, _tiles(arrays, cut), cut, rules)
    if "noise" in rules and min(gt.shape) >= len(_NOISE):
        values["noise"] = noise(gt)
    hashed = perceptual_hash(gt) if NEAR_DUPLICATE in rules else None
    return PatchMeasures({name: rounded(name, value) for name, value in values.items()}, hashed)


def _of_stack(gt: Gray, tiles: list[Gray], cut: Cut, rules: Rules) -> dict[str, float]:
    values: dict[str, float] = {}
    middle = len(tiles) // 2
    if "learnable" in rules:
        values["learnable"] = learnable(gt, tiles[middle])
    if "motion" in rules and min(tiles[middle].shape) >= FLOW_LEAST_SIDE:
        values["motion"] = motion(tiles[middle - 1 : middle + 2])
    if "text" in rules:
        values["text"] = text(tiles, _lower_rows(cut))
    return values


def luma(image: Image) -> Gray:
    """Return the luma of an image, (height, width); of 16-bit images the nearest 8-bit value."""
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    if gray.dtype == np.uint16:
        gray = np.rint(gray / _STEPS_16).astype(np.uint8)
    return gray.astype(np.uint8, copy=False)


def detail(gt: Image) -> int:
    """Return the sum of absolute luma differences of neighbouring pixels, in both directions, exactly."""
    gray = luma(gt)
    across, down = cv2.absdiff(gray[:, 1:], gray[:, :-1]), cv2.absdiff(gray[1:], gray[:-1])
    return int(across.sum(dtype=np.int64)) + int(down.sum(dtype=np.int64))


def _tiles(arrays: PatchArrays, cut: Cut) -> list[Gray]:
    """Return the luma of the frames of the longest plain LR stack, in the order of time.

    Raises ValueError without any.
    """
    plain = [kind for kind in arrays if not kind.is_gt and kind.scale is None and not kind.variant]
    if not plain:
        message = "a patch without any stack of LR frames"
        raise ValueError(message)
    height = cut.format.lr.height
    gray = luma(arrays[max(plain, key=lambda kind: kind.frames)])
    return [gray[top : top + height] for top in range(0, len(gray), height)]


def percentile_99(gt: Gray) -> float:
    """Return the smallest luma, 0..255, that 99 % of the pixels do not exceed."""
    counts = np.bincount(gt.ravel(), minlength=256)
    return float(np.searchsorted(np.cumsum(counts), 0.99 * gt.size))


def learnable(gt: Gray, tile: Gray) -> float:
    """Return the PSNR in dB of GT against its enlarged LR frame, at most MOST_DECIBELS.

    PSNR = 10 log10(255^2 / MSE). Models enlarge their input in the same way as a first step.
    """
    # OpenCV's cubic has a = -0.75 and aligned centres, like torch's `interpolate`.
    enlarged = cv2.resize(tile, (gt.shape[1], gt.shape[0]), interpolation=cv2.INTER_CUBIC)
    error = cv2.norm(gt, enlarged, cv2.NORM_L2SQR) / gt.size
    return min(MOST_DECIBELS, 10 * math.log10(255**2 / error)) if error else MOST_DECIBELS


def motion(tiles: list[Gray]) -> float:
    """Return the median length of the optical flow between three LR frames, in LR pixels per frame.

    The flow is OpenCV's DIS: T. Kroeger et al., Fast Optical Flow using Dense Inverse Search, 2016.
    """
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    lengths = []
    for before, after in ((tiles[0], tiles[1]), (tiles[1], tiles[2])):
        pair = np.ascontiguousarray(before), np.ascontiguousarray(after)
        field = flow.calc(*pair, None)  # type: ignore[call-overload] # its stub knows no absent flow
        lengths.append(cv2.magnitude(field[..., 0], field[..., 1]))
    return float(np.median(np.stack(lengths)))


def noise(gt: Gray) -> float:
    """Return the standard deviation of the noise, in levels of 0..255.

    J. Immerkaer, Fast Noise Variance Estimation, 1996: the mean absolute response to the
    difference of two Laplacian masks, times a constant.
    """
    height, width = gt.shape
    answers = cv2.filter2D(gt, cv2.CV_16S, _NOISE)[1:-1, 1:-1]
    total = cv2.norm(answers, cv2.NORM_L1)
    return float(math.sqrt(math.pi / 2) * total / (6 * (width - 2) * (height - 2)))


def text(tiles: list[Gray], rows: slice) -> float:
    """Return the percentage, 0..100, of a tile's pixels that are thin, bright strokes and do not change.

    A stroke is thinner than STROKE_PIXELS and brighter than its surroundings by STROKE_CONTRAST.
    """
    part = np.stack([tile[rows] for tile in tiles])
    if not part.shape[1]:
        return 0.0
    darkest, brightest = part.min(axis=0), part.max(axis=0)
    is_static = (brightest - darkest <= STROKE_CHANGE) & (darkest >= STROKE_LUMA)
    if not is_static.any():
        return 0.0
    around = cv2.getStructuringElement(cv2.MORPH_RECT, (STROKE_PIXELS, STROKE_PIXELS))
    is_stroke = cv2.morphologyEx(darkest, cv2.MORPH_TOPHAT, around) >= STROKE_CONTRAST
    return 100.0 * float(np.count_nonzero(is_static & is_stroke)) / tiles[0].size


def _lower_rows(cut: Cut) -> slice:
    """Return the rows of an LR frame that are in the lowest part of the picture."""
    picture, region, lr = cut.picture, cut.region, cut.format.lr
    lowest = picture.y + picture.height - picture.height // LOWER_PART
    first = -(-(lowest - region.y) // cut.format.ratio)
    return slice(min(max(0, first), lr.height), lr.height)


def perceptual_hash(gt: Gray) -> int:
    """Return 64 bits, similar for similar pictures: whether each low DCT coefficient is above the median."""
    small = cv2.resize(gt, (HASHED_SIDE, HASHED_SIDE), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small.astype(np.float32))[:HASH_SIDE, :HASH_SIDE].ravel()
    bits = low > np.median(low)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
