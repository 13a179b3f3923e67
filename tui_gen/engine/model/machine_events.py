"""The events that tell of the machines of a cluster. The scheduler makes them of the executor's news."""

from __future__ import annotations

from dataclasses import dataclass

NEEDS_HELP = ("refused", "lost", "silent")
"""The phases in which a machine does not work and that nobody asked for, the most lasting first."""

NO_MACHINE = "no machine can take work"
"""The reason of a run that waits for a machine."""


@dataclass(frozen=True, slots=True)
class MachineChanged:
    """A machine was met, or its phase or its number of workers changed."""

    at: float
    name: str  # untrusted text
    phase: str  # "enlisting", "running", "waiting", "silent", "lost" or "refused"
    reason: str  # untrusted text; empty while running
    workers: int  # the most units at the same time
    cores: int


@dataclass(frozen=True, slots=True)
class MachineMeasured:
    """The load of a machine was measured there."""

    at: float
    name: str
    cpu_percent: float  # of all cores together
    memory_used_bytes: int
    memory_total_bytes: int


def trouble_of(event: MachineChanged, before: str) -> str:
    """Return the problem that a change is; empty if it is none. `before` is the phase before.

    A machine that was never reached, or is there no longer after a silence, is not lost once more.
    """
    if event.phase == before or (event.phase == "lost" and before in {"", "silent"}):
        return ""
    words = {"refused": "was refused", "lost": "was lost", "silent": "does not answer"}
    if event.phase not in words:
        return ""
    return f"machine {event.name} {words[event.phase]}{f': {event.reason}' if event.reason else ''}"
