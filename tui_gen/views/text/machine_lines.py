"""The machines of a cluster as lines of text: for `ctl`, the monitor, the final statistics and the report.

This module only formats. The names and reasons of machines are made printable by the tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tui_gen.base.formatting import count, display_name, per_minute, percent, size
from tui_gen.base.nouns import Nouns
from tui_gen.engine.model.end_totals import EndTotals, MachineTotals
from tui_gen.engine.model.machine_metrics import (
    clips_per_minute,
    in_hand_words,
    lines_of_trouble,
    machines_of,
    phase_words,
)
from tui_gen.engine.model.machine_state import MachineState
from tui_gen.engine.model.state import RunState
from tui_gen.views.text.tables import Column, LineWidth, table_lines

AT_HOME = "the engine's"
"""The name of the engine's machine in tables of what each machine made."""


def machine_table(state: RunState, now: float, width: LineWidth) -> Iterator[str]:
    """Yield a table of the machines met in this run: phase, workers, load, pace, clips."""
    clips = state.nouns.clip.many
    numbers = ("workers", "cores", "cpu", "memory", f"{clips}/min", clips)
    columns = (
        Column("machine", may_be_cut=True, least_cells=8),
        *(Column(title, is_number=True) for title in numbers),
        Column("phase", may_be_cut=True, least_cells=12),
    )
    return table_lines(columns, [_row(state, each, now) for each in machines_of(state)], width)


def _row(state: RunState, machine: MachineState, now: float) -> tuple[str, ...]:
    rate = clips_per_minute(state, machine, now)
    return (
        machine.name,
        in_hand_words(machine),
        str(machine.cores) if machine.cores else "-",
        cpu_words(machine),
        memory_words(machine),
        "-" if rate is None else per_minute(rate),
        count(machine.clips_made),
        phase_words(machine, now),
    )


def cpu_words(machine: MachineState) -> str:
    """Return `97 %`, or `-` if it was not measured."""
    return "-" if machine.load is None else percent(machine.load.cpu_percent / 100, 0)


def memory_words(machine: MachineState) -> str:
    """Return `8.4 of 32.0 GB`, or `-` if it was not measured."""
    if machine.load is None:
        return "-"
    used, total = size(machine.load.memory_used_bytes), size(machine.load.memory_total_bytes)
    if used.split()[-1] == total.split()[-1]:
        used = used.split()[0]
    return f"{used} of {total}"


def machines_line(state: RunState) -> str:
    """Return `4 machines: 2 running, 1 silent, 1 refused`; empty in a run at home."""
    machines = machines_of(state)
    if not machines:
        return ""
    phases = Counter(machine.phase for machine in machines)
    counted = ", ".join(f"{number} {phase}" for phase, number in phases.items())
    return f"{len(machines)} machine{'' if len(machines) == 1 else 's'}: {counted}"


def trouble_lines(state: RunState, now: float) -> Iterator[str]:
    """Yield `box2 refused: another version` for each machine that needs help."""
    return map(display_name, lines_of_trouble(state, now))


def made_headings(nouns: Nouns) -> tuple[str, ...]:
    """Return the titles of a table of what each machine made."""
    clips = nouns.clip.many
    return ("machine", clips, "share", f"{clips}/min", nouns.patch.many)


def made_row(machine: MachineTotals) -> list[str]:
    """Return the row of a machine in such a table."""
    rate, patches = machine.clips_per_minute, machine.patches
    return [
        machine.name or AT_HOME,
        count(machine.clips),
        percent(machine.share, 0),
        "-" if rate is None else per_minute(rate),
        "-" if patches is None else count(patches),
    ]


def made_table(totals: EndTotals, nouns: Nouns, width: LineWidth) -> Iterator[str]:
    """Yield a table of what each machine made in all runs; nothing for a run at home."""
    if not totals.machines:
        return
    first, *numbers = made_headings(nouns)
    columns = (
        Column(first, may_be_cut=True, least_cells=8),
        *(Column(title, is_number=True) for title in numbers),
    )
    yield from table_lines(columns, [made_row(each) for each in totals.machines], width, indent=2)


def made_words(totals: EndTotals, nouns: Nouns) -> Iterator[str]:
    """Yield `box1: 412 clips, 62 %, 30 a minute` for each machine; nothing for a run at home."""
    for each in totals.machines:
        rate = "" if each.clips_per_minute is None else f", {per_minute(each.clips_per_minute)} a minute"
        name = display_name(each.name or AT_HOME)
        yield f"{name}: {nouns.clip.counted(each.clips)}, {percent(each.share, 0)}{rate}"
