"""Each reason in docs/check.md is what a file of that kind is refused for."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.dolby_vision import with_rpus
from tests.jobs.superres.films.test_refusals import refusal
from tests.jobs.superres.planning.test_plan import FILM, NO_BARS, extract, facts, of, settings, video
from tests.jobs.superres.sample_films import make_numbered, run_ffmpeg
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.jobs.superres.config.settings import Trim
from tui_gen.jobs.superres.media import Ffmpeg
from tui_gen.media.decoding.frame_log import lasting_reason
from tui_gen.media.ffmpeg import FORMATS, MAX_PIXELS
from tui_gen.media.geometry import Region, Size
from tui_gen.media.probing import probe_child

PAGE = Path(__file__).parents[4] / "docs" / "check.md"
MOVIE = (*("-c:v", "libx264", "-preset", "ultrafast", "-g", "6", "-qp", "10"), "-pix_fmt", "yuv420p")
SOUND = ("-f", "lavfi", "-i", "sine=d=0.5")
CLUSTER = b"\x1f\x43\xb6\x75"
SIDES = (b"\xb0\x82\x01\x2c", b"\xba\x82\x01\x2c")  # a width and a height of 300 pixels in Matroska
LONG_SIDES = (b"\xb0\x82\x3e\x80", b"\xba\x82\x3e\x80")  # 16000
REFERENCE = b"file:///elsewhere.mov\0"


def documented() -> list[str]:
    """Return the reasons of the table."""
    section = (
        PAGE.read_text(encoding="utf-8").partition("## Why a video cannot be used")[2].partition("\n## ")[0]
    )
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Movies:
    """The bytes of a whole film of 48 frames in two containers; the MP4 has its index at the end."""

    mp4: bytes
    mkv: bytes


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, embedded_ffmpeg: str) -> Movies:
    folder = tmp_path_factory.mktemp("whole")
    mp4 = make_numbered(embedded_ffmpeg, folder / "a.mp4", 48, *MOVIE)
    run_ffmpeg(embedded_ffmpeg, "-i", str(mp4), "-c", "copy", str(folder / "a.mkv"))
    return Movies(mp4.read_bytes(), (folder / "a.mkv").read_bytes())


async def reason_of(path: Path, ffmpeg: str) -> str:
    """Return why a file is refused: by the headers alone, in this process, or else by decoding."""
    answer = probe_child.answer_about(str(path), formats=FORMATS, max_pixels=MAX_PIXELS)
    return str(answer["unusable"]) if "unusable" in answer else await refusal(Ffmpeg(ffmpeg, "9"), path)


def atom(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", 8 + len(data)) + kind + data


def zeros_from(movie: bytes, place: int) -> bytes:
    return movie[:place] + bytes(len(movie) - place)


def patched(movie: bytes, box: bytes, offset: int, value: int) -> bytes:
    """Return a movie with another number at an offset of a box of its index."""
    data = bytearray(movie)
    struct.pack_into(">I", data, data.find(box, data.find(b"moov")) + offset, value)
    return bytes(data)


def with_reference(movie: bytes) -> bytes:
    """Return a movie without its media, whose data reference names another file."""
    index = movie.find(b"moov") - 4
    head, moov = movie[: movie.find(b"mdat") - 4], bytearray(movie[index:])
    place = moov.find(b"dref") - 4
    found = atom(b"dref", bytes(moov[place + 8 : place + 16]) + atom(b"url ", bytes(4) + REFERENCE))
    longer = len(found) - int.from_bytes(moov[place : place + 4], "big")
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        at = moov.rfind(kind, 0, place) - 4
        struct.pack_into(">I", moov, at, int.from_bytes(moov[at : at + 4], "big") + longer)
    return head + bytes(moov[:place]) + found + bytes(moov[place + len(found) - longer :])


QUICKTIME = atom(b"ftyp", b"qt  \0\0\0\0qt  ")
FILES: dict[str, Callable[[Movies], dict[str, bytes]]] = {
    "empty: zero bytes": lambda _: {"a.mkv": b""},
    "not a video file": lambda _: {
        "text.mkv": b"once upon a time " * 100,
        "zeros.mp4": bytes(5000),
        "noise.mkv": random.Random(1).randbytes(5000),
    },
    "not a video file but a playlist": lambda _: {
        "a.mkv": b"#EXTM3U\n#EXTINF:1,\na.ts\n",
        "b.mkv": b"ffconcat version 1.0\nfile a.mkv\n",
        "c.mkv": b"[playlist]\nFile1=a.mkv\n",
        "d.mkv": b'\xef\xbb\xbf<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>\n',
    },
    "incomplete: its index (moov) is missing; is it still being copied?": lambda whole: {
        "half.mp4": whole.mp4[: len(whole.mp4) // 2],
        "zeros.mp4": whole.mp4[: len(whole.mp4) // 2] + bytes(len(whole.mp4) - len(whole.mp4) // 2),
    },
    "truncated: it has <n> of <n> bytes": lambda whole: {"a.mkv": whole.mkv[:1200], "b.mkv": whole.mkv[:300]},
    "truncated: it ends inside its header": lambda whole: {
        "a.mkv": whole.mkv[:20],
        "b.mp4": whole.mp4[: whole.mp4.find(b"moov") + 300],
    },
    "corrupt: its <container> header cannot be read": lambda whole: {
        "a.mp4": patched(whole.mp4, b"stsd", 8, 0)
    },
    "corrupt: the tables of its index (moov) contradict each other": lambda whole: {
        "a.mp4": patched(whole.mp4, b"stsc", 8, 0x10000000),
        "b.mp4": patched(whole.mp4, b"stts", 8, 0x30000000),
    },
    "corrupt: no frame of its <codec> track can be decoded": lambda whole: {
        "a.mp4": patched(whole.mp4, b"stco", 12, 0x7FFFFF00)
    },
    "corrupt: only <n> frames of about <n> can be decoded": lambda whole: {
        "a.mkv": zeros_from(whole.mkv, whole.mkv.find(CLUSTER) + len(whole.mkv) // 16)
    },
    "a reference movie: its pictures lie in other files": lambda whole: {
        "a.mov": QUICKTIME + atom(b"moov", atom(b"rmra", atom(b"rmda", atom(b"rdrf", bytes(4) + b"url ")))),
        "b.mp4": with_reference(whole.mp4),
    },
    "encrypted": lambda whole: {"a.mp4": whole.mp4[:48] + whole.mp4[48:].replace(b"avc1", b"encv")},
    "unsupported codec <name>": lambda whole: {
        "a.mp4": whole.mp4[:48] + whole.mp4[48:].replace(b"avc1", b"zzz1"),
        "b.mkv": whole.mkv.replace(b"V_MPEG4/ISO/AVC", b"V_NOTHING/KNOWN"),
    },
}


def matches(reason: str, row: str) -> bool:
    """Return whether a reason is that of a row, with anything for `<...>`."""
    return re.fullmatch(re.sub(r"<\w+>", ".+", re.sub(r"([().?])", r"\\\1", row)), reason) is not None


@pytest.mark.parametrize("row", FILES)
async def test_a_damaged_file_is_refused_for_what_it_is(
    row: str, whole: Movies, embedded_ffmpeg: str, tmp_path: Path
) -> None:
    for name, data in FILES[row](whole).items():
        (tmp_path / name).write_bytes(data)
        found = await reason_of(tmp_path / name, embedded_ffmpeg)
        assert matches(found, row), f"{name}: {found}"
        assert len(found) < 100


def made(arguments: tuple[str, ...], name: str) -> Callable[[str, Path], Path]:
    """Return a maker of a file by an ffmpeg."""

    def make(ffmpeg: str, folder: Path) -> Path:
        run_ffmpeg(ffmpeg, *arguments, str(folder / name))
        return folder / name

    return make


def too_large(ffmpeg: str, folder: Path) -> Path:
    path = folder / "a.mkv"
    run_ffmpeg(ffmpeg, "-f", "lavfi", "-i", "color=s=300x300:r=24:d=0.1", "-c:v", "utvideo", str(path))
    data = path.read_bytes()
    for short, long in zip(SIDES, LONG_SIDES, strict=True):
        assert data.count(short) == 1
        data = data.replace(short, long)
    path.write_bytes(data)
    return path


def raw_stream(ffmpeg: str, folder: Path) -> Path:
    return make_numbered(ffmpeg, folder / "a.264", 96, *MOVIE, "-f", "h264")


def of_subtitles(ffmpeg: str, folder: Path) -> Path:
    (folder / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n\n", encoding="utf-8")
    run_ffmpeg(ffmpeg, "-i", str(folder / "a.srt"), str(folder / "a.mkv"))
    return folder / "a.mkv"


def of_profile_5(ffmpeg: str, folder: Path) -> Path:
    path = folder / "a.hevc"
    coding = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-f", "hevc")
    make_numbered(ffmpeg, path, 12, *coding, "-x265-params", "aud=1:range=full:log-level=error")
    path.write_bytes(with_rpus(path.read_bytes(), profile=0, is_full_range=True))
    return path


STILL = ("-f", "lavfi", "-i", "testsrc=d=0.1:r=10", "-map", "0", "-map", "1", "-frames:v", "1")
FIELDS = (
    *(
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=192x144:r=50:d=0.6",
        "-vf",
        "interlace=scan=tff:lowpass=0,separatefields",
    ),
    *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "interlace=tff:log-level=error"),
)
MADE: dict[str, Callable[[str, Path], Path]] = {
    "field-coded <codec>: each of its pictures is one field, not a frame": made(FIELDS, "a.mkv"),
    "not a file but <kind>": lambda _, folder: folder,
    "not one of the containers that are opened": made((*SOUND, "-f", "wav"), "a.mkv"),
    "not one of the containers that are opened: <format>, audio only": made((*SOUND, "-f", "flac"), "a.mkv"),
    "audio only, no picture track": made(SOUND, "a.mkv"),
    "cover art only, no film": made(
        (*SOUND, *STILL, "-c:v", "png", "-disposition:v:0", "attached_pic"), "a.m4a"
    ),
    "no picture track": of_subtitles,
    "no timestamps, and longer than <n> s: mux it, mkvmerge -o x.mkv FILE": raw_stream,
    "larger than allowed: <size>, the limit is <n> pixels": too_large,
    "too short: only <n> frames, need 7": lambda ffmpeg, folder: make_numbered(
        ffmpeg, folder / "a.mkv", 5, *MOVIE
    ),
    "Dolby Vision profile 5: its base layer is not a picture": of_profile_5,
}


@pytest.mark.parametrize("row", MADE)
async def test_a_whole_file_is_refused_for_what_it_is(
    row: str, embedded_ffmpeg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe_child, "LONGEST_STREAM_SECONDS", 3)
    monkeypatch.setattr(probe_child, "CHEAP_STREAM_PIXELS", 0)
    found = await reason_of(MADE[row](embedded_ffmpeg, tmp_path), embedded_ffmpeg)
    assert matches(found, row), found


INTERLACED, TELECINED = replace(NO_BARS, is_interlaced=True), replace(NO_BARS, is_telecined=True)
SHORT = facts(replace(FILM, duration_seconds=0.5))
SHORTER = facts(replace(FILM, duration_seconds=0.2))
TRIM = Trim(start_seconds=0.1, end_seconds=0.1)
PLANNED: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "too short: <n> s do not hold the 7 frames of a clip": (SHORTER, {}, {}),
    "none of its <n> possible clips lies wholly in <n> s of <n> s": (SHORT, {"trim": TRIM}, {}),
    "no format of its categories fits its picture of <size>": (
        facts(replace(FILM, coded=Size(320, 240)), None), {}, {},
    ),
    "the region to crop, <region>, does not lie in its frame of <size>": (
        facts(), {}, {"crop": Region(0, 0, 9000, 2160)},
    ),
    "it is interlaced, and the configuration says to refuse such films": (
        facts(FILM, INTERLACED), {"interlaced": "refuse"}, {},
    ),
    "it is 3D (<packing>), and the configuration says to refuse such films": (
        facts(replace(FILM, stereo="side by side")), {"stereo": "refuse"}, {},
    ),
    "3D, <packing>: the pictures of its two eyes cannot be separated": (
        facts(replace(FILM, stereo="checkerboard")), {}, {},
    ),
    'it is telecined: of five frames two are woven from two pictures; "telecine": "keep" takes it': (
        facts(FILM, TELECINED), {}, {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", PLANNED)
def test_a_film_that_does_not_suit_is_refused_for_that(row: str) -> None:
    known, changes, keys = PLANNED[row]
    sources = (video("aa", {"general": 1.0}, **keys),)
    records = {"aa": SourceRecord(facts=known)}
    planned = of(extract(settings({"general": 3}, **changes), sources, records), "aa")
    assert matches(str(planned.unusable), row), planned.unusable


OF_3D = "its container and its stream both state 3D, which this ffmpeg does not read"
BY_FFMPEG = {OF_3D: "error code: -17 (File exists)"}


@pytest.mark.parametrize("row", BY_FFMPEG)
def test_what_ffmpeg_cannot_do_with_a_film_is_told(row: str) -> None:
    assert lasting_reason(BY_FFMPEG[row]) == row


def test_each_reason_of_the_page_is_reached() -> None:
    assert sorted(documented()) == sorted([*FILES, *MADE, *PLANNED, *BY_FFMPEG])
