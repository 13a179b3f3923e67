"""When clips were made: the time of which rates are. Pure.

    run begins ── looks at sources ── first clip begins ▁▁▁▁ pause ── goes on ▁▁▁▁ ends
                                      └ made ┘                └ made ┘

Pauses, waits, the time between runs and the time before the first clip of each run are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

SPANS_KEPT = 64
"""Rates look back a quarter of an hour; a span ends with a pause, a wait or a run."""


@dataclass(frozen=True, slots=True)
class MakingTime:
    """The time in which clips were made, over all runs. Times are seconds since the epoch."""

    seconds: float = 0.0  # without the span since `since`
    since: float | None = None  # None: no clips are made, or none of this run has begun
    seconds_before: float = 0.0  # of `seconds`, in earlier runs
    spans: tuple[tuple[float, float], ...] = ()  # the last ones that have ended

    def begun(self, at: float) -> MakingTime:
        """Return the time with clips being made from a moment on, unless they already are."""
        return self if self.since is not None else replace(self, since=at)

    def rested(self, at: float) -> MakingTime:
        """Return the time with the work resting from a moment on."""
        if self.since is None:
            return self
        end = max(at, self.since)
        spans = (*self.spans, (self.since, end))[-SPANS_KEPT:]
        return replace(self, seconds=self.seconds + end - self.since, since=None, spans=spans)

    def in_new_run(self) -> MakingTime:
        """Return the time at the beginning of a run."""
        return replace(self, seconds_before=self.seconds)

    def stepped(self, seconds: float) -> MakingTime:
        """Return the time after the wall clock was set."""
        since = self.since + seconds if self.since is not None else None
        return replace(self, since=since, spans=tuple((a + seconds, b + seconds) for a, b in self.spans))

    def total(self, now: float) -> float:
        """Return the seconds over all runs."""
        return self.seconds + (max(0.0, now - self.since) if self.since is not None else 0.0)

    def of_run(self, now: float) -> float:
        """Return the seconds of this run."""
        return self.total(now) - self.seconds_before

    def within(self, start: float, end: float) -> float:
        """Return the seconds between two moments."""
        spans = self.spans if self.since is None else (*self.spans, (self.since, end))
        return sum(max(0.0, min(b, end) - max(a, start)) for a, b in spans)
