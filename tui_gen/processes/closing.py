"""Ends child processes that a thread may be waiting for: killed, waited for, at last left to a thread."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable, Sequence

from tui_gen.base.detached_call import detached_call, exhaustion
from tui_gen.processes.children import READ_BYTES, TICK_SECONDS, Child

REAP_SECONDS = 5.0
"""The longest wait for a killed child."""


class ChildClosedError(Exception):
    """A child was closed while another thread waited for its answer."""


def last_lines(child: Child) -> Sequence[str]:
    """Return the last lines that an ended child printed; of one that has not ended, those of a moment."""
    poll = select.poll()
    poll.register(child.errors, select.POLLIN)
    while poll.poll(TICK_SECONDS * 1000) and (piece := os.read(child.errors, READ_BYTES)):
        child.lines.feed(piece)
    child.lines.close()
    return child.lines.tail


def reap(child: Child, seconds: float) -> None:
    """Wait for a killed child. If the kernel does not end it in time, a thread continues to wait."""
    try:
        child.process.wait(seconds)
    except Exception:  # noqa: BLE001 - only the waiting is given up, not the child
        threading.Thread(target=child.process.wait, name="reaper", daemon=True).start()


async def close_in_thread(close: Callable[[], None]) -> None:
    """Close in a separate thread; if no thread can be started, in this thread: no child may remain."""
    try:
        await detached_call(close)
    except RuntimeError as error:
        if exhaustion(error) is None:
            raise
        close()
