"""Pictures are found in other pictures to a fraction of a pixel, and resampled exactly as documented."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tui_gen.jobs.superres.pairing.pair_track import Axis, Placement
from tui_gen.jobs.superres.pairing.registration import register, shift_between
from tui_gen.jobs.superres.pairing.resampling import (
    BITS,
    FilmPatch,
    ReleaseFrame,
    Shift,
    grid_of,
    resampled,
    resampled_plane,
)
from tui_gen.media.geometry import Region, Size, whole

FILM, RELEASE = Size(640, 360), Size(360, 288)
WHOLE = Placement(Axis(1.0, 0.0), Axis(1.0, 0.0))


def picture(seed: int) -> NDArray[np.float32]:
    """Return a picture with detail of all sizes at twice the size of the film."""
    random = np.random.default_rng(seed)
    total = np.zeros((2 * FILM.height, 2 * FILM.width), np.float32)
    for octave in range(2, 8):
        coarse = random.standard_normal((2**octave, 2**octave)).astype(np.float32)
        total += cv2.resize(coarse, (total.shape[1], total.shape[0]), interpolation=cv2.INTER_CUBIC) / octave
    return np.asarray(np.clip(128 + 40 * total / total.std(), 0, 255), np.float32)


def shown(large: NDArray[np.float32], size: Size, axes: Placement) -> NDArray[np.float32]:
    """Return the picture in a frame of a size, in which the film's picture has a place."""
    u = ((np.arange(size.width) + 0.5) / size.width - axes.across.shift) / axes.across.scale
    v = ((np.arange(size.height) + 0.5) / size.height - axes.down.shift) / axes.down.scale
    columns, rows = np.meshgrid(u * large.shape[1] - 0.5, v * large.shape[0] - 0.5)
    soft = cv2.GaussianBlur(large, (0, 0), 1.5)
    mapped = columns.astype(np.float32), rows.astype(np.float32)
    return cv2.remap(soft, *mapped, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)


@pytest.mark.parametrize("noise", [0.0, 6.0])
def test_a_place_is_found_to_a_tenth_of_a_pixel(noise: float) -> None:
    true = Placement(Axis(640 / 612, -14 / 612), Axis(360 / 344, -9 / 344))
    random = np.random.default_rng(8)
    pairs = []
    for seed in range(4):
        large = picture(seed)
        release = shown(large, RELEASE, true)
        release = (0.7 * release + 30 + random.normal(0, noise, release.shape)).astype(np.float32)
        pairs.append((shown(large, FILM, WHOLE), release))
    found = register(pairs, WHOLE)
    assert found.correlation > 0.9
    for share in (0.0, 0.5, 1.0):
        assert abs(found.placement.across.of(share) - true.across.of(share)) * RELEASE.width < 0.1
        assert abs(found.placement.down.of(share) - true.down.of(share)) * RELEASE.height < 0.1


@pytest.mark.parametrize("moved", [(0.0, 0.0), (0.3, -0.2), (-0.9, 0.7)])
def test_a_shift_is_measured_with_its_uncertainty(moved: tuple[float, float]) -> None:
    random = np.random.default_rng(4)
    films, releases = [], []
    for seed in range(3):
        large = picture(seed)
        size = Size(120, 68)
        at = Placement(Axis(1.0, moved[0] / size.width), Axis(1.0, moved[1] / size.height))
        noise = random.normal(0, 3, (size.height, size.width))
        films.append(cv2.GaussianBlur(shown(large, size, WHOLE), (0, 0), 1.0).astype(np.float32))
        noisy = (shown(large, size, at) + noise).astype(np.float32)
        releases.append(cv2.GaussianBlur(noisy, (0, 0), 1.0).astype(np.float32))
    found = shift_between(films, releases)
    assert found is not None
    assert found.deviation < 0.05
    assert abs(found.across - moved[0]) < 0.05
    assert abs(found.down - moved[1]) < 0.05


def test_a_picture_without_detail_has_no_place() -> None:
    flat = [np.full((40, 40), 90, np.float32)]
    assert shift_between(flat, flat) is None


def test_lr_is_one_resampling_by_a_cubic_of_the_width_of_lr() -> None:
    placement = Placement(Axis(1.02, -0.01), Axis(1.0, 0.005))
    region, ratio = Region(96, 60, 90, 60), 3
    frame = np.random.default_rng(1).integers(0, 256, (RELEASE.height, RELEASE.width, 3), dtype=np.uint8)
    release = ReleaseFrame(RELEASE, whole(RELEASE), placement)
    grid = grid_of(FilmPatch(FILM, region, ratio), release, Shift(0.25, -0.5))
    (part,) = grid.part(frame[np.newaxis])
    made = resampled(part, grid)
    assert made.shape == (20, 30, 3)
    for row, column in ((0, 0), (7, 13), (19, 29)):
        at_x = placement.across.of((96 + 3 * (column + 0.5 + 0.25)) / FILM.width) * RELEASE.width
        at_y = placement.down.of((60 + 3 * (row + 0.5 - 0.5)) / FILM.height) * RELEASE.height
        across = weights(at_x, 3 * placement.across.scale * RELEASE.width / FILM.width, RELEASE.width)
        down = weights(at_y, 3 * placement.down.scale * RELEASE.height / FILM.height, RELEASE.height)
        wanted = np.einsum("y,x,yxc->c", down, across, frame.astype(float))
        assert np.abs(made[row, column] - np.clip(wanted, 0, 255)).max() <= 0.51
    plane = resampled_plane(part[..., 1].astype(np.float32), grid)
    assert np.abs(np.clip(plane, 0, 255) - made[..., 1]).max() <= 0.51


def weights(centre: float, step: float, length: int) -> NDArray[np.float64]:
    distance = np.abs((np.arange(length) + 0.5 - centre) / max(1.0, step))
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    found = np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
    normal: NDArray[np.float64] = found / found.sum()
    return normal


def test_weights_are_whole_and_add_up_and_the_edge_is_repeated() -> None:
    seen = Region(10, 8, 300, 240)
    release = ReleaseFrame(RELEASE, seen, WHOLE)
    grid = grid_of(FilmPatch(FILM, whole(FILM), 3), release, Shift())
    for taps in (grid.across, grid.down):
        assert (taps.weights.sum(axis=1) == 1 << BITS).all()
        assert (taps.weights == np.rint(taps.weights)).all()
    assert grid.across.first == seen.x
    assert grid.across.last == seen.x + seen.width - 1
    assert grid.across.places.min() == 0
    (part,) = grid.part(
        np.arange(RELEASE.width, dtype=np.float32)[np.newaxis, np.newaxis].repeat(RELEASE.height, 1)
    )
    plane = resampled_plane(part, grid)
    assert plane[0, 0] == seen.x
    assert plane[0, -1] == seen.x + seen.width - 1
