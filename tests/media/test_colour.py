import subprocess
from dataclasses import replace
from fractions import Fraction
from typing import get_args

import numpy as np
import pytest

from tui_gen.jobs.superres.config.schema import Matrix, Primaries, Transfer
from tui_gen.media.colour import (
    Chroma,
    HdrChain,
    Rendering,
    colour_chain,
    colour_tags,
    hdr_class,
    head_filters,
    refusal,
    retagged,
    small_chain,
    tail_filters,
    tone_mapped_tags,
    tone_mapping_peak,
    why_perhaps_hdr,
)
from tui_gen.media.film_facts import ColourFacts, ConfiguredTags, ProbeFacts
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
    assert full == less.replace("format=yuv420p,", "format=yuv444p,") + ",format=gbrp"


@pytest.mark.parametrize("frame", [Size(96, 54), Size(192, 108), Size(65, 37), Size(384, 216)], ids=str)
@pytest.mark.parametrize("tags", ["tv", "pc"])
def test_planar_rgb_after_scaling_444_changes_no_byte(embedded_ffmpeg: str, frame: Size, tags: str) -> None:
    noise = np.random.default_rng(5).integers(0, 256, 192 * 108 * 3).astype(np.uint8).tobytes()
    probe = film(replace(PQ, range=tags))
    scale = tail_filters(probe, Rendering("444"), frame=frame)
    set_tags = f"setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range={tags}"

    def scaled(chain: str) -> bytes:
        command = [embedded_ffmpeg, "-v", "error", "-f", "rawvideo", "-pixel_format", "yuv444p"]
        command += ["-video_size", "192x108", "-i", "pipe:0", "-vf", f"{set_tags},{chain}"]
        command += ["-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
        return subprocess.run(command, input=noise, check=True, stdout=subprocess.PIPE).stdout

    assert scale.endswith(",format=gbrp")
    assert scaled(scale) == scaled(scale.removesuffix(",format=gbrp"))


def test_the_filters_do_not_depend_on_who_tone_maps() -> None:
    for colour, size in ((PQ, Size(1920, 1080)), (PQ, UHD), (UNTAGGED, Size(960, 540))):
        chains = {colour_chain(film(colour), Rendering(hdr=hdr), frame=size) for hdr in HDR_CHAINS}
        assert len(chains) == 1


def test_a_small_picture_is_shrunk_first_and_then_converted_as_ever() -> None:
    size, odd, shrunk = Size(640, 360), Size(1921, 1081), "scale=640:360:flags=area"
    tagged = replace(UNTAGGED, matrix="bt709", primaries="bt709")
    for colour, name in ((PQ, "tonemap"), (tagged, "zscale")):
        whole = colour_chain(film(colour, size), Rendering("444"), frame=size)
        small = small_chain(film(colour, odd), Rendering("444"), shrunk=shrunk, frame=size)
        crop, shrink, chain = small.split(",", 2)
        assert (crop[:5], shrink, chain) == ("crop=", shrunk, whole)
        assert name in chain


@pytest.mark.parametrize(("chroma", "location", "range_"), [("420", "topleft", "pc"), ("444", "left", "tv")])
def test_after_tone_mapping_a_pipe_and_two_filters_do_what_the_chain_does(
    chroma: Chroma, location: str, range_: str, embedded_ffmpeg: str
) -> None:
    size, frame, how = Size(64, 48), Size(32, 24), Rendering(chroma)
    probe = film(replace(PQ, chroma_location=location, range=range_), size)
    samples = np.random.default_rng(1).integers(64, 940, (size.height * 3 // 2, size.width), np.uint16)

    def converted(chain: str, given: bytes, pixels: str, made: str) -> bytes:
        source = ["-f", "rawvideo", "-pix_fmt", pixels, "-s", str(size), "-i", "pipe:0"]
        command = [embedded_ffmpeg, "-v", "error", *source, "-vf", chain, "-f", "rawvideo", "-pix_fmt", made]
        return subprocess.run([*command, "-"], input=given, capture_output=True, check=True).stdout

    expected = converted(colour_chain(probe, how, frame=frame), samples.tobytes(), "yuv420p10le", "bgr24")
    planar = f"yuv{chroma}p"
    mapped = converted(head_filters(probe, how), samples.tobytes(), "yuv420p10le", planar)
    tail = tail_filters(probe, how, frame=frame)
    assert converted(f"{tone_mapped_tags(probe)},{tail}", mapped, planar, "bgr24") == expected
    assert converted(tail, mapped, planar, "bgr24") != expected


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


@pytest.mark.parametrize(
    ("size", "matrix", "primaries"),
    [
        (Size(256, 144), "smpte170m", "bt709"),
        (Size(640, 360), "smpte170m", "bt709"),
        (Size(720, 480), "smpte170m", "smpte170m"),
        (Size(720, 486), "smpte170m", "smpte170m"),
        (Size(720, 576), "smpte170m", "bt470bg"),
        (Size(1024, 576), "smpte170m", "bt470bg"),
        (Size(1000, 578), "bt709", "bt709"),
        (Size(1280, 480), "bt709", "bt709"),
        (Size(1280, 544), "bt709", "bt709"),
        (Size(720, 1280), "bt709", "bt709"),
    ],
)
def test_an_untagged_film_is_bt709_by_its_width_or_its_lines(size: Size, matrix: str, primaries: str) -> None:
    tags = colour_tags(film(UNTAGGED, size))
    assert (tags.matrix, tags.primaries, tags.transfer, tags.range) == (matrix, primaries, "bt709", "tv")


@pytest.mark.parametrize("matrix", ["bt470bg", "smpte170m"])
def test_the_matrix_of_jpeg_and_vp8_says_nothing_of_primaries(matrix: str) -> None:
    by_lines = {240: "bt709", 480: "smpte170m", 576: "bt470bg", 720: "bt709"}
    for lines, primaries in by_lines.items():
        tags = colour_tags(film(replace(UNTAGGED, matrix=matrix), Size(640, lines)))
        assert (tags.matrix, tags.primaries) == (matrix, primaries)


@pytest.mark.parametrize(("matrix", "primaries"), [("bt709", "bt709"), ("bt2020nc", "bt2020")])
def test_other_matrices_imply_their_primaries(matrix: str, primaries: str) -> None:
    assert colour_tags(film(replace(UNTAGGED, matrix=matrix), Size(720, 480))).primaries == primaries


def test_a_logo_has_the_same_colour_in_the_144p_and_the_720p_version(embedded_ffmpeg: str) -> None:
    shown = {}
    for size, matrix in ((Size(256, 144), "bt601"), (Size(1280, 720), "bt709")):
        stored = f"format=gbrp,scale=out_color_matrix={matrix}:out_range=tv,format=yuv444p10le"
        untagged = replace(UNTAGGED, pixel_format="yuv444p10le", bit_depth=10)
        chain = colour_chain(film(untagged, size), Rendering(), frame=size)
        logo = f"color=0x00ADFF:s={size}:r=1:d=1,{stored},setparams=colorspace=unknown:range=unknown,{chain}"
        command = [embedded_ffmpeg, "-v", "error", "-f", "lavfi", "-i", logo, "-frames:v", "1"]
        output = ["-pix_fmt", "rgb24", "-f", "rawvideo", "-"]
        shown[size] = subprocess.run([*command, *output], capture_output=True, check=True).stdout[:3]
    assert shown == dict.fromkeys(shown, bytes((0, 0xAD, 0xFF)))


WIDE = replace(UNTAGGED, pixel_format="yuv420p10le", bit_depth=10, matrix="bt2020nc")


def test_what_suggests_hdr_without_a_transfer() -> None:
    assert why_perhaps_hdr(WIDE) == "BT.2020 with 10 bits"
    assert why_perhaps_hdr(replace(UNTAGGED, mastering_max_nits=1000.0)) == "light levels"
    assert why_perhaps_hdr(replace(UNTAGGED, max_cll_nits=1000.0)) == "light levels"
    assert why_perhaps_hdr(replace(UNTAGGED, dolby_vision_profile=8)) == "Dolby Vision"


@pytest.mark.parametrize(
    "colour",
    [
        PQ,
        UNTAGGED,
        replace(UNTAGGED, bit_depth=10),
        replace(WIDE, bit_depth=8),
        replace(WIDE, transfer="bt709"),
    ],
)
def test_what_does_not_suggest_hdr(colour: ColourFacts) -> None:
    assert why_perhaps_hdr(colour) is None


def test_configured_tags_replace_those_of_the_film() -> None:
    tags = ConfiguredTags(transfer="arib-std-b67", range="pc")
    found = retagged(film(WIDE), tags)
    assert (found.hdr_class, found.colour.range, found.colour.matrix) == ("hlg", "pc", "bt2020nc")
    assert retagged(film(PQ), ConfiguredTags(transfer="bt709")).hdr_class == "sdr"
    assert retagged(film(PQ), ConfiguredTags()) == film(PQ)


def test_ffmpeg_can_read_a_film_by_every_tag_that_can_be_configured(embedded_ffmpeg: str) -> None:
    tags = [ConfiguredTags(primaries=name) for name in get_args(Primaries)]
    tags += [ConfiguredTags(transfer=name) for name in get_args(Transfer)]
    tags += [ConfiguredTags(matrix=name) for name in get_args(Matrix)]
    size = Size(64, 64)
    chains = [colour_chain(retagged(film(UNTAGGED, size), each), Rendering(), frame=size) for each in tags]
    graph = ";".join(f"color=s={size}:d=1:r=1,format=yuv420p,{chain},nullsink" for chain in chains)
    command = [embedded_ffmpeg, "-v", "error", "-filter_complex", f"{graph};color=d=1:r=1[o]"]
    done = subprocess.run([*command, "-map", "[o]", "-f", "null", "-"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_full_range_and_rgb_are_read_as_such() -> None:
    assert colour_tags(film(replace(UNTAGGED, pixel_format="yuvj420p"))).range == "pc"
    rgb = colour_tags(film(replace(UNTAGGED, pixel_format="rgb24")))
    assert (rgb.matrix, rgb.range) == ("gbr", "pc")


def test_an_odd_last_line_and_column_are_cropped_and_nothing_is_resampled(embedded_ffmpeg: str) -> None:
    odd, even = Size(161, 121), Size(160, 120)
    rgb = replace(UNTAGGED, pixel_format="gbrp")
    noise = np.random.default_rng(1).integers(0, 256, (odd.height, odd.width, 3), np.uint8)
    chain = colour_chain(film(rgb, odd), Rendering(), frame=even)
    given = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", str(odd), "-i", "-", "-vf", f"format=gbrp,{chain}"]
    output = ["-pix_fmt", "rgb24", "-f", "rawvideo", "-"]
    command = [embedded_ffmpeg, "-v", "error", *given, *output]
    done = subprocess.run(command, input=noise.tobytes(), capture_output=True, check=True)
    shown = np.frombuffer(done.stdout, np.uint8).reshape(even.height, even.width, 3)
    assert np.array_equal(shown, noise[: even.height, : even.width])


@pytest.mark.parametrize("size", [Size(161, 120), Size(160, 121), Size(161, 121)])
@pytest.mark.parametrize("colour", [UNTAGGED, PQ])
def test_shared_chroma_of_an_odd_size_is_cropped_before_zscale(colour: ColourFacts, size: Size) -> None:
    chain = colour_chain(film(colour, size), Rendering(), frame=size.even())
    assert chain.startswith("crop=w=trunc(iw/2)*2:h=trunc(ih/2)*2:x=0:y=0,")


def test_dolby_vision_without_a_compatible_base_layer_is_refused() -> None:
    assert "profile 5" in str(refusal(replace(PQ, dolby_vision_profile=5, dolby_vision_compatibility=0)))
    assert refusal(replace(PQ, dolby_vision_profile=10, dolby_vision_compatibility=0))
    assert refusal(replace(PQ, dolby_vision_profile=10, dolby_vision_compatibility=1)) is None
    assert refusal(replace(PQ, dolby_vision_profile=8, dolby_vision_compatibility=1)) is None
    assert refusal(PQ) is None
