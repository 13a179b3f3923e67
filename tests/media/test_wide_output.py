"""16-bit output holds the film's light: grays by the formulas of the standards, on the real ffmpeg.

SMPTE ST 2084 relates PQ values to nits, ITU-R BT.1886 SDR values to light, ITU-R BT.2408 SDR white to 203
nits.
"""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.superres.sample_films import run_ffmpeg
from tests.media.test_colour import film
from tui_gen.media.colour import Output, Rendering, colour_chain
from tui_gen.media.film_facts import ColourFacts
from tui_gen.media.geometry import Size

PQ = ColourFacts("yuv420p10le", 10, "smpte2084", "bt2020", "bt2020nc", "tv", "left", None, None)
HLG = replace(PQ, transfer="arib-std-b67")
SDR = ColourFacts("yuv420p10le", 10, "bt709", "bt709", "bt709", "tv", "left", None, None)
FRAME = Size(512, 16)
CODES = np.linspace(64, 940, FRAME.width).round().astype(np.uint16)
"""10-bit luma, limited range, one value per column."""
SIGNAL = (CODES - 64.0) / 876


def nits_of_pq(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the light of PQ values 0..1 (ST 2084, equation 4.1)."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    root = signal ** (1 / m2)
    return np.asarray(10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1))


def pq_of_nits(nits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the PQ values 0..1 of light (ST 2084, equation 5.1)."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = (nits / 10000) ** m1
    return np.asarray(((c1 + c2 * power) / (1 + c3 * power)) ** m2)


def converted(ffmpeg: str, colour: ColourFacts, how: Rendering) -> NDArray[np.uint16]:
    """Return one line of a gray ramp, (width, 3), BGR."""
    luma = np.tile(CODES, (FRAME.height, 1))
    chroma = np.full((FRAME.height // 2, FRAME.width), 512, np.uint16)  # both planes, each half as wide
    source = ["-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-s", str(FRAME), "-i", "pipe:0"]
    target = [
        "-vf",
        colour_chain(film(colour, FRAME), how, frame=FRAME),
        "-f",
        "rawvideo",
        "-pix_fmt",
        how.pixel_format,
    ]
    raw = run_ffmpeg(ffmpeg, *source, *target, "pipe:1", given=luma.tobytes() + chroma.tobytes())
    assert len(raw) == FRAME.width * FRAME.height * how.pixel_bytes
    lines: NDArray[np.uint16] = np.frombuffer(raw, "<u2").reshape(FRAME.height, FRAME.width, 3)
    line: NDArray[np.uint16] = lines[FRAME.height // 2]
    return line


def difference(found: NDArray[np.uint16], expected: NDArray[np.float64]) -> float:
    return float(np.abs(found - expected[:, None]).max())


def test_pq_keeps_its_values_and_nothing_is_tone_mapped(embedded_ffmpeg: str) -> None:
    found = converted(embedded_ffmpeg, PQ, Rendering(output="pq16"))
    assert difference(found, SIGNAL * 65535) <= 1


def test_linear_is_light_up_to_its_peak(embedded_ffmpeg: str) -> None:
    for peak in (1000.0, 4000.0):
        found = converted(embedded_ffmpeg, PQ, Rendering(output="linear16", linear_peak_nits=peak))
        expected = np.minimum(nits_of_pq(SIGNAL) / peak, 1) * 65535
        # zscale's tables of the curve: within a thousandth of the light.
        assert (np.abs(found - expected[:, None]) <= 2 + expected[:, None] / 500).all()


def test_hlg_is_shown_as_a_display_of_1000_nits_shows_it(embedded_ffmpeg: str) -> None:
    found = converted(embedded_ffmpeg, HLG, Rendering(output="pq16"))
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(SIGNAL <= 0.5, SIGNAL**2 / 3, (np.exp((SIGNAL - c) / a) + b) / 12)
    expected = pq_of_nits(1000 * scene**1.2) * 65535  # ITU-R BT.2100, table 5: OOTF of gamma 1.2
    assert difference(found, expected) <= 80


@pytest.mark.parametrize("output", ["pq16", "linear16"])
def test_the_white_of_sdr_is_203_nits(embedded_ffmpeg: str, output: Output) -> None:
    found = converted(embedded_ffmpeg, SDR, Rendering(output=output))
    nits = 203 * SIGNAL**2.4
    expected = (pq_of_nits(nits) if output == "pq16" else nits / 1000) * 65535
    assert difference(found, expected) <= (80 if output == "pq16" else 20)


def test_only_8_bit_output_is_tone_mapped() -> None:
    chains = [
        colour_chain(film(PQ, FRAME), Rendering(output=output), frame=FRAME) for output in get_args(Output)
    ]
    assert ["tonemap" in chain for chain in chains] == [True, False, False]
