"""The history of a run's pace and load: samples in steps of three lengths, and the windows that curves show.

    Reading ── History.take ──> one ring of Points per span ── History.since ──> HistoryPart ──> a screen

Times are seconds of a clock that no user sets (`Reading.at`). The rings are bounded: a run of many days needs
no more memory than a run of one day. Invariant: a value that was not measured is None, and a step without a
reading has no point. A pause is measured: its pace is 0.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True)
class Span:
    """The length of a window and its resolution."""

    name: str
    step_seconds: int
    steps: int

    @property
    def shift_steps(self) -> int:
        """The steps by which the window moves at once: it stands still for a minute at least."""
        return max(1, 60 // self.step_seconds)


SPANS = (Span("5 min", 5, 60), Span("1 h", 60, 60), Span("24 h", 900, 96))
NOTHING_KNOWN = (-1,) * len(SPANS)
"""The newest steps of a screen that has no history yet."""


@dataclass(frozen=True, slots=True)
class Values:
    """The measures of a moment or a step. None: not measured."""

    patches_per_minute: float | None = None
    cpu_share: float | None = None
    read_bytes_per_second: float | None = None
    write_bytes_per_second: float | None = None
    free_bytes: float | None = None


MEASURES = tuple(field.name for field in fields(Values))


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured at a moment, over the seconds since the reading before."""

    at: float
    seconds: float
    values: Values


@dataclass(frozen=True, slots=True)
class Point:
    """The mean values of a step. It covers the times from `step` x step_seconds on."""

    step: int
    values: Values


@dataclass(frozen=True, slots=True)
class HistoryPart:
    """The points of each span, oldest first, at a time of the engine."""

    wall_offset: float  # wall time minus the clock of the readings, in seconds
    spans: tuple[tuple[Point, ...], ...] = ((),) * len(SPANS)

    @property
    def newest(self) -> tuple[int, ...]:
        """The newest step of each span, -1 where there is none."""
        return tuple(points[-1].step if points else -1 for points in self.spans)

    def followed_by(self, newer: HistoryPart) -> HistoryPart:
        """Return this history with the newer points appended, and without the points that are too old."""
        spans = []
        for span, old, new in zip(SPANS, self.spans, newer.spans, strict=True):
            first_new = new[0].step if new else 0
            points = (*(point for point in old if not new or point.step < first_new), *new)
            spans.append(points[-span.steps :])
        return replace(newer, spans=tuple(spans))


class _Ring:
    """The points of one span."""

    def __init__(self, span: Span) -> None:
        self._seconds = span.step_seconds
        self.points: deque[Point] = deque(maxlen=span.steps)
        self._step, self._readings = -1, list[Reading]()

    def take(self, reading: Reading) -> None:
        """Add a reading to its step; a reading of a later step completes the step before."""
        step = int(reading.at // self._seconds)
        if step != self._step and self._readings:
            self.points.append(Point(self._step, _mean(self._readings)))
            self._readings = []
        self._step = step
        self._readings.append(reading)


def _mean(readings: Sequence[Reading]) -> Values:
    """Return the mean of each measure, weighted by the seconds that the readings cover."""

    def mean_of(name: str) -> float | None:
        measured = [
            (value, reading.seconds)
            for reading in readings
            if (value := getattr(reading.values, name)) is not None
        ]
        seconds = sum(weight for _, weight in measured)
        return sum(value * weight for value, weight in measured) / seconds if seconds > 0 else None

    return Values(*map(mean_of, MEASURES))


class History:
    """The points of all spans, in bounded memory."""

    def __init__(self) -> None:
        """Begin without a point."""
        self._rings = tuple(map(_Ring, SPANS))

    def take(self, reading: Reading) -> None:
        """Add a reading; its time must not be earlier than that of the reading before."""
        for ring in self._rings:
            ring.take(reading)

    def since(self, newest: Sequence[int], wall_offset: float) -> HistoryPart:
        """Return the complete steps that are later than the `newest` known step of each span."""
        spans = zip(self._rings, newest, strict=True)
        return HistoryPart(
            wall_offset, tuple(tuple(p for p in ring.points if p.step > step) for ring, step in spans)
        )


# ------------------------------------------------------------------ what a curve shows


@dataclass(frozen=True, slots=True)
class Window:
    """The steps of a span that are shown; the newest ones may still be empty."""

    starts_at: float  # wall time, in seconds since the epoch
    ends_at: float
    points: tuple[Point | None, ...]  # one for each step of the span, oldest first

    def curve(self, measure: str) -> Curve:
        """Return one measure, by its name in `Values`."""
        return Curve(tuple(getattr(p.values, measure) if p is not None else None for p in self.points))


@dataclass(frozen=True, slots=True)
class Curve:
    """The values of one measure in a window, one for each step; None: not measured."""

    values: tuple[float | None, ...]

    @property
    def lowest(self) -> float | None:
        """The smallest measured value."""
        return min(_measured(self.values), default=None)

    @property
    def highest(self) -> float | None:
        """The largest measured value."""
        return max(_measured(self.values), default=None)

    def resampled(self, count: int) -> list[float | None]:
        """Return `count` values over the same time: each step repeated, or the mean of several steps."""
        length = len(self.values)
        bounds = [(n * length // count, -(-(n + 1) * length // count)) for n in range(count)]
        if count >= length:
            return [self.values[first] for first, _ in bounds]
        return [_mean_measured(self.values[first:last]) for first, last in bounds]


def window_of(part: HistoryPart, number: int) -> Window | None:
    """Return the window of a span, by its number in SPANS; None before the first point.

    The window ends at a multiple of `shift_steps`. The curve grows inside the window, so that a screen paints
    few cells for each step.
    """
    span, points = SPANS[number], part.spans[number]
    if not points:
        return None
    end = (points[-1].step // span.shift_steps + 1) * span.shift_steps
    first = end - span.steps
    by_step = {point.step: point for point in points}
    return Window(
        starts_at=first * span.step_seconds + part.wall_offset,
        ends_at=end * span.step_seconds + part.wall_offset,
        points=tuple(by_step.get(step) for step in range(first, end)),
    )


def _measured(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _mean_measured(values: Iterable[float | None]) -> float | None:
    measured = _measured(values)
    return sum(measured) / len(measured) if measured else None
