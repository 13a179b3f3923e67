"""What is no film is refused with one reason, and nothing else is opened for it."""

import os
import struct
import time
import zlib
from pathlib import Path

import pytest

from tests.jobs.superres.sample_films import SETTINGS, make_numbered, probed, run_ffmpeg
from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres.media import Ffmpeg, SourceMissingError, StallLimits, probe
from tui_gen.jobs.superres.units import PROBED_FRAMES, Probe


@pytest.fixture
def ffmpeg(embedded_ffmpeg: str) -> Ffmpeg:
    return Ffmpeg(embedded_ffmpeg, "9")


async def refusal(ffmpeg: Ffmpeg, path: Path) -> str:
    began = time.monotonic()
    found = await probe(
        Probe("v", str(path), SETTINGS).file,
        least_frames=PROBED_FRAMES,
        ffmpeg=ffmpeg,
        limits=StallLimits(20, 20),
    )
    assert isinstance(found, Unusable), found
    assert time.monotonic() - began < 15
    assert "\n" not in found.reason
    return found.reason


async def test_a_pipe_is_refused_without_being_opened(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.mkv")
    assert await refusal(ffmpeg, tmp_path / "x.mkv") == "not a file but a pipe"


async def test_a_folder_a_device_and_an_empty_file_are_refused(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    (tmp_path / "x.mkv").symlink_to("/dev/zero")
    (tmp_path / "y.mkv").touch()
    assert await refusal(ffmpeg, tmp_path) == "not a file but a directory"
    assert await refusal(ffmpeg, tmp_path / "x.mkv") == "not a file but a device"
    assert await refusal(ffmpeg, tmp_path / "y.mkv") == "empty: zero bytes"


@pytest.mark.parametrize("head", ["#EXTM3U\n#EXTINF:1,\nfile://{0}\n", "ffconcat version 1.0\nfile {0}\n"])
async def test_a_playlist_named_like_a_film_is_refused_and_its_target_not_touched(
    ffmpeg: Ffmpeg, embedded_ffmpeg: str, tmp_path: Path, head: str
) -> None:
    target = make_numbered(embedded_ffmpeg, tmp_path / "secret.mkv", 12, "-c:v", "ffv1")
    os.utime(target, (1, target.stat().st_mtime))
    (tmp_path / "list.mkv").write_text(head.format("secret.mkv"))
    assert await refusal(ffmpeg, tmp_path / "list.mkv") == "not a video file but a playlist"
    assert target.stat().st_atime == 1


async def test_a_picture_larger_than_allowed_is_refused_before_it_is_decoded(
    ffmpeg: Ffmpeg, embedded_ffmpeg: str, tmp_path: Path
) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 12000, 12000, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(12000 * 12001), 1)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    (tmp_path / "big.png").write_bytes(png)
    film = tmp_path / "bomb.mkv"
    run_ffmpeg(
        embedded_ffmpeg, "-loop", "1", "-t", "1", "-i", str(tmp_path / "big.png"), "-c", "copy", str(film)
    )
    reason = await refusal(ffmpeg, film)
    assert reason == "larger than allowed: 12000x12000, the limit is 67108864 pixels"


async def test_text_audio_and_cover_art_are_told_apart(
    ffmpeg: Ffmpeg, embedded_ffmpeg: str, tmp_path: Path
) -> None:
    (tmp_path / "text.mkv").write_text("once upon a time " * 100)
    assert await refusal(ffmpeg, tmp_path / "text.mkv") == "not a video file"
    sound = ["-f", "lavfi", "-i", "sine=d=1"]
    run_ffmpeg(embedded_ffmpeg, *sound, str(tmp_path / "sound.mkv"))
    assert await refusal(ffmpeg, tmp_path / "sound.mkv") == "audio only, no picture track"
    picture = ["-f", "lavfi", "-i", "testsrc=d=0.1:r=10"]
    cover = ["-map", "0", "-map", "1", "-c:v", "png", "-disposition:v:0", "attached_pic"]
    run_ffmpeg(embedded_ffmpeg, *sound, *picture, *cover, "-frames:v", "1", str(tmp_path / "cover.m4a"))
    assert await refusal(ffmpeg, tmp_path / "cover.m4a") == "cover art only, no film"


@pytest.mark.parametrize("count", [1, 6])
async def test_a_film_of_fewer_than_seven_frames_is_too_short(
    ffmpeg: Ffmpeg, embedded_ffmpeg: str, tmp_path: Path, count: int
) -> None:
    film = make_numbered(embedded_ffmpeg, tmp_path / "short.mkv", count, "-c:v", "ffv1")
    plural = "s" if count > 1 else ""
    assert await refusal(ffmpeg, film) == f"too short: only {count} frame{plural}, need 7"


async def test_a_missing_file_says_nothing_about_the_film(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError):
        await probe(
            Probe("v", str(tmp_path / "gone.mkv"), SETTINGS).file, least_frames=PROBED_FRAMES, ffmpeg=ffmpeg
        )


async def test_a_name_that_is_not_utf8_is_read(ffmpeg: Ffmpeg, embedded_ffmpeg: str, tmp_path: Path) -> None:
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", 12, "-c:v", "ffv1")
    strange = tmp_path / os.fsdecode(b"-y \xff %03d [b].mkv")
    film.rename(strange)
    assert (await probed(ffmpeg, strange)).duration_seconds == pytest.approx(0.5, abs=0.002)


async def test_a_truncated_film_ends_where_its_data_ends(
    ffmpeg: Ffmpeg, embedded_ffmpeg: str, tmp_path: Path
) -> None:
    coding = ["-c:v", "libx264", "-g", "12", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    whole = make_numbered(embedded_ffmpeg, tmp_path / "whole.mp4", 240, *coding)
    data = whole.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) * 6 // 10])
    assert (await probed(ffmpeg, whole)).duration_seconds == pytest.approx(10, abs=0.002)
    assert 3 < (await probed(ffmpeg, tmp_path / "cut.mp4")).duration_seconds < 9
