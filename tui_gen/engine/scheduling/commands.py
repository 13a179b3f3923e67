"""The commands that keys, `ctl` and signals send to a running engine. Repeating a command is harmless."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.timeline import SourceTimeline

MAX_WORKERS = 256


def refusal_of_workers(count: int, machine: str | None = None) -> str:
    """Return why there can never be a number of workers, of a machine or of the run; empty if there can."""
    if machine is not None:
        is_possible = 0 <= count <= MAX_WORKERS
        return "" if is_possible else f"workers of a machine go from 0 to {MAX_WORKERS}, not {count}"
    if 1 <= count <= MAX_WORKERS:
        return ""
    return f"workers go from 1 to {MAX_WORKERS}, not {count}; to do nothing, pause"


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop pulling: the CPU load falls to zero within one clip."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Continue after a pause."""


@dataclass(frozen=True, slots=True)
class Drain:
    """Finish the current clips, save and end."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End now; the next run makes the current clips again."""


@dataclass(frozen=True, slots=True)
class SetWorkers:
    """Set the number of workers, of one machine of a cluster or of all together."""

    count: int
    machine: str | None = None  # None: all; a cluster divides the number by the machines' cores


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave a source out; other sources get its share."""

    source: str


@dataclass(frozen=True, slots=True)
class Unskip:
    """Take a skipped source back in."""

    source: str


@dataclass(frozen=True, slots=True)
class SetPriority:
    """Give a source another priority, 0 (first) to 255."""

    source: str
    priority: int


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again everything that failed, was quarantined or was unusable: of one source, or of all (None).

    For all, refused machines are examined again, too.
    """

    source: str | None = None


Command = Pause | Resume | Drain | Stop | SetWorkers | Skip | Unskip | SetPriority | Retry


class CommandRefusedError(Exception):
    """A command cannot be carried out now; the text has the reason and an alternative."""


class Controller(Protocol):
    """The interface of a screen to an engine: the state, and commands.

    The engine in the same process and the client of its control socket implement it.
    """

    def snapshot(self) -> RunState | None:
        """Return the last known state, or None if none is known. Never waits."""
        ...

    async def steer(self, command: Command) -> str:
        """Carry out a command and return one line about the result. Raises CommandRefusedError."""
        ...


class EngineController(Controller, Protocol):
    """The interface of the control socket to the engine in its process."""

    def timeline(self, source: str, parts: int) -> SourceTimeline | None:
        """Return the timeline of a source, or None if it has none. Raises ValueError for a wrong `parts`."""
        ...
