"""The timelines of sources on the screen: panes ask for those that they show, and a controller fetches them.

A pane never waits: a timeline that is not known yet is None, and is shown after the controller's next look.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from tui_gen.engine.control.client import ControlClient
from tui_gen.engine.control.protocol import MOST_TIMELINES
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.timeline import SourceTimeline, source_timeline

EVERY_SECONDS = 2.0
"""The least time between two questions for timelines that are known already."""

Wanted = tuple[str, int]
"""A source, and the number of parts of its timeline."""


class Timelines:
    """The timelines that are known, and those that are wanted."""

    def __init__(self, whole: RunState | None = None) -> None:
        """Know nothing, or a state with records: its timelines need no controller."""
        self.whole = whole
        self._known: dict[Wanted, SourceTimeline | None] = {}
        self._wanted: dict[Wanted, None] = {}
        self._asked_at = float("-inf")

    def of(self, source: str, parts: int) -> SourceTimeline | None:
        """Return a timeline as it is known now, and want it to be fetched."""
        wanted = (source, parts)
        self._wanted[wanted] = None
        if wanted not in self._known and self.whole is not None:
            return source_timeline(self.whole, source, parts)
        return self._known.get(wanted)

    async def fetch(self, client: ControlClient) -> None:
        """Read what is due from an engine of this version. Raises ControlError."""
        is_same = client.engine is not None and client.engine.is_same
        wanted = self.due(time.monotonic()) if is_same else []
        if wanted:
            self.take(dict(zip(wanted, await client.timelines(wanted), strict=True)))

    def due(self, now: float) -> list[Wanted]:
        """Return what to fetch now: what was wanted since the last call that returned something.

        `now` is of a monotonic clock.
        """
        is_new = not self._wanted.keys() <= self._known.keys()
        if not is_new and now - self._asked_at < EVERY_SECONDS:
            return []
        self._asked_at = now
        wanted = list(self._wanted)[-MOST_TIMELINES:]
        self._wanted.clear()
        return wanted

    def take(self, found: Mapping[Wanted, SourceTimeline | None]) -> None:
        """Keep what was fetched; the oldest are forgotten."""
        for wanted, timeline in found.items():
            self._known.pop(wanted, None)
            self._known[wanted] = timeline
        while len(self._known) > 2 * MOST_TIMELINES:
            del self._known[next(iter(self._known))]
