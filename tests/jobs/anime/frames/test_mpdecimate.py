"""mpdecimate's rule, restated: the survey relies on ffmpeg's filter, and its documentation on this rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.anime.films import film_of, run_ffmpeg
from tui_gen.jobs.anime.frames.options import SurveyOptions
from tui_gen.jobs.anime.frames.survey import survey_window
from tui_gen.jobs.anime.frames.windows import windows_of

Plane = NDArray[np.uint8]


def kept_frames(frames: list[tuple[Plane, ...]], hi: int, lo: int, frac: float) -> list[int]:
    """Return which frames (planes Y, U, V) are kept: compared with the last kept one, plane by plane."""
    kept = [0]
    for number in range(1, len(frames)):
        planes = zip(frames[number], frames[kept[-1]], strict=True)
        if not all(is_alike(plane, last, hi=hi, lo=lo, frac=frac) for plane, last in planes):
            kept.append(number)
    return kept


def is_alike(plane: Plane, last: Plane, *, hi: int, lo: int, frac: float) -> bool:
    height, width = plane.shape
    apart = np.abs(plane.astype(np.int32) - last)
    sums = np.zeros((height + 1, width + 1), np.int64)
    sums[1:, 1:] = apart.cumsum(axis=0).cumsum(axis=1)
    # Blocks of 8x8 on a grid of 4; ffmpeg leaves out the first 8 columns.
    rows, columns = np.arange(0, height - 7, 4), np.arange(8, width - 7, 4)
    blocks = (
        sums[np.ix_(rows + 8, columns + 8)]
        - sums[np.ix_(rows, columns + 8)]
        - sums[np.ix_(rows + 8, columns)]
        + sums[np.ix_(rows, columns)]
    )
    limit = int((width // 16) * (height // 16) * frac)
    return not (blocks > hi).any() and int((blocks > lo).sum()) <= limit


def planes_of(program: str, path: Path, width: int, height: int) -> list[tuple[Plane, ...]]:
    raw = run_ffmpeg(
        program, "-i", str(path), "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"
    )
    data = np.frombuffer(raw, np.uint8).reshape(-1, height * width * 3 // 2)
    half = (height // 2) * (width // 2)
    return [
        (
            frame[: height * width].reshape(height, width),
            frame[height * width : height * width + half].reshape(height // 2, width // 2),
            frame[height * width + half :].reshape(height // 2, width // 2),
        )
        for frame in data
    ]


def survey_keeps(program: str, path: Path, options: SurveyOptions) -> list[int]:
    film = film_of(program, path)
    (window,) = windows_of(film.facts.duration_seconds)
    numbers: list[int] = survey_window(film, window, options, alive=lambda: None).numbers.tolist()
    return numbers


def moving_waves(count: int) -> list[tuple[Plane, ...]]:
    """Return frames in which soft waves move, faster and faster, and a small square."""
    frames = []
    for number in range(count):
        planes = []
        for width, height in ((176, 144), (88, 72), (88, 72)):
            rows, columns = np.mgrid[0:height, 0:width]
            wave = 128 + 50 * np.sin(columns * 9 / width + rows * 2 / height + number**2 / 2500)
            wave[height // 2 : height // 2 + 9, number : number + 9] += 40
            planes.append(wave.astype(np.uint8))
        frames.append(tuple(planes))
    return frames


@pytest.mark.parametrize(
    ("hi", "lo", "frac"),
    [(12800, 3200, 0.33), (1200, 16320, 0.33), (16320, 640, 0.05)],
)
def test_a_drawn_film_is_surveyed_by_the_rule(
    embedded_ffmpeg: str, tmp_path: Path, hi: int, lo: int, frac: float
) -> None:
    path, frames = tmp_path / "moving.mkv", moving_waves(60)
    raw = b"".join(plane.tobytes() for frame in frames for plane in frame)
    given = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "176x144", "-r", "12", "-i", "pipe:0"]
    run_ffmpeg(embedded_ffmpeg, *given, "-c:v", "ffv1", str(path), given=raw)
    expected = kept_frames(frames, hi, lo, frac)
    assert survey_keeps(embedded_ffmpeg, path, SurveyOptions(hi=hi, lo=lo, frac=frac)) == expected
    assert 1 < len(expected) < len(frames)


@pytest.mark.media
def test_a_real_film_is_surveyed_by_the_rule(embedded_ffmpeg: str, media: Path) -> None:
    path = media / "joeyparrish__shaka-packager" / "bear-640x360-hevc.mp4"
    options = SurveyOptions()
    frames = planes_of(embedded_ffmpeg, path, 640, 360)
    expected = kept_frames(frames, options.hi, options.lo, options.frac)
    assert survey_keeps(embedded_ffmpeg, path, options) == expected
    assert 1 < len(expected) < len(frames)
