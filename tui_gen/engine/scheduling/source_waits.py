"""Waits for sources that cannot be reached, by polling: no event reports that a share is mounted again.

Invariant: a wait ends only when the source's path can be reached, or when the run ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from tui_gen.base.detached_call import exhaustion
from tui_gen.engine.executors.base import Executor

log = logging.getLogger(__name__)

LOOK_FOR_SOURCES_SECONDS = 10.0


class SourceWaits:
    """One waiting task for each source that cannot be reached."""

    def __init__(self, executor: Executor, on_return: Callable[[str], None]) -> None:
        """Ask the executor about paths, and call `on_return` with each source that is back."""
        self._executor, self._on_return = executor, on_return
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, source: str, path: str) -> None:
        """Wait for a source until its path can be reached."""
        task = asyncio.create_task(self._wait(source, path), name=f"waiting for {source}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        """End all waits."""
        for task in self._tasks:
            task.cancel()

    async def _wait(self, source: str, path: str) -> None:
        while not await self._sees(path):  # noqa: ASYNC110 - no event reports it
            await asyncio.sleep(LOOK_FOR_SOURCES_SECONDS)
        self._on_return(source)

    async def _sees(self, path: str) -> bool:
        """Return whether a path can be reached. A failed check counts as no, and is repeated."""
        try:
            return await self._executor.sees(path)
        except Exception as error:
            if (reason := exhaustion(error)) is None:
                log.exception("looking for %s", path)
            else:
                log.warning("looking for %s: %s", path, reason)
            return False
