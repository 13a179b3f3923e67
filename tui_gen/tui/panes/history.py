"""The pane of the history: curves of the pace, the load and the free disk over a span of time.

A new picture is made at most once per step of the engine's samples. Between two steps, no cell changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from textual.geometry import Size

from tui_gen.base.formatting import per_minute, percent, size
from tui_gen.engine.model.history import SPANS, Curve, HistoryPart, Window, window_of
from tui_gen.tui.layout import PaneName
from tui_gen.tui.panes.pane import Page, Pane, page_of
from tui_gen.tui.panes.summary import rate_words
from tui_gen.tui.view import ScreenView
from tui_gen.tui.widgets.braille import DOT_COLUMNS, braille_rows
from tui_gen.tui.widgets.styled_lines import Line, StyledText, fit, line, muted, spread, strong, width_of

_LABEL = 7
_MOST_ROWS = 8  # of one curve
_HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class _Measure:
    """A curve: its label, how its numbers are written, and its scale."""

    name: str  # in `history.Values`
    label: str
    write: Callable[[float | None], str]
    now: Callable[[ScreenView], float | None]
    low: float | None = 0.0  # of the scale; None: the smallest value
    high: float | None = None  # None: the largest value


def _pace(patches_per_minute: float | None) -> str:
    return "-" if patches_per_minute is None else f"{per_minute(patches_per_minute)} /min"


def _size(size_bytes: float | None) -> str:
    return "-" if size_bytes is None else size(size_bytes)


def _rate(bytes_per_second: float | None) -> str:
    return "-" if bytes_per_second is None else f"{size(bytes_per_second)}/s"


def _of_system(name: str) -> Callable[[ScreenView], float | None]:
    """Return the function that reads a value of the machine's latest measurement."""
    return lambda view: getattr(view.state.system, name) if view.state.system is not None else None


def _free_now(view: ScreenView) -> float | None:
    return view.state.disk.free_bytes if view.state.disk is not None else None


_PACE = _Measure("patches_per_minute", "pace", _pace, lambda view: view.metrics.patches_per_minute)
_MEASURES = (
    _PACE,
    _Measure("cpu_share", "cpu", lambda share: percent(share, 0), _of_system("cpu_share"), high=1.0),
    _Measure("read_bytes_per_second", "read", _rate, _of_system("read_bytes_per_second")),
    _Measure("write_bytes_per_second", "write", _rate, _of_system("write_bytes_per_second")),
    _Measure("free_bytes", "free", _size, _free_now, low=None),
)


class HistoryPane(Pane):
    """Five curves, each with its unit, the current value, and the smallest and largest value shown."""

    room = PaneName.HISTORY

    def __init__(self) -> None:
        """Show the first span."""
        super().__init__()
        self.span = 0  # its number in SPANS
        self._drawn: Page | None = None
        self._drawn_for: Hashable = None

    def turn(self) -> None:
        """Show the next span."""
        self.span = (self.span + 1) % len(SPANS)

    def page(self, view: ScreenView, size: Size) -> Page:
        """Return the curves; the page last drawn, if the engine has completed no step since."""
        history = view.engine.history
        steps = history.newest if history is not None else None
        wanted = (steps, self.span, size, view.condition.word)
        if self._drawn is None or wanted != self._drawn_for:
            self._drawn_for, self._drawn = wanted, _page(view, self.span, size)
        return self._drawn


def _page(view: ScreenView, span: int, size: Size) -> Page:
    history, note = view.engine.history, _span_words(span)
    window = window_of(history, span) if history is not None else None
    if window is None:
        return Page(note=note, empty=_why_empty(history, span))
    width, height = size.width - 2, size.height - 2  # without title and times
    rows, more = divmod(height - len(_MEASURES), len(_MEASURES))
    if rows < 1:
        return page_of([_brief(view, measure, window, width) for measure in _MEASURES], note)
    lines: list[Line] = []
    for number, measure in enumerate(_MEASURES):
        curve, own = window.curve(measure.name), min(_MOST_ROWS, rows + (number < more))
        lines.append((StyledText(" "), *_label(view, measure, curve, width)))
        lines += [line(StyledText(f" {row}", "bar")) for row in _drawn(measure, curve, width, own)]
    return page_of([*lines, (StyledText(" "), *_times(window, width))], note)


def _why_empty(history: HistoryPart | None, span: int) -> str:
    if history is None:
        return "no samples from the engine yet"
    seconds = SPANS[span].step_seconds
    after = f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"  # noqa: PLR2004  (a minute)
    return f"no samples yet: the first is complete after {after}"


def _span_words(span: int) -> str:
    """Return the names of the spans, the shown one in brackets."""
    return " ".join(f"[{each.name}]" if n == span else f" {each.name} " for n, each in enumerate(SPANS))


def _drawn(measure: _Measure, curve: Curve, width: int, rows: int) -> list[str]:
    low = measure.low if measure.low is not None else curve.lowest or 0.0
    high = measure.high if measure.high is not None else curve.highest or 0.0
    if high <= low and measure.low is not None:
        high = low + 1.0  # nothing but zeros: at the bottom
    return braille_rows(curve.resampled(width * DOT_COLUMNS), rows, low, high)


def _label(view: ScreenView, measure: _Measure, curve: Curve, width: int) -> Line:
    """Return a line like `read   125.0 MB/s   min 98.2, max 141.0 MB/s`."""
    left = line(muted(fit(measure.label, _LABEL)), *_now(view, measure))
    right = line(muted(_range(measure, curve) + _apart(measure, curve)))
    if width_of(left) + width_of(right) >= width:
        right = line(muted(_range(measure, curve)))
    return spread(left, right, width)


def _now(view: ScreenView, measure: _Measure) -> Line:
    return rate_words(view) if measure is _PACE else line(strong(measure.write(measure.now(view))))


def _range(measure: _Measure, curve: Curve) -> str:
    """Return the smallest and the largest value; a unit that both have stands once."""
    if curve.lowest is None:
        return "not measured"
    lowest, highest = measure.write(curve.lowest), measure.write(curve.highest)
    if lowest.split()[-1] == highest.split()[-1]:
        lowest = lowest.split()[0]
    return f"min {lowest}, max {highest}"


def _apart(measure: _Measure, curve: Curve) -> str:
    """Return how far the ends of a scale are apart, where their numbers look alike."""
    low, high = curve.lowest, curve.highest
    if low is None or high is None or low == high or measure.write(low) != measure.write(high):
        return ""
    return f", {measure.write(high - low)} apart"


def _brief(view: ScreenView, measure: _Measure, window: Window, width: int) -> Line:
    """Return one line with the label, the curve and the current value, for a pane of few lines."""
    curve = window.curve(measure.name)
    words = f"  {measure.write(measure.now(view))}"
    tail = line(strong(words), muted(f"  {_range(measure, curve)}"))
    room = width - _LABEL - width_of(tail)
    drawn = _drawn(measure, curve, max(0, room), 1)[0] if room > 0 else ""
    return (muted(" " + fit(measure.label, _LABEL)), StyledText(fit(drawn, room), "bar"), *tail)


def _times(window: Window, width: int) -> Line:
    """Return the wall times of both ends of the window, and of its middle."""
    seconds = window.ends_at - window.starts_at
    form = "%H:%M:%S" if seconds < _HOUR_SECONDS else "%H:%M"
    first, middle, last = (
        time.strftime(form, time.localtime(window.starts_at + seconds * share)) for share in (0, 0.5, 1)
    )
    left = fit(first, max(len(first), width // 2 - len(middle) // 2)) + middle
    return spread(line(muted(left)), line(muted(last)), width)
