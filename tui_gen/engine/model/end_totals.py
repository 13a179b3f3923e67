"""Calculates what a run came to, beside its metrics: pace, wall time, and the best and worst source. Pure.

    RunState, Metrics, RunCourse ── end_totals ──> EndTotals ──> end page, text card, `run`, report

Invariant: a value that was not measured is None or empty, never 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tui_gen.engine.model.machine_metrics import clips_made_at_home, machines_with_work
from tui_gen.engine.model.metrics import Metrics, image_categories, images_of, listed
from tui_gen.engine.model.run_course import RunCourse
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import SourceState

MOST_BARS = 40
"""So many bars of the pace fit beside a label on a narrow screen."""
LEAST_BARS = 3
"""Fewer bars show no course."""
_BAR_MINUTES = (1, 2, 5, 10, 30, *(60 * hours for hours in (1, 2, 3, 6, 12, 24, 48, 168, 336, 720, 2160)))


@dataclass(frozen=True, slots=True)
class Pace:
    """The images made over wall time, in equal intervals."""

    started_at: float  # seconds since the epoch: the beginning of the first interval
    bar_seconds: float
    images: tuple[int, ...]  # of each interval; 0 where no engine ran

    @property
    def ended_at(self) -> float:
        """The end of the last interval."""
        return self.started_at + self.bar_seconds * len(self.images)

    @property
    def most(self) -> int:
        """The images of the best interval."""
        return max(self.images)


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What a source gave of the images planned of it."""

    name: str  # untrusted text
    images: int
    planned: int
    success_rate: float | None
    reason: str = ""  # the most frequent reason of its rejections: untrusted text
    rejections: int = 0  # for this reason

    @property
    def share(self) -> float:
        """Share of the planned images that was made."""
        return self.images / self.planned


@dataclass(frozen=True, slots=True)
class MachineTotals:
    """What a machine made in all runs."""

    name: str  # untrusted text; empty: the machine of the engine, in runs without a cluster
    clips: int
    share: float  # of all made clips
    patches: int | None  # None: not counted apart, for the machine of the engine
    clips_per_minute: float | None  # in the minutes in which it made one; None: no course is known


@dataclass(frozen=True, slots=True)
class EndTotals:
    """What a run came to."""

    active_seconds: float  # of work, without pauses, waits and the time between runs
    wall_seconds: float | None  # from the first start to the last sign of work
    pace: Pace | None  # None: no course is known, or it is too short
    best: SourceResult | None  # None: no course is known, or the sources do not differ
    worst: SourceResult | None
    free_bytes: int | None
    left_out: int  # sources that gave nothing more, for a reason
    clips_failed: int
    machines: tuple[MachineTotals, ...] = ()  # empty if no clip was made in a cluster


def end_totals(state: RunState, metrics: Metrics, course: RunCourse | None = None) -> EndTotals:
    """Return what a run came to; `course` is what only its ledger knows, None if that was not read."""
    best, worst = (None, None) if course is None else _extremes(state, course.reasons)
    return EndTotals(
        active_seconds=metrics.elapsed_seconds,
        wall_seconds=_wall_seconds(state),
        pace=pace_of(_image_minutes(state, course)) if course is not None else None,
        best=best,
        worst=worst,
        free_bytes=state.disk.free_bytes if state.disk is not None else None,
        left_out=sum(bool(source.reason) for source in listed(state)),
        clips_failed=state.clips_failed,
        machines=tuple(_machines(state, course or RunCourse())),
    )


def _machines(state: RunState, course: RunCourse) -> Iterator[MachineTotals]:
    machines = machines_with_work(state)
    if not machines:
        return
    whole, at_home = max(1, state.clips_made), clips_made_at_home(state)
    for each in machines:
        minutes = course.machines.get(each.name)
        rate = sum(minutes.values()) / len(minutes) if minutes else None
        yield MachineTotals(each.name, each.clips_made, each.clips_made / whole, each.patches, rate)
    if at_home:
        yield MachineTotals("", at_home, at_home / whole, None, None)


def pace_of(minutes: Mapping[int, int]) -> Pace | None:
    """Return the pace in at most `MOST_BARS` intervals of wall time; None if these are too few for a course.

    `minutes` maps minutes since the epoch to images.
    """
    if not minutes:
        return None
    first, last = min(minutes), max(minutes)
    step = next((each for each in _BAR_MINUTES if (last - first) // each < MOST_BARS), _BAR_MINUTES[-1])
    images = [0] * ((last - first) // step + 1)
    if not LEAST_BARS <= len(images) <= MOST_BARS:
        return None
    for minute, number in minutes.items():
        images[(minute - first) // step] += number
    return Pace(first * 60.0, step * 60.0, tuple(images))


def _image_minutes(state: RunState, course: RunCourse) -> Counter[int]:
    """Return minute -> images, of the categories that count as images of the dataset."""
    counted = image_categories(state)
    minutes = Counter[int]()
    for name, of_category in course.minutes.items():
        if name in counted:
            minutes.update(of_category)
    return minutes


def _wall_seconds(state: RunState) -> float | None:
    if state.first_started_at is None:
        return None
    return max(0.0, (state.worked_until or state.last_at) - state.first_started_at)


def _extremes(
    state: RunState, reasons: Mapping[str, Mapping[str, int]]
) -> tuple[SourceResult | None, SourceResult | None]:
    """Return the best and the worst source by the share of its planned images, then by its success."""
    results = [_result(state, source, reasons.get(source.id, {})) for source in listed(state)]
    ranked = sorted(filter(None, results), key=lambda each: (*_rank(each), each.name))
    if not ranked or _rank(ranked[0]) == _rank(ranked[-1]):
        return None, None
    return ranked[-1], ranked[0]


def _rank(result: SourceResult) -> tuple[float, float]:
    return result.share, -1.0 if result.success_rate is None else result.success_rate


def _result(state: RunState, source: SourceState, reasons: Mapping[str, int]) -> SourceResult | None:
    """Return what a source gave; None if nothing was planned of it, or if it was not worked on."""
    planned = sum(quota for name, quota in source.quotas.items() if state.nouns.is_image(name))
    if not planned or not source.ended or source.reason:
        return None
    reason = max(reasons, key=lambda each: (reasons[each], each), default="")
    return SourceResult(
        source.name,
        images_of(state, source),
        planned,
        source.success_rate,
        reason,
        reasons.get(reason, 0),
    )
