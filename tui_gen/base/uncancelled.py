"""Work that is waited for to its end even by a task that is cancelled: children are reaped, files written."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def uncancelled(work: Coroutine[Any, Any, Result]) -> Result:
    """Return the result of some work. A task that is cancelled meanwhile waits for the end first."""
    task = asyncio.ensure_future(work)
    was_cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            was_cancelled = True
    result = task.result()
    if was_cancelled:
        raise asyncio.CancelledError
    return result
