"""Samples are bilinear, turn as the angle says, and are nowhere but near ink."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.model import VideoSettings
from tui_gen.jobs.videomnist.motion.box import ink_outline, reach
from tui_gen.jobs.videomnist.motion.poses import Pose, draw_pose
from tui_gen.jobs.videomnist.motion.sine import sine
from tui_gen.jobs.videomnist.render import sampler
from tui_gen.jobs.videomnist.render.sampler import Windows, inverse_matrices, sample
from tui_gen.jobs.videomnist.render.tiles import packed

TILE = DrawnDigits(3).image("train", 2, 0)


def posed(angle: float, scale: float) -> Pose:
    angles, scales = np.array([angle]), np.array([scale])
    return Pose(angles, scales, scales, sine(angles / 360 + 0.25), sine(angles / 360))


def sampled(
    tile: NDArray[np.uint8], pose: Pose, centres: NDArray[np.int64], side: int, corner: int = 0
) -> NDArray[np.uint8]:
    """Sample a tile in windows [F, side, side] whose first pixel is (corner, corner)."""
    count = len(centres)
    return sample(
        Windows(
            packed(tile)[None],
            np.zeros(count, np.int64),
            inverse_matrices(pose),
            centres,
            np.full((count, 2), corner),
            side,
            side,
        )
    )


def by_definition(tile: NDArray[np.uint8], pose: Pose, x: float, y: float, side: int) -> NDArray[np.float64]:
    """Bilinear interpolation in float64, outside the tile 0."""
    wide = np.pad(tile.astype(np.float64), 40)
    across, down = np.meshgrid(np.arange(side) + 0.5 - x, np.arange(side) + 0.5 - y)
    cosine_, sine_, scale = pose.cosines[0], pose.sines[0], pose.scales[0]
    u = (cosine_ * across - sine_ * down) / scale + tile.shape[1] / 2 - 0.5 + 40
    v = (sine_ * across + cosine_ * down) / scale + tile.shape[0] / 2 - 0.5 + 40
    u, v = np.clip(u, 0, wide.shape[1] - 2), np.clip(v, 0, wide.shape[0] - 2)
    left, top = np.floor(u).astype(int), np.floor(v).astype(int)
    right, low = u - left, v - top
    upper = wide[top, left] * (1 - right) + wide[top, left + 1] * right
    lower = wide[top + 1, left] * (1 - right) + wide[top + 1, left + 1] * right
    return np.asarray(upper * (1 - low) + lower * low)


def test_a_tile_in_the_middle_of_pixels_is_copied() -> None:
    frame = sampled(TILE, posed(0, 1), np.array([[30 * 256, 31 * 256]]), 64)[0]
    assert np.array_equal(frame[17:45, 16:44], TILE)
    assert frame.sum() == TILE.sum()


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_angles_turn_counter_clockwise(quarters: int) -> None:
    frame = sampled(TILE, posed(90 * quarters, 1), np.array([[14 * 256, 14 * 256]]), 28)[0]
    assert np.array_equal(frame, np.rot90(TILE, quarters))


def test_positions_are_x_and_y() -> None:
    frame = sampled(TILE, posed(0, 1), np.array([[40 * 256, 20 * 256]]), 64)[0]
    assert np.array_equal(frame[6:34, 26:54], TILE)


@settings(max_examples=300)
@given(
    angle=st.floats(-180, 180),
    scale=st.floats(0.5, 3),
    place=st.tuples(st.integers(20 * 256, 44 * 256), st.integers(20 * 256, 44 * 256)),
    seed=st.integers(0, 50),
)
def test_samples_are_within_two_levels_of_exact_ones(
    angle: float, scale: float, place: tuple[int, int], seed: int
) -> None:
    tile = DrawnDigits(seed).image("train", seed % 10, 0)
    pose = posed(angle, scale)
    made = sampled(tile, pose, np.array([place]), 64)[0]
    exact = by_definition(tile, pose, place[0] / 256, place[1] / 256, 64)
    assert np.abs(made - exact).max() <= 2.0


@settings(max_examples=150)
@given(
    seed=st.integers(0, 2**32), side=st.sampled_from([28, 28, 15, 2, 1]), scaled=st.sampled_from([1, 2, 7])
)
def test_nothing_is_sampled_beyond_the_reach(seed: int, side: int, scaled: int) -> None:
    chance = Random(seed)
    tile = np.zeros((side, side), np.uint8)
    for _ in range(1 + int(chance.random() * 3)):
        tile[int(chance.random() * side), int(chance.random() * side)] = 255
    digit = 28 * scaled if side == 28 else side
    pose = draw_pose(chance, VideoSettings(frames=5, rotation=180, scaling=0.3, digit_size=digit))
    centres = np.array([[int(6000 * chance.random()), int(6000 * chance.random())] for _ in range(5)])
    left, up, right, down = reach(ink_outline(tile), pose)
    most = int(max(left.max(), up.max(), right.max(), down.max())) + 6
    frames = sampled(tile, pose, centres, 2 * most + 24, corner=-most)
    for number, frame in enumerate(frames):
        rows, columns = np.flatnonzero(frame.any(axis=1)), np.flatnonzero(frame.any(axis=0))
        if not len(rows):
            continue  # a pixel that shrinks may fall between the samples
        x, y = centres[number] / 256
        gap = 1 / 64
        assert x - left[number] - gap <= columns[0] + 0.5 - most
        assert columns[-1] + 0.5 - most <= x + right[number] + gap
        assert y - up[number] - gap <= rows[0] + 0.5 - most
        assert rows[-1] + 0.5 - most <= y + down[number] + gap


def test_windows_are_sampled_alike_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    pose = draw_pose(Random(1), VideoSettings())
    centres = np.full((17, 2), 32 * 256)
    whole = sampled(TILE, pose, centres, 64)
    monkeypatch.setattr(sampler, "BLOCK_PIXELS", 3 * 64 * 64)
    assert np.array_equal(sampled(TILE, pose, centres, 64), whole)
    monkeypatch.setattr(sampler, "BLOCK_PIXELS", 1)
    assert np.array_equal(sampled(TILE, pose, centres, 64), whole)
