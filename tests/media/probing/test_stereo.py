"""How a frame holds the pictures of two eyes is probed, from the container and from the stream."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.jobs.superres.sample_films import run_ffmpeg
from tui_gen.media.decoding.frame_log import FrameLog
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.media.film_facts import FilmFile, ProbeFacts
from tui_gen.media.probing.probe import probe

FRAME = (
    "[Parsed_showinfo_0 @ 0x1] n:   0 pts:      0 pts_time:0 fmt:yuv420p cl:left sar:1/1 s:64x64 i:P iskey:1"
    " type:I"
)
STEREO = "[Parsed_showinfo_0 @ 0x1]   side data - Stereo 3D: type - {}"


@pytest.mark.parametrize(
    ("name", "encoding", "stereo"),
    [
        ("a.mp4", ("-x264-params", "frame-packing=4"), "top and bottom"),
        ("a.mkv", ("-metadata:s:v", "stereo_mode=left_right"), "side by side"),
        ("b.mkv", (), None),
    ],
)
async def test_the_packing_is_that_of_the_first_frame(
    embedded_ffmpeg: str, tmp_path: Path, name: str, encoding: tuple[str, ...], stereo: str | None
) -> None:
    source = ("-f", "lavfi", "-i", "testsrc2=s=64x64:r=24:d=0.5", "-c:v", "libx264", "-preset", "ultrafast")
    run_ffmpeg(embedded_ffmpeg, *source, *encoding, str(tmp_path / name))
    film = FilmFile("v", str(tmp_path / name), 0)
    found = await probe(film, least_frames=7, ffmpeg=Ffmpeg(embedded_ffmpeg, "9"))
    assert isinstance(found, ProbeFacts)
    assert (found.stereo, found.is_stereo_inverted) == (stereo, False)


@pytest.mark.parametrize(
    ("text", "stereo", "is_inverted"),
    [
        ("side by side, view - packed, primary_eye - none (inverted)", "side by side", True),
        ("top and bottom (inverted)", "top and bottom", True),  # of ffmpeg 5
        ("side by side (quincunx subsampling), view - packed", "side by side (quincunx)", False),
        ("frame alternate, view - left, primary_eye - none", "frame alternate", False),
        ("2D, view - packed", None, False),
        ("unspecified, view - packed", None, False),
    ],
)
def test_the_lines_of_all_versions_are_read(text: str, stereo: str | None, *, is_inverted: bool) -> None:
    log = FrameLog()
    log.take(FRAME)
    log.take(STEREO.format(text))
    assert (log.stereo, log.is_stereo_inverted, log.has_view_id) == (stereo, is_inverted, False)
