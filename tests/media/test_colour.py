from dataclasses import replace
from fractions import Fraction

import pytest

from tui_gen.media.colour import (
    Chroma,
    HdrChain,
    Rendering,
    colour_chain,
    colour_tags,
    hdr_class,
    refusal,
    tone_mapping_peak,
)
from tui_gen.media.film_facts import ColourFacts, ProbeFacts
from tui_gen.media.geometry import Size

PQ = ColourFacts("yuv420p10le", 10, "smpte2084", "bt2020", "bt2020nc", "tv", "topleft", 4000.0, 1000.0)
UHD = Size(3840, 2160)
HDR_CHAINS: tuple[HdrChain, ...] = ("exact", "fast")
UNTAGGED = ColourFacts("yuv420p", 8, None, None, None, None, None, None, None)


def film(colour: ColourFacts, size: Size = UHD) -> ProbeFacts:
    return ProbeFacts(
        container="matroska,webm",
        codec="hevc",
        coded=size,
        sample_aspect=Fraction(1),
        rotation_degrees=0,
        first_pts_seconds=0.0,
        duration_seconds=60.0,
        frame_seconds=1 / 24,
        field_order="progressive",
        colour=colour,
        hdr_class=hdr_class(colour.transfer),
    )


def test_a_pq_film_goes_through_the_pinned_chain() -> None:
    chain = colour_chain(film(PQ), Rendering(), frame=Size(1920, 1080))
    assert chain == (
        "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,"
        "zscale=tin=smpte2084:min=bt2020nc:pin=bt2020:rin=tv:cin=topleft:t=linear:npl=100,format=gbrpf32le,"
        "zscale=p=bt709,setparams=colorspace=bt2020nc,tonemap=tonemap=mobius:peak=40,"
        "zscale=t=bt709:m=bt709:c=topleft,format=yuv420p,scale=1920:1080:flags=lanczos"
    )


def test_444_keeps_the_chroma_and_changes_nothing_else() -> None:
    less, full = (
        colour_chain(film(PQ), how, frame=Size(8, 8)) for how in (Rendering("420"), Rendering("444"))
    )
    assert full == less.replace("format=yuv420p,", "format=yuv444p,")


@pytest.mark.parametrize("chroma", ["420", "444"])
def test_the_fast_chain_shrinks_first_and_leaves_all_else_as_it_is(chroma: Chroma) -> None:
    half = Size(1920, 1080)
    exact = colour_chain(film(PQ), Rendering(chroma), frame=half)
    fast = colour_chain(film(PQ), Rendering(chroma, "fast"), frame=half)
    assert fast == exact.replace(":t=linear:", ":w=1920:h=1080:f=lanczos:t=linear:").removesuffix(
        ",scale=1920:1080:flags=lanczos"
    )


def test_where_nothing_is_shrunk_the_fast_chain_is_the_exact_one() -> None:
    for size in (UHD, Size(720, 406)):
        chains = {colour_chain(film(PQ, size), Rendering(hdr=hdr), frame=size) for hdr in HDR_CHAINS}
        assert len(chains) == 1
    part = Size(300, 200)
    chains = {
        colour_chain(film(PQ), Rendering(hdr=hdr), frame=part, stored=part).partition(",scale")[0]
        for hdr in HDR_CHAINS
    }
    assert len(chains) == 1


def test_sdr_is_converted_alike_by_both() -> None:
    chains = {colour_chain(film(UNTAGGED), Rendering(hdr=hdr), frame=Size(960, 540)) for hdr in HDR_CHAINS}
    assert len(chains) == 1


def test_a_missing_tag_of_an_hdr_film_is_bt2020_and_limited_and_left() -> None:
    bare = replace(PQ, primaries=None, matrix=None, range=None, chroma_location=None)
    chain = colour_chain(film(bare), Rendering(), frame=Size(1920, 1080))
    assert chain.startswith(
        "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,"
    )
    assert ":cin=left:" in chain
    assert ":c=left," in chain


@pytest.mark.parametrize(
    ("max_cll", "mastering", "override", "peak"),
    [
        (1000.0, 4000.0, None, 10.0),
        (1234.0, None, None, 12.34),
        (0.0, 4000.0, None, 40.0),
        (99.0, 600.0, None, 6.0),
        (None, 50.0, None, 10.0),
        (None, None, None, 10.0),
        (1000.0, 4000.0, 25.0, 25.0),
    ],
)
def test_the_peak_is_the_entry_s_then_max_cll_then_the_display_s(
    max_cll: float | None, mastering: float | None, override: float | None, peak: float
) -> None:
    colour = replace(PQ, max_cll_nits=max_cll, mastering_max_nits=mastering)
    assert tone_mapping_peak(colour, override) == peak
    chain = colour_chain(film(colour), Rendering(peak=override), frame=Size(2, 2))
    assert f"peak={peak:.10g}," in chain


@pytest.mark.parametrize("transfer", [None, "bt709", "smpte170m", "bt2020-10", "iec61966-2-1", "gamma28"])
def test_sdr_is_never_tone_mapped(transfer: str | None) -> None:
    chain = colour_chain(film(replace(UNTAGGED, transfer=transfer)), Rendering(), frame=Size(2, 2))
    assert "tonemap" not in chain
    assert "yuv420p" not in chain


def test_an_untagged_film_is_bt601_below_720_lines_and_bt709_from_there() -> None:
    tags = colour_tags(film(UNTAGGED, Size(720, 480)))
    assert (tags.matrix, tags.primaries, tags.range) == ("smpte170m", "smpte170m", "tv")
    assert colour_tags(film(UNTAGGED, Size(720, 576))).primaries == "bt470bg"
    tags = colour_tags(film(UNTAGGED, Size(1280, 720)))
    assert (tags.matrix, tags.primaries, tags.transfer) == ("bt709", "bt709", "bt709")


def test_full_range_and_rgb_are_read_as_such() -> None:
    assert colour_tags(film(replace(UNTAGGED, pixel_format="yuvj420p"))).range == "pc"
    rgb = colour_tags(film(replace(UNTAGGED, pixel_format="rgb24")))
    assert (rgb.matrix, rgb.range) == ("gbr", "pc")


def test_an_odd_size_is_freed_of_shared_chroma_first() -> None:
    odd = colour_chain(film(UNTAGGED, Size(161, 121)), Rendering(), frame=Size(160, 120))
    assert odd.startswith("format=yuv444p,zscale=")


def test_dolby_vision_without_a_compatible_base_layer_is_refused() -> None:
    assert "profile 5" in str(refusal(replace(PQ, dolby_vision_profile=5, dolby_vision_compatibility=0)))
    assert refusal(replace(PQ, dolby_vision_profile=10, dolby_vision_compatibility=0))
    assert refusal(replace(PQ, dolby_vision_profile=10, dolby_vision_compatibility=1)) is None
    assert refusal(replace(PQ, dolby_vision_profile=8, dolby_vision_compatibility=1)) is None
    assert refusal(PQ) is None
