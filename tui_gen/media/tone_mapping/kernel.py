"""The tone-mapping kernel: stored HDR samples in, 8-bit BT.709 YUV of the same size and range out.

    samples -> Y' Cb Cr at full size -> R'G'B' -> light -> BT.709, desaturated and compressed -> Y' Cb Cr

It works row by row, in float32, in one thread. A row of floats is kept as two halves, its even and its odd
columns, because chroma samples lie beside each other then. All rows lie in one array at constant distances:
LLVM needs no run-time checks before it vectorises a loop.

Each operation is one IEEE operation on float32 or int32, in the order of the source: no fastmath, and nothing
of libm but the fused multiply-add, which has one right result. All processors compute the same bytes.

numba's cache compares the time of this file only, so that all compiled code has to be in this file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Protocol, cast

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from tui_gen.media.geometry import Size
from tui_gen.media.tone_mapping.constants import Constants, constants_of
from tui_gen.media.tone_mapping.mapping import LARGEST_WIDTH, ToneMapping

Function = Callable[..., Any]
Samples = NDArray[np.uint16]
Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Place = np.uint64
Weight = np.float32

_PAD = 8  # floats beside each half of a row: the chroma filters reach one sample over its ends
_HALF = 8392  # floats: those of the widest frame; no multiple of 4096 bytes, or all rows share cache sets
# Places in the array of rows. For a negative index numba counts from the end, and asks at each index whether
# it is one: unsigned integers save the question, and LLVM can vectorise the loop.
ONE, HALF = np.uint64(1), np.uint64(_HALF)
EVEN, ODD = np.uint64(_PAD), np.uint64(_PAD + _HALF)  # where the two halves of a row begin
Y, U, V = (np.uint64(2 * _HALF * row) for row in range(3))  # Y', and chroma scaled to B'-Y' and R'-Y'
R, G, B = (np.uint64(2 * _HALF * row) for row in range(3, 6))  # light; then Y', B'-Y', R'-Y' of the result
CU, CV = np.uint64(12 * _HALF + _PAD), np.uint64(13 * _HALF + _PAD)  # half rows: chroma beside a row of luma
RING = np.uint64(14 * _HALF + _PAD)  # half rows: B'-Y' and R'-Y' of each of the last four rows, decimated
SCRATCH = 22 * _HALF
TILE = np.uint64(480)  # columns from samples to the result in one go: their six floats fit into the L1 cache

_SAMPLES = types.Array(types.uint16, 1, "C", readonly=True)  # a decoder's memory may be read-only
_BYTES, _FLOATS, _PLACE = types.uint8[::1], types.float32[::1], types.uint64
SIGNATURE = types.void(
    *(_SAMPLES, _PLACE) * 3, _PLACE, _PLACE, types.int64[::1], *(_FLOATS,) * 10, _BYTES, _BYTES, _BYTES
)

_part = numba.njit(error_model="numpy", boundscheck=False)  # compiled and cached as a part of `_convert`


def _compiled(function: Function) -> Function:
    """Compile a function when it is defined, or load it from numba's cache."""

    def compiled(*, cache: bool) -> Function:
        return numba.njit(SIGNATURE, error_model="numpy", boundscheck=False, cache=cache)(function)

    try:
        return compiled(cache=True)
    except (RuntimeError, OSError):
        # There is no folder for the cache, or no space in it. Any other error is raised again here.
        return compiled(cache=False)


class _Builder(Protocol):
    """What is used of llvmlite's IRBuilder."""

    def fma(self, x: object, y: object, z: object) -> object: ...


def _fused(_context: object, x: types.Type, y: types.Type, z: types.Type) -> tuple[Any, Function]:
    """Generate x * y + z with one rounding: one instruction since 2013, fmaf of libm on older processors."""

    def generated(
        _context: object, builder: _Builder, _signature: object, values: Sequence[object]
    ) -> object:
        return builder.fma(*values)

    return types.float32(x, y, z), generated


_fma = cast(Callable[[Weight, Weight, Weight], Weight], intrinsic(_fused))


