"""The number of workers: the field in which it is typed, and the question for more than the machine bears."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tui_gen.engine.model.worker_room import doubts, workers_borne
from tui_gen.engine.scheduling import commands as do
from tui_gen.tui.action_rules import Situation, workers_after
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
        self._agreed = 0  # the largest number to which the user said yes

    def begin(self) -> None:
        """Empty the field, and say how many workers there are and how many the machine bears."""
        now = self._situation()
        self.value, room = "", now.state.worker_memory
        borne = "" if room is None else f"; memory and cores bear {workers_borne(room)}"
        self.placeholder = f"workers, 1 to {do.MAX_WORKERS} (now {workers_after(now, 0)}{borne})"
        self.display = True
        self.screen.set_focus(self, scroll_visible=False)

    def action_close(self) -> None:
        """Change nothing."""
        self.post_message(self.Closed())

    @on(Input.Submitted)
    def _on_typed(self, event: Input.Submitted) -> None:
        event.stop()
        count = int(event.value) if event.value.isdecimal() else None
        refusal = "" if count is None else do.refusal_of_workers(count)
        self.post_message(self.Closed(refusal))
        if count is not None and not refusal:
            self._set(count, may_ask=count > self._agreed)

    def change(self, step: int) -> None:
        """Set one worker more or fewer; ask once, whatever was asked for before."""
        self._set(workers_after(self._situation(), step), may_ask=not self._agreed)

    def _set(self, count: int, *, may_ask: bool) -> None:
        question = workers_question(self._situation(), count) if may_ask else None
        if question is None:
            self._steer(do.SetWorkers(count))
        else:
            self.app.push_screen(question, self._answered)

    def _answered(self, answer: str | None) -> None:
        if answer is not None and int(answer) != workers_after(self._situation(), 0):
            self._agreed = max(self._agreed, int(answer))
            self._steer(do.SetWorkers(int(answer)))


def workers_question(now: Situation, count: int) -> QuestionDialog | None:
    """Return the question whether to set a number of workers that the machine does not bear.

    None if the machine bears it, if there are as many workers already, or if nothing was measured. The answer
    is the number to set, as text.
    """
    room, before = now.state.worker_memory, workers_after(now, 0)
    reasons = doubts(room, count) if room is not None and count > before else []
    if room is None or not reasons:
        return None
    borne = workers_borne(room)
    choices = [Choice(str(count), f"{count} workers", "they begin one by one, while memory lasts")]
    if borne > before:
        choices.insert(0, Choice(str(borne), f"{borne} workers", "what memory and cores bear"))
    choices.append(Choice(str(before), f"leave it at {before}"))
    return QuestionDialog(f"{count} workers?", [*reasons, ""], choices)
