"""The gate that holds the work: for a pause by the user, or for obstructions that end by themselves.

Every change wakes all tasks that wait at the gate, and they check the gate again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Gate:
    """Closed while paused or while there is any obstruction."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        """Call `on_change` after every opening and closing, and after every pulse."""
        self._on_change = on_change
        self._pulse = asyncio.Event()
        self._obstructions: dict[str, str] = {}
        self.is_paused = False
        self.pause_reason = ""  # empty for a pause by hand

    @property
    def is_closed(self) -> bool:
        """Whether no report may be pulled."""
        return self.is_paused or bool(self._obstructions)

    @property
    def is_obstructed(self) -> bool:
        """Whether there is any obstruction, paused or not."""
        return bool(self._obstructions)

    @property
    def reason(self) -> str:
        """The obstructions, in words."""
        return "; ".join(dict.fromkeys(self._obstructions.values()))

    def pause(self, reason: str = "") -> None:
        """Close by the user's command, or by the schedule, which gives a reason."""
        self.is_paused, self.pause_reason = True, reason
        self.pulse()

    def resume(self) -> None:
        """Undo `pause`."""
        self.is_paused = False
        self.pulse()

    def obstruct(self, what: str, reason: str) -> bool:
        """Close because of `what` until it is cleared; return whether this obstruction is new."""
        is_new = what not in self._obstructions
        if self._obstructions.get(what) != reason:
            self._obstructions[what] = reason
            self.pulse()
        return is_new

    def clear(self, what: str) -> None:
        """Remove an obstruction."""
        if self._obstructions.pop(what, None) is not None:
            self.pulse()

    def pulse(self) -> None:
        """Wake all waiting tasks, so that they check again."""
        self._pulse.set()
        self._pulse = asyncio.Event()
        self._on_change()

    async def wait(self) -> None:
        """Wait for the next pulse."""
        await self._pulse.wait()