@_part
def _numerator(x: Weight, p1: Weight, p2: Weight, p3: Weight, p4: Weight, p5: Weight) -> Weight:
    """Return a polynomial of degree 5 that is 0 at 0."""
    return _fma(_fma(_fma(_fma(p5, x, p4), x, p3), x, p2), x, p1) * x


@_part
def _denominator(x: Weight, q1: Weight, q2: Weight, q3: Weight, q4: Weight) -> Weight:
    """Return a polynomial of degree 4 that is 1 at 0."""
    return _fma(_fma(_fma(_fma(q4, x, q3), x, q2), x, q1), x, np.float32(1))


@_part
def _quotient(
    x: Weight, p1: Weight, p2: Weight, p3: Weight, p4: Weight, q1: Weight, q2: Weight, q3: Weight
) -> Weight:
    """Return a polynomial of degree 4 that is 0 at 0, divided by one of degree 3 that is 1 at 0."""
    numerator = _fma(_fma(_fma(p4, x, p3), x, p2), x, p1) * x
    return numerator / _fma(_fma(_fma(q3, x, q2), x, q1), x, np.float32(1))


@_part
def _sum3(x: Weight, y: Weight, z: Weight, a: Weight, b: Weight, c: Weight) -> Weight:
    """Return x * a + y * b + z * c."""
    return _fma(z, c, _fma(y, b, x * a))


@_part
def _read_full(
    samples: Samples, start: Place, half: Place, scale: Weight, offset: Weight, rows: Floats, to: Place
) -> None:
    """Convert one row of samples to floats, even and odd columns apart."""
    for i in range(half):
        rows[to + EVEN + i] = np.float32(samples[start + i + i]) * scale + offset
        rows[to + ODD + i] = np.float32(samples[start + i + i + ONE]) * scale + offset


@_part
def _mix_rows(
    samples: Samples,
    start: Place,
    other: Place,
    count: Place,
    weight: Weight,
    other_weight: Weight,
    offset: Weight,
    rows: Floats,
    to: Place,
) -> None:
    """Interpolate chroma between two rows, and repeat the samples at both ends."""
    for i in range(count):
        sample, second = np.float32(samples[start + i]), np.float32(samples[other + i])
        rows[to + i] = sample * weight + second * other_weight + offset
    rows[to - ONE] = rows[to]
    rows[to + count] = rows[to + count - ONE]


@_part
def _spread(weights: Floats, rows: Floats, origin: Place, count: Place, to: Place) -> None:
    """Interpolate chroma between the columns of one row."""
    before, here_even, here_odd, after = weights[0], weights[1], weights[2], weights[3]
    for i in range(count):
        rows[to + EVEN + i] = rows[origin + i - ONE] * before + rows[origin + i] * here_even
        rows[to + ODD + i] = rows[origin + i] * here_odd + rows[origin + i + ONE] * after


@_part
def _pq_light(eotf: Floats, rows: Floats, count: Place, at: Place) -> None:
    """Undo the matrix and PQ for a part of half a row: the root of light is a quotient of polynomials."""
    from_u, from_v, largest = eotf[0], eotf[1], eotf[2]
    p1, p2, p3, p4, p5 = eotf[3], eotf[4], eotf[5], eotf[6], eotf[7]
    q1, q2, q3, q4 = eotf[8], eotf[9], eotf[10], eotf[11]
    zero = np.float32(0)
    for i in range(count):
        y, u, v = rows[Y + at + i], rows[U + at + i], rows[V + at + i]
        r, g, b = y + v, _fma(v, from_v, _fma(u, from_u, y)), y + u
        r, g, b = max(r, zero), max(g, zero), max(b, zero)
        r, g, b = min(r, largest), min(g, largest), min(b, largest)
        r = _numerator(r, p1, p2, p3, p4, p5) / _denominator(r, q1, q2, q3, q4)
        g = _numerator(g, p1, p2, p3, p4, p5) / _denominator(g, q1, q2, q3, q4)
        b = _numerator(b, p1, p2, p3, p4, p5) / _denominator(b, q1, q2, q3, q4)
        rows[R + at + i] = r * r
        rows[G + at + i] = g * g
        rows[B + at + i] = b * b


