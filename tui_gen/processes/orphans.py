"""Lets this process outlive all processes below it, also those whose own parent has ended before them.

Invariant: after `end_descendants` no process that was started below this one is left, apart from those that
the kernel does not end.
"""

from __future__ import annotations

import contextlib
import ctypes
import os

import psutil

PR_SET_CHILD_SUBREAPER = 36
END_SECONDS = 5.0


def adopt_orphans() -> None:
    """Become the parent of the orphans below this process, instead of the first process. Raises OSError."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def end_descendants() -> int:
    """Kill and reap all processes below this one; return how many were killed."""
    killed = 0
    # A process may start another one until it is killed itself.
    while found := psutil.Process().children(recursive=True):
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        _, alive = psutil.wait_procs(found, timeout=END_SECONDS)
        killed += len(found)
        if alive:
            break
    return killed
