"""The files of an episode's survey: one .npz per window, `window_0003.npz`.

Invariant: a file under its final name is complete. The bytes depend on the survey alone.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tui_gen.base.errors import ObstructedError
from tui_gen.jobs.anime.frames.survey import Survey
from tui_gen.jobs.anime.frames.windows import Window

VERSION = 1
Kind = TypeVar("Kind", bound=np.generic)
_NAME = re.compile(r"window_(\d{4,})\.npz")
_NONE = -1
"""Stands for the end of the last window in a file."""


class SurveyFileError(Exception):
    """A file of a survey cannot be read; the message names the file, the reason and what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class EpisodeSurvey:
    """The candidates of an episode, in the order of time. All arrays have one row per candidate."""

    tick_seconds: Fraction
    pts: NDArray[np.int64]  # [n], in ticks of the track
    numbers: NDArray[np.int64]  # [n], ascending, no two alike
    thumbnails: NDArray[np.uint8]  # [n, 16, 32, 3]
    sharpness: NDArray[np.float32]  # [n]
    vectors: NDArray[np.float32]  # [n, dimensions]
    seen: int = 0
    damaged: int = 0

    def __len__(self) -> int:
        """Return the number of candidates."""
        return len(self.pts)


def survey_name(window: Window) -> str:
    """Return the name of the file of a window."""
    return f"window_{window.index:04d}.npz"


def write_survey(folder: Path, window: Window, survey: Survey, *, token: str = "") -> Path:
    """Write the survey of a window under a temporary name, rename it, and return its path.

    `token` is part of the temporary name; without one it is the number of this process. The folder is made
    if need be. Raises ObstructedError where the output takes nothing.
    """
    target = folder / survey_name(window)
    part = folder / f".{target.name}.{token or os.getpid()}.part"
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # numpy 2.0 leaves an archive open that it could not write, and stderr tells of it.
            packed = io.BytesIO()
            np.savez_compressed(packed, **_arrays(survey))
            with part.open("wb") as file:
                file.write(packed.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except OSError as error:
            message = f"{target} cannot be written: {error.strerror}; make room or name another output"
            raise ObstructedError(message) from error
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    return target


def read_survey(path: Path) -> Survey:
    """Read a file. Raises SurveyFileError if it is damaged, FileNotFoundError if there is none."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return _survey({name: arrays[name] for name in arrays.files})
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        message = f"{path} is no whole survey of a window ({error}); delete the file, and it is made again"
        raise SurveyFileError(message) from error


def read_surveys(folder: Path) -> tuple[Survey, ...]:
    """Read all files of an episode, in the order of the windows. Raises SurveyFileError, OSError."""
    paths = sorted(
        (int(match[1]), path) for path in folder.iterdir() if (match := _NAME.fullmatch(path.name))
    )
    return tuple(read_survey(path) for _, path in paths)


def episode_survey(surveys: tuple[Survey, ...]) -> EpisodeSurvey:
    """Join the surveys of the windows of one episode.

    If two candidates have one number, the earlier one stays: they are less than a frame apart. Raises
    ValueError if the windows do not belong together.
    """
    parts = sorted(surveys, key=lambda each: each.window)
    if [part.window.index for part in parts] != list(range(len(parts))):
        message = f"windows {[part.window.index for part in parts]} are not the windows of a whole episode"
        raise ValueError(message)
    ticks = {part.tick_seconds for part in parts if len(part)}
    if len(ticks) > 1:
        message = f"windows of one episode with different clocks: {sorted(ticks)}"
        raise ValueError(message)
    numbers = _joined(parts, lambda part: part.numbers)
    # np.unique gives the first place of each number, in the order of the numbers.
    kept = np.unique(numbers, return_index=True)[1]
    return EpisodeSurvey(
        tick_seconds=ticks.pop() if ticks else Fraction(0),
        pts=_joined(parts, lambda part: part.pts)[kept],
        numbers=numbers[kept],
        thumbnails=_joined(parts, lambda part: part.thumbnails)[kept],
        sharpness=_joined(parts, lambda part: part.sharpness)[kept],
        vectors=_joined([part for part in parts if len(part)] or parts, lambda part: part.vectors)[kept],
        seen=sum(part.seen for part in parts),
        damaged=sum(part.damaged for part in parts),
    )


def _joined(parts: list[Survey], of: Callable[[Survey], NDArray[Kind]]) -> NDArray[Kind]:
    return np.concatenate([of(part) for part in parts])


def _arrays(survey: Survey) -> dict[str, Any]:
    window, tick = survey.window, survey.tick_seconds
    end = _NONE if window.end_seconds is None else window.end_seconds
    return {
        "version": np.array(VERSION),
        "window": np.array([window.index, window.begin_seconds, end], np.int64),
        "tick": np.array([tick.numerator, tick.denominator], np.int64),
        "counts": np.array([survey.seen, survey.damaged], np.int64),
        "complaint": np.array(survey.complaint or ""),
        "pts": survey.pts,
        "numbers": survey.numbers,
        "thumbnails": survey.thumbnails,
        "sharpness": survey.sharpness,
        "vectors": survey.vectors,
    }


def _survey(arrays: dict[str, NDArray[Any]]) -> Survey:
    if (version := int(arrays["version"])) != VERSION:
        message = f"version {version}, not {VERSION}"
        raise ValueError(message)
    index, begin, end = arrays["window"].tolist()
    seen, damaged = arrays["counts"].tolist()
    rows = [arrays[name] for name in ("pts", "numbers", "thumbnails", "sharpness", "vectors")]
    if len({len(each) for each in rows}) > 1:
        message = "its arrays have different lengths"
        raise ValueError(message)
    return Survey(
        window=Window(index, begin, None if end == _NONE else end),
        tick_seconds=Fraction(*arrays["tick"].tolist()),
        pts=arrays["pts"].astype(np.int64),
        numbers=arrays["numbers"].astype(np.int64),
        thumbnails=arrays["thumbnails"].astype(np.uint8),
        sharpness=arrays["sharpness"].astype(np.float32),
        vectors=arrays["vectors"].astype(np.float32),
        seen=seen,
        damaged=damaged,
        complaint=str(arrays["complaint"]) or None,
    )