@_part
def _hlg_light(eotf: Floats, rows: Floats, count: Place, at: Place) -> None:
    """Undo the matrix and HLG for a part of half a row: the root is a quotient and a polynomial."""
    from_u, from_v, largest = eotf[0], eotf[1], eotf[2]
    p1, p2, p3, p4, q1, q2, q3 = eotf[3], eotf[4], eotf[5], eotf[6], eotf[7], eotf[8], eotf[9]
    s1, s2, s3, s4, s5 = eotf[10], eotf[11], eotf[12], eotf[13], eotf[14]
    zero, middle = np.float32(0), np.float32(0.5)
    for i in range(count):
        y, u, v = rows[Y + at + i], rows[U + at + i], rows[V + at + i]
        r, g, b = y + v, _fma(v, from_v, _fma(u, from_u, y)), y + u
        r, g, b = max(r, zero), max(g, zero), max(b, zero)
        r, g, b = min(r, largest), min(g, largest), min(b, largest)
        r2, g2, b2 = max(r - middle, zero), max(g - middle, zero), max(b - middle, zero)
        r, g, b = min(r, middle), min(g, middle), min(b, middle)
        r = _quotient(r, p1, p2, p3, p4, q1, q2, q3)
        g = _quotient(g, p1, p2, p3, p4, q1, q2, q3)
        b = _quotient(b, p1, p2, p3, p4, q1, q2, q3)
        r += _numerator(r2, s1, s2, s3, s4, s5)
        g += _numerator(g2, s1, s2, s3, s4, s5)
        b += _numerator(b2, s1, s2, s3, s4, s5)
        rows[R + at + i] = r * r
        rows[G + at + i] = g * g
        rows[B + at + i] = b * b


@_part
def _tone_map(gamut: Floats, tone: Floats, rows: Floats, count: Place, at: Place) -> None:
    """Turn the light of a part of half a row into Y', B'-Y' and R'-Y' of the result.

    With l the luma, m the largest of r, g, b, and e = max(l - 2, 1e-6), ffmpeg's desaturation turns c into
    c * (1 - e / l) + e, and its curve multiplies that by k * (s + a) / ((s + b) * s) with
    s = m * (1 - e / l) + e, but by 1 below the knee. Here numerator and denominator are multiplied by l, so
    that one division is left.
    """
    rr, rg, rb = gamut[0], gamut[1], gamut[2]
    gr, gg, gb = gamut[3], gamut[4], gamut[5]
    br, bg, bb = gamut[6], gamut[7], gamut[8]
    lr, lg, lb = tone[0], tone[1], tone[2]
    a, b_, k, knee = tone[3], tone[4], tone[5], tone[6]
    p1, p2, p3, p4, p5 = tone[7], tone[8], tone[9], tone[10], tone[11]
    q1, q2, q3, q4 = tone[12], tone[13], tone[14], tone[15]
    yr, yg, yb, y_scale, y_offset = tone[16], tone[17], tone[18], tone[19], tone[20]
    zero, tiny, two, most = np.float32(0), np.float32(1e-6), np.float32(2), np.float32(255)
    for i in range(count):
        r, g, b = rows[R + at + i], rows[G + at + i], rows[B + at + i]
        r, g, b = _sum3(r, g, b, rr, rg, rb), _sum3(r, g, b, gr, gg, gb), _sum3(r, g, b, br, bg, bb)
        luma = _sum3(r, g, b, lr, lg, lb)
        excess, luma = max(luma - two, min(luma, tiny)), max(luma, tiny)
        kept = luma - excess
        n = max(_fma(max(r, g, b), kept, excess * luma), luma * knee)
        gain = _fma(a, luma, n) * k / (_fma(b_, luma, n) * n)
        gain, add = gain * kept, gain * (excess * luma)
        r, g, b = _fma(r, gain, add), _fma(g, gain, add), _fma(b, gain, add)
        r, g, b = np.sqrt(max(r, zero)), np.sqrt(max(g, zero)), np.sqrt(max(b, zero))
        r = _numerator(r, p1, p2, p3, p4, p5) / _denominator(r, q1, q2, q3, q4)
        g = _numerator(g, p1, p2, p3, p4, p5) / _denominator(g, q1, q2, q3, q4)
        b = _numerator(b, p1, p2, p3, p4, p5) / _denominator(b, q1, q2, q3, q4)
        y = _sum3(r, g, b, yr, yg, yb)
        rows[R + at + i] = min(_fma(y, y_scale, y_offset), most)
        rows[G + at + i] = b - y
        rows[B + at + i] = r - y


