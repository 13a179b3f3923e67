"""The tone-mapping kernel against ffmpeg's filters, and against itself: views, strides, processors."""

import hashlib
import subprocess
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tui_gen.media.geometry import Size
from tui_gen.media.tone_mapping.kernel import ToneMapper
from tui_gen.media.tone_mapping.mapping import ToneMapping

PQ = ToneMapping("smpte2084", "bt2020nc", "bt2020", "tv", "left", 10, (1, 1), 10.0, "420")
HLG = replace(PQ, transfer="arib-std-b67")
SIZE = Size(192, 108)
FINGERPRINT = "3936089539d2fd1c996471e92d35d941514411a8d3b462a0b447bfb39b27e2e8"
FORMATS = {(1, 1): "420", (1, 0): "422", (0, 0): "444"}

Stored = list[NDArray[np.uint16]]
Bytes = NDArray[np.uint8]


def stored(mapping: ToneMapping, light: float = 0.75, size: Size = SIZE) -> Stored:
    """Return a picture with all hues, from black to `light` of the signal, with noise of a few codes."""
    noise = np.random.default_rng(7)
    top = (1 << mapping.bit_depth) - 1

    def plane(width: int, height: int, *, is_luma: bool) -> NDArray[np.uint16]:
        x, y = np.linspace(0, 1, width)[None], np.linspace(0, 1, height)[:, None]
        value = light * (0.9 * x + 0.1 * y) + 0.06 if is_luma else 0.5 + 0.12 * np.sin(9 * x + 5 * y)
        return np.clip((value + noise.normal(0, 0.004, (height, width))) * top, 0, top).astype(np.uint16)

    across, down = mapping.subsampling
    chroma = size.width >> across, size.height >> down
    planes = [plane(size.width, size.height, is_luma=True)]
    planes += [plane(*chroma, is_luma=False), plane(*chroma, is_luma=False)[:, ::-1].copy()]
    return planes


def filters(mapping: ToneMapping) -> str:
    """Return the exact chain of docs/colour.md, before it scales."""
    m = mapping
    return (
        f"setparams=color_primaries={m.primaries}:color_trc={m.transfer}:colorspace={m.matrix}:range={m.range},"
        f"zscale=tin={m.transfer}:min={m.matrix}:pin={m.primaries}:rin={m.range}:cin={m.chroma_location}"
        ":t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,setparams=colorspace=bt2020nc,"
        f"tonemap=tonemap=mobius:peak={m.peak:g},zscale=t=bt709:m=bt709:c={m.chroma_location},format=yuv{m.chroma}p"
    )


def converted(ffmpeg: str, pixel_format: str, raw: bytes, chain: str, to: str) -> bytes:
    command = [ffmpeg, "-v", "error", "-f", "rawvideo", "-pixel_format", pixel_format]
    command += ["-video_size", str(SIZE), "-i", "pipe:0", "-vf", chain, "-f", "rawvideo", "-pix_fmt", to, "-"]
    return subprocess.run(command, input=raw, stdout=subprocess.PIPE, check=True).stdout


