"""16-bit images are shrunk as exactly as 8-bit ones."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tests.jobs.superres.extraction.test_kernels import DEFINED
from tui_gen.jobs.superres.config.settings import LrKernel
from tui_gen.jobs.superres.extraction.kernels import kernel_for, shrink
from tui_gen.media.geometry import Region


@pytest.mark.parametrize(("name", "ratio"), DEFINED)
def test_every_pixel_is_the_rounded_exact_sum(name: LrKernel, ratio: int) -> None:
    kernel, generator = kernel_for(name, ratio, bits=16), np.random.default_rng(ratio)
    image = generator.choice(np.array([0, 1, 30000, 65534, 65535], np.uint16), (8 * ratio, 7 * ratio, 3))
    whole = Region(0, 0, image.shape[1], image.shape[0])
    found = shrink(image, whole, kernel, bounds=whole)
    assert found.dtype == np.uint16
    mode = {"symmetric": "symmetric", "replicate": "edge", "reflect": "reflect"}[kernel.padding]
    padded = np.pad(image, ((64, 64), (64, 64), (0, 0)), mode=mode).astype(object)  # type: ignore[call-overload]
    taps = np.array(kernel.weights, dtype=object)
    for i, j in ((0, 0), (3, 4), (7, 6), (0, 6)):
        y, x = 64 + ratio * i + kernel.first, 64 + ratio * j + kernel.first
        block = padded[y : y + len(taps), x : x + len(taps), 1]
        exact = round(Fraction(int(taps @ block @ taps), kernel.denominator**2))
        assert found[i, j, 1] == min(max(exact, 0), 65535)


@pytest.mark.parametrize(("name", "ratio"), DEFINED)
def test_no_sum_is_too_large_to_be_exact(name: LrKernel, ratio: int) -> None:
    kernel = kernel_for(name, ratio, bits=16)
    assert sum(kernel.weights) == kernel.denominator
    assert 65535 * sum(abs(weight) for weight in kernel.weights) ** 2 < 2**53
    usual = kernel_for(name, ratio)
    for own, of_bytes in zip(kernel.weights, usual.weights, strict=True):
        assert own / kernel.denominator == pytest.approx(of_bytes / usual.denominator, abs=2**-18)
