"""Which films the kernel takes, and what it is told about them."""

import json
from dataclasses import replace
from importlib.machinery import ModuleSpec

import pytest

from tests.media.test_colour import PQ, film
from tui_gen.media.colour import Rendering
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.geometry import Size
from tui_gen.media.tone_mapping import installed
from tui_gen.media.tone_mapping.mapping import ToneMapping, tone_mapping_from_json, tone_mapping_of

HOW = Rendering("444", "fast")


def test_the_kernel_is_told_the_colour_of_the_samples() -> None:
    assert tone_mapping_of(film(PQ), HOW) == ToneMapping(
        transfer="smpte2084",
        matrix="bt2020nc",
        primaries="bt2020",
        range="tv",
        chroma_location="topleft",
        bit_depth=10,
        subsampling=(1, 1),
        peak=40.0,
        chroma="444",
    )


def test_missing_tags_are_those_of_the_exact_chain() -> None:
    untagged = replace(PQ, primaries=None, matrix=None, range=None, chroma_location=None, max_cll_nits=None)
    mapping = tone_mapping_of(film(untagged), HOW)
    assert mapping is not None
    assert (mapping.primaries, mapping.matrix, mapping.range) == ("bt2020", "bt2020nc", "tv")
    assert (mapping.chroma_location, mapping.peak) == ("left", 10.0)


@pytest.mark.parametrize(
    ("pixel_format", "bits", "subsampling"),
    [("yuv422p10le", 10, (1, 0)), ("yuv444p12le", 12, (0, 0)), ("yuv420p12le", 12, (1, 1))],
)
def test_the_layout_comes_from_the_pixel_format(
    pixel_format: str, bits: int, subsampling: tuple[int, int]
) -> None:
    mapping = tone_mapping_of(film(replace(PQ, pixel_format=pixel_format, bit_depth=bits)), HOW)
    assert mapping is not None
    assert (mapping.bit_depth, mapping.subsampling) == (bits, subsampling)


@pytest.mark.parametrize(
    "probe",
    [
        film(replace(PQ, transfer="bt709")),
        film(replace(PQ, pixel_format="yuv420p", bit_depth=8)),
        film(replace(PQ, pixel_format="gbrp10le", matrix="gbr")),
        film(replace(PQ, pixel_format="p010le")),
        film(replace(PQ, matrix="bt2020c")),
        film(replace(PQ, matrix="ictcp")),
        film(replace(PQ, primaries="film")),
        film(PQ, Size(16640, 8)),
    ],
)
def test_other_films_are_left_to_the_exact_chain(probe: ProbeFacts) -> None:
    assert tone_mapping_of(probe, HOW) is None


def test_a_peak_below_100_nits_and_16_bit_output_are_left_to_the_exact_chain() -> None:
    assert tone_mapping_of(film(PQ), replace(HOW, peak=0.5)) is None
    assert tone_mapping_of(film(PQ), replace(HOW, output="pq16")) is None


def test_a_mapping_survives_json() -> None:
    mapping = tone_mapping_of(film(replace(PQ, transfer="arib-std-b67")), HOW)
    assert mapping is not None
    assert tone_mapping_from_json(json.loads(json.dumps(mapping.to_json()))) == mapping


def test_a_missing_numba_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed.missing() is None

    def not_found(name: str) -> ModuleSpec | None:
        assert name == "numba"
        return None

    monkeypatch.setattr(installed, "find_spec", not_found)
    assert installed.missing() == '"hdr": "fast" needs numba: pip install \'.[fast]\''
