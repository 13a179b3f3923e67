"""The pane of the machines of a cluster: workers, load and pace of each, or why a machine does not work.

A machine that works has numbers; one that does not has its phase and the reason in their place. Times are
told in steps and the pace is that of whole minutes, so a line changes only when something has changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual.geometry import Size

from tui_gen.base.formatting import count, display_name, duration, per_minute, percent
from tui_gen.engine.model.machine_events import NEEDS_HELP
from tui_gen.engine.model.machine_metrics import clips_per_minute, in_hand_words, in_trouble, phase_words
from tui_gen.engine.model.machine_state import MachineState
from tui_gen.tui.layout import PaneName
from tui_gen.tui.panes.pane import Page, Pane
from tui_gen.tui.panes.workers import NowPane
from tui_gen.tui.view import ScreenView, labelled
from tui_gen.tui.widgets.styled_lines import (
    Line,
    Role,
    StyledText,
    fit_right,
    foreign,
    joined,
    line,
    muted,
    name_cells,
)
from tui_gen.views.text.machine_lines import cpu_words, machines_line, memory_words

_ROLES: dict[str, Role] = {
    "running": "good",
    "enlisting": "accent",
    "waiting": "warn",
    "silent": "warn",
    "lost": "bad",
    "refused": "bad",
}
_LABEL = 12
_LEAST_NAME, _USUAL_NAME, _MOST_NAME = 6, 12, 20
_IN_HAND, _CPU, _MEMORY, _RATE = 7, 6, 18, 6
_NUMBERS = 55  # cells of a line in full words, without its name
_WIDE = 86


class MachinesPane(Pane):
    """One line per machine."""

    room = PaneName.MACHINES

    def page(self, view: ScreenView, size: Size) -> Page:
        """Return a line for each machine; the cursor chooses one."""
        machines, columns = view.machines, _Columns(view, size.width - 1)
        return Page(
            keys=[machine.name for machine in machines],
            row=lambda index: columns.row(machines[index]),
            is_list=True,
            empty="this run has no other machines",
        )

    def summary(self, view: ScreenView, width: int) -> list[Line]:
        """Return one line: how many machines there are in each phase, and the one that needs help first."""
        parts = [line(machines_line(view.state).partition(": ")[2])]
        for machine in in_trouble(view.state)[:1]:
            words = f"! {display_name(machine.name)} {machine.phase}"
            parts.append(line(StyledText(words, _ROLES[machine.phase])))
        return [(self.label(_LABEL), *joined(parts, width - _LABEL))]

    def machine(self) -> str | None:
        """Return the name of the machine under the cursor."""
        return self.chosen.key if isinstance(self.chosen.key, str) and self.row_count else None

    def copied(self) -> list[str]:
        """Return the machine under the cursor, with its phase and the reason."""
        found = self._view.state.machines.get(self.machine() or "") if self._view else None
        if found is None or self._view is None:
            return super().copied()
        return [f"{found.name} {phase_words(found, self._view.now)}"]


class _Columns:
    """The columns for a width: name, workers and phase always, cpu, pace and memory if there is room."""

    def __init__(self, view: ScreenView, width: int) -> None:
        """Divide the width."""
        self._view = view
        longest = max((name_cells(machine.name) for machine in view.machines), default=0)
        self._name = max(_LEAST_NAME, min(longest, _MOST_NAME if width >= _WIDE else _USUAL_NAME))
        self._is_narrow, self._has_memory = width < self._name + _NUMBERS, width >= _WIDE

    def row(self, machine: MachineState) -> Line:
        """Return a line like ` box2    6/8 workers   cpu  97 %     41 clips/min   running`."""
        role: Role = "muted" if machine.phase in NEEDS_HELP else "plain"
        workers = "" if self._is_narrow else " workers"
        start = (
            StyledText(" " + foreign(machine.name, self._name), role),
            StyledText(fit_right(in_hand_words(machine), _IN_HAND), role),
            muted(workers),
        )
        phase = StyledText(
            "   " + display_name(phase_words(machine, self._view.now)), _ROLES.get(machine.phase, "plain")
        )
        if machine.phase != "running":
            return (*start, phase)
        return (*start, *self._numbers(machine), phase)

    def _numbers(self, machine: MachineState) -> Iterator[StyledText]:
        yield muted("  " if self._is_narrow else "   cpu")
        yield StyledText(fit_right(cpu_words(machine), _CPU))
        if self._has_memory:
            yield muted("   ")
            yield StyledText(fit_right(memory_words(machine), _MEMORY))
        rate, clips = (
            clips_per_minute(self._view.state, machine, self._view.now),
            self._view.state.nouns.clip.many,
        )
        yield StyledText(fit_right("-" if rate is None else per_minute(rate), _RATE))
        yield muted("/min" if self._is_narrow else f" {clips}/min")


def machine_details(view: ScreenView, name: str) -> list[str]:
    """Return all about one machine, with the workers on it."""
    machine, nouns = view.state.machines[name], view.state.nouns
    rate = clips_per_minute(view.state, machine, view.now)
    share = machine.clips_made / view.state.clips_made if view.state.clips_made else None
    facts = [
        ("phase", f"{machine.phase} for {duration(max(0.0, view.now - machine.changed_at))}"),
        *([("why", display_name(machine.reason))] if machine.reason else []),
        ("workers", f"{machine.in_hand} at work, {machine.workers} at most"),
        ("cores", str(machine.cores) if machine.cores else "not known"),
        ("cpu", cpu_words(machine)),
        ("memory", memory_words(machine)),
        ("pace", "-" if rate is None else f"{per_minute(rate)} {nouns.clip.many}/min"),
        ("made", f"{nouns.clip.counted(machine.clips_made)}, {percent(share)} of the run's"),
        (nouns.patch.many, count(machine.patches)),
    ]
    slots = [slot for _, slot in sorted(view.state.slots.items()) if slot.machine == name]
    rows = ["".join(span.text for span in NowPane.slot_line(view, slot, 60)).rstrip() for slot in slots]
    return [*labelled(facts, least_cells=9), *(["", *rows] if rows else [])]
