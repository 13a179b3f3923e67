"""The constants of the tone-mapping kernel, equal on all processors.

Matrices are computed as fractions and rounded once. Powers are those of `decimal`, which has no last bit of
its own on any machine. The polynomials were fitted once and stand here as numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tui_gen.media.tone_mapping.mapping import ToneMapping

Matrix = list[list[Fraction]]
Floats = NDArray[np.float32]

WEIGHTS = {"bt2020nc": ("0.2627", "0.0593"), "bt709": ("0.2126", "0.0722")}
"""The weights of red and blue in luma: ITU-R BT.2020 table 4, BT.709 item 3.2."""
PRIMARIES = {
    "bt2020": (("0.708", "0.292"), ("0.170", "0.797"), ("0.131", "0.046")),
    "bt709": (("0.640", "0.330"), ("0.300", "0.600"), ("0.150", "0.060")),
    "smpte432": (("0.680", "0.320"), ("0.265", "0.690"), ("0.150", "0.060")),
}
"""x and y of red, green and blue: ITU-R BT.2020 table 3, BT.709 item 1.3, SMPTE EG 432-1. White is D65."""
D65 = ("0.3127", "0.3290")
DESATURATED_WEIGHTS = ("0.2627", "0.6780", "0.0593")
"""ffmpeg's tonemap desaturates by these weights, because the chain says colorspace=bt2020nc after p=bt709."""
KNEE = Fraction("0.3")
"""The light up to which ffmpeg's mobius changes nothing."""
DESATURATION = 2
"""The luma from which ffmpeg's tonemap desaturates (its option desat)."""

LARGEST = 1.5
"""R'G'B' above this are clipped, as zimg does."""
MOST_LIGHT = 200
"""In units of 100 nits: light up to here keeps the precision of `GAMMA`. A PQ signal of 1 is 100."""

# The square root of light, in units of 100 nits, as a function of R'G'B' from 0 to `LARGEST`. The functions
# are zimg's (`st_2084_eotf`; `arib_b67_eotf`, which has a gamma of 1.2 for each channel); the fits are those
# with the least largest error of the 8-bit result, over peaks from 4 to 100: 0.005 codes for PQ and HLG, but
# up to 0.02 below the first code above black.
# PQ: a quotient of polynomials: coefficients of degrees 1 to 5, and of degrees 1 to 4 below, after a 1.
PQ_ROOT = (
    *(6.9397323e-01, 1.24721369377e02, 2.55232147875e02, -1.27994919075e02, 6.1366263813e01),
    *(3.14375811652e02, -5.38388425598e02, 3.23473657476e02, -6.8957225752e01),
)
# HLG: the same of min(x, 0.5), degrees 1 to 4 and 1 to 3; a polynomial of max(x - 0.5, 0), degrees 1 to 5.
HLG_ROOT = (
    *(3.815046288e-01, 1.284041982e02, 2.540773608e03, 3.878064139e03),
    *(1.742389035e02, 2.101116689e03, 1.747630559e03),
    *(1.714717414, 3.267447861, 4.954143444, -0.86843995, 6.734109162),
)
# zimg's inverse of BT.1886, light ** (1 / 2.4), is a quotient of polynomials in the square root of light from
# 0 to 1: degrees 1 to 5, and 1 to 4 below; fitted likewise.
GAMMA = (
    *(4.067833383e00, 2.272023921e03, 9.001066330e04, 3.869596529e05, 1.379861782e05),
    *(9.729900679e02, 5.709069249e04, 3.540882249e05, 2.050720411e05),
)

# Where chroma lies between two luma samples, per axis: at the first one, between them, or at the second one.
# zimg's bilinear filter, at the even samples (the chroma sample before, this one) and at the odd ones (this
# one, the one after).
_UPSAMPLING = {
    "first": ("0", "1", "0.5", "0.5"),
    "between": ("0.25", "0.75", "0.75", "0.25"),
    "second": ("0.5", "0.5", "1", "0"),
}
# The same filter for half the size: the sample before the two, both, the one after.
_DOWNSAMPLING = {
    "first": ("0.25", "0.5", "0.25", "0"),
    "between": ("0.125", "0.375", "0.375", "0.125"),
    "second": ("0", "0.25", "0.5", "0.25"),
}
_SITES = {
    "left": ("first", "between"),
    "center": ("between", "between"),
    "topleft": ("first", "first"),
    "top": ("between", "first"),
    "bottomleft": ("first", "second"),
    "bottom": ("between", "second"),
}


class Constants(NamedTuple):
    """The arguments of the kernel between the planes and its memory, in its order."""

    kinds: NDArray[np.int64]  # 1 or 0: HLG; stored chroma shares columns; shares rows; result is 4:2:0
    reading: Floats  # scales of Y', Cb, Cr (those of chroma to B'-Y' and R'-Y'), offsets of Y', Cb, Cr
    across: Floats  # weights between the columns of stored chroma: even (before, here), odd (here, after)
    down: Floats  # weights between its rows: even (here, before), odd (here, after)
    eotf: Floats  # G' of B'-Y' and of R'-Y', the largest R'G'B', `*_ROOT`
    gamut: Floats  # the matrix from the film's primaries to BT.709, row by row
    tone: Floats  # `_tone`; 3 weights of Y', its scale and offset
    decimation: Floats  # weights for every second column
    between: Floats  # weights for every second row, with the scale of Cb, then with that of Cr
    writing: Floats  # scales of Cb and Cr, their offset


