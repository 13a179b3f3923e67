"""The table of the clip benchmark for one sample, in Markdown: a row for each approach.

A ratio is between two rows of the same round; medians over the rounds are printed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

from benchmarks.clip_meter import Cost

PROGRAM, FAST, FLOOR = "program", "fast", "floor"
HEADINGS = ("colour", "frames", "patches", "CPU s a clip", "wall s a clip")
RATIOS = ("CPU / exact", "CPU / fast", "wall / exact", "wall / fast")


@dataclass(frozen=True)
class Measured:
    """What one approach took for one sample in one round."""

    parts: Mapping[str, Cost]
    clips: int
    patches: int

    @property
    def clip(self) -> Cost:
        """The cost of one clip: of the approach itself, or of the sum of the floor's parts."""
        parts = [self.parts["whole"]] if "whole" in self.parts else list(self.parts.values())
        cpu, wall = sum(part.cpu_seconds for part in parts), sum(part.wall_seconds for part in parts)
        return Cost(cpu / self.clips, wall / self.clips)


@dataclass
class Row:
    """One approach: its rounds, or why there are none."""

    words: str
    colour: str
    frames: str = ""
    missing: str = ""
    rounds: list[Measured] = field(default_factory=list)

    def clip(self) -> Cost:
        """Return the cost of a clip, the median of the rounds."""
        return _median_cost(found.clip for found in self.rounds)


def table(rows: Mapping[str, Row], categories: int) -> str:
    """Return the table. Rows without a round say why; a floor has no wall time, its parts would overlap."""
    lines: list[tuple[str, ...]] = [("", *HEADINGS, *RATIOS)]
    for name, row in rows.items():
        if row.missing:
            lines.append((row.words, f"not measured: {row.missing}", *[""] * (len(lines[0]) - 2)))
            continue
        last = row.rounds[-1]
        wanted = last.clips * categories
        patches = str(last.patches) if last.patches == wanted else f"{last.patches} of {wanted}"
        is_floor = name == FLOOR
        lines.append(
            (
                row.words,
                *(("", "", "") if is_floor else (row.colour, row.frames, patches)),
                f"{row.clip().cpu_seconds:.2f}",
                "" if is_floor else f"{row.clip().wall_seconds:.2f}",
                *_ratios(row, rows, has_wall=not is_floor),
            )
        )
    return "\n".join(_aligned(lines))


def _ratios(row: Row, rows: Mapping[str, Row], *, has_wall: bool) -> Iterator[str]:
    """Yield the cells of RATIOS: what the row takes over what the program takes, exact and fast."""
    for figure in (_cpu_seconds, _wall_seconds) if has_wall else (_cpu_seconds,):
        for name in (PROGRAM, FAST):
            ours = rows[name].rounds if name in rows else []
            pairs = zip(row.rounds, ours, strict=True) if len(ours) == len(row.rounds) else ()
            ratios = [figure(one.clip) / figure(other.clip) for one, other in pairs]
            yield f"{median(ratios):.2f}" if ratios else ""
    yield from () if has_wall else ("", "")


def _cpu_seconds(cost: Cost) -> float:
    return cost.cpu_seconds


def _wall_seconds(cost: Cost) -> float:
    return cost.wall_seconds


def _aligned(lines: Iterable[tuple[str, ...]]) -> Iterator[str]:
    rows = list(lines)
    # The reason of a row that was not measured may run into the next cells.
    measured = [row for row in rows if not row[1].startswith("not measured")]
    widths = [max(len(row[n]) for row in measured) for n in range(len(rows[0]))]
    widths[0] = max(len(row[0]) for row in rows)
    for number, row in enumerate(rows):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        if number == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"


def by_round(rows: Mapping[str, Row]) -> str:
    """Return the CPU seconds of a clip in each round, from which the noise can be seen."""
    said = [
        f"{name} " + " ".join(f"{found.clip.cpu_seconds:.2f}" for found in row.rounds)
        for name, row in rows.items()
        if row.rounds
    ]
    return f"CPU s a clip by round: {', '.join(said)}"


def parts_of(rows: Mapping[str, Row]) -> Iterator[str]:
    """Yield sentences: what the program does once per film, and the parts of the floor."""
    if PROGRAM not in rows or not rows[PROGRAM].rounds:
        return
    rounds = rows[PROGRAM].rounds
    clips = rounds[0].clips
    whole, once = (_median_cost(found.parts[part] for found in rounds) for part in ("whole", "once per film"))
    clip_cpu = (whole.cpu_seconds - once.cpu_seconds) / clips
    clip_wall = (whole.wall_seconds - once.wall_seconds) / clips
    used = whole.cpu_seconds / whole.wall_seconds / (os.cpu_count() or 1)
    yield (
        f"this program: {whole.cpu_seconds:.1f} CPU s and {whole.wall_seconds:.1f} wall s in all, of which"
        f" once per film {once.cpu_seconds:.1f} and {once.wall_seconds:.1f}; beside that, a clip costs"
        f" {clip_cpu:.2f} and {clip_wall:.2f}; {used:.0%} of the cores used"
    )
    if FLOOR not in rows or not rows[FLOOR].rounds:
        return
    floors = rows[FLOOR].rounds
    parts = {
        part: median(found.parts[part].cpu_seconds / found.clips for found in floors)
        for part in floors[0].parts
    }
    said, total = ", ".join(f"{name} {seconds:.2f}" for name, seconds in parts.items()), sum(parts.values())
    yield (
        f"the floor: {said} CPU s a clip; in all this program takes"
        f" {whole.cpu_seconds / clips / total:.2f} times that, beside what it does once per film"
        f" {clip_cpu / total:.2f} times"
    )


def _median_cost(costs: Iterable[Cost]) -> Cost:
    found = list(costs)
    return Cost(median(cost.cpu_seconds for cost in found), median(cost.wall_seconds for cost in found))
