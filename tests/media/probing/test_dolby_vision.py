"""Dolby Vision whose base layer is not a picture is refused by its RPUs, without the container's record."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dolby_vision import with_rpus
from tests.jobs.superres.sample_films import run_ffmpeg
from tui_gen.engine.model.work import Unusable
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.media.film_facts import FilmFile, ProbeFacts
from tui_gen.media.probing.probe import probe

HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-f", "hevc")
TIMES = ("-c", "copy", "-bsf:v", "setts=pts=N*50000:dts=N*50000")


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory, embedded_ffmpeg: str) -> bytes:
    """Return an untagged HEVC stream of twelve frames with 10 bits and full range, without B-frames."""
    path = tmp_path_factory.mktemp("stream") / "a.hevc"
    source = ("-f", "lavfi", "-i", "testsrc2=s=128x96:r=24:d=0.5")
    options = "aud=1:range=full:bframes=0:log-level=error"
    run_ffmpeg(embedded_ffmpeg, *source, *HEVC, "-x265-params", options, str(path))
    return path.read_bytes()


async def probed(ffmpeg: str, folder: Path, stream: bytes) -> ProbeFacts | Unusable:
    """Remux a stream to a transport stream, which has no record of Dolby Vision, and probe it."""
    raw, film = folder / "a.hevc", folder / "a.ts"
    raw.write_bytes(stream)
    run_ffmpeg(ffmpeg, "-i", str(raw), *TIMES, "-f", "mpegts", str(film))
    return await probe(FilmFile("v", str(film), 0), least_frames=7, ffmpeg=Ffmpeg(ffmpeg, "9"))


async def test_profile_5_is_refused_by_its_rpus(stream: bytes, embedded_ffmpeg: str, tmp_path: Path) -> None:
    found = await probed(embedded_ffmpeg, tmp_path, with_rpus(stream, profile=0, is_full_range=True))
    assert isinstance(found, Unusable)
    assert found.reason == "Dolby Vision profile 5: its base layer is not a picture"


@pytest.mark.parametrize(("profile", "is_full_range"), [(1, False), (1, True), (0, False)])
async def test_other_rpus_and_none_change_nothing(
    stream: bytes, embedded_ffmpeg: str, tmp_path: Path, *, profile: int, is_full_range: bool
) -> None:
    rpus = with_rpus(stream, profile=profile, is_full_range=is_full_range)
    found = await probed(embedded_ffmpeg, tmp_path, rpus)
    assert isinstance(found, ProbeFacts)
    assert found == await probed(embedded_ffmpeg, tmp_path, stream)
    assert found.colour.dolby_vision_profile is None
