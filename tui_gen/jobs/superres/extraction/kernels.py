"""The kernels that shrink GT to LR, defined exactly: they give the same bytes on every machine.

    one axis, ratio 3:   GT   0 1 2 3 4 5 6 7 8      LR pixel i is centred on GT pixel 3i + 1
                         LR     0     1     2        (in general on ratio * i + (ratio - 1) / 2)

Invariant: the weights are integers over one denominator, chosen so that every product and every sum is an
integer that its floating-point type represents exactly. The only rounding is the `rint` at the end. The
result therefore does not depend on the order of summation, fused multiplication, vector width or number of
threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from tui_gen.jobs.superres.config.settings import LrKernel
from tui_gen.media.geometry import Region

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Padding = Literal["symmetric", "replicate", "reflect"]

BD_RATIO = 3
BD_SIGMA = 1.6
BD_RADIUS = 3
DUF_RATIOS = (2, 3, 4)
DUF_SIGMA_PER_RATIO = 0.4
DUF_RADIUS = 6
DUF_TRUNCATE = 4.0
"""BasicSR blurs a point with scipy's gaussian_filter, whose taps end at 4 sigma."""

IRRATIONAL_DENOMINATOR = 1 << 22
"""The precision of weights without an exact fraction: 8 + 2 * 22 bits and a sign fit into a float64."""
IRRATIONAL_DENOMINATOR_16 = 1 << 18
"""The same for values of 16 bits: 16 + 2 * 18 bits and a sign."""

MAX_VALUE = 255
MAX_VALUE_16 = 65535
BITS_OF_BYTE = 8
FLOAT64_WHOLE = 1 << 53
"""Below this limit, a float64 represents every sum."""
FLOAT32_WHOLE = 1 << 24
FLOAT32_DENOMINATOR = 1 << 16
"""Below these two limits, a float32 represents every sum, and its quotient rounds correctly."""


class UndefinedKernelError(ValueError):
    """A kernel is not defined at the requested ratio."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """One axis of a separable kernel at one ratio."""

    ratio: int  # GT pixels per LR pixel
    first: int  # the first weight is for GT pixel `ratio * i + first`
    weights: tuple[int, ...]
    denominator: int  # the sum of the weights
    padding: Padding


@cache
def kernel_for(name: LrKernel, ratio: int, *, bits: int = 8) -> Kernel:
    """Return the kernel `name` at `ratio` GT pixels per LR pixel, or raise UndefinedKernelError.

    `bits` is 8 or 16, the size of a channel.
    """
    if ratio < 1:
        message = f"GT is {ratio} times LR: the ratio must be a whole number of at least 1"
        raise UndefinedKernelError(message)
    kernel = _DEFINITIONS[name](ratio)
    if bits == BITS_OF_BYTE or _largest_sum(kernel, MAX_VALUE_16) < FLOAT64_WHOLE:
        return kernel
    return _rounded(ratio, kernel.first, kernel.weights, kernel.padding, IRRATIONAL_DENOMINATOR_16)


def shrink(
    frame: NDArray[np.unsignedinteger[Any]], region: Region, kernel: Kernel, *, bounds: Region
) -> NDArray[np.unsignedinteger[Any]]:
    """Shrink `region` of an image of shape (height, width, channels) by `kernel.ratio` on both axes.

    The image is uint8, or uint16 with a kernel for 16 bits; the result has the same dtype. `bounds` contains
    `region`: pixels inside `bounds` are read, pixels beyond are padded by the kernel's rule.
    """
    import cv2
    import numpy as np

    block = frame[bounds.y : bounds.y + bounds.height, bounds.x : bounds.x + bounds.width]
    taps = np.array(kernel.weights, dtype=np.float64)
    largest = MAX_VALUE if frame.dtype == np.uint8 else MAX_VALUE_16
    is_narrow = _fits_float32(kernel, largest)
    # OpenCV requires the filter's anchor to be one of its taps, so the anchor is the middle of the ratio.
    middle = kernel.ratio // 2
    sums = cv2.sepFilter2D(
        block,
        cv2.CV_32F if is_narrow else cv2.CV_64F,
        taps,
        taps,
        anchor=(middle - kernel.first, middle - kernel.first),
        borderType=_border_type(kernel.padding),
    )
    top, left = region.y - bounds.y + middle, region.x - bounds.x + middle
    sampled = sums[
        top : top - middle + region.height : kernel.ratio, left : left - middle + region.width : kernel.ratio
    ]
    divisor = sampled.dtype.type(kernel.denominator**2)
    return np.clip(np.rint(sampled / divisor), 0, largest).astype(frame.dtype)


def _largest_sum(kernel: Kernel, largest: int) -> int:
    return largest * sum(abs(weight) for weight in kernel.weights) ** 2


def _fits_float32(kernel: Kernel, largest: int) -> bool:
    return _largest_sum(kernel, largest) < FLOAT32_WHOLE and kernel.denominator**2 < FLOAT32_DENOMINATOR


def _border_type(padding: Padding) -> int:
    import cv2

    border_types: dict[Padding, int] = {
        "symmetric": cv2.BORDER_REFLECT,
        "replicate": cv2.BORDER_REPLICATE,
        "reflect": cv2.BORDER_REFLECT_101,
    }
    return border_types[padding]


# ------------------------------------------------------------------------------------- definitions


def _bicubic(ratio: int) -> Kernel:
    """Return MATLAB's imresize kernel: Keys' cubic (1981) with a = -0.5, widened by the ratio."""
    first, distances = _distances_within(2 * ratio, ratio)
    values = [_cubic(abs(distance) / ratio) for distance in distances]
    total = sum(values)
    shares = [value / total for value in values]
    denominator = math.lcm(*(share.denominator for share in shares))
    weights = tuple(int(share * denominator) for share in shares)
    return Kernel(ratio, first, weights, denominator, "symmetric")


def _cubic(distance: Fraction) -> Fraction:
    if distance <= 1:
        return (3 * distance**3 - 5 * distance**2 + 2) / 2
    if distance <= 2:  # noqa: PLR2004 - the two pieces of the cubic end at 1 and at 2
        return (-(distance**3) + 5 * distance**2 - 8 * distance + 4) / 2
    return Fraction(0)


def _area(ratio: int) -> Kernel:
    """Return the mean of the GT pixels that one LR pixel covers; it reads no pixel beyond the edge."""
    return Kernel(ratio, 0, (1,) * ratio, ratio, "symmetric")


def _lanczos(ratio: int) -> Kernel:
    """Return Lanczos' kernel: three lobes of a sinc, windowed by a wider sinc, widened by the ratio."""
    first, distances = _distances_within(3 * ratio, ratio)
    values = [_sinc(float(d) / ratio) * _sinc(float(d) / (3 * ratio)) for d in distances]
    return _rounded(ratio, first, values, "symmetric")


