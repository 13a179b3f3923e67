"""The pane of the machine: cores, memory, reading and writing, the rate, and the share of made clips."""

from __future__ import annotations

from textual.geometry import Size

from tui_gen.base.formatting import percent, size
from tui_gen.tui.layout import PaneName
from tui_gen.tui.panes.pane import Page, Pane, page_of
from tui_gen.tui.panes.summary import not_measured, rate_words
from tui_gen.tui.view import ScreenView
from tui_gen.tui.widgets.styled_lines import (
    Line,
    StyledText,
    curve,
    fit,
    gauges,
    joined,
    line,
    muted,
    width_of,
)

_LABEL = 12
_CURVE_CELLS = 30
_PACE = "   pace "


class SystemPane(Pane):
    """The load of the machine, and the rate of the run."""

    room = PaneName.SYSTEM

    def page(self, view: ScreenView, size: Size) -> Page:
        """Return the facts."""
        room = size.width - _LABEL - 2
        rows = [_fact("pace", rate_words(view)), _fact("", line(StyledText(pace_curve(view, room), "bar")))]
        return page_of([*rows, *_machine(view, room), *_quality(view)])

    def summary(self, view: ScreenView, width: int) -> list[Line]:
        """Return two lines: the machine, and the share of made clips."""
        system = view.state.system
        room = width - _LABEL
        quality = [
            line(muted("good "), percent(view.metrics.success_rate)),
            *([_tries(view)] if view.state.nouns.has_attempts else []),
        ]
        words = joined(quality, room)
        drawn = pace_curve(view, min(_CURVE_CELLS, room - width_of(words) - len(_PACE) - 1))
        pace = (muted(_PACE), StyledText(drawn, "bar")) if drawn else ()
        second: Line = (StyledText(" " * _LABEL), *words, *pace)
        label = self.label(_LABEL)
        if system is None:
            return [line(label, muted(not_measured(view))), second]
        machine = [
            line(muted("cpu "), percent(system.cpu_share, 0)),
            line(muted("memory "), _memory(system.memory_used_bytes, system.memory_total_bytes)),
            line(muted("read "), _rate(system.read_bytes_per_second)),
            line(muted("write "), _rate(system.write_bytes_per_second)),
        ]
        return [(label, *joined(machine, room, "  ")), second]


def pace_curve(view: ScreenView, width: int) -> str:
    """Return a curve of the patches of the last whole minutes, oldest first; idle minutes count as 0."""
    by_minute = {minute.minute: minute.patches for minute in view.state.minutes}
    if not by_minute or width <= 0:
        return ""
    last = int(view.now // 60) - 1
    first = max(min(by_minute), last - width + 1)
    return curve([by_minute.get(minute, 0) for minute in range(first, last + 1)], width)


def _machine(view: ScreenView, width: int) -> list[Line]:
    system = view.state.system
    if system is None:
        return [_fact("machine", line(muted(not_measured(view))))]
    cores = system.cpu_percents
    used, total = system.memory_used_bytes, system.memory_total_bytes
    return [
        _fact("cpu", line(percent(system.cpu_share, 0), muted(f" of {len(cores)} cores"))),
        _fact("", line(StyledText(gauges(cores)[:width], "bar"))),
        _fact(
            "memory", line(_memory(used, total), muted(f"  {percent(used / total if total else None, 0)}"))
        ),
        _fact("read", line(_rate(system.read_bytes_per_second))),
        _fact("write", line(_rate(system.write_bytes_per_second))),
    ]


def _quality(view: ScreenView) -> list[Line]:
    metrics, nouns = view.metrics, view.state.nouns
    good = _fact("good", line(percent(metrics.success_rate), muted(f" of the {nouns.clip.many}")))
    if not nouns.has_attempts:
        return [good]
    tries = "".join(span.text for span in _tries(view))
    return [good, _fact("retried", line(percent(metrics.retry_rate), muted(f", {tries}")))]


def _fact(label: str, words: Line) -> Line:
    return (muted(" " + fit(label, _LABEL)), *words)


def _memory(used: int, total: int) -> str:
    taken, whole = size(used), size(total)
    if taken.split()[-1] == whole.split()[-1]:
        taken = taken.split()[0]
    return f"{taken} of {whole}"


def _rate(per_second: float | None) -> str:
    return "-" if per_second is None else f"{size(per_second)}/s"


def _tries(view: ScreenView) -> Line:
    average = view.metrics.average_attempts
    number = "-" if average is None else f"{average:.1f}"
    return line(number, muted(f" tries {view.state.nouns.clip.with_article}"))
