"""Probes the found files in parallel children: their durations and picture properties.

Invariant: no child outlives the call. A file that cannot be probed has a reason, never an invented duration.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tui_gen.base.errors import ObstructedError
from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres import media
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.units import PROBED_FRAMES, Probe
from tui_gen.media.film_facts import ProbeFacts

MOST_AT_ONCE = 16
NO_FILMS = ("audio only", "cover art only", "no picture track", "not a video file", "not a file but")
"""The beginnings of the reasons of files that contain no film."""


@dataclass(frozen=True, slots=True)
class NoFacts:
    """Why a file could not be probed."""

    reason: str
    is_no_film: bool = False  # the file contains no film


Probed = ProbeFacts | NoFacts
Progress = Callable[[int], None]
"""Gets the number of files that are done."""


def probe_files(
    paths: Sequence[str], *, settings: Settings, ffmpeg: media.Ffmpeg, progress: Progress
) -> dict[str, Probed]:
    """Return path -> the result of its probe."""
    return asyncio.run(_probe_all(paths, settings, ffmpeg, progress))


async def _probe_all(
    paths: Iterable[str], settings: Settings, ffmpeg: media.Ffmpeg, progress: Progress
) -> dict[str, Probed]:
    waiting, found = iter(paths), dict[str, Probed]()

    async def work() -> None:
        for path in waiting:
            found[path] = await _probed(Probe("", path, settings), ffmpeg)
            progress(len(found))

    count = min(MOST_AT_ONCE, os.cpu_count() or 1)
    async with asyncio.TaskGroup() as group:
        for _ in range(max(2, count)):
            group.create_task(work())
    return found


async def _probed(unit: Probe, ffmpeg: media.Ffmpeg) -> Probed:
    try:
        answer = await media.probe(unit.file, least_frames=PROBED_FRAMES, ffmpeg=ffmpeg)
    except media.ChildError as error:
        return NoFacts(error.reason)
    except ObstructedError as error:
        return NoFacts(str(error))
    if isinstance(answer, Unusable):
        return NoFacts(answer.reason, is_no_film=answer.reason.startswith(NO_FILMS))
    return answer
