"""Every score of a patch against a computation of its own, on pictures whose answer is known."""

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.superres.sample_films import SETTINGS
from tui_gen.jobs.superres.extraction.patches import cut_patch
from tui_gen.jobs.superres.extraction.scoring.patch_scores import (
    PatchMeasures,
    learnable,
    measure_patch,
    perceptual_hash,
)
from tui_gen.jobs.superres.extraction.scoring.scores import KINDS, default_rule
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.jobs.superres.units import Cut
from tui_gen.media.geometry import Region, Size, whole

Image = NDArray[np.uint8]
Plane = NDArray[np.float64]

FORMAT = PatchFormat("f", Size(240, 240), Size(80, 80), "F", "")
ALL = {name: default_rule(name, "score") for name in KINDS}


def texture(height: int, width: int, seed: int = 1) -> Image:
    """Return a soft pattern with detail at several sizes."""
    noise = np.random.default_rng(seed).normal(0, 1, (height, width))
    parts = [cv2.GaussianBlur(noise, (0, 0), sigma) * sigma for sigma in (2.0, 6.0, 18.0)]
    plane = np.clip(110 + 70 * sum(parts), 0, 255)
    return np.repeat(plane[..., None], 3, axis=2).astype(np.uint8)


def measured(frames: Image, *, at: tuple[int, int] = (0, 0)) -> PatchMeasures:
    """Measure a patch at a place of seven frames of 240x480."""
    frame = Size(frames.shape[2], frames.shape[1])
    cut = Cut("c", "C", FORMAT, frame, Region(*at, 240, 240), whole(frame), "x")
    return measure_patch(cut_patch(frames, cut, settings=SETTINGS), cut, ALL)


def still(image: Image) -> Image:
    return np.stack([image] * 7)


def gray_of(image: Image) -> Plane:
    """BT.601, as OpenCV rounds it."""
    weighed = image.astype(np.float64) @ np.array([0.114, 0.587, 0.299])
    rounded: Plane = np.floor(weighed + 0.5)
    return rounded


def test_flat_is_the_deviation_of_luma_and_black_its_99th_percentile() -> None:
    image = np.random.default_rng(3).integers(0, 255, (240, 240, 3)).astype(np.uint8)
    image[:60] //= 8
    scores = measured(still(image)).scores
    gray = gray_of(image)
    assert scores["flat"] == pytest.approx(gray.std(), abs=0.02)
    assert scores["black"] == pytest.approx(np.percentile(gray, 99, method="inverted_cdf"), abs=1)


def test_a_black_picture_and_a_flat_one_are_below_their_limits_and_a_textured_one_is_not() -> None:
    black = measured(still(np.full((240, 240, 3), 17, np.uint8))).scores
    assert (black["flat"], black["black"], black["learnable"]) == (0.0, 17, 100.0)
    scores = measured(still(texture(240, 240))).scores
    flags = {name for name, value in scores.items() if ALL[name].flag(value)}
    assert flags == {"motion"}  # it stands still


def cubic(distance: Plane, a: float = -0.75) -> Plane:
    x = np.abs(distance)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def enlarge(plane: Plane) -> Plane:
    """Enlarge by three, centres aligned, edges repeated."""
    for axis in (0, 1):
        size = plane.shape[axis]
        place = (np.arange(3 * size) + 0.5) / 3 - 0.5
        taps = np.floor(place).astype(int)[:, None] + np.arange(-1, 3)
        weights = cubic(place[:, None] - taps)
        plane = np.moveaxis(plane, axis, 0)
        plane = np.einsum("ot,ot...->o...", weights, plane[np.clip(taps, 0, size - 1)])
        plane = np.moveaxis(plane, 0, axis)
    return plane


def test_learnable_is_the_psnr_of_gt_against_its_enlarged_lr() -> None:
    gt = gray_of(texture(240, 240)).astype(np.uint8)
    tile = cv2.resize(gt, (80, 80), interpolation=cv2.INTER_AREA).astype(np.uint8)
    error = np.mean((gt - np.clip(np.rint(enlarge(tile.astype(np.float64))), 0, 255)) ** 2)
    assert learnable(gt, tile) == pytest.approx(10 * math.log10(255**2 / error), abs=0.05)


def test_motion_is_the_length_of_the_flow_in_lr_pixels_a_frame() -> None:
    picture = texture(240, 480)
    moving = np.stack([picture[:, 6 * n : 6 * n + 240] for n in range(7)])
    assert measured(moving).scores["motion"] == pytest.approx(2.0, abs=0.1)
    assert measured(still(picture[:, :240])).scores["motion"] == 0.0


