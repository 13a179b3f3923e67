"""Which machines wait for something of their own, and which sources a machine cannot reach.

Invariant: what one machine lacks does not hold the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

SOURCE_SECONDS = 60.0
"""A machine that cannot reach a source gets other sources for this time."""
OBSTRUCTED_SECONDS = 5.0
"""A machine whose output folder takes nothing waits for this time."""


class MachineWaits:
    """Waits that end by themselves."""

    def __init__(self, ended: Callable[[str], None]) -> None:
        """Call `ended` with the name of a machine one of whose waits is over."""
        self._ended = ended
        self._obstructed: dict[str, asyncio.TimerHandle] = {}
        self._missing: dict[tuple[str, str], asyncio.TimerHandle] = {}

    def is_obstructed(self, machine: str) -> bool:
        """Return whether a machine waits."""
        return machine in self._obstructed

    def misses(self, machine: str, source: str) -> bool:
        """Return whether a machine does not reach a source."""
        return (machine, source) in self._missing

    def obstruct(self, machine: str) -> None:
        """Let a machine wait for some time."""
        if machine not in self._obstructed:
            self._obstructed[machine] = asyncio.get_running_loop().call_later(
                OBSTRUCTED_SECONDS, self._clear, machine
            )

    def miss(self, machine: str, source: str) -> None:
        """Keep a source from a machine for some time."""
        key = machine, source
        if key not in self._missing:
            self._missing[key] = asyncio.get_running_loop().call_later(SOURCE_SECONDS, self._find, key)

    def find(self, source: str) -> None:
        """Let all machines try a source again."""
        for key in [key for key in self._missing if key[1] == source]:
            self._missing.pop(key).cancel()

    def cancel(self) -> None:
        """End all waits."""
        for timer in (*self._obstructed.values(), *self._missing.values()):
            timer.cancel()

    def _clear(self, machine: str) -> None:
        del self._obstructed[machine]
        self._ended(machine)

    def _find(self, key: tuple[str, str]) -> None:
        del self._missing[key]
        self._ended(key[0])
