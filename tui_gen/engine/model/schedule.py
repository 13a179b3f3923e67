"""What a schedule says at a moment, and when it says something else next. Pure.

    entry x day ──> [begin, end) in seconds since the epoch      of two that overlap, the later entry applies

An entry begins and ends when the local clock reaches its times for the first time on that day. A time that
the clock skips in spring counts as reached at the skip; a time that comes twice in autumn counts once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from tui_gen.config.run_config import ScheduleEntry

DAY_MINUTES = 24 * 60
DAY_SECONDS = 60 * DAY_MINUTES
DAYS_AHEAD = 15
"""A schedule repeats every week, and in spring a time may be left out once: no first change is later."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The number of workers by the schedule, and the moment at which the number changes."""

    workers: int | None  # None: no entry applies
    until: float | None  # None: it never changes


def scheduled(entries: Sequence[ScheduleEntry], at: float, zone: tzinfo | None = None) -> Scheduled:
    """Return what applies at a moment (seconds since the epoch); `zone` None is the zone of the machine."""
    times = list(_times(entries, at, zone))
    now = _workers(times, at)
    last = at + DAYS_AHEAD * DAY_SECONDS
    moments = sorted({moment for begin, end, _ in times for moment in (begin, end) if at < moment <= last})
    until = next((moment for moment in moments if _workers(times, moment) != now), None)
    return Scheduled(now, until)


_Time = tuple[float, float, int]  # begin, end, workers


def _workers(times: Sequence[_Time], at: float) -> int | None:
    return next((workers for begin, end, workers in reversed(times) if begin <= at < end), None)


def _times(entries: Sequence[ScheduleEntry], at: float, zone: tzinfo | None) -> Iterator[_Time]:
    """Yield the times of all entries around a moment, in the order of the entries."""
    today = datetime.fromtimestamp(at, zone).date()
    for entry in entries:
        end_minute = entry.to_minute + (DAY_MINUTES if entry.to_minute < entry.from_minute else 0)
        for step in range(-2, DAYS_AHEAD + 2):  # the day before may last until today
            day = today + timedelta(days=step)
            if day.weekday() in entry.days:
                yield _moment(day, entry.from_minute, zone), _moment(day, end_minute, zone), entry.workers


def _moment(day: date, minute: int, zone: tzinfo | None) -> float:
    """Return when the local clock first reaches a minute of a day, or a later one where it skips this one."""
    wanted = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - of the clock
    moments = sorted(wanted.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
    first, last = moments
    if _clock(first, zone) >= wanted:
        return first
    # The clock skips the wanted time between the two moments: find the skip.
    while last - first > 1:
        middle = (first + last) // 2
        first, last = (first, middle) if _clock(middle, zone) >= wanted else (middle, last)
    return last


def _clock(moment: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(moment, zone).replace(tzinfo=None, fold=0)
