"""Starts children that hand data to each other through pipes. `children.finish_children` reads their ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Sequence

from tui_gen.processes.children import PIPE_BYTES, Child, Command, end_children, start_child


def start_children(commands: Sequence[Command]) -> list[Child]:
    """Start all children or none. Raises what `start_child` raises."""
    started: list[Child] = []
    try:
        for command in commands:
            started.append(start_child(command))  # noqa: PERF401 - those started so far are needed
    except BaseException:
        end_children(started)
        raise
    return started


def pipe_of_children(ours: contextlib.ExitStack) -> tuple[int, int]:
    """Return a pipe with a large buffer for two children; `ours` closes this process's ends."""
    ends = os.pipe()
    for end in ends:
        ours.callback(os.close, end)
    with contextlib.suppress(OSError):  # refused to a user with 256 pipes: slower, but correct
        fcntl.fcntl(ends[0], fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return ends
