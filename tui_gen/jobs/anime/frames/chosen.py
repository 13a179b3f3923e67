"""Chooses the frames that are written, from the surveys of all episodes. Pure.

    each episode    groups around leaders in the order of time; a group gives its sharpest member
    all episodes    in the order of the configuration: a group is left out if its leader is near the leader of
                    a group of an earlier episode that stands (openings, endings, recaps)

Invariant: an episode added at the end changes nothing for those before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_gen.engine.model.clip_sets import bits_of
from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.anime.frames.near_duplicates import (
    Measure,
    Rows,
    Thumbnails,
    Vectors,
    leaders_of,
    near_any,
)
from tui_gen.jobs.anime.frames.options import DuplicateOptions
from tui_gen.jobs.anime.frames.pictures import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH
from tui_gen.jobs.anime.frames.survey_files import EpisodeSurvey


@dataclass(frozen=True, slots=True)
class ChosenFrames:
    """The frames of one episode that are written."""

    tick_seconds: Fraction  # 0 if the episode has no candidates
    frames: tuple[tuple[int, int], ...]  # (number, timestamp in ticks), ascending numbers
    candidates: int = 0  # that the choice was made of
    repeated: int = 0  # groups left out because an earlier episode has them

    @property
    def bits(self) -> int:
        """The numbers as a set of bits: bit *k* stands for frame *k*."""
        return bits_of(number for number, _ in self.frames)

    def only(self, numbers: int) -> ChosenFrames:
        """Return the frames whose bit is set in `numbers`."""
        return ChosenFrames(self.tick_seconds, tuple(each for each in self.frames if numbers >> each[0] & 1))


def chosen_frames(
    episodes: Sequence[EpisodeSurvey], options: DuplicateOptions, *, alive: Callable[[], None]
) -> tuple[ChosenFrames, ...]:
    """Return the chosen frames of each episode; the episodes are in the order of the configuration."""
    if not options.remove_similar:
        return tuple(_chosen(episode, np.arange(len(episode)), 0) for episode in episodes)
    measure, within = _measure(episodes, options)
    standing = np.empty(0, np.intp)
    found, begin = list[ChosenFrames](), 0
    for episode in episodes:
        rows = np.arange(begin, begin + len(episode), dtype=np.intp)
        leaders = leaders_of(measure, rows, within, alive=alive)
        own = np.unique(leaders)
        is_repeated = near_any(measure, own, standing, within, alive=alive)
        kept = own[~is_repeated]
        sharpest = _sharpest(leaders - begin, episode.sharpness)
        found.append(_chosen(episode, sharpest[kept - begin], int(is_repeated.sum())))
        standing, begin = np.concatenate([standing, kept]), begin + len(episode)
    return tuple(found)


def chosen_to_json(chosen: ChosenFrames) -> dict[str, Any]:
    """Return the chosen frames as a JSON object, for the ledger: first values and gaps."""
    numbers, pts = zip(*chosen.frames, strict=True) if chosen.frames else ((), ())
    return {
        "tick": [chosen.tick_seconds.numerator, chosen.tick_seconds.denominator],
        "numbers": [after - before for before, after in pairwise((0, *numbers))],
        "pts": [after - before for before, after in pairwise((0, *pts))],
        "candidates": chosen.candidates,
        "repeated": chosen.repeated,
    }


def chosen_from_json(entries: JsonObject) -> ChosenFrames:
    """Return what `chosen_to_json` wrote. Raises KeyError, TypeError or ValueError on anything else."""
    numbers, pts = accumulate(entries["numbers"]), accumulate(entries["pts"])
    return ChosenFrames(
        tick_seconds=Fraction(*entries["tick"]),
        frames=tuple(zip(numbers, pts, strict=True)),
        candidates=entries["candidates"],
        repeated=entries["repeated"],
    )


def _measure(episodes: Sequence[EpisodeSurvey], options: DuplicateOptions) -> tuple[Measure, float]:
    """Return the measure over the candidates of all episodes, and the largest distance of duplicates."""
    if options.duplicate_method == "embedding":
        vectors = [episode.vectors for episode in episodes if len(episode)]
        joined = np.concatenate(vectors) if vectors else np.empty((0, 0), np.float32)
        return Vectors(joined), 1 - options.similar_thresh
    shape = (0, THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, 3)
    thumbnails = [np.empty(shape, np.uint8), *(episode.thumbnails for episode in episodes)]
    return Thumbnails.of(np.concatenate(thumbnails)), options.within


def _sharpest(leaders: Rows, sharpness: NDArray[np.float32]) -> Rows:
    """Return the sharpest member of the group of each leader, the earliest of several, shape [n].

    Rows that lead no group hold their own place.
    """
    found = np.arange(len(leaders), dtype=np.intp)
    order = np.lexsort((-found, sharpness))  # the last one written is the sharpest, then the earliest
    found[leaders[order]] = order
    return found


def _chosen(episode: EpisodeSurvey, rows: Rows, repeated: int) -> ChosenFrames:
    rows = np.sort(rows)
    frames = tuple(zip(episode.numbers[rows].tolist(), episode.pts[rows].tolist(), strict=True))
    return ChosenFrames(episode.tick_seconds, frames, len(episode), repeated)