def constants_of(mapping: ToneMapping) -> Constants:
    """Return the constants for a mapping."""
    kr, kb = (Fraction(text) for text in WEIGHTS[mapping.matrix])
    out_kr, out_kb = (Fraction(text) for text in WEIGHTS["bt709"])
    is_hlg = mapping.transfer == "arib-std-b67"
    across, down = _SITES[mapping.chroma_location]
    shares_columns, shares_rows = (share > 0 for share in mapping.subsampling)
    reading = _reading(mapping, kr, kb)
    up = [Fraction(text) for text in _UPSAMPLING[down]]
    luma_range, chroma_range, black = (255, 255, 0) if mapping.range == "pc" else (219, 224, 16)
    scales = [Fraction(chroma_range) / (2 * (1 - k)) for k in (out_kb, out_kr)]
    rows = [Fraction(text) for text in _DOWNSAMPLING[down]]
    green = [-k / (1 - kr - kb) for k in (kb, kr)]
    gamut = _gamut(mapping.primaries)
    return Constants(
        kinds=np.array([is_hlg, shares_columns, shares_rows, mapping.chroma == "420"], np.int64),
        reading=_floats(reading),
        across=_floats(Fraction(text) for text in _UPSAMPLING[across]),
        down=_floats([up[1], up[0], up[2], up[3]]),
        eotf=_floats([*green, LARGEST, *(HLG_ROOT if is_hlg else PQ_ROOT)]),
        gamut=_floats(value for row in gamut for value in row),
        tone=_floats([*_tone(mapping.peak), out_kr, 1 - out_kr - out_kb, out_kb, luma_range, black + 0.5]),
        decimation=_floats(Fraction(text) for text in _DOWNSAMPLING[across]),
        between=_floats([scale * weight for scale in scales for weight in rows]),
        writing=_floats([*scales, 128.5]),
    )


def _reading(mapping: ToneMapping, kr: Fraction, kb: Fraction) -> list[Fraction]:
    unit, bits = 1 << (mapping.bit_depth - 8), mapping.bit_depth
    if mapping.range == "pc":
        luma, chroma, black = Fraction((1 << bits) - 1), Fraction((1 << bits) - 1), Fraction(0)
    else:
        luma, chroma, black = Fraction(219 * unit), Fraction(224 * unit), Fraction(16 * unit)
    u, v = 2 * (1 - kb) / chroma, 2 * (1 - kr) / chroma
    return [1 / luma, u, v, -black / luma, -u * 128 * unit, -v * 128 * unit]


def _tone(peak: float) -> list[Fraction | float]:
    """Return 3 weights of desaturation; a, b, k and knee of ffmpeg's mobius; `GAMMA`.

    The curve is divided by its largest result, because `GAMMA` takes light up to 1, and `GAMMA` undoes that.
    """
    j, p = KNEE, Fraction(peak)
    a = -j * j * (p - 1) / (j * j - 2 * j + p)
    b = (j * j - 2 * j * p + p) / max(p - 1, Fraction(1, 1_000_000))
    k = (b * b + 2 * b * j + j * j) / (b - a)
    most = k * (MOST_LIGHT + a) / (MOST_LIGHT + b)
    unit = Decimal(most.numerator) / Decimal(most.denominator)
    power = Fraction(unit ** (Decimal(5) / Decimal(12)))
    weights = [Fraction(text) for text in DESATURATED_WEIGHTS]
    gamma = [*(float(power * Fraction(value)) for value in GAMMA[:5]), *GAMMA[5:]]
    return [*weights, a, b, k / most, j, *gamma]


def _gamut(primaries: str) -> Matrix:
    """Return the matrix from linear RGB with these primaries to linear RGB with BT.709's."""
    return _product(_inverse(_xyz_of(PRIMARIES["bt709"])), _xyz_of(PRIMARIES[primaries]))


def _xyz_of(primaries: tuple[tuple[str, str], ...]) -> Matrix:
    """Return the matrix from linear RGB to XYZ, for white at D65."""
    columns = [_xyz(*point) for point in primaries]
    unscaled = [list(row) for row in zip(*columns, strict=True)]
    scales = [sum(map(_times, row, _xyz(*D65)), Fraction(0)) for row in _inverse(unscaled)]
    return [list(map(_times, row, scales)) for row in unscaled]


def _xyz(x: str, y: str) -> list[Fraction]:
    return [Fraction(x) / Fraction(y), Fraction(1), (1 - Fraction(x) - Fraction(y)) / Fraction(y)]


def _times(one: Fraction, other: Fraction) -> Fraction:
    return one * other


def _product(left: Matrix, right: Matrix) -> Matrix:
    columns = list(zip(*right, strict=True))
    return [[sum(map(_times, row, column), Fraction(0)) for column in columns] for row in left]


def _inverse(m: Matrix) -> Matrix:
    """Return the inverse of a 3x3 matrix, by cofactors."""

    def cofactor(row: int, column: int) -> Fraction:
        a, b = (index for index in range(3) if index != row)
        c, d = (index for index in range(3) if index != column)
        minor = m[a][c] * m[b][d] - m[a][d] * m[b][c]
        return minor if (row + column) % 2 == 0 else -minor

    determinant = sum((m[0][column] * cofactor(0, column) for column in range(3)), Fraction(0))
    return [[cofactor(column, row) / determinant for column in range(3)] for row in range(3)]


def _floats(values: Iterable[Fraction | float]) -> Floats:
    return np.array([float(value) for value in values], np.float32)
