"""The machines of a cluster as lines of text: for `ctl`, the monitor, the final statistics and the report.

This module only formats. The names and reasons of machines are made printable by the tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tui_gen.base.formatting import count, display_name, per_minute, percent, size
from tui_gen.engine.model.machine_metrics import (
    clips_made_at_home,
    clips_per_minute,
    in_hand_words,
    lines_of_trouble,
    machines_of,
    machines_with_work,
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


MadeRow = tuple[str, int, int | None]
"""A machine, its made clips and its patches."""


def made_rows(state: RunState) -> list[MadeRow]:
    """Return what each machine made in all runs; empty if all clips were made by the engine's machine.

    The patches of the engine's machine are not counted apart: None.
    """
    machines = machines_with_work(state)
    if not machines:
        return []
    rows = list[MadeRow]((each.name, each.clips_made, each.patches) for each in machines)
    at_home = clips_made_at_home(state)
    return [*rows, (AT_HOME, at_home, None)] if at_home else rows


def made_table(state: RunState, width: LineWidth) -> Iterator[str]:
    """Yield a table of what each machine made in all runs; nothing for a run at home."""
    rows = made_rows(state)
    if not rows:
        return
    nouns, whole = state.nouns, max(1, state.clips_made)
    columns = (
        Column("machine", may_be_cut=True, least_cells=8),
        *(Column(title, is_number=True) for title in (nouns.clip.many, "share", nouns.patch.many)),
    )
    cells = [
        (name, count(clips), percent(clips / whole, 0), "-" if patches is None else count(patches))
        for name, clips, patches in rows
    ]
    yield from table_lines(columns, cells, width, indent=2)


def made_words(state: RunState) -> Iterator[str]:
    """Yield `box1: 412 clips, 62 %` for each machine; nothing for a run at home."""
    whole = max(1, state.clips_made)
    for name, clips, _ in made_rows(state):
        yield f"{display_name(name)}: {state.nouns.clip.counted(clips)}, {percent(clips / whole, 0)}"
