"""The number of workers: the field in which it is typed, and the question for more than the machine bears."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tui_gen.base.formatting import display_name
from tui_gen.engine.model.machine_metrics import doubt_of_workers
from tui_gen.engine.model.machine_state import MachineState
from tui_gen.engine.model.worker_room import doubts, workers_borne
from tui_gen.engine.scheduling import commands as do
from tui_gen.tui.action_rules import Situation, workers_after, workers_command, workers_on
from tui_gen.tui.dialogs.dialogs import Choice, QuestionDialog


class WorkerEntry(Input):
    """A field in the last line, for a number; it also changes the number by steps."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="workers-entry.close", show=False)
    ]

    @dataclass
    class Closed(Message):
        """The field was closed; `refusal` says why the typed number is impossible."""

        refusal: str = ""

    def __init__(self, situation: Callable[[], Situation], steer: Callable[[do.Command], None]) -> None:
        """Make an empty field that accepts digits only; `steer` carries a command out."""
        super().__init__(id="workers-entry", compact=True, restrict="[0-9]*", max_length=4)
        self._situation, self._steer = situation, steer
        self._machine: str | None = None  # to which the typed number belongs; None: the run
        self._agreed: dict[str | None, int] = {}  # machine -> the largest number to which the user said yes

    def begin(self) -> None:
        """Empty the field, and say how many workers there are and how many the machine bears."""
        now = self._situation()
        self.value, self._machine = "", now.machine
        self.placeholder = display_name(_words(now))
        self.display = True
        self.screen.set_focus(self, scroll_visible=False)

    def action_close(self) -> None:
        """Change nothing."""
        self.post_message(self.Closed())

    @on(Input.Submitted)
    def _on_typed(self, event: Input.Submitted) -> None:
        event.stop()
        count = int(event.value) if event.value.isdecimal() else None
        refusal = "" if count is None else do.refusal_of_workers(count, self._machine)
        self.post_message(self.Closed(refusal))
        if count is not None and not refusal:
            may_ask = count > self._agreed.get(self._machine, 0)
            self._set(do.SetWorkers(count, self._machine), may_ask=may_ask)

    def change(self, step: int) -> None:
        """Set one worker more or fewer; ask once, whatever was asked for before."""
        command = workers_command(self._situation(), step)
        if command is not None:
            self._set(command, may_ask=command.machine not in self._agreed)

    def _set(self, command: do.SetWorkers, *, may_ask: bool) -> None:
        question = workers_question(self._situation(), command) if may_ask else None
        if question is None:
            self._steer(command)
        else:
            self.app.push_screen(question, partial(self._answered, command.machine))

    def _answered(self, machine: str | None, answer: str | None) -> None:
        if answer is not None and int(answer) != _before(self._situation(), machine):
            self._agreed[machine] = max(self._agreed.get(machine, 0), int(answer))
            self._steer(do.SetWorkers(int(answer), machine))


def _words(now: Situation) -> str:
    """Return what can be typed, for which machine, and how many workers there are."""
    room, machine = now.state.worker_memory, now.state.machines.get(now.machine or "")
    if machine is not None:
        return f"workers of {machine.name}, 0 to {do.MAX_WORKERS} (now {_before(now, machine.name)})"
    of_all = " of all machines, divided by their cores" if now.view.machines else ""
    borne = "" if room is None else f"; memory and cores bear {workers_borne(room)}"
    return f"workers{of_all}, 1 to {do.MAX_WORKERS} (now {_before(now, None)}{borne})"


def _before(now: Situation, machine: str | None) -> int:
    return workers_after(now, 0) if machine is None else workers_on(now.view).get(machine, 0)


def workers_question(now: Situation, command: do.SetWorkers) -> QuestionDialog | None:
    """Return the question whether to set a number of workers that the machine does not bear.

    None if the machine bears it, if there are as many workers already, or if nothing was measured. The answer
    is the number to set, as text.
    """
    count, machine = command.count, now.state.machines.get(command.machine or "")
    room, before = now.state.worker_memory, _before(now, command.machine)
    if machine is not None:
        return _question_on(machine, before, count)
    reasons = doubts(room, count) if room is not None and count > before else []
    if room is None or not reasons:
        return None
    borne = workers_borne(room)
    choices = [Choice(str(count), f"{count} workers", "they begin one by one, while memory lasts")]
    if borne > before:
        choices.insert(0, Choice(str(borne), f"{borne} workers", "what memory and cores bear"))
    choices.append(Choice(str(before), f"leave it at {before}"))
    return QuestionDialog(f"{count} workers?", [*reasons, ""], choices)


def _question_on(machine: MachineState, before: int, count: int) -> QuestionDialog | None:
    """Return the question whether a machine is to have more workers than its cores bear; None if they do."""
    doubt = doubt_of_workers(machine, count)
    if not doubt or count <= before:
        return None
    choices = [Choice(str(count), f"{count} workers"), Choice(str(before), f"leave it at {before}")]
    return QuestionDialog(f"{count} workers on {machine.name}?", [doubt, ""], choices)