@_part
def _write_luma(rows: Floats, half: Place, written: Bytes, start: Place, at: Place) -> None:
    """Write the two halves of a row as bytes."""
    for i in range(half):
        written[start + i + i] = np.uint8(np.int32(rows[at + EVEN + i]))
        written[start + i + i + ONE] = np.uint8(np.int32(rows[at + ODD + i]))


@_part
def _write_full(
    rows: Floats, scale: Weight, offset: Weight, half: Place, written: Bytes, start: Place, at: Place
) -> None:
    """Write the two halves of a row of chroma as bytes."""
    least, most = np.float32(0), np.float32(255)
    for i in range(half):
        even = min(max(rows[at + EVEN + i] * scale + offset, least), most)
        odd = min(max(rows[at + ODD + i] * scale + offset, least), most)
        written[start + i + i] = np.uint8(np.int32(even))
        written[start + i + i + ONE] = np.uint8(np.int32(odd))


@_part
def _decimate(weights: Floats, rows: Floats, half: Place, at: Place, to: Place) -> None:
    """Filter a row of chroma to half the columns. Beyond its ends a row repeats its last sample."""
    w0, w1, w2, w3 = weights[0], weights[1], weights[2], weights[3]
    rows[at + ODD - ONE] = rows[at + EVEN]
    rows[at + EVEN + half] = rows[at + ODD + half - ONE]
    for i in range(half):
        left = rows[at + ODD - ONE + i] * w0 + rows[at + EVEN + i] * w1
        rows[to + i] = left + rows[at + ODD + i] * w2 + rows[at + EVEN + ONE + i] * w3


@_part
def _write_between(
    weights: Floats,
    offset: Weight,
    rows: Floats,
    r0: Place,
    r1: Place,
    r2: Place,
    r3: Place,
    half: Place,
    written: Bytes,
    start: Place,
) -> None:
    """Write one row of chroma, a mean of four."""
    w0, w1, w2, w3 = weights[0], weights[1], weights[2], weights[3]
    least, most = np.float32(0), np.float32(255)
    for i in range(half):
        value = rows[r0 + i] * w0 + rows[r1 + i] * w1 + rows[r2 + i] * w2 + rows[r3 + i] * w3 + offset
        written[start + i] = np.uint8(np.int32(min(max(value, least), most)))


