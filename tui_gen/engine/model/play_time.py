"""Maps the time of a replay to the time of the recorded run. Pure.

    run     ██████████················██████        · no engine ran
    replay  ██████████ · ██████

Both times begin at 0, and are in seconds. A gap in which no engine ran takes at most a second of the replay.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

WHOLE_SECONDS = 60.0
"""How long a replay takes if no speed is given."""
_GAP_SECONDS, _GAPS_SHARE = 1.0, 0.25


@dataclass(frozen=True, slots=True)
class Gap:
    """A time of the run in which no engine ran, in seconds since the beginning of the run."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class PlayTime:
    """The two times, as corners between which both run evenly."""

    speed: float  # seconds of the run in a second of the replay, outside of gaps
    replayed: tuple[float, ...]  # at each corner, ascending
    recorded: tuple[float, ...]

    @property
    def seconds(self) -> float:
        """How long the replay takes."""
        return self.replayed[-1]

    def recorded_at(self, replayed: float) -> float:
        """Return the time of the run at a time of the replay; outside of the replay, at its nearest end."""
        return _between(self.replayed, self.recorded, replayed)

    def replayed_at(self, recorded: float) -> float:
        """Return the time of the replay at a time of the run; outside of the run, at its nearest end."""
        return _between(self.recorded, self.replayed, recorded)


def play_time(seconds: float, gaps: tuple[Gap, ...], speed: float | None = None) -> PlayTime:
    """Return the times of a replay of a run that took so many seconds; without a speed it takes a minute.

    A run of less than a minute is replayed as fast as it was.
    """
    at_work = max(0.0, seconds - sum(gap.end - gap.start for gap in gaps))
    gap_seconds = _GAP_SECONDS
    if speed is None:
        gap_seconds = min(_GAP_SECONDS, _GAPS_SHARE * WHOLE_SECONDS / max(1, len(gaps)))
        speed = max(1.0, at_work / (WHOLE_SECONDS - gap_seconds * len(gaps)))
    replayed, recorded = [0.0], [0.0]
    for gap in gaps:
        replayed.append(replayed[-1] + (gap.start - recorded[-1]) / speed)
        replayed.append(replayed[-1] + min(gap_seconds, (gap.end - gap.start) / speed))
        recorded += [gap.start, gap.end]
    replayed.append(replayed[-1] + max(0.0, seconds - recorded[-1]) / speed)
    recorded.append(max(seconds, recorded[-1]))
    return PlayTime(speed, tuple(replayed), tuple(recorded))


def _between(known: tuple[float, ...], wanted: tuple[float, ...], at: float) -> float:
    """Return the value of `wanted` at a value of `known`, both ascending."""
    place = bisect_right(known, at)
    if place == 0:
        return wanted[0]
    if place == len(known):
        return wanted[-1]
    width = known[place] - known[place - 1]
    return wanted[place - 1] + (at - known[place - 1]) / width * (wanted[place] - wanted[place - 1])
