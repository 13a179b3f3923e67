"""Keeps the history that the engines of a run folder have sent, for as long as a screen is open."""

from __future__ import annotations

import time

from tui_gen.engine.control.client import ControlClient
from tui_gen.engine.model.history import NOTHING_KNOWN, SPANS, HistoryPart

LOOK_SECONDS = float(SPANS[0].step_seconds)


class HistoryFollower:
    """Reads the whole history once, and then the points that are new.

    The points of an engine that was replaced remain: all engines of a machine use the same clock.
    """

    def __init__(self) -> None:
        """Know nothing."""
        self.history: HistoryPart | None = None
        self._looked_at = -LOOK_SECONDS

    async def look(self, client: ControlClient) -> None:
        """Read what the engine has added, at most once per step. Raises ControlError."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at, known = now, self.history
        newer = await client.history(NOTHING_KNOWN if known is None else known.newest)
        if newer is not None:
            self.history = newer if known is None else known.followed_by(newer)
