"""Every form of the files holds exactly the pixels, and is read by OpenCV and Pillow."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.superres.chosen_ffmpeg import chosen_ffmpeg
from tui_gen.jobs.superres.config.defaults import BUILT_IN_FORMATS
from tui_gen.jobs.superres.config.picture_checks import LONGEST_WEBP_SIDE
from tui_gen.jobs.superres.config.settings import ImageFormat, Settings
from tui_gen.jobs.superres.dataset.export.stacks import HEADER_BYTES, picture_size
from tui_gen.jobs.superres.dataset.file_kinds import PICTURE_SUFFIXES
from tui_gen.jobs.superres.dataset.lost_names import PATCH_FILE
from tui_gen.jobs.superres.extraction import igzip_png, picture_form
from tui_gen.jobs.superres.extraction.patches import PatchArrays, cut_patch, encode_patch
from tui_gen.jobs.superres.extraction.picture_form import PictureForm, pictures_fingerprint
from tui_gen.jobs.superres.extraction.webp import encode_webp
from tui_gen.jobs.superres.films.inspection.tools import examined
from tui_gen.jobs.superres.units import Cut
from tui_gen.media.geometry import Region, Size, whole

SETTINGS = Settings(Path("config.json"), Path("out"), (), {}, gt_frames=7)
FORMS: tuple[tuple[ImageFormat, str], ...] = (
    *(("png", level) for level in ("rle", "fast", "igzip", "0", "1")),
    ("webp", "rle"),
)
FRAME = Size(200, 192)
SMALL = replace(BUILT_IN_FORMATS["small_540"], gt=Size(180, 180), lr=Size(60, 60))


def with_form(image_format: ImageFormat, compression: str, **more: Any) -> Settings:  # noqa: ANN401
    return replace(SETTINGS, image_format=image_format, png_compression=compression, **more)


@pytest.fixture(scope="module")
def arrays() -> PatchArrays:
    """Return GT, LR of five and of seven frames, and GT of seven, of soft pictures with grain."""
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[: FRAME.height, : FRAME.width]
    soft = np.stack([rows % 251, columns * 2 % 241, (rows + columns) // 5], axis=-1)
    frames = np.stack([soft + 2 * number + rng.integers(0, 9, soft.shape) for number in range(7)])
    at = Region(9, 6, 180, 180)
    cut = Cut("general", "General", SMALL, FRAME, at, whole(FRAME), "patch_x_idx0000")
    return cut_patch(frames.clip(0, 255).astype(np.uint8), cut, settings=SETTINGS)


def read_by_opencv(content: bytes) -> NDArray[Any]:
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED))


def read_by_pillow(content: bytes) -> NDArray[Any]:
    with Image.open(io.BytesIO(content)) as checked:
        checked.verify()  # PNG: the checksums of all chunks
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image)[:, :, ::-1]


@pytest.mark.parametrize("form", FORMS, ids=" ".join)
def test_all_kinds_of_files_hold_exactly_the_pixels(
    form: tuple[ImageFormat, str], arrays: PatchArrays
) -> None:
    assert [kind.folder for kind in arrays] == ["GT", "LR", "LR_7frames", "GT_7frames"]
    files = encode_patch(arrays, with_form(*form))
    for kind, image in arrays.items():
        content = files[kind.name]
        assert np.array_equal(read_by_opencv(content), image)
        assert np.array_equal(read_by_pillow(content), image)
        assert picture_size(content[:HEADER_BYTES]) == Size(image.shape[1], image.shape[0])
        assert PictureForm(*form).encode(image) == content


def test_sizes_of_other_files_are_unknown(arrays: PatchArrays) -> None:
    content = encode_webp(next(iter(arrays.values())))
    assert picture_size(content[: HEADER_BYTES - 1]) is None
    assert picture_size(content.replace(b"VP8L", b"VP8 ", 1)[:HEADER_BYTES]) is None


def chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place < len(content):
        length, name = struct.unpack_from(">I4s", content, place)
        body = content[place + 8 : place + 8 + length]
        assert content[place + 8 + length :][:4] == struct.pack(">I", zlib.crc32(name + body))
        yield name, body
        place += 12 + length


def test_a_long_stream_of_igzip_is_divided_among_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(1).integers(0, 256, (40, 30, 3), np.uint8)
    monkeypatch.setattr(igzip_png, "MOST_IN_CHUNK", 1000)
    content = igzip_png.encode_igzip(image)
    names = [name for name, _ in chunks(content)]
    assert names == [b"IHDR", *[b"IDAT"] * (len(names) - 2), b"IEND"]
    assert len(names) > 4
    lines = zlib.decompress(b"".join(body for name, body in chunks(content) if name == b"IDAT"))
    assert len(lines) == 40 * (1 + 3 * 30)
    assert np.array_equal(read_by_opencv(content), image)


def test_16_bits_by_igzip_keep_all_bits_and_the_chunk() -> None:
    image = np.random.default_rng(0).integers(0, 65536, (24, 32, 3), dtype=np.uint16)
    form = picture_form.picture_form(with_form("png", "igzip", colour_output="pq16"))
    content = form.encode(image)
    assert np.array_equal(read_by_opencv(content), image)
    assert [name for name, _ in chunks(content)] == [b"IHDR", b"cICP", b"IDAT", b"IEND"]


@pytest.mark.parametrize("shape", [(LONGEST_WEBP_SIDE + 1, 2, 3), (2, LONGEST_WEBP_SIDE + 1, 3)])
def test_webp_refuses_what_it_cannot_hold(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="16383 pixels a side"):
        encode_webp(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="8 bits"):
        encode_webp(np.zeros((2, 2, 3), np.uint16))


def test_the_recipe_has_a_fingerprint_of_encoders_other_than_opencv() -> None:
    prints = [pictures_fingerprint(with_form(*form)) for form in FORMS]
    assert [found is None for found in prints] == [
        form not in {("png", "igzip"), ("webp", "rle")} for form in FORMS
    ]
    assert len({found for found in prints if found}) == 2


def test_without_its_package_an_encoder_is_refused_and_never_replaced(
    monkeypatch: pytest.MonkeyPatch, embedded_ffmpeg: str
) -> None:
    settings = with_form("png", "igzip", ffmpeg=embedded_ffmpeg)
    monkeypatch.setattr(picture_form, "find_spec", lambda _name: None)
    with pytest.raises(RefusedError, match=r"needs the package isal: pip install '\.\[igzip\]'"):
        chosen_ffmpeg(settings)
    conditions = examined(settings, {}).conditions
    assert [found.level for found in conditions if found.what == "pictures"] == ["wrong"]


@pytest.mark.parametrize("suffix", PICTURE_SUFFIXES)
def test_files_of_both_formats_are_known_by_their_names(suffix: str) -> None:
    found = PATCH_FILE.fullmatch(f"patch_dune_2021_idx0042_med169{suffix}")
    assert found is not None
    assert (found["slug"], found["index"], found["suffix"]) == ("dune_2021", "0042", "_med169")