def test_noise_is_the_sigma_of_immerkaer() -> None:
    image = np.random.default_rng(5).normal(128, 6, (240, 240, 1)).repeat(3, axis=2)
    noisy = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    gray = gray_of(noisy)
    rows = gray[:-2] - 2 * gray[1:-1] + gray[2:]
    answers = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    sigma = math.sqrt(math.pi / 2) * np.abs(answers).sum() / (6 * 238 * 238)
    assert measured(still(noisy)).scores["noise"] == pytest.approx(sigma, abs=0.01)
    assert sigma == pytest.approx(6, abs=0.2)


def titled(image: Image) -> Image:
    image = image.copy()
    for row in (205, 228):
        cv2.putText(image, "STRAIGHT ON", (20, row), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (240, 240, 240), 4)
    return image


def test_text_is_what_stays_bright_and_thin_in_the_lower_fifth() -> None:
    picture = (texture(240, 480) * 0.5).astype(np.uint8)
    moving = np.stack([titled(picture[:, 6 * n : 6 * n + 240]) for n in range(7)])
    plain = np.stack([picture[:, 6 * n : 6 * n + 240] for n in range(7)])
    rolling = np.stack([np.roll(titled(picture[:, :240]), 9 * n, axis=0) for n in range(7)])
    assert measured(plain).scores["text"] == 0.0
    assert measured(moving).scores["text"] > 1.0
    assert measured(rolling).scores["text"] < 0.1
    flickering = np.where(moving > 200, moving - 25 * (np.arange(7) % 2)[:, None, None, None], moving)
    assert measured(flickering.astype(np.uint8)).scores["text"] == 0.0
    assert measured(np.concatenate([moving, moving], axis=1)).scores["text"] == 0.0  # above the lowest fifth


def hash_of(gray: Plane) -> int:
    """Return the hash by a transform written out as a matrix."""
    side = gray.shape[0] // 32
    small = np.rint(gray.reshape(32, side, 32, side).mean(axis=(1, 3)))
    waves = np.cos(np.pi * np.arange(32)[:, None] * (2 * np.arange(32) + 1) / 64) * math.sqrt(2 / 32)
    waves[0] /= math.sqrt(2)
    low = (waves @ small @ waves.T)[:8, :8].ravel()
    return int("".join("1" if value > np.median(low) else "0" for value in low), 2)


def apart(one: int, other: int) -> int:
    return (one ^ other).bit_count()


def test_the_hash_is_the_signs_of_low_frequencies_about_their_median() -> None:
    for seed in range(5):
        gray = gray_of(texture(320, 320, seed))
        assert apart(perceptual_hash(gray.astype(np.uint8)), hash_of(gray)) <= 1


def test_a_hash_survives_what_is_no_other_picture_and_tells_other_pictures_apart() -> None:
    one = gray_of(texture(540, 540)).astype(np.uint8)
    blurred = cv2.GaussianBlur(one, (0, 0), 2.0).astype(np.uint8)
    darker = (one * 0.8).astype(np.uint8)
    limit = KINDS["near_duplicate"].under
    assert limit is not None
    assert apart(perceptual_hash(one), perceptual_hash(blurred)) <= limit
    assert apart(perceptual_hash(one), perceptual_hash(darker)) <= limit
    for seed in range(2, 8):
        other = gray_of(texture(540, 540, seed)).astype(np.uint8)
        assert apart(perceptual_hash(one), perceptual_hash(other)) > 2 * limit


def test_what_cannot_be_measured_on_a_tiny_patch_is_left_out() -> None:
    small = PatchFormat("s", Size(24, 24), Size(8, 8), "S", "")
    frames = still(texture(24, 24))
    cut = Cut("c", "C", small, Size(24, 24), Region(0, 0, 24, 24), Region(0, 0, 24, 24), "x")
    measures = measure_patch(cut_patch(frames, cut, settings=SETTINGS), cut, ALL)
    assert "motion" not in measures.scores
    assert measures.perceptual_hash is not None


def test_nothing_is_measured_that_nobody_asked_for() -> None:
    frames = still(texture(240, 240))
    cut = Cut("c", "C", FORMAT, Size(240, 240), Region(0, 0, 240, 240), Region(0, 0, 240, 240), "x")
    arrays = cut_patch(frames, cut, settings=SETTINGS)
    assert measure_patch(arrays, cut, {}) == PatchMeasures({}, None)
    assert measure_patch(arrays, cut, {"flat": ALL["flat"]}).scores.keys() == {"flat"}
