"""The report of a run as a page: the patches made, the targets met and missed, and the course of the run.

All values come from `RunState` and `History`; this module only formats them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tui_gen.base.formatting import count, duration, moment, percent, size
from tui_gen.base.html import Markup, page, table, tag
from tui_gen.base.nouns import Nouns
from tui_gen.contract.report import ReportSection
from tui_gen.engine.model.end_totals import EndTotals, end_totals
from tui_gen.engine.model.metrics import (
    CategoryMetrics,
    Metrics,
    idle_sources,
    images_of,
    metrics_of,
    sources_by_success,
)
from tui_gen.engine.model.problems import Problem
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import SourceState
from tui_gen.engine.storage.history import History
from tui_gen.views.html.plots import SERIES, Axis, Curve, PlotColumn, columns_plot, curves_plot, share_bar
from tui_gen.views.text.end_words import reason_words, result_words
from tui_gen.views.text.final_lines import headline
from tui_gen.views.text.machine_lines import made_headings, made_row
from tui_gen.views.text.summary import clip_seconds, ending, mean_patches_per_minute, reason_lines

BINS = 120
SOURCES_SHOWN = 30
"""The number of sources shown; further ones, with better results, are folded."""
PROBLEMS_SHOWN = 20
_TIME_STEPS = (
    *(1, 5, 10, 30, 60, 120, 300, 600, 900, 1800),
    *(3600 * hours for hours in (1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168, 336, 672)),
)


def report_page(
    state: RunState,
    history: History,
    *,
    now: float,
    is_at_work: bool,
    sections: Sequence[ReportSection] = (),
) -> str:
    """Return the whole page. `now` is the current time; `is_at_work` is whether an engine runs.

    `sections` are the job's own.
    """
    metrics = metrics_of(state, now if is_at_work else state.last_at)
    totals = end_totals(state, metrics, history.course)
    line, quality = headline(state, is_at_work=is_at_work)
    title = f"tui-gen: {state.output}"
    return page(
        title,
        tag("h1", line, class_=quality),
        tag("p", tag("code", state.output), class_="quiet"),
        tag("p", f"Written {moment(now, now=0.0)} from the ledger of the run.", class_="quiet"),
        _tiles(state.nouns, metrics, totals, history),
        tag("h2", "What was met, and what was not"),
        *_met(state, metrics),
        tag("h2", "Categories"),
        _categories(state, metrics, history),
        *(part for section in sections for part in _section(section)),
        tag("h2", "How it went"),
        *_plots(state, history),
        tag("h2", state.nouns.source.title),
        *_extremes(state.nouns, totals),
        *_sources(state, history),
        *_machines(state.nouns, totals),
        tag("h2", "Problems"),
        *_problems(state, history, now),
        tag("h2", "Runs"),
        _runs(state.nouns, history),
        *_recipe(state),
    )


def _tiles(nouns: Nouns, metrics: Metrics, totals: EndTotals, history: History) -> Markup:
    rate = mean_patches_per_minute(history)
    attempts = metrics.average_attempts
    tiles = [
        ("done", percent(metrics.share_done)),
        (f"{nouns.source.many} done", f"{count(metrics.videos.done)} of {count(metrics.videos.total)}"),
        (nouns.image.many, count(metrics.total.images)),
        ("on disk", size(metrics.total.size_bytes)),
        ("time at work", duration(totals.active_seconds)),
        ("since the first start", duration(totals.wall_seconds)),
        (f"{nouns.of_rate(nouns.image).many} a minute", f"{rate:.1f}" if rate is not None else "-"),
        ("success rate", percent(metrics.success_rate)),
    ]
    if nouns.has_attempts:
        average = f"{attempts:.2f}" if attempts is not None else "-"
        tiles += [("retry rate", percent(metrics.retry_rate)), ("average attempts", average)]
    boxes = (tag("div", tag("b", value), tag("span", name), class_="tile") for name, value in tiles)
    return tag("div", *boxes, class_="tiles")


# ------------------------------------------------------------------ categories


def _met(state: RunState, metrics: Metrics) -> Iterator[Markup]:
    lines = [*_targets(state.nouns, metrics), *_idle(state)]
    if state.clips_failed:
        failed = f"{state.nouns.clip.counted(state.clips_failed)} failed; the next run tries again."
        lines.append(tag("li", failed, class_="warning"))
    yield tag("ul", *lines) if lines else tag("p", "There was no target to meet.")


def _targets(nouns: Nouns, metrics: Metrics) -> Iterator[Markup]:
    for category in metrics.categories.values():
        if category.target is None:
            continue
        name, missing = category.name.upper(), category.missing
        target = nouns.image.counted(category.target)
        if not missing:
            yield tag("li", f"{name}: met, {count(category.images)} of {target}.", class_="good")
        elif category.shortfall:
            said = f"{name}: {count(missing)} of {target} missing; {count(category.shortfall)} of them "
            yield tag("li", f"{said}cannot come from the {nouns.source.many} there are.", class_="bad")
        else:
            yield tag("li", f"{name}: {count(missing)} of {target} still to make.", class_="warning")


def _idle(state: RunState) -> Iterator[Markup]:
    idle = idle_sources(state)
    if idle:
        yield tag(
            "li",
            f"{state.nouns.source.counted(len(idle))} give nothing more; they are named below.",
            class_="warning",
        )


def _categories(state: RunState, metrics: Metrics, history: History) -> Markup:
    nouns = state.nouns
    made = (nouns.source.many, nouns.amounts)
    headings = ("category", *made, "target", "", "on disk", f"mean {nouns.patch.one}", "formats")
    rows = [
        _category_row(category, state.categories[name].folder, history.formats.get(name, {}))
        for name, category in metrics.categories.items()
    ]
    return table(headings, rows)


def _category_row(category: CategoryMetrics, folder: str, formats: Mapping[str, int]) -> list[Markup | str]:
    share, mean = category.share_done, category.mean_patch_bytes
    return [
        _named(category.name.upper(), [folder]),
        f"{count(category.videos_done)} of {count(category.videos)}",
        count(category.images),
        count(category.target) if category.target is not None else "-",
        _progress_bar(share) if share is not None else "-",
        size(category.size_bytes),
        size(mean) if mean is not None else "-",
        _shares(formats),
    ]


def _progress_bar(share: float) -> Markup:
    parts = (("made", min(1.0, share)), ("left", max(0.0, 1 - share)))
    return tag("span", share_bar(parts, percent(share)), percent(share))


def _shares(numbers: Mapping[str, int]) -> Markup:
    whole = sum(numbers.values())
    return tag(
        "div", *(tag("div", f"{name} {number / whole:.0%}") for name, number in sorted(numbers.items()))
    )


def _section(section: ReportSection) -> Iterator[Markup]:
    yield tag("h2", section.title)
    if section.text:
        yield tag("p", section.text)
    if section.rows:
        yield table(section.headings, section.rows, words=section.words)


# ------------------------------------------------------------------ plots


def _plots(state: RunState, history: History) -> Iterator[Markup]:
    if not history.additions.times:
        yield tag("p", "Nothing was made yet.")
        return
    x = Axis(history.work_seconds, duration, _TIME_STEPS)
    yield _throughput(state.nouns, history, x)
    yield _progress(state, history, x)


def _throughput(nouns: Nouns, history: History, x: Axis) -> Markup:
    columns, things = [], nouns.of_rate(nouns.image)
    for part in history.bins(BINS):
        seconds = part.end - part.start
        rate = part.patches / seconds * 60 if seconds else 0.0
        told = f"{duration(part.start)}: {rate:.1f} {things.many} a minute, {size(part.size_bytes)}"
        columns.append(PlotColumn(part.start, part.end, rate, told))
    y = Axis(max(column.height for column in columns), _short)
    borders = [run.began for run in history.runs[1:]]
    title = f"{things.title} a minute, over the time at work" + ("; dotted: a new run" if borders else "")
    return columns_plot(title, columns, x=x, y=y, borders=borders)


def _progress(state: RunState, history: History, x: Axis) -> Markup:
    curves = []
    for name, points in history.growth(BINS).items():
        category = state.categories[name]
        wanted = category.wanted or category.images or 1
        shares = [(at, 100 * images / wanted) for at, images in points]
        curves.append(Curve(name.upper(), shares, f"{count(category.images)} of {count(wanted)}"))
    shown = curves[:SERIES]
    y = Axis(max(100.0, *(share for curve in shown for _, share in curve.points)), lambda at: f"{at:.0f} %")
    more = f", the first {SERIES} categories" if len(curves) > SERIES else ""
    return curves_plot(f"Progress of the categories, in per cent of what is wanted{more}", shown, x=x, y=y)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value < 10 else count(round(value))  # noqa: PLR2004 - digits


# ------------------------------------------------------------------ sources


def _extremes(nouns: Nouns, totals: EndTotals) -> Iterator[Markup]:
    """Yield the best and the worst source, with the main reason of its rejections."""
    for label, result in (("Best", totals.best), ("Worst", totals.worst)):
        if result is not None:
            why = reason_words(result)
            said = f"{label} {nouns.source.one}: {result.name}: {result_words(result)}"
            yield tag("p", f"{said}; {why}." if why else f"{said}.")


def _sources(state: RunState, history: History) -> Iterator[Markup]:
    sources = sources_by_success(state)
    if not sources:
        yield tag("p", f"No {state.nouns.source.one} was worked on.")
        return
    legend = [
        tag("span", tag("i", "", class_=f"b{number}"), word)
        for number, word in ((1, "made"), (3, "rejected"), (5, "failed"))
    ]
    yield tag("p", "Those with the lowest success first.", class_="quiet")
    yield tag("div", *legend, class_="legend")
    yield _source_table(state, sources[:SOURCES_SHOWN], history)
    rest = sources[SOURCES_SHOWN:]
    if rest:
        yield tag("details", tag("summary", f"{count(len(rest))} more"), _source_table(state, rest, history))


def _source_table(state: RunState, sources: list[SourceState], history: History) -> Markup:
    nouns = state.nouns
    headings = (
        *(nouns.source.one, "state", "success", nouns.clip.many, "rejected", "failed"),
        *(["attempts"] if nouns.has_attempts else []),
        *(nouns.image.many, "on disk", nouns.clip.with_article),
    )
    return table(headings, [_source_row(state, source, history) for source in sources], words=2)


def _source_row(state: RunState, source: SourceState, history: History) -> list[Markup | str]:
    a_clip = clip_seconds(source, history)
    attempts = source.average_attempts
    images = [f"{name} {count(number)}" for name, number in source.images.items() if number]
    return [
        _named(source.name, [source.reason] if source.reason else []),
        source.phase,
        _success(source) if source.ended else "-",
        f"{count(source.clips_made)} / {count(source.clips_wanted)}",
        count(source.rejected),
        count(source.failed),
        *([f"{attempts:.2f}" if attempts is not None else "-"] if state.nouns.has_attempts else []),
        _named(count(images_of(state, source)), images),
        size(source.size_bytes),
        f"{a_clip:.1f} s" if a_clip is not None else "-",
    ]


def _named(text: str, below: Sequence[str]) -> Markup:
    return tag("div", text, *(tag("div", line, class_="quiet") for line in below))


def _success(source: SourceState) -> Markup:
    numbers = (("made", source.made), ("rejected", source.rejected), ("failed", source.failed))
    told = ", ".join(f"{count(number)} {word}" for word, number in numbers)
    bar = share_bar([(word, number / source.ended) for word, number in numbers], told)
    return tag("span", bar, percent(source.success_rate))


def _machines(nouns: Nouns, totals: EndTotals) -> Iterator[Markup]:
    """Yield what each machine of a cluster made; nothing for runs at home."""
    if not totals.machines:
        return
    yield tag("h2", "Machines")
    pace = f"{nouns.clip.title} a minute are those of the minutes in which the machine made any."
    yield tag("p", pace, class_="quiet")
    yield table(made_headings(nouns), map(made_row, totals.machines))


# ------------------------------------------------------------------ problems, runs, recipe


def _problems(state: RunState, history: History, now: float) -> Iterator[Markup]:
    reasons = list(reason_lines(history))
    if not state.problems and not reasons:
        yield tag("p", "None.", class_="good")
        return
    if reasons:
        yield tag("h3", f"{state.nouns.clip.title} that gave nothing, by reason")
        yield tag("ul", *(tag("li", line) for line in reasons))
    if state.problems:
        yield tag("h3", "Warnings and errors, the latest first")
        latest = [_problem_row(state, problem, now) for problem in reversed(state.problems)]
        headings = (state.nouns.source.one, "", "what", "times", "last")
        yield table(headings, latest[:PROBLEMS_SHOWN], words=3)
        rest = latest[PROBLEMS_SHOWN:]
        if rest:
            summary = tag("summary", f"{count(len(rest))} earlier")
            yield tag("details", summary, table(headings, rest, words=3))


def _problem_row(state: RunState, problem: Problem, now: float) -> list[Markup | str]:
    source = state.sources.get(problem.source) if problem.source else None
    return [
        source.name if source else "",
        tag("span", problem.level, class_="bad" if problem.level == "error" else "warning"),
        _with_detail(problem.text, problem.detail),
        count(problem.count),
        moment(problem.last_at, now),
    ]


def _with_detail(text: str, detail: str) -> Markup | str:
    if not detail:
        return text
    lines = [tag("div", tag("code", line)) for line in detail.splitlines()[-10:]]
    return tag("details", tag("summary", text), *lines)


def _runs(nouns: Nouns, history: History) -> Markup:
    rows = [
        [moment(run.started_at, 0.0), ending(run), run.host, run.version, count(run.clips)]
        for run in history.runs
    ]
    return table(("began", "how it ended", "machine", "version", nouns.clip.many), rows, words=4)


def _recipe(state: RunState) -> Iterator[Markup]:
    if not state.recipe:
        return
    rows = [[tag("code", key), tag("code", str(value))] for key, value in state.recipe.items()]
    summary = tag("summary", f"The recipe: all that decides the bytes of {state.nouns.patch.with_article}")
    yield tag("h2", "What it was made with")
    yield tag("p", "Configuration: ", tag("code", state.config))
    yield tag("details", summary, table(("entry", "value"), rows, words=2))
