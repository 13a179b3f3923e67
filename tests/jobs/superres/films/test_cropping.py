"""A picture that its container crops has one geometry: for the survey and for both readers."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame

from tests.jobs.superres.films.test_survey import looked_at
from tests.jobs.superres.sample_films import (
    SETTINGS,
    clips_of,
    probed,
    read_all,
    run_ffmpeg,
    stretch_of,
    task,
)
from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres.extraction.reading.clips import read_clips
from tui_gen.jobs.superres.extraction.reading.reader import read_clips_fast
from tui_gen.jobs.superres.media import Ffmpeg, survey
from tui_gen.jobs.superres.units import Survey
from tui_gen.media.decoding.frame_log import TrackHeader
from tui_gen.media.decoding.planes import aperture_numbers, aperture_of, layout_of
from tui_gen.media.facts_json import probe_from_json, probe_to_json
from tui_gen.media.geometry import Aperture, Region, Size

CROPS = {"left": 5, "right": 10, "top": 7, "bottom": 11}


def cropped_film(program: str, path: Path) -> Path:
    """Write a film with bars of 16 lines in a picture that Matroska crops by odd numbers."""
    source = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=2"]
    padded = ["-vf", "pad=320:212:0:16,pad=336:230:5:7:gray,setsar=1"]
    coding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "12", "-pix_fmt", "yuv420p", "-g", "12"]
    run_ffmpeg(program, *source, *padded, *coding, str(path))
    sets = [word for side, lines in CROPS.items() for word in ("--set", f"pixel-crop-{side}={lines}")]
    subprocess.run(["mkvpropedit", "-q", str(path), "--edit", "track:v1", *sets], check=True)
    return path


@pytest.mark.skipif(shutil.which("mkvpropedit") is None, reason="mkvtoolnix is not installed")
async def test_a_picture_cropped_by_matroska_is_read_alike_by_all(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    film = cropped_film(embedded_ffmpeg, tmp_path / "a.mkv")
    facts = await probed(ffmpeg, film)
    assert (facts.coded, facts.aperture) == (Size(320, 212), Aperture(Size(336, 230), 4, 6))
    assert probe_from_json(probe_to_json(facts)) == facts
    found = await looked_at(embedded_ffmpeg, film)
    assert found.bar_votes >= 12
    assert (abs(found.picture.y - 21) <= 2, abs(found.picture.height - 172) <= 4) == (True, True)
    stretch = replace(stretch_of(film, facts, [task(0, [1.0], facts.coded)]), survey=found)
    slow = clips_of(await read_all(ffmpeg, stretch, reader=read_clips))[0]
    fast = clips_of(await read_all(ffmpeg, stretch, reader=read_clips_fast))[0]
    assert fast.reader == "stretch"
    assert np.array_equal(slow.frames[facts.coded], fast.frames[facts.coded])


async def test_no_votes_are_an_error_and_not_darkness(embedded_ffmpeg: str, tmp_path: Path) -> None:
    film = tmp_path / "a.mkv"
    run_ffmpeg(
        embedded_ffmpeg, "-f", "lavfi", "-i", "testsrc2=s=192x108:r=24:d=1", "-c:v", "libx264", str(film)
    )
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    facts = replace(await probed(ffmpeg, film), coded=Size(190, 108))
    found = await survey(Survey("v", str(film), "v", SETTINGS, facts, None, ()), ffmpeg=ffmpeg)
    assert isinstance(found, Unusable)
    assert found.reason == "none of its frames looked at has the size of the first, 190x108"


def test_a_part_of_a_decoded_frame_is_taken_with_its_chroma() -> None:
    frame = VideoFrame(16, 12, "yuv420p")
    for plane in frame.planes:
        rows = np.arange(plane.buffer_size, dtype=np.uint16).astype(np.uint8)
        plane.update(rows.tobytes())
    aperture = aperture_of("yuv420p", Size(10, 8), Size(16, 12), cropped_left=3, cropped_top=3)
    assert aperture == Aperture(Size(16, 12), 2, 2)
    layout = layout_of("yuv420p", [10, 8], aperture_numbers(aperture))
    whole = layout_of("yuv420p", [16, 12], None)
    assert layout is not None
    assert whole is not None
    assert layout.is_of(frame)
    assert layout.rejection_reason_of(frame) is None
    assert not whole.is_of(VideoFrame(10, 8, "yuv420p"))
    assert np.array_equal(layout.luma(frame)[0], whole.luma(frame)[0][2:10, 2:12])
    parts = [
        plane[part] for plane, part in zip(whole.of(frame), layout.parts(Region(2, 2, 10, 8)), strict=True)
    ]
    assert [part.shape for part in parts] == [(8, 10), (4, 5), (4, 5)]
    assert all(np.array_equal(mine, part) for mine, part in zip(layout.of(frame), parts, strict=True))
    assert aperture_of("yuv420p", Size(16, 12), Size(10, 8), cropped_left=0, cropped_top=0) is None
    assert aperture_of("gray", Size(10, 8), Size(16, 12), cropped_left=0, cropped_top=0) is None
    assert aperture_numbers(None) is None


def test_the_cropping_is_read_from_the_header_of_the_track() -> None:
    header = TrackHeader(0)
    for line in ("  Stream #0:0: Video: h264, yuv420p", "      Frame Cropping: 5/10/7/11"):
        header.take(line)
    assert header.cropped == (5, 10, 7, 11)
