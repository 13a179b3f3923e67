"""How often the kernel has ended a process because memory ran out: why a child was killed is not guessed."""

from __future__ import annotations

from pathlib import Path

_EVENTS = Path("/proc/vmstat")
_NAME = "oom_kill "


def ended_for_memory() -> int:
    """Return how many processes the kernel has ended so far for want of memory; 0 where it does not say."""
    try:
        told = _EVENTS.read_text(encoding="ascii")
    except OSError:
        return 0  # a sandbox: there a child that was ended is one that was killed, by whomever
    return next((int(line.split()[1]) for line in told.splitlines() if line.startswith(_NAME)), 0)
