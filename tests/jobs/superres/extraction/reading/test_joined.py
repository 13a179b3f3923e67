"""A window of a film joined from parts is rejected where its own facts are not those of the film."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.superres.films.test_survey import looked_at
from tests.jobs.superres.sample_films import (
    HDR10_TAGS,
    ClipReader,
    clips_of,
    probed,
    read_all,
    run_ffmpeg,
    stretch_of,
    task,
)
from tui_gen.engine.model.work import Rejected
from tui_gen.jobs.superres.extraction.reading.clips import read_clips
from tui_gen.jobs.superres.extraction.reading.objections import COMBED_HERE, UNLIKE_HERE
from tui_gen.jobs.superres.extraction.reading.reader import read_clips_fast
from tui_gen.jobs.superres.media import Ffmpeg
from tui_gen.media.decoding.frame_facts import allowed_facts
from tui_gen.media.facts_json import probe_from_json, probe_to_json

BT709 = ("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "12")
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "3", "-pix_fmt", "yuv420p", "-g", "12")
SOURCE = ("-f", "lavfi", "-i", "testsrc2=s=192x144:r=24:d=1")
COMBED = ("-f", "lavfi", "-i", "testsrc2=s=256x192:r=48:d=1,rotate=t*3,scale=320:240")
WHOLE = ("-f", "lavfi", "-i", "testsrc2=s=256x192:r=24:d=1,rotate=t*3,scale=320:240")


def joined(program: str, folder: Path, suffix: str, *parts: tuple[str, ...], container: str = ".mkv") -> Path:
    """Encode each part and join their streams."""
    streams = []
    for number, arguments in enumerate(parts):
        run_ffmpeg(program, *arguments, str(folder / f"{number}{suffix}"))
        streams.append((folder / f"{number}{suffix}").read_bytes())
    whole = folder / f"whole{suffix}"
    whole.write_bytes(b"".join(streams))
    film = folder / f"a{container}"
    run_ffmpeg(program, "-r", "24", "-fflags", "+genpts", "-i", str(whole), "-c", "copy", str(film))
    return film


async def read(program: str, film: Path, reader: ClipReader) -> tuple[list[int], list[Rejected]]:
    ffmpeg = Ffmpeg(program, "9")
    facts = await probed(ffmpeg, film)
    assert probe_from_json(probe_to_json(facts)) == facts
    survey = await looked_at(program, film)
    tasks = [task(0, [0.5], facts.upright), task(1, [1.5], facts.upright)]
    stretch = replace(stretch_of(film, facts, tasks), survey=replace(survey, combed_parts=()))
    reports = await read_all(ffmpeg, stretch, reader=reader)
    return [clip.index for clip in clips_of(reports)], [
        each for each in reports if isinstance(each, Rejected)
    ]


@pytest.mark.parametrize("reader", [read_clips, read_clips_fast])
def test_windows_of_other_colours_are_rejected(
    embedded_ffmpeg: str, tmp_path: Path, reader: ClipReader
) -> None:
    film = joined(embedded_ffmpeg, tmp_path, ".h264", (*SOURCE, *X264, *BT709), (*SOURCE, *X264, *HDR10_TAGS))
    made, (rejected,) = asyncio.run(read(embedded_ffmpeg, film, reader))
    assert (made, rejected.reason) == ([0], UNLIKE_HERE)
    assert "bt2020nc, not bt709" in rejected.detail
    (part,) = asyncio.run(looked_at(embedded_ffmpeg, film)).other_parts
    assert (0.9 < part.begin_seconds < 1.1, part.unlike) == (True, rejected.detail)


def test_windows_of_another_shape_are_rejected(embedded_ffmpeg: str, tmp_path: Path) -> None:
    parts = [(*SOURCE, "-vf", f"setdar={shape}", *MPEG2) for shape in ("4/3", "16/9")]
    film = joined(embedded_ffmpeg, tmp_path, ".m2v", *parts, container=".ts")
    made, (rejected,) = asyncio.run(read(embedded_ffmpeg, film, read_clips))
    assert (made, rejected.reason) == ([0], UNLIKE_HERE)
    assert rejected.detail == "sample aspect 4:3, not 1:1"
    (part,) = asyncio.run(looked_at(embedded_ffmpeg, film)).other_parts
    assert (0.9 < part.begin_seconds < 1.1, part.unlike) == (True, "sample aspect 4:3, not 1:1")


def test_windows_that_are_interlaced_unlike_the_first_frames_are_rejected(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    woven = ("-vf", "interlace=scan=tff:lowpass=0", "-flags", "+ildct+ilme")
    film = joined(embedded_ffmpeg, tmp_path, ".h264", (*WHOLE, *X264), (*COMBED, *woven, *X264))
    made, (rejected,) = asyncio.run(read(embedded_ffmpeg, film, read_clips_fast))
    assert (made, rejected.reason) == ([0], COMBED_HERE)


def test_what_is_the_same_by_another_name_is_allowed(embedded_ffmpeg: str, tmp_path: Path) -> None:
    film = tmp_path / "a.mkv"
    run_ffmpeg(embedded_ffmpeg, *SOURCE, *X264, *BT709, str(film))
    allowed = allowed_facts(asyncio.run(probed(Ffmpeg(embedded_ffmpeg, "9"), film)))
    assert allowed.contradiction({"transfer": "bt2020-10", "range": "unknown", "matrix": None}) is None
    assert allowed.contradiction({"transfer": "smpte2084"}) == "transfer smpte2084, not bt709"
    assert allowed.contradiction({"range": "pc"}) == "range pc, not tv"
