"""Small plots for pages, as inline SVG. Pure.

The marks stretch with the page, so their coordinates are thousandths of the plot's width and height. The
texts around them are HTML, so that they keep their size on a narrow screen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tui_gen.base.html import Markup, tag

SERIES = 8
"""The number of curves that have their own colour."""
_WHOLE = 1000.0
_TICKS = 4
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis from 0 to `end`, and the format of its ticks."""

    end: float
    words: Callable[[float], str]
    steps: Sequence[float] = ()  # distances of ticks to choose from; by default powers of ten

    def share(self, value: float) -> float:
        """Return the position of a value in thousandths of the axis."""
        return _WHOLE * value / self.end if self.end else 0.0

    def ticks(self) -> list[float]:
        """Return round values from 0 to the end."""
        step = _step(self.end, self.steps)
        return [step * number for number in range(int(self.end / step + 1e-9) + 1)] if step else [0.0]


def _step(end: float, steps: Sequence[float]) -> float:
    if end <= 0:
        return 0.0
    wanted = end / _TICKS
    fitting = [step for step in steps if step >= wanted]
    if fitting:
        return fitting[0]
    unit = 10.0 ** math.floor(math.log10(wanted))
    return next(unit * factor for factor in _STEPS if unit * factor >= wanted * (1 - 1e-9))


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through points (x, y), with its name and its text in the legend."""

    name: str
    points: Sequence[tuple[float, float]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class PlotColumn:
    """A bar: its begin and end on x, its height, and its tooltip."""

    start: float
    end: float
    height: float
    told: str


def columns_plot(
    title: str, columns: Sequence[PlotColumn], *, x: Axis, y: Axis, borders: Sequence[float] = ()
) -> Markup:
    """Draw bars beside each other; `borders` are vertical lines, such as the ends of runs."""
    bars = [
        tag(
            "rect",
            tag("title", column.told),
            x=x.share(column.start),
            y=_WHOLE - y.share(column.height),
            width=max(0.5, x.share(column.end) - x.share(column.start) - 1.0),
            height=y.share(column.height),
            class_="f1",
        )
        for column in columns
    ]
    lines = [_line(x.share(place), 0, x.share(place), _WHOLE, "border") for place in borders]
    return tag("figure", tag("figcaption", title), _area(title, [*bars, *lines], x=x, y=y))


def curves_plot(title: str, curves: Sequence[Curve], *, x: Axis, y: Axis) -> Markup:
    """Draw lines in one plot, with a legend."""
    drawn = [
        tag(
            "polyline",
            tag("title", f"{curve.name} {curve.note}".strip()),
            points=" ".join(f"{x.share(at):.1f},{_WHOLE - y.share(value):.1f}" for at, value in curve.points),
            class_=f"curve c{number % SERIES + 1}",
        )
        for number, curve in enumerate(curves)
    ]
    legend = [
        tag("span", tag("i", "", class_=f"b{number % SERIES + 1}"), f"{curve.name} {curve.note}".strip())
        for number, curve in enumerate(curves)
    ]
    return tag(
        "figure",
        tag("figcaption", title),
        tag("div", *legend, class_="legend"),
        _area(title, drawn, x=x, y=y),
    )


def share_bar(parts: Sequence[tuple[str, float]], told: str) -> Markup:
    """Draw one small bar of parts beside each other; each part has a class and a share of the whole."""
    rects, start = [], 0.0
    for kind, share in parts:
        rects.append(tag("rect", x=start, y=0, width=_WHOLE * share, height=10, class_=kind))
        start += _WHOLE * share
    return tag(
        "svg",
        tag("title", told),
        *rects,
        viewBox="0 0 1000 10",
        preserveAspectRatio="none",
        class_="bar",
        role="img",
        aria_label=told,
    )


def _area(title: str, marks: Sequence[Markup], *, x: Axis, y: Axis) -> Markup:
    rows = [_line(0, _WHOLE - y.share(tick), _WHOLE, _WHOLE - y.share(tick), "grid") for tick in y.ticks()]
    drawing = tag(
        "svg",
        *rows,
        *marks,
        viewBox="0 0 1000 1000",
        preserveAspectRatio="none",
        role="img",
        aria_label=title,
    )
    words = [
        tag("span", y.words(tick), class_="y", style=f"top:{100 - y.share(tick) / 10:.2f}%")
        for tick in y.ticks()
    ]
    words += [
        tag("span", x.words(tick), class_="x", style=f"left:{x.share(tick) / 10:.2f}%") for tick in x.ticks()
    ]
    return tag("div", drawing, *words, class_="plot")


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)
