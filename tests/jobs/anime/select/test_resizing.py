"""Images in the size of the training set."""

from __future__ import annotations

import numpy as np
import pytest

from tui_gen.jobs.anime.select.resizing import resized, resized_shape


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (1920, 1080, (1365, 768)),
        (1080, 1920, (768, 1365)),
        (769, 769, (768, 768)),
        (768, 2000, (768, 2000)),
        (500, 300, (500, 300)),
        (5000, 769, (4993, 768)),  # 4993.49
    ],
)
def test_the_shorter_edge_is_limited(width: int, height: int, expected: tuple[int, int]) -> None:
    assert resized_shape(width, height, 768) == expected


@pytest.mark.parametrize("shorter", [561, 569, 644, 685, 691])
def test_the_shorter_edge_is_exact(shorter: int) -> None:
    assert resized_shape(1920, shorter, 512)[1] == 512  # as a float: 511.99


def waves(
    width: int, height: int, *, across: float, down: float
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return waves with a number of periods over the whole image."""
    x, y = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    phases = across * x[None] + down * y[:, None]
    return 127.5 + 100 * np.cos(2 * np.pi * phases)


@pytest.mark.parametrize("size", [(341, 192), (200, 112), (479, 269), (120, 68)])
def test_what_fits_into_the_result_stays_in_its_place(size: tuple[int, int]) -> None:
    colours = [waves(480, 270, across=across, down=down) for across, down in ((9, 5), (20, 0), (3, 12))]
    image = np.dstack(colours).round().astype(np.uint8)
    expected = np.dstack(
        [waves(*size, across=across, down=down) for across, down in ((9, 5), (20, 0), (3, 12))]
    )
    inner = (slice(8, -8), slice(8, -8))
    error = resized(image, size).astype(float)[inner] - expected[inner]
    assert np.abs(error).mean() < 3


def test_what_is_too_fine_for_the_result_vanishes() -> None:
    image = np.dstack([waves(960, 540, across=400, down=0)] * 3).round().astype(np.uint8)
    small = resized(image, (480, 270))  # 400 periods in 480 pixels would become a moire of 80
    assert small.std() < 3
    assert small.mean() == pytest.approx(127.5, abs=1)


def test_flat_colours_stay_and_edges_are_not_wrapped_around() -> None:
    flat = np.full((90, 160, 3), (10, 255, 0), np.uint8)
    assert (resized(flat, (53, 30)) == (10, 255, 0)).all()
    edge = np.zeros((90, 160, 3), np.uint8)
    edge[:, 80:] = 255
    small = resized(edge, (53, 30))
    assert small[:, :20].max() <= 5
    assert small[:, -20:].min() >= 250


def test_an_image_in_its_size_is_itself() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    assert (resized(image, (30, 20)) == image).all()
