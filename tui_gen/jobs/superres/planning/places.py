"""Where the clips of a film are in its running time, for timelines of the film."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tui_gen.jobs.superres.planning.clip_bits import as_bits, bit_indices
from tui_gen.jobs.superres.planning.timestamps import Timeline, first_windows, usable_clips

_TIMELINES_KEPT = 64


@dataclass(frozen=True, slots=True)
class FilmPlaces:
    """The places of a film's clips: the times of their first windows, also for clips made from others."""

    line: Timeline
    capacity: int

    @property
    def seconds(self) -> float:
        """The running time of the film."""
        return self.line.duration_seconds

    def parts(self, count: int) -> tuple[int, ...]:
        """Return the usable clips in each of `count` equal parts of the running time, as bit sets."""
        return _parts(self.line, self.capacity, count)


@lru_cache(maxsize=_TIMELINES_KEPT)
def _parts(line: Timeline, capacity: int, count: int) -> tuple[int, ...]:
    clips = bit_indices(usable_clips(line, capacity))
    places = first_windows(line, clips) / line.duration_seconds * count
    part_of = np.clip(places.astype(np.int64), 0, count - 1)
    members = np.zeros((count, 2 * capacity), np.bool_)
    members[part_of, clips] = True
    return tuple(map(as_bits, members))
