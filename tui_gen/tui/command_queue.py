"""Carries out what keys ask for, one after the other; of what is asked again meanwhile only the last counts.

Ten quick presses of a key become at most two commands, and a toggle answers to what was asked for last,
not to a picture that is half a second old.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.commands import Command, CommandRefusedError, Controller

_BELIEVED_SECONDS = 3.0
"""How long an answer is believed over a picture that does not show it yet."""


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """A command on its way, or carried out a moment ago."""

    command: Command
    at: float


def topic_of(command: Command) -> tuple[str, str]:
    """Return what a command is about: of two about the same, the later one counts."""
    match command:
        case do.Pause() | do.Resume():
            return "pause", ""
        case do.Drain() | do.Stop():
            return "end", ""
        case do.SetWorkers():
            return "workers", ""
        case do.Skip(source) | do.Unskip(source):
            return "skip", source
        case do.SetPriority(source):
            return "priority", source
        case do.Retry(source):
            return "retry", source or ""


class CommandQueue:
    """What was asked for and is not done yet."""

    def __init__(
        self, controller: Controller, clock: Callable[[], float], tell: Callable[[str, bool], None]
    ) -> None:
        """Steer through `controller`; `tell` gets each answer, and whether it is a refusal."""
        self._controller, self._clock, self._tell = controller, clock, tell
        self._pending: dict[tuple[str, str], Command] = {}
        self._asked: dict[tuple[str, str], PendingCommand] = {}
        self._is_busy = False

    def ask(self, command: Command) -> Callable[[], Coroutine[None, None, None]] | None:
        """Note a command; return what has to be run to carry it out, or None when that is running."""
        topic = topic_of(command)
        # Put last again: what is asked for last is done last.
        self._pending.pop(topic, None)
        self._pending[topic] = command
        self._asked[topic] = PendingCommand(command, self._clock())
        if self._is_busy:
            return None
        self._is_busy = True
        return self._carry_out

    def asked(self, topic: str, source: str = "") -> Command | None:
        """Return what was asked about a topic so lately that the picture may not show it yet."""
        found = self._asked.get((topic, source))
        if found is None or abs(self._clock() - found.at) > _BELIEVED_SECONDS:
            return None
        return found.command

    def forget(self, topic: str, source: str = "") -> None:
        """Believe the picture again: it shows what was asked for."""
        if (topic, source) not in self._pending:
            self._asked.pop((topic, source), None)

    async def _carry_out(self) -> None:
        try:
            while self._pending:
                topic = next(iter(self._pending))
                command = self._pending.pop(topic)
                await self._one(topic, command)
        finally:
            self._is_busy = False

    async def _one(self, topic: tuple[str, str], command: Command) -> None:
        try:
            answer, is_refusal = await self._controller.steer(command), False
        except CommandRefusedError as refusal:
            answer, is_refusal = str(refusal), True
        except OSError as error:
            answer, is_refusal = f"the engine does not answer: {error}", True
        if is_refusal and topic not in self._pending:
            self._asked.pop(topic, None)
        self._tell(answer, is_refusal)
