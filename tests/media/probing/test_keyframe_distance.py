"""Distances of key frames: counted from what a container says, exactly."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.superres.sample_films import make_numbered, probed
from tui_gen.jobs.superres.media import Ffmpeg
from tui_gen.media.ffmpeg import FORMATS
from tui_gen.media.probing import keyframe_distance_child
from tui_gen.media.probing.keyframe_distance import KeyFrames, key_frames
from tui_gen.processes.children import ChildError

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-sc_threshold", "0", "-bf", "2")


def frames(pattern: str, seconds: float | None = 0.5) -> Iterator[tuple[bool, float | None, float]]:
    """Yield frames from a pattern of K for key frames and . for others, so many seconds apart."""
    for number, letter in enumerate(pattern):
        yield letter == "K", None if seconds is None else number * seconds, seconds or 0.0


def test_runs_go_from_key_frame_to_key_frame_and_to_the_end() -> None:
    runs = keyframe_distance_child.runs_of(frames("K..K.K...."))
    assert (runs.frames, runs.last_frames) == ([3, 2], 5)
    assert (runs.seconds, runs.last_seconds) == ([1.5, 1.0], 2.5)


def test_frames_before_the_first_key_frame_belong_to_no_run() -> None:
    runs = keyframe_distance_child.runs_of(frames("...K.."))
    assert (runs.frames, runs.last_frames) == ([], 3)


def test_frames_without_a_clock_are_counted_all_the_same() -> None:
    runs = keyframe_distance_child.runs_of(frames("K..K..", None))
    assert (runs.frames, runs.seconds, runs.last_frames, runs.last_seconds) == ([3], [], 3, 0.0)


def test_many_short_runs_do_not_hide_a_long_one() -> None:
    assert keyframe_distance_child.typical([1, 1, 1, 1, 100]) == 100
    assert keyframe_distance_child.typical([10, 10, 12]) == 10
    assert keyframe_distance_child.typical([]) is None


def test_the_mean_way_from_a_key_frame_is_that_of_all_frames() -> None:
    answer = keyframe_distance_child.answer_of("packets", keyframe_distance_child.runs_of(frames("K...K.")))
    assert answer["frames_before"] == (0 + 1 + 2 + 3 + 0 + 1) / 6


@pytest.fixture
def ffmpeg(embedded_ffmpeg: str) -> Ffmpeg:
    return Ffmpeg(embedded_ffmpeg, "9")


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_a_film_has_the_distance_it_was_made_with(ffmpeg: Ffmpeg, tmp_path: Path, suffix: str) -> None:
    path = make_numbered(ffmpeg.path, tmp_path / f"film.{suffix}", 60, *X264, "-g", "24")

    async def measured() -> KeyFrames:
        return await key_frames(str(path), await probed(ffmpeg, path), (), niceness=0)

    found = asyncio.run(measured())
    assert (found.how, found.key_frames) == ("packets", 3)
    assert (found.typical_frames, found.longest_frames) == (24, 24)
    assert found.typical_seconds == pytest.approx(1.0, abs=0.002)


@pytest.mark.parametrize(("suffix", "how"), [("mkv", "places"), ("mp4", "index")])
def test_a_large_film_is_not_read_from_end_to_end(
    ffmpeg: Ffmpeg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, how: str
) -> None:
    path = make_numbered(ffmpeg.path, tmp_path / f"film.{suffix}", 240, *X264, "-g", "12")
    monkeypatch.setattr(keyframe_distance_child, "WHOLE_BYTES", 0)
    answer = keyframe_distance_child.measured(str(path), FORMATS, [2.0, 5.0, 8.0])
    assert answer["how"] == how
    assert answer["typical_seconds"] == pytest.approx(0.5, abs=0.002)
    assert answer["longest_seconds"] == pytest.approx(0.5, abs=0.002)


def test_what_cannot_be_opened_is_an_error_not_a_guess(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    path = make_numbered(ffmpeg.path, tmp_path / "film.mkv", 24, *X264)
    facts = asyncio.run(probed(ffmpeg, path))
    path.write_bytes(b"no film at all" * 100)
    with pytest.raises(ChildError):
        asyncio.run(key_frames(str(path), facts, (), niceness=0))
