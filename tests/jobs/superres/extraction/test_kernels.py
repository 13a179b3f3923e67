"""Each kernel against an independent reference, and the promise that its sums are exact."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import get_args

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tui_gen.jobs.superres.config.settings import LrKernel
from tui_gen.jobs.superres.extraction.kernels import UndefinedKernelError, kernel_for, shrink
from tui_gen.media.geometry import Region

Image = NDArray[np.uint8]
Plane = NDArray[np.float64]

KERNELS: tuple[LrKernel, ...] = get_args(LrKernel)
DEFINED = [
    (name, ratio)
    for name, ratios in {
        "bicubic": (1, 2, 3, 4, 5),
        "area": (1, 2, 3, 4, 5),
        "lanczos": (1, 2, 3, 4, 5),
        "bd": (2, 3, 4),
        "bd_duf": (2, 3, 4),
        "seed": (1, 3, 5),
    }.items()
    for ratio in ratios
]


def noise(height: int, width: int, seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def shrunk(image: Image, name: LrKernel, ratio: int = 3) -> Image:
    whole = Region(0, 0, image.shape[1], image.shape[0])
    return shrink(image, whole, kernel_for(name, ratio), bounds=whole)


def rounded(values: Plane) -> Image:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def difference(one: Image, other: Image) -> int:
    assert one.shape == other.shape
    return int(np.abs(one.astype(int) - other.astype(int)).max(initial=0))


def on_both_axes(image: Image, along_rows: Callable[[Plane], Plane]) -> Image:
    """Apply a map of the first axis to both, and round once."""
    down = along_rows(image.astype(np.float64))
    return rounded(np.swapaxes(along_rows(np.swapaxes(down, 0, 1)), 0, 1))


# ---------------------------------------------------------------------------------------- references


def matlab_contributions(length: int, ratio: int) -> tuple[Plane, NDArray[np.int64]]:
    """Weights and mirrored 0-based indices as MATLAB's imresize computes them, in its 1-based words."""
    scale, width = 1 / ratio, 4.0 * ratio
    out = np.arange(1, length // ratio + 1, dtype=np.float64)
    u = out / scale + 0.5 * (1 - 1 / scale)
    left = np.floor(u - width / 2)
    indices = left[:, None] + np.arange(np.ceil(width) + 2)
    x = np.abs(scale * (u[:, None] - indices))
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    weights = scale * (near * (x <= 1) + far * ((x > 1) & (x <= 2)))
    weights /= weights.sum(1, keepdims=True)
    mirror = np.concatenate([np.arange(length), np.arange(length - 1, -1, -1)])
    return weights, mirror[np.mod(indices.astype(np.int64) - 1, 2 * length)]


def matlab_imresize(image: Image, ratio: int) -> Image:
    def along_rows(plane: Plane) -> Plane:
        weights, indices = matlab_contributions(plane.shape[0], ratio)
        rows: Plane = np.einsum("ot,otwc->owc", weights, plane[indices])
        return rows

    return on_both_axes(image, along_rows)


def lanczos_reference(image: Image, ratio: int) -> Image:
    def along_rows(plane: Plane) -> Plane:
        reach = 3 * ratio + ratio
        padded = np.pad(plane, ((reach, reach), (0, 0), (0, 0)), mode="symmetric")
        rows = []
        for i in range(plane.shape[0] // ratio):
            centre = ratio * i + (ratio - 1) / 2
            at = np.arange(padded.shape[0]) - reach
            d = at - centre
            weights = np.where(np.abs(d) < 3 * ratio, np.sinc(d / ratio) * np.sinc(d / (3 * ratio)), 0)
            rows.append(np.tensordot(weights / weights.sum(), padded, (0, 0)))
        return np.array(rows)

    return on_both_axes(image, along_rows)


def imresize_bd(image: Image, ratio: int) -> Image:
    """RCAN's imresize_BD, and at 4 BasicVSR's BD_degradation.m: blur with sigma 1.6, then sample.

    The kernel has 7 pixels a side at 3, and ceil(3 sigma) * 2 + 2 at even ratios. Of an even size n,
    MATLAB's imfilter takes pixel floor((n + 1) / 2), counted from 1, as the middle.
    """
    size = 7 if ratio == 3 else math.ceil(1.6 * 3) * 2 + 2
    y, x = np.mgrid[0:size, 0:size] - (size - 1) / 2
    gaussian = np.exp(-(x**2 + y**2) / (2 * 1.6**2))
    gaussian /= gaussian.sum()
    before = (size + 1) // 2 - 1
    rim = (before, size - 1 - before)
    padded = np.pad(image.astype(np.float64), (rim, rim, (0, 0)), mode="edge")
    height, width = image.shape[:2]
    blurred = np.zeros(image.shape)
    for dy in range(size):
        for dx in range(size):
            blurred += gaussian[dy, dx] * padded[dy : dy + height, dx : dx + width]
    first = 1 if ratio == 3 else ratio // 2 - 1  # "scale/2:scale:end", counted from 1
    return rounded(blurred)[first::ratio, first::ratio]


def duf_downsample(image: Image, ratio: int) -> Image:
    """BasicSR's duf_downsample: reflected, a 13x13 convolution with a stride, two rims dropped."""
    sigma = 0.4 * ratio
    d = np.arange(-6, 7)
    line = np.where(np.abs(d) <= int(4 * sigma + 0.5), np.exp(-0.5 * d**2 / sigma**2), 0)
    kernel = np.outer(line, line) / line.sum() ** 2
    pad = 6 + 2 * ratio
    padded = np.pad(image.astype(np.float64), ((pad, pad), (pad, pad), (0, 0)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (13, 13), (0, 1))[::ratio, ::ratio]
    return rounded(np.einsum("hwcyx,yx->hwc", windows, kernel))[2:-2, 2:-2]


def in_fractions(image: Image, name: LrKernel, ratio: int) -> Image:
    """Compute the definition of a kernel with exact fractions, pixel by pixel."""
    kernel = kernel_for(name, ratio)
    mode = {"symmetric": "symmetric", "replicate": "edge", "reflect": "reflect"}[kernel.padding]
    height, width = image.shape[:2]
    pad = 32
    rows = np.pad(np.arange(height), pad, mode=mode)  # type: ignore[call-overload]
    columns = np.pad(np.arange(width), pad, mode=mode)  # type: ignore[call-overload]
    shrunken = np.zeros((height // ratio, width // ratio, 3), np.uint8)
    taps = np.array(kernel.weights, dtype=object)
    for i in range(height // ratio):
        for j in range(width // ratio):
            y, x = pad + ratio * i + kernel.first, pad + ratio * j + kernel.first
            block = image[rows[y : y + len(taps)]][:, columns[x : x + len(taps)]].astype(object)
            for channel in range(3):
                total = Fraction(int(taps @ block[:, :, channel] @ taps), kernel.denominator**2)
                shrunken[i, j, channel] = min(max(round(total), 0), 255)
    return shrunken


# --------------------------------------------------------------------------------------------- tests


def test_bicubic_is_one_cubic_over_eighty_one() -> None:
    kernel = kernel_for("bicubic", 3)
    assert kernel.weights == (-1, -2, 0, 9, 21, 27, 21, 9, 0, -2, -1)
    assert (kernel.first, kernel.denominator) == (-4, 81)


@pytest.mark.parametrize("ratio", [1, 2, 3, 4, 5])
def test_bicubic_equals_matlab(ratio: int) -> None:
    image = noise(20 * ratio, 25 * ratio)
    assert difference(shrunk(image, "bicubic", ratio), matlab_imresize(image, ratio)) <= 1


def test_bicubic_at_a_third_differs_from_matlab_nowhere_on_a_large_image() -> None:
    image = noise(405, 720)
    assert difference(shrunk(image, "bicubic"), matlab_imresize(image, 3)) == 0


@pytest.mark.parametrize("ratio", [1, 2, 3, 4, 5])
def test_area_equals_opencv(ratio: int) -> None:
    image = noise(20 * ratio, 25 * ratio)
    theirs = cv2.resize(image, (25, 20), interpolation=cv2.INTER_AREA)
    assert difference(shrunk(image, "area", ratio), theirs.astype(np.uint8)) <= 1


@pytest.mark.parametrize("ratio", [1, 2, 3, 4, 5])
def test_lanczos_equals_its_reference(ratio: int) -> None:
    image = noise(20 * ratio, 25 * ratio)
    assert difference(shrunk(image, "lanczos", ratio), lanczos_reference(image, ratio)) <= 1


@pytest.mark.parametrize("ratio", [2, 3, 4])
def test_bd_equals_rcan(ratio: int) -> None:
    image = noise(20 * ratio, 32 * ratio)
    ours, theirs = shrunk(image, "bd", ratio), imresize_bd(image, ratio)
    assert difference(ours, theirs) <= 1
    assert np.mean(ours != theirs) < 0.001


@pytest.mark.parametrize("ratio", [2, 3, 4])
def test_bd_duf_equals_basicsr(ratio: int) -> None:
    image = noise(20 * ratio, 25 * ratio)
    ours, theirs = shrunk(image, "bd_duf", ratio), duf_downsample(image, ratio)
    assert difference(ours, theirs) <= 1
    assert np.mean(ours != theirs) < 0.001


@pytest.mark.parametrize("interpolation", [cv2.INTER_LANCZOS4, cv2.INTER_CUBIC, cv2.INTER_LINEAR])
def test_picked_pixels_equal_opencv_at_exactly_a_third(interpolation: int) -> None:
    image = noise(60, 96)
    theirs = cv2.resize(image, (32, 20), interpolation=interpolation).astype(np.uint8)
    assert difference(shrunk(image, "seed"), theirs) == 0


@given(
    defined=st.sampled_from(DEFINED),
    columns=st.integers(1, 9),
    rows=st.integers(1, 9),
    seed=st.integers(0, 1000),
    is_harsh=st.booleans(),
)
@example(defined=("bicubic", 3), columns=1, rows=1, seed=0, is_harsh=True)
@example(defined=("lanczos", 3), columns=1, rows=9, seed=0, is_harsh=True)
def test_every_size_is_shrunk_as_exact_fractions_say(
    defined: tuple[LrKernel, int], columns: int, rows: int, seed: int, *, is_harsh: bool
) -> None:
    name, ratio = defined
    image = noise(rows * ratio, columns * ratio, seed)
    if is_harsh:
        image = np.where(image > 127, 255, 0).astype(np.uint8)
    assert np.array_equal(shrunk(image, name, ratio), in_fractions(image, name, ratio))


@pytest.mark.parametrize(("name", "ratio"), DEFINED)
def test_a_flat_picture_stays_flat(name: LrKernel, ratio: int) -> None:
    for value in (0, 1, 127, 255):
        image = np.full((6 * ratio, 7 * ratio, 3), value, np.uint8)
        assert (shrunk(image, name, ratio) == value).all()


@pytest.mark.parametrize(("name", "ratio"), [defined for defined in DEFINED if defined[0] != "bd_duf"])
def test_shrinking_commutes_with_mirroring(name: LrKernel, ratio: int) -> None:
    image = noise(11 * ratio, 16 * ratio)
    mirrored = shrunk(image[::-1, ::-1].copy(), name, ratio)
    assert np.array_equal(mirrored[::-1, ::-1], shrunk(image, name, ratio))


@pytest.mark.parametrize(("name", "ratio"), DEFINED)
def test_no_sum_is_too_large_to_be_exact(name: LrKernel, ratio: int) -> None:
    kernel = kernel_for(name, ratio)
    assert sum(kernel.weights) == kernel.denominator
    assert 255 * sum(abs(weight) for weight in kernel.weights) ** 2 < 2**53


@pytest.mark.parametrize("name", KERNELS)
def test_threads_and_vector_units_change_nothing(name: LrKernel) -> None:
    image = noise(270, 480)
    expected = shrunk(image, name)
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(4)
        cv2.setUseOptimized(onoff=False)
        assert np.array_equal(shrunk(image, name), expected)
    finally:
        cv2.setUseOptimized(onoff=True)
        cv2.setNumThreads(threads)


def test_pixels_around_the_region_are_read_as_far_as_the_bounds_reach() -> None:
    image = noise(90, 120)
    region, kernel = Region(30, 24, 36, 33), kernel_for("bicubic", 3)
    whole = Region(0, 0, 120, 90)
    from_the_middle = shrink(image, whole, kernel, bounds=whole)[8:19, 10:22]
    assert np.array_equal(shrink(image, region, kernel, bounds=whole), from_the_middle)
    padded = shrink(image[24:57, 30:66], Region(0, 0, 36, 33), kernel, bounds=Region(0, 0, 36, 33))
    assert np.array_equal(shrink(image, region, kernel, bounds=region), padded)
    assert not np.array_equal(padded, from_the_middle)


@pytest.mark.parametrize(
    ("name", "ratio"), [("bd", 5), ("bd_duf", 5), ("seed", 2), ("seed", 4), ("bicubic", 0)]
)
def test_a_ratio_without_a_definition_is_refused(name: LrKernel, ratio: int) -> None:
    with pytest.raises(UndefinedKernelError, match=str(ratio)):
        kernel_for(name, ratio)
