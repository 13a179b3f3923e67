"""What may be asked of a running engine by keys, `ctl` and signals: imperatives, harmless twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tui_gen.engine.model.state import RunState

MAX_WORKERS = 256


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop pulling: CPU falls to zero within one clip."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after a pause."""


@dataclass(frozen=True, slots=True)
class Drain:
    """Finish the clips in hand, save and end."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End now; the clips in hand are made again in the next run."""


@dataclass(frozen=True, slots=True)
class SetWorkers:
    """Work with so many workers from now on."""

    count: int


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave a source out; the other sources get its share."""

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
    """Try again what failed, was quarantined or was unusable: of one source, or of all (None)."""

    source: str | None = None


Command = Pause | Resume | Drain | Stop | SetWorkers | Skip | Unskip | SetPriority | Retry


class CommandRefusedError(Exception):
    """A command cannot be carried out now; the text says why and what to do instead."""


class Controller(Protocol):
    """All that a screen needs: something to look at and something to steer with.

    Implemented by the engine in the same process and by the client of its control socket.
    """

    def snapshot(self) -> RunState | None:
        """Return the state as last known, or None before anything is known. Never waits."""
        ...

    async def steer(self, command: Command) -> str:
        """Carry out a command and say in one line what was done. Raises CommandRefusedError."""
        ...
