"""Reads from the kernel's log whether it ended a process because memory ran out.

The log is readable for root, and for all where `kernel.dmesg_restrict` is 0. The process ids in it are those
of the machine: in a container with ids of its own, nothing is found.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

KERNEL_LOG = Path("/dev/kmsg")
_RECORD_BYTES = 8192  # no record is longer (kernel: Documentation/ABI/testing/dev-kmsg)
_MOST_RECORDS = 100_000
_RECORD = re.compile(rb"^\d+,\d+,(?P<microseconds>\d+),[^;]*;(?P<text>.*)$")
_KILLED = re.compile(r"out of memory\b.*\bkilled process (?P<pid>\d+)\b", re.IGNORECASE)


def memory_kill(pid: int, since: float, path: Path = KERNEL_LOG) -> str:
    """Return the kernel's words on ending process `pid` for memory after the wall time `since`; "" if none.

    A log that cannot be read tells nothing: "".
    """
    try:
        records = _records(path)
    except OSError:  # no such device, or not for this user: the page does without it
        return ""
    boot = time.time() - time.monotonic()
    words = ""
    for record in records:
        found = _RECORD.match(record)
        if found is None or boot + int(found["microseconds"]) / 1e6 < since:
            continue
        text = found["text"].decode("utf-8", "replace")
        killed = _KILLED.search(text)
        if killed is not None and int(killed["pid"]) == pid:
            words = text
    return words


def _records(path: Path) -> list[bytes]:
    """Return the records that are in the log now. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    found: list[bytes] = []
    try:
        while len(found) < _MOST_RECORDS:
            try:
                data = os.read(descriptor, _RECORD_BYTES)
            except BlockingIOError:  # the last record was read
                break
            except BrokenPipeError:  # records were overwritten: the next read goes on after them
                continue
            if not data:
                break
            found += data.splitlines()
    finally:
        os.close(descriptor)
    return found
