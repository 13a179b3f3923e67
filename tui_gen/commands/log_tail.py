"""Reads the last lines of a log, off the event loop."""

from __future__ import annotations

import os
from pathlib import Path

import aiofiles

from tui_gen.base.detached_call import DETACHED

TAIL_BYTES = 8192
LINES_SHOWN = 10


async def log_tail(path: Path) -> tuple[str, ...]:
    """Return the last lines of a log, oldest first; empty if there is no log."""
    try:
        async with aiofiles.open(path, "rb", executor=DETACHED) as file:
            end = await file.seek(0, os.SEEK_END)
            await file.seek(max(0, end - TAIL_BYTES))
            return last_lines(await file.read())
    except FileNotFoundError:
        return ()
    except OSError as error:
        return (f"{path}: cannot be read ({error.strerror})",)


def last_lines(data: bytes) -> tuple[str, ...]:
    """Return the last lines of a text that may begin in the middle of a line."""
    return tuple(data.decode("utf-8", "replace").splitlines()[-LINES_SHOWN:])
