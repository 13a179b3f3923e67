"""Carries out the commands of keys one after the other; of repeated commands only the last one counts.

Ten quick presses of a key become at most two commands. A toggle depends on the last requested state, not on a
view that is half a second old.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.commands import Command, CommandRefusedError, Controller

_BELIEVED_SECONDS = 3.0
"""The time after the answer during which a requested state replaces a view that does not show it yet."""


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """A command that is being carried out, or was carried out recently."""

    command: Command
    at: float


def topic_of(command: Command) -> tuple[str, str]:
    """Return the topic of a command: of two commands with one topic, the later one counts."""
    match command:
        case do.Pause() | do.Resume():
            return "pause", ""
        case do.Drain() | do.Stop():
            return "end", ""
        case do.SetWorkers(_, machine):
            return "workers", machine or ""
        case do.Skip(source) | do.Unskip(source):
            return "skip", source
        case do.SetPriority(source):
            return "priority", source
        case do.Retry(source):
            return "retry", source or ""


class CommandQueue:
    """The requested commands that are not done yet."""

    def __init__(
        self, controller: Controller, clock: Callable[[], float], tell: Callable[[str, bool], None]
    ) -> None:
        """Send commands through `controller`; `tell` gets each answer, and whether it is a refusal."""
        self._controller, self._clock, self._tell = controller, clock, tell
        self._pending: dict[tuple[str, str], Command] = {}
        self._asked: dict[tuple[str, str], PendingCommand] = {}
        self._is_busy = False
        self._in_hand: tuple[str, str] | None = None  # the topic whose answer is awaited

    def ask(self, command: Command) -> Callable[[], Coroutine[None, None, None]] | None:
        """Queue a command; return the coroutine that carries the queue out, or None if it already runs."""
        topic = topic_of(command)
        # Move the topic to the end: the last requested command is carried out last.
        self._pending.pop(topic, None)
        self._pending[topic] = command
        self._asked[topic] = PendingCommand(command, self._clock())
        if self._is_busy:
            return None
        self._is_busy = True
        return self._carry_out

    def asked(self, topic: str, source: str = "") -> Command | None:
        """Return the command about a topic if the view may not show it yet.

        An answer may take long on a busy machine: until then the view shows nothing newer.
        """
        place = topic, source
        found = self._asked.get(place)
        if found is None:
            return None
        is_awaited = place in self._pending or place == self._in_hand
        is_recent = abs(self._clock() - found.at) <= _BELIEVED_SECONDS
        return found.command if is_awaited or is_recent else None

    def forget(self, topic: str, source: str = "") -> None:
        """Use the view again: it shows the requested state."""
        if (topic, source) not in self._pending and (topic, source) != self._in_hand:
            self._asked.pop((topic, source), None)

    async def _carry_out(self) -> None:
        try:
            while self._pending:
                topic = next(iter(self._pending))
                command = self._pending.pop(topic)
                self._in_hand = topic
                await self._one(topic, command)
        finally:
            self._in_hand = None
            self._is_busy = False

    async def _one(self, topic: tuple[str, str], command: Command) -> None:
        try:
            answer, is_refusal = await self._controller.steer(command), False
        except CommandRefusedError as refusal:
            answer, is_refusal = str(refusal), True
        except OSError as error:
            answer, is_refusal = f"the engine does not answer: {error}", True
        self._in_hand = None
        if topic not in self._pending:
            if is_refusal:
                self._asked.pop(topic, None)
            else:
                self._asked[topic] = PendingCommand(command, self._clock())
        self._tell(answer, is_refusal)
