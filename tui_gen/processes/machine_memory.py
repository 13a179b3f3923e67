"""Measures the memory that new processes can have, and the memory of the processes that this one started.

A container may have less than the machine: the smallest room of the machine and of all control groups counts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil

_GROUPS_OF_PROCESS = Path("/proc/self/cgroup")
_ROOT = Path("/sys/fs/cgroup")


class Memory(NamedTuple):
    """The memory of a machine or of a control group, in bytes."""

    available_bytes: int  # without swapping; memory of the file cache counts as available
    total_bytes: int


def machine_memory() -> Memory:
    """Return the memory of the machine, or of a control group around this process that has less left."""
    machine = psutil.virtual_memory()
    rooms = [Memory(machine.available, machine.total)]
    for folder in _group_folders():
        with contextlib.suppress(OSError, ValueError, StopIteration):  # no such limit here
            rooms.append(_room_of(folder))
    return min(rooms)


def _group_folders() -> Iterator[Path]:
    """Yield the folders of the control groups around this process: of version 2, then of version 1."""
    try:
        lines = _GROUPS_OF_PROCESS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        _, kinds, path = line.split(":", 2)
        if kinds and "memory" not in kinds.split(","):
            continue
        root = _ROOT / "memory" if kinds else _ROOT
        inner = root / path.lstrip("/")
        yield from (folder for folder in (inner, *inner.parents) if folder.is_relative_to(root))


def _room_of(folder: Path) -> Memory:
    """Return the memory of one control group. Raises OSError, ValueError ("max"), StopIteration."""
    limit, usage, key = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "
    if (folder / "memory.max").exists():
        limit, usage, key = "memory.max", "memory.current", "inactive_file "
    total, used = (int((folder / name).read_text(encoding="ascii")) for name in (limit, usage))
    stat = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
    cache = next(int(line.removeprefix(key)) for line in stat if line.startswith(key))
    return Memory(max(0, total - used + cache), total)


def memory_of_children() -> int:
    """Return the private memory of all processes below this one, in bytes. Blocks for some milliseconds.

    Memory that processes share (libraries, mapped files) is not counted: another process would not add it.
    """
    found = 0
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):  # it has ended meanwhile
            memory = child.memory_info()
            found += max(0, memory.rss - memory.shared)
    return found