def exact(ffmpeg: str, mapping: ToneMapping, planes: Stored) -> list[Bytes]:
    pixel_format = f"yuv{FORMATS[mapping.subsampling]}p{mapping.bit_depth}le"
    raw = b"".join(plane.astype("<u2").tobytes() for plane in planes)
    flat = np.frombuffer(
        converted(ffmpeg, pixel_format, raw, filters(mapping), f"yuv{mapping.chroma}p"), np.uint8
    )
    shrunk = (SIZE.height, SIZE.width) if mapping.chroma == "444" else (SIZE.height // 2, SIZE.width // 2)
    y, u, v = np.split(flat, np.cumsum([SIZE.width * SIZE.height, shrunk[0] * shrunk[1]]))
    return [y.reshape(SIZE.height, SIZE.width), u.reshape(shrunk), v.reshape(shrunk)]


def mapped(mapping: ToneMapping, planes: Sequence[NDArray[np.uint16]], size: Size = SIZE) -> list[Bytes]:
    return [plane.copy() for plane in ToneMapper(mapping, size)(planes)]


def differences(one: Sequence[Bytes], other: Sequence[Bytes]) -> NDArray[np.int16]:
    assert [plane.shape for plane in one] == [plane.shape for plane in other]
    return np.concatenate([(a.astype(np.int16) - b).ravel() for a, b in zip(one, other, strict=True)])


@pytest.mark.parametrize(
    "mapping",
    [
        *(replace(PQ, chroma_location=site) for site in ("left", "center", "topleft")),
        *(replace(HLG, chroma_location=site) for site in ("top", "bottomleft", "bottom")),
        replace(PQ, chroma="444"),
        replace(HLG, chroma="444", chroma_location="topleft"),
        replace(PQ, bit_depth=12, peak=40.0),
        replace(PQ, subsampling=(1, 0), chroma_location="center", peak=1.0),
        replace(HLG, subsampling=(0, 0), peak=2.5),
        replace(HLG, subsampling=(0, 0), chroma="444"),
        replace(PQ, range="pc", primaries="bt709", matrix="bt709"),
        replace(PQ, primaries="smpte432"),
    ],
    ids=str,
)
def test_the_kernel_differs_from_the_filters_by_rounding_only(
    embedded_ffmpeg: str, mapping: ToneMapping
) -> None:
    planes = stored(mapping, light=0.9 if mapping.transfer == "arib-std-b67" else 0.75)
    difference = differences(mapped(mapping, planes), exact(embedded_ffmpeg, mapping, planes))
    assert np.abs(difference).max() <= 2
    assert (difference != 0).mean() < 0.02


@pytest.mark.parametrize("mapping", [PQ, HLG], ids=["pq", "hlg"])
def test_colours_that_no_film_has_differ_little(embedded_ffmpeg: str, mapping: ToneMapping) -> None:
    noise = np.random.default_rng(3)
    planes = [noise.integers(0, 1024, plane.shape).astype(np.uint16) for plane in stored(mapping)]
    difference = differences(mapped(mapping, planes), exact(embedded_ffmpeg, mapping, planes))
    assert np.abs(difference).max() <= 6
    assert np.square(difference).mean() < 0.2


@pytest.mark.parametrize("mapping", [PQ, replace(PQ, chroma="444"), HLG], ids=["420", "444", "hlg"])
def test_scaled_frames_are_60_db_from_the_exact_chain(embedded_ffmpeg: str, mapping: ToneMapping) -> None:
    planes, scale = stored(mapping), "scale=96:54:flags=lanczos"
    raw = b"".join(plane.astype("<u2").tobytes() for plane in planes)
    whole = converted(embedded_ffmpeg, "yuv420p10le", raw, f"{filters(mapping)},{scale}", "bgr24")
    tags = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
    yuv = b"".join(plane.tobytes() for plane in mapped(mapping, planes))
    fast = converted(embedded_ffmpeg, f"yuv{mapping.chroma}p", yuv, f"{tags},{scale}", "bgr24")
    error = np.frombuffer(whole, np.uint8).astype(float) - np.frombuffer(fast, np.uint8)
    assert 10 * np.log10(255**2 / np.square(error).mean()) > 60


@pytest.mark.parametrize("mapping", [PQ, HLG, replace(PQ, range="pc")], ids=["pq", "hlg", "full range"])
def test_black_stays_black_and_grey_stays_grey(mapping: ToneMapping) -> None:
    black = 0 if mapping.range == "pc" else 64
    planes = [np.full(plane.shape, 512, np.uint16) for plane in stored(mapping)]
    planes[0][:54] = black
    y, u, v = mapped(mapping, planes)
    assert (y[:54] == black // 4).all()
    assert (y[54:] > black // 4 + 50).all()
    assert (u == 128).all()
    assert (v == 128).all()


@pytest.mark.parametrize("chroma", ["420", "444"])
@pytest.mark.parametrize("site", ["left", "center", "topleft", "bottom"])
def test_a_view_has_the_pixels_of_the_whole_picture(site: str, chroma: str) -> None:
    mapping = replace(PQ, chroma_location=site, chroma="444" if chroma == "444" else "420")
    planes, x, y, size = stored(mapping), 28, 12, Size(100, 60)
    view = [
        plane[y // share : (y + size.height) // share, x // share : (x + size.width) // share]
        for plane, share in zip(planes, (1, 2, 2), strict=True)
    ]
    whole, part = mapped(mapping, planes), mapped(mapping, view, size)
    for all_of_it, some, share in zip(whole, part, (1, 2, 2) if chroma == "420" else (1, 1, 1), strict=True):
        margin, top, left = 4 // share, y // share, x // share
        inside = all_of_it[top : top + some.shape[0], left : left + some.shape[1]]
        cut = (slice(margin, -margin), slice(margin, -margin))
        assert np.array_equal(inside[cut], some[cut])


def test_samples_may_be_read_only_rows_of_any_distance() -> None:
    planes = stored(PQ)
    expected = mapped(PQ, planes)
    padded = [np.zeros((plane.shape[0], plane.shape[1] + 5), np.uint16) for plane in planes]
    for wide, plane in zip(padded, planes, strict=True):
        wide[:, 3:-2] = plane
        wide.flags.writeable = False
    assert not differences(mapped(PQ, [wide[:, 3:-2] for wide in padded]), expected).any()
    upside_down = [plane[::-1].copy()[::-1] for plane in planes]
    assert not differences(mapped(PQ, upside_down), expected).any()


def test_a_mapper_keeps_nothing_of_the_frame_before() -> None:
    mapper, planes = ToneMapper(PQ, SIZE), stored(PQ)
    mapper([plane[::-1].copy() for plane in planes])
    assert not differences(mapper(planes), mapped(PQ, planes)).any()


@pytest.mark.parametrize("size", [Size(2, 2), Size(4, 2), Size(2, 6), Size(16384, 2)], ids=str)
@pytest.mark.parametrize("site", ["left", "center", "bottom"])
def test_the_ends_of_rows_and_columns_repeat(site: str, size: Size) -> None:
    mapping = replace(PQ, chroma_location=site)

    def one_colour(of: Size) -> list[Bytes]:
        half = (of.height // 2, of.width // 2)
        shapes = zip(((of.height, of.width), half, half), (500, 450, 600), strict=True)
        return mapped(mapping, [np.full(shape, code, np.uint16) for shape, code in shapes], of)

    for plane, expected in zip(one_colour(size), one_colour(SIZE), strict=True):
        assert set(plane.ravel()) == {expected[10, 10]}


@pytest.mark.parametrize("size", [Size(191, 108), Size(192, 107), Size(16386, 2)], ids=str)
def test_a_size_that_the_kernel_does_not_take_is_refused(size: Size) -> None:
    with pytest.raises(ValueError, match="the kernel takes even sizes up to 16384 columns"):
        ToneMapper(PQ, size)


def fingerprint() -> str:
    """Return the hash of some frames: of integer arithmetic, not of a generator that a version may change."""
    digest = hashlib.sha256()
    for mapping in (PQ, replace(HLG, chroma="444"), replace(PQ, chroma_location="center", peak=4.0)):
        numbers = np.arange(SIZE.width * SIZE.height * 3 // 2, dtype=np.uint64)
        samples = ((numbers * np.uint64(2654435761) % np.uint64(1 << 32)) >> np.uint64(22)).astype(np.uint16)
        y, u, v = np.split(samples, [SIZE.width * SIZE.height, SIZE.width * SIZE.height * 5 // 4])
        half = (SIZE.height // 2, SIZE.width // 2)
        for plane in mapped(mapping, [y.reshape(SIZE.height, SIZE.width), u.reshape(half), v.reshape(half)]):
            digest.update(plane.tobytes())
    return digest.hexdigest()


def test_all_processors_make_the_same_bytes() -> None:
    assert fingerprint() == FINGERPRINT