@_compiled
def _convert(
    y: Samples,
    y_stride: Place,
    u: Samples,
    u_stride: Place,
    v: Samples,
    v_stride: Place,
    width: Place,
    height: Place,
    kinds: NDArray[np.int64],
    reading: Floats,
    across: Floats,
    down: Floats,
    eotf: Floats,
    gamut: Floats,
    tone: Floats,
    decimation: Floats,
    between: Floats,
    writing: Floats,
    rows: Floats,
    y_out: Bytes,
    u_out: Bytes,
    v_out: Bytes,
) -> None:
    """Convert one frame, row by row."""
    is_hlg, shares_columns, shares_rows, is_420 = kinds[0] == 1, kinds[1] == 1, kinds[2] == 1, kinds[3] == 1
    two, four = np.uint64(2), np.uint64(4)
    half, last = width // two, height - ONE
    last_chroma = (height // two if shares_rows else height) - ONE
    u_scale, v_scale = reading[1], reading[2]
    for row in range(height):
        _read_full(y, row * y_stride, half, reading[0], reading[3], rows, Y)
        here = row // two if shares_rows else row
        other, weight, other_weight = here, np.float32(1), np.float32(0)
        if shares_rows and row % two == ONE:
            other, weight, other_weight = min(here + ONE, last_chroma), down[2], down[3]
        elif shares_rows:
            other, weight, other_weight = max(here, ONE) - ONE, down[0], down[1]
        if shares_columns:
            at, beside = here * u_stride, other * u_stride
            _mix_rows(u, at, beside, half, weight * u_scale, other_weight * u_scale, reading[4], rows, CU)
            at, beside = here * v_stride, other * v_stride
            _mix_rows(v, at, beside, half, weight * v_scale, other_weight * v_scale, reading[5], rows, CV)
            _spread(across, rows, CU, half, U)
            _spread(across, rows, CV, half, V)
        else:
            _read_full(u, here * u_stride, half, u_scale, reading[4], rows, U)
            _read_full(v, here * v_stride, half, v_scale, reading[5], rows, V)
        for first in (EVEN, ODD):
            for begin in range(np.uint64(0), half, TILE):
                count, at = min(TILE, half - begin), first + begin
                if is_hlg:
                    _hlg_light(eotf, rows, count, at)
                else:
                    _pq_light(eotf, rows, count, at)
                _tone_map(gamut, tone, rows, count, at)
        _write_luma(rows, half, y_out, row * width, R)
        if not is_420:
            _write_full(rows, writing[0], writing[2], half, u_out, row * width, G)
            _write_full(rows, writing[1], writing[2], half, v_out, row * width, B)
            continue
        ring = RING + row % four * two * HALF
        _decimate(decimation, rows, half, G, ring)
        _decimate(decimation, rows, half, B, ring + HALF)
        if row == last or (row > ONE and row % two == np.uint64(0)):
            first = row - ONE if row == last else row - two  # of the two rows that share the one written
            r0 = RING + (max(first, ONE) - ONE) % four * two * HALF
            r1 = RING + first % four * two * HALF
            r2 = RING + (first + ONE) % four * two * HALF
            r3 = RING + min(first + two, last) % four * two * HALF
            to = first // two * half
            _write_between(between[:4], writing[2], rows, r0, r1, r2, r3, half, u_out, to)
            r0, r1, r2, r3 = r0 + HALF, r1 + HALF, r2 + HALF, r3 + HALF
            _write_between(between[4:], writing[2], rows, r0, r1, r2, r3, half, v_out, to)


class ToneMapper:
    """Tone-maps frames of one size. It is not safe for two threads."""

    def __init__(self, mapping: ToneMapping, size: Size) -> None:
        """Prepare for frames of `size`, with even sides. Raises ValueError for a size it does not take."""
        if size != size.even() or size.width > LARGEST_WIDTH or min(size.width, size.height) < 2:  # noqa: PLR2004
            message = f"the kernel takes even sizes up to {LARGEST_WIDTH} columns, not {size}"
            raise ValueError(message)
        self._size = size
        self._constants: Constants = constants_of(mapping)
        self._rows = np.zeros(SCRATCH, np.float32)
        shrunk = size if mapping.chroma == "444" else Size(size.width // 2, size.height // 2)
        sizes = (size, shrunk, shrunk)
        self._written = tuple(np.empty((each.height, each.width), np.uint8) for each in sizes)

    def __call__(self, planes: Sequence[NDArray[np.uint16]]) -> tuple[NDArray[np.uint8], ...]:
        """Return Y', Cb and Cr, each (height, width), of stored samples; valid until the next call.

        The samples are those of `size`, rows of any distance. Chroma is smaller than luma by the mapping's
        subsampling.
        """
        _convert(
            *chain.from_iterable(map(_rows_of, planes)),
            self._size.width,
            self._size.height,
            *self._constants,
            self._rows,
            *(plane.reshape(-1) for plane in self._written),
        )
        return self._written


def _rows_of(plane: NDArray[np.uint16]) -> tuple[NDArray[np.uint16], int]:
    """Return a plane as one flat array that begins with its first row, and the distance of two rows in it."""
    stride, step = plane.strides
    if step != plane.itemsize or stride < 0 or stride % plane.itemsize or not plane.flags.aligned:
        plane = np.ascontiguousarray(plane)
        stride = plane.strides[0]
    distance = stride // plane.itemsize
    length = (plane.shape[0] - 1) * distance + plane.shape[1]
    return np.lib.stride_tricks.as_strided(plane, (length,), (plane.itemsize,), writeable=False), distance
