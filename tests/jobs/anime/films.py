"""Tiny films whose frames show their numbers, and how the job reads films in tests.

Eight columns in two rows, dark or light, are the sixteen bits of a number: so a test can tell which frame it
got without trusting any timestamp.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.anime.frames.film import EpisodeFilm
from tui_gen.jobs.anime.frames.options import SurveyOptions
from tui_gen.jobs.anime.frames.survey import Survey, survey_window
from tui_gen.jobs.anime.frames.windows import windows_of
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.media.film_facts import FilmFile
from tui_gen.media.geometry import Size
from tui_gen.media.probing.probe import probe

NUMBERED = Size(128, 64)
EVERY_FRAME = SurveyOptions(hi=0, lo=0, frac=0.0)
"""Options by which mpdecimate keeps every frame that differs at all."""
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p", "-threads", "1")


def nothing() -> None:
    """Be alive."""


def run_ffmpeg(program: str, *arguments: str, given: bytes = b"") -> bytes:
    """Run an ffmpeg by hand and return its stdout."""
    command = [program, "-v", "error", "-y", *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout


def numbered_frames(count: int) -> bytes:
    """Return gray frames that show their numbers."""
    rows, columns = np.mgrid[0 : NUMBERED.height, 0 : NUMBERED.width]
    bit = 15 - (columns // 16 + 8 * (rows // 32))
    return b"".join((40 + 160 * (number >> bit & 1)).astype(np.uint8).tobytes() for number in range(count))


def make_numbered(program: str, path: Path, count: int, *arguments: str, rate: str = "24") -> Path:
    """Write a numbered film; `arguments` are ffmpeg's, between the input and the output."""
    source = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", str(NUMBERED), "-r", rate, "-i", "pipe:0"]
    run_ffmpeg(program, *source, *(arguments or X264), str(path), given=numbered_frames(count))
    return path


def shown_number(picture: NDArray[np.uint8]) -> int:
    """Return the number that a frame (RGB) or a thumbnail (Lab) shows."""
    height, width = picture.shape[0] // 2, picture.shape[1] // 8
    return sum(
        int(picture[row * height : (row + 1) * height, at * width : (at + 1) * width, 0].mean() > 120)
        << (15 - at - 8 * row)
        for row in range(2)
        for at in range(8)
    )


def film_of(program: str, path: Path) -> EpisodeFilm:
    """Probe a film that is expected to be fine."""
    facts = asyncio.run(probe(FilmFile("s", str(path), 0), least_frames=2, ffmpeg=Ffmpeg(program, "9")))
    assert not isinstance(facts, Unusable), facts
    return EpisodeFilm(str(path), program, facts, niceness=0)


def surveyed(film: EpisodeFilm, options: SurveyOptions | None = None) -> tuple[Survey, ...]:
    """Survey all windows of an episode."""
    windows = windows_of(film.facts.duration_seconds)
    return tuple(survey_window(film, each, options or SurveyOptions(), alive=nothing) for each in windows)


def numbers_of(surveys: Sequence[Survey]) -> list[list[int]]:
    """Return the numbers of the candidates of each survey."""
    return [survey.numbers.tolist() for survey in surveys]
