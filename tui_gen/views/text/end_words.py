"""What a run came to in words: the same ones on the end page, in the text card and in the report. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui_gen.base.formatting import count, display_name, duration, moment, percent, size
from tui_gen.base.nouns import Nouns
from tui_gen.engine.model.end_totals import EndTotals, Pace, SourceResult
from tui_gen.engine.model.metrics import Metrics

_LEVELS = "▁▂▃▄▅▆▇█"
_HOUR, _DAY = 3600.0, 86400.0


def time_words(totals: EndTotals) -> str:
    """Return `1d 08h at work, 2d 07h since the first start`."""
    work = f"{duration(totals.active_seconds)} at work"
    wall = totals.wall_seconds
    return work if wall is None else f"{work}, {duration(wall)} since the first start"


def pace_bars(pace: Pace) -> str:
    """Return the intervals as blocks, scaled to the largest; an interval without an image is blank."""
    top = pace.most
    return "".join(
        _LEVELS[max(0, -(-number * len(_LEVELS) // top) - 1)] if number else " " for number in pace.images
    )


def pace_words(pace: Pace, nouns: Nouns) -> str:
    """Return `3 hours a bar, 1,412 images at most; from Mon 24 Nov 16:00`."""
    images = nouns.image.counted(pace.most)
    began = moment(pace.started_at, pace.ended_at)
    return f"{_interval(pace.bar_seconds)} a bar, {images} at most; from {began}"


def _interval(seconds: float) -> str:
    """Return `5 minutes`, `1 hour`, `2 days`."""
    units = ((_DAY, "day"), (_HOUR, "hour"), (60.0, "minute"))
    unit, name = next(each for each in units if seconds >= each[0])
    number = round(seconds / unit)
    return f"{number} {name}{'' if number == 1 else 's'}"


def result_words(result: SourceResult) -> str:
    """Return `120 of 200, 60.0 %, success rate 54.1 %`."""
    words = f"{count(result.images)} of {count(result.planned)}, {percent(result.share)}"
    rate = result.success_rate
    return words if rate is None else f"{words}, success rate {percent(rate)}"


def reason_words(result: SourceResult) -> str:
    """Return `mostly rejected for: blank picture (30 times)`; empty if nothing was rejected."""
    if not result.reason:
        return ""
    times = f"{count(result.rejections)} time{'' if result.rejections == 1 else 's'}"
    return f"mostly rejected for: {display_name(result.reason)} ({times})"


def disk_words(totals: EndTotals, metrics: Metrics) -> str:
    """Return `70.1 GB used, 1.21 TB free`; without the free space if it was not measured."""
    used = f"{size(metrics.total.size_bytes)} used"
    return used if totals.free_bytes is None else f"{used}, {size(totals.free_bytes)} free"


def problem_words(totals: EndTotals, metrics: Metrics, nouns: Nouns) -> str:
    """Return `2 errors, 3 videos left out`; empty if there are no problems."""
    counts = metrics.problems
    parts = [
        (counts.errors, f"error{'' if counts.errors == 1 else 's'}"),
        (counts.warnings, f"warning{'' if counts.warnings == 1 else 's'}"),
        (totals.left_out, f"{nouns.source.of(totals.left_out)} left out"),
        (totals.clips_failed, f"{nouns.clip.of(totals.clips_failed)} failed"),
    ]
    return ", ".join(f"{count(number)} {words}" for number, words in parts if number)


def course_facts(totals: EndTotals, nouns: Nouns) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield what the course tells: a label, and the lines beside it. Unknown facts are left out."""
    if totals.pace is not None:
        yield "Pace", (pace_bars(totals.pace), pace_words(totals.pace, nouns))
    for label, result in (("Best", totals.best), ("Worst", totals.worst)):
        if result is not None:
            first = f"{display_name(result.name)}: {result_words(result)}"
            yield f"{label} {nouns.source.one}", tuple(filter(None, (first, reason_words(result))))


def course_lines(totals: EndTotals, nouns: Nouns) -> Iterator[str]:
    """Yield the lines of the course for a text."""
    for label, lines in course_facts(totals, nouns):
        for number, line in enumerate(lines):
            yield f"{'' if number else f'{label}:'}".ljust(len(label) + 3) + line
