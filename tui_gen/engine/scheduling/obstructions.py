"""Holds all work for some time after an obstruction, and then lets the work try again."""

from __future__ import annotations

import asyncio
import logging

from tui_gen.engine.scheduling.gate import Gate
from tui_gen.engine.storage.recorder import TRY_AGAIN_SECONDS

log = logging.getLogger(__name__)


class Obstructions:
    """The obstructions that end by themselves."""

    def __init__(self, gate: Gate) -> None:
        """Close and open `gate`."""
        self._gate = gate
        self._timers: list[asyncio.TimerHandle] = []

    def begin(self, what: str, reason: str) -> None:
        """Close the gate for some time, then let the work try again."""
        log.warning("%s", reason)
        self._gate.obstruct(what, reason)
        loop = asyncio.get_running_loop()
        timer = loop.call_later(TRY_AGAIN_SECONDS, self._gate.clear, what)
        self._timers = [t for t in self._timers if not t.cancelled() and t.when() > loop.time()]
        self._timers.append(timer)

    def cancel(self) -> None:
        """Open the gate no more: the run has ended."""
        for timer in self._timers:
            timer.cancel()
