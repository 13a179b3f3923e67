"""`tui-gen stats`: prints the scores of clips and patches as histograms, and what limits would reject.

Reads the ledger and writes only to stdout: text, JSON, or a list of the patches beyond a limit.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.formatting import count, display_name, percent
from tui_gen.base.nouns import Nouns
from tui_gen.commands.offered import offered
from tui_gen.contract.job import JobConfig
from tui_gen.contract.stats import CountTable, Measure, Measured, Measurements, Place
from tui_gen.engine.run.session import LEDGER_NAME, replay
from tui_gen.views.text.histogram import Bins, bar, bins_for, line, quantile
from tui_gen.views.text.progress import say_long_reading
from tui_gen.views.text.tables import Column, LineWidth, line_width, table_lines

BAR_WIDTH = 36
SOURCES_SHOWN = 12
COUNTS_SHOWN = 20
OVERVIEW_COLUMNS = (
    Column("score"),
    Column("now"),
    Column("limits"),
    Column("median", is_number=True),
    Column("beyond", is_number=True),
    Column("of"),
)
BAR_COLUMNS = (Column("", is_number=True), Column("", may_be_cut=True), Column("", is_number=True))
COUNT_COLUMNS = (Column("", may_be_cut=True), Column("", may_be_cut=True), Column("", is_number=True))
SOURCE_COLUMNS = (Column("", may_be_cut=True), Column(""), Column(""), Column("", is_number=True))


@dataclass(frozen=True, slots=True)
class StatsRequest:
    """The arguments of the command."""

    score: str | None = None  # only this measure
    listed: str | None = None  # a measure, or "all": list the patches beyond its limits
    is_json: bool = False


@dataclass(frozen=True, slots=True)
class _Style:
    """The style of the text."""

    nouns: Nouns
    is_plain: bool  # the output can show only ASCII
    width: LineWidth

    def noun(self, measure: Measure) -> str:
        """Return the noun of what a measure has values of, as a plural."""
        return self.nouns.clip.many if measure.of == "clip" else self.nouns.patch.many


def stats(config: JobConfig, asked: StatsRequest, *, out: TextIO) -> int:
    """Write the requested output; return the exit code. Raises RefusedError."""
    statistician = offered(config.capabilities.statistician, config.run.job, "stats")
    planner = offered(config.capabilities.planner, config.run.job, "stats")
    ledger = config.run.run_folder / LEDGER_NAME
    if not ledger.is_file():
        message = f"{ledger}: there is no ledger: nothing was made here yet"
        raise RefusedError(message)
    say_long_reading(ledger, sys.stderr)
    state, damage = replay(config.run.run_folder)
    planned = planner.expected(state.records, state.last_at).plan
    found = statistician.measurements({source.source: source.name for source in planned.sources})
    _refuse_unknown(found.measured, asked)
    if asked.listed is not None:
        _write_list(found, asked.listed, out)
    elif asked.is_json:
        json.dump({**_as_json(found.measured, asked), **_counts_as_json(found, asked)}, out, indent=1)
        out.write("\n")
    else:
        is_plain = "utf" not in (getattr(out, "encoding", None) or "").lower()
        style = _Style(config.nouns, is_plain, line_width(out))
        out.writelines(f"{text}\n" for text in _lines(found.measured, asked, style))
        for table in found.counts if asked.score is None else ():
            out.writelines(f"{text}\n" for text in _count_lines(table, style))
    sys.stderr.writelines(f"{LEDGER_NAME}, {display_name(text)}\n" for text in damage)
    return ExitCode.DONE


def _refuse_unknown(measured: Measured, asked: StatsRequest) -> None:
    names = [measure.name for measure in measured.measures]
    for name in (asked.score, asked.listed if asked.listed != "all" else None):
        if name is not None and name not in names:
            message = f'there is no score "{name}"; the scores are: {", ".join(names)}'
            raise RefusedError(message)


def _write_list(found: Measurements, listed: str, out: TextIO) -> None:
    for patch in found.flagged:
        if listed in {"all", patch.name}:
            out.write(f"{display_name(patch.path)}\t{patch.name}\t{patch.value:g}\n")


# ------------------------------------------------------------------ text


def _lines(measured: Measured, asked: StatsRequest, style: _Style) -> Iterator[str]:
    chosen = [measure for measure in measured.measures if asked.score in {None, measure.name}]
    if asked.score is None:
        yield from _overview(measured, style)
    for measure in chosen:
        values = measured.values.get(measure.name)
        if values:
            yield ""
            yield from _distribution(measured, measure, values, style)
        elif asked.score is not None:
            yield f'{measure.name} was not measured; record it with "scores": {{"{measure.name}": "score"}}'


def _overview(measured: Measured, style: _Style) -> Iterator[str]:
    clip, patch = style.nouns.clip, style.nouns.patch
    clips, patches = clip.counted(measured.clips), patch.counted(measured.patches)
    is_of_patches = clips == patches or style.nouns.image_categories
    yield f"{patches if is_of_patches else f'{clips} and {patches}'} measured"
    yield ""
    missing = [measure.name for measure in measured.measures if not measured.values.get(measure.name)]
    rows = [_overview_row(measured, measure, style) for measure in measured.measures]
    yield from table_lines(OVERVIEW_COLUMNS, [row for row in rows if row], style.width)
    yield ""
    if any(measure.limits for measure in measured.measures):
        yield _rejected(measured, style)
    if missing:
        yield f"Not measured: {', '.join(missing)}"
        yield f'Record them with "scores": {{"{missing[0]}": "score"}} in the configuration.'


def _rejected(measured: Measured, style: _Style) -> str:
    clip, patch = style.nouns.clip, style.nouns.patch
    return (
        f"With these limits, {count(measured.clips_flagged)} of {clip.counted(measured.clips)} and "
        f"{count(measured.patches_flagged)} of {patch.counted(measured.patches)} would be rejected."
    )


def _overview_row(measured: Measured, measure: Measure, style: _Style) -> tuple[str, ...]:
    """Return the row of a score; cells are empty if it was not measured."""
    values = measured.values.get(measure.name)
    if not values:
        return ()
    everything = _ordered(values.values())
    kind = style.noun(measure) + (", sampled" if measure.name in measured.sampled else "")
    return (
        measure.name,
        measure.mode,
        measure.limits or "-",
        f"{quantile(everything, 0.5):g}",
        percent(_beyond(measure, everything) / len(everything)),
        f"{count(len(everything))} {kind}",
    )


def _distribution(
    measured: Measured, measure: Measure, values: Mapping[Place, array[float]], style: _Style
) -> Iterator[str]:
    limits = f"; flagged {measure.limits}" if measure.limits else ""
    yield f"{measure.name}: {measure.meaning}{limits}"
    bins = bins_for(_ordered(values.values()))
    categories: dict[str, dict[str, array[float]]] = defaultdict(dict)
    for (category, source), part in values.items():
        categories[category][source] = part
    for category, sources in sorted(categories.items()):
        everything = _ordered(sources.values())
        beyond = f", {percent(_beyond(measure, everything) / len(everything))} beyond" if limits else ""
        name = display_name(category) or f"all {style.nouns.source.many}"
        yield f"  {name}: {count(len(everything))} {style.noun(measure)}{beyond}"
        yield from _bars(bins, everything, style)
        if len(sources) > 1:
            yield from _source_lines(measured, measure, sources, bins=bins, style=style)


def _bars(bins: Bins, values: Sequence[float], style: _Style) -> Iterator[str]:
    counts = bins.counts(values)
    most = max(counts)
    rows = [
        (label, bar(number, most, BAR_WIDTH, is_plain=style.is_plain), count(number))
        for label, number in zip(bins.labels(), counts, strict=True)
    ]
    return table_lines(BAR_COLUMNS, rows, style.width, indent=4)


def _source_lines(
    measured: Measured,
    measure: Measure,
    sources: Mapping[str, array[float]],
    *,
    bins: Bins,
    style: _Style,
) -> Iterator[str]:
    """Yield a line for each source, those with the most patches beyond the limits first."""
    rows = []
    for source, part in sources.items():
        everything = sorted(part)
        share = _beyond(measure, everything) / len(everything)
        rows.append((-share, measured.names.get(source, source), everything))
    rows.sort(key=lambda row: row[:2])
    shown = [
        (
            name,
            f"|{line(bins.counts(values), is_plain=style.is_plain)}|",
            f"median {quantile(values, 0.5):g}",
            f"{percent(-share)} beyond" if measure.limits else "",
        )
        for share, name, values in rows[:SOURCES_SHOWN]
    ]
    yield from table_lines(SOURCE_COLUMNS, shown, style.width, indent=4)
    if len(rows) > SOURCES_SHOWN:
        yield f"    and {count(len(rows) - SOURCES_SHOWN)} {style.nouns.source.many} more; all are in --json"


def _count_lines(table: CountTable, style: _Style) -> Iterator[str]:
    """Yield the names that most patches have, with bars as long as their shares."""
    yield ""
    yield f"{table.name}: {table.meaning}, of {style.nouns.patch.counted(table.of)}"
    rows = [
        (name, bar(number, table.of, BAR_WIDTH, is_plain=style.is_plain), count(number))
        for name, number in list(table.counts.items())[:COUNTS_SHOWN]
    ]
    yield from table_lines(COUNT_COLUMNS, rows, style.width, indent=4)
    if len(table.counts) > COUNTS_SHOWN:
        yield f"    and {count(len(table.counts) - COUNTS_SHOWN)} more; all are in --json"


# ------------------------------------------------------------------ JSON


def _counts_as_json(found: Measurements, asked: StatsRequest) -> dict[str, Any]:
    """Return the tables of counts, if the job has some and no single score is asked for."""
    if not found.counts or asked.score is not None:
        return {}
    tables = {
        table.name: {"meaning": table.meaning, "of": table.of, "counts": dict(table.counts)}
        for table in found.counts
    }
    return {"counts": tables}


def _as_json(measured: Measured, asked: StatsRequest) -> dict[str, Any]:
    return {
        "clips": measured.clips,
        "patches": measured.patches,
        "clips_beyond": measured.clips_flagged,
        "patches_beyond": measured.patches_flagged,
        "scores": {
            measure.name: _measure_as_json(measured, measure)
            for measure in measured.measures
            if asked.score in {None, measure.name}
        },
    }


def _measure_as_json(measured: Measured, measure: Measure) -> dict[str, Any]:
    values = measured.values.get(measure.name, {})
    bins = bins_for(_ordered(values.values())) if values else Bins((), 1.0)
    return {
        "meaning": measure.meaning,
        "of": measure.of,
        "mode": measure.mode,
        "under": measure.under,
        "over": measure.over,
        "is_inclusive": measure.is_inclusive,
        "is_sampled": measure.name in measured.sampled,
        "edges": list(bins.edges),
        "distributions": [
            {
                "category": category or None,
                "source": source,
                "name": measured.names.get(source, source),
                "count": len(part),
                "beyond": _beyond(measure, part),
                "counts": bins.counts(part),
                "quantiles": {
                    str(share): quantile(sorted(part), share)
                    for share in (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
                },
            }
            for (category, source), part in sorted(values.items())
        ],
    }


def _ordered(parts: Iterable[array[float]]) -> list[float]:
    return sorted(value for part in parts for value in part)


def _beyond(measure: Measure, values: Iterable[float]) -> int:
    return sum(map(measure.flags, values))