def _sinc(x: float) -> float:
    return math.sin(math.pi * x) / (math.pi * x) if x else 1.0


def _bd(ratio: int) -> Kernel:
    """Return the Gaussian blur and sampling of RCAN and RDN, defined for ratio 3 only."""
    if ratio != BD_RATIO:
        message = f'lr_kernel "bd" is defined for LR at a third of GT, not at 1/{ratio}'
        raise UndefinedKernelError(message)
    values = [_gaussian(d, BD_SIGMA) for d in range(-BD_RADIUS, BD_RADIUS + 1)]
    return _rounded(ratio, ratio // 2 - BD_RADIUS, values, "replicate")


def _bd_duf(ratio: int) -> Kernel:
    """Return the kernel of BasicSR's duf_downsample, centred on GT pixel `ratio * i`: for benchmarks only."""
    if ratio not in DUF_RATIOS:
        message = f'lr_kernel "bd_duf" is defined for LR at 1/2, 1/3 and 1/4 of GT, not at 1/{ratio}'
        raise UndefinedKernelError(message)
    sigma = DUF_SIGMA_PER_RATIO * ratio
    reach = min(DUF_RADIUS, int(DUF_TRUNCATE * sigma + 0.5))
    offsets = range(-DUF_RADIUS, DUF_RADIUS + 1)
    values = [_gaussian(d, sigma) if abs(d) <= reach else 0.0 for d in offsets]
    return _rounded(ratio, -DUF_RADIUS, values, "reflect")


def _gaussian(distance: int, sigma: float) -> float:
    return math.exp(-(distance**2) / (2 * sigma**2))


def _seed(ratio: int) -> Kernel:
    """Pick every ratio-th pixel, as cv2.resize does at exactly 1/3 with any interpolation."""
    if ratio % 2 == 0:
        message = f'lr_kernel "seed" picks the middle of {ratio} GT pixels: the ratio must be odd'
        raise UndefinedKernelError(message)
    return Kernel(ratio, ratio // 2, (1,), 1, "symmetric")


def _distances_within(support: int, ratio: int) -> tuple[int, list[Fraction]]:
    """Return the first GT offset nearer than `support` to the LR pixel's centre, and all distances."""
    centre = Fraction(ratio - 1, 2)
    offsets = [o for o in range(-support - ratio, support + 2 * ratio) if abs(o - centre) < support]
    return offsets[0], [offset - centre for offset in offsets]


def _rounded(
    ratio: int,
    first: int,
    values: Sequence[float],
    padding: Padding,
    denominator: int = IRRATIONAL_DENOMINATOR,
) -> Kernel:
    """Normalise symmetric weights, round them to one denominator, and add the remainder to the middle."""
    total = sum(values)
    weights = [round(value / total * denominator) for value in values]
    rest = denominator - sum(weights)
    # An even number of taps has two middle taps, and by symmetry the remainder is even.
    low, high = (len(weights) - 1) // 2, len(weights) // 2
    weights[low] += rest // 2
    weights[high] += rest - rest // 2
    return Kernel(ratio, first, tuple(weights), denominator, padding)


_DEFINITIONS: dict[LrKernel, Callable[[int], Kernel]] = {
    "bicubic": _bicubic,
    "area": _area,
    "lanczos": _lanczos,
    "bd": _bd,
    "bd_duf": _bd_duf,
    "seed": _seed,
}
