"""The connection to one unit runner, and where a machine's connections come from.

Machine ── Link ──┬─ RunnerProcess ═pipe═ unit runner          of this machine
                  └─ PostLink ═dask═ Post ═pipe═ unit runner   of another machine
"""

from __future__ import annotations

from typing import Literal, Protocol

from tui_gen.engine.executors.messages import Answer, Request

Loss = Literal["died", "silent", "gone"]
"""How a connection ended: the process at its other end died, nothing answered for some time, or the way to it
is cut. Only the first may be the fault of a clip."""


class LinkLostError(Exception):
    """A connection could not be made; the text is the reason."""

    def __init__(self, reason: str, loss: Loss) -> None:
        """Keep the reason and the kind of loss."""
        super().__init__(reason)
        self.loss: Loss = loss


class Link(Protocol):
    """A connection to one unit runner that was started."""

    def say(self, request: Request) -> None:
        """Send a request without waiting. After the end nothing is sent; `hear` reports the end."""
        ...

    async def hear(self) -> Answer | None:
        """Return the next answer, or None when the connection has ended. Raises MessageError."""
        ...

    def kill(self) -> None:
        """Kill the unit runner; its children end with it."""
        ...

    async def end(self) -> str:
        """End the unit runner, after what it is writing; return how it ended."""
        ...

    @property
    def loss(self) -> Loss:
        """How the connection ended; to be asked after `hear` has returned None."""
        ...


class Connector(Protocol):
    """Makes the connections to one machine, one after the other."""

    async def present(self) -> None:
        """Wait until the machine is there."""
        ...

    async def connect(self) -> Link:
        """Start a unit runner. Raises LinkLostError, OSError, and RefusedError if it may not be used."""
        ...

    async def changed(self) -> None:
        """Wait until a refused machine is worth another attempt."""
        ...
