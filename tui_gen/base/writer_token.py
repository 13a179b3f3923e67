"""Tokens in the names of temporary files: they identify the writing process, and whether it is alive.

    <host>-<process id>-<start time>-<number>       "5f3a9c12-1a2b-9c4e1f-7", hexadecimal except the number

`host` stands for a running system and its process ids: it changes when the system starts, and two containers
differ. `start time` is the process's, in clock ticks, because process ids are used again. Versions before
machines worked together wrote <random>-<number>; their processes are dead wherever this version may work.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import secrets
from functools import lru_cache
from pathlib import Path

WRITER_PATTERN = r"[0-9a-f]{8}(?:-[0-9a-f]+-[0-9a-f]+)?-\d+"
"""A regular expression for the tokens of all versions, without groups."""

_TOKEN = re.compile(r"(?P<host>[0-9a-f]{8})-(?P<process>[0-9a-f]+)-(?P<start>[0-9a-f]+)-\d+")
_NUMBERS = itertools.count(1)
_STATE, _START = 0, 19  # fields of /proc/<pid>/stat, counted after the name


def new_token() -> str:
    """Return a token for the temporaries of one write, unique among all processes of all machines."""
    return f"{_host()}-{_process(os.getpid())}-{next(_NUMBERS)}"


def is_of_dead_process(token: str) -> bool | None:
    """Return whether the process of a token has ended; None for a process of another host."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        return True
    if found["host"] != _host():
        return None
    state, start = _state_of(int(found["process"], 16))
    return state in {"", "Z", "X"} or start != int(found["start"], 16)


@lru_cache(maxsize=1)
def _host() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    processes = Path("/proc/self/ns/pid").readlink().name
    if Path("/proc/self").readlink().name != str(os.getpid()):
        processes = secrets.token_hex()  # /proc is that of other process ids: it tells nothing of these
    return hashlib.sha256(f"{boot} {processes}".encode()).hexdigest()[:8]


@lru_cache(maxsize=4)
def _process(pid: int) -> str:
    return f"{pid:x}-{_state_of(pid)[1]:x}"


def _state_of(pid: int) -> tuple[str, int]:
    """Return the state letter and the start time of a process; ("", 0) if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return "", 0
    fields = stat.rpartition(b")")[2].split()
    return fields[_STATE].decode("ascii"), int(fields[_START])
