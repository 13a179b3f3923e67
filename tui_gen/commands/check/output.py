"""The condition of the disk of the output: free space compared with the plan's need, and speed.

The speed is measured by writing and syncing a few megabytes to a file without a name, so that no file is left
behind in any case.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tui_gen.base.files import nearest_existing, owner_and_mode
from tui_gen.base.formatting import count, size
from tui_gen.base.nouns import USUAL_NOUNS, Noun
from tui_gen.contract.inspect import Condition
from tui_gen.engine.model.disk_estimate import Need
from tui_gen.engine.run.disk_guard import MIN_FREE_FILES
from tui_gen.engine.run.write_access import try_to_write

PIECE_BYTES = 1 << 20
PIECES = 32
MOST_SECONDS = 3.0
"""The longest time of the measurement: after it, the disk is known to be slow."""


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """The free space of a file system."""

    free_bytes: int
    free_files: int | None  # None: the file system does not count files


def folder_conditions(
    output: Path, run_folder: Path, status_path: Path, *, is_busy: bool, output_key: str
) -> Iterator[Condition]:
    """Return whether a run can write to the output folder, and how fast.

    `output_key` is the key of the configuration that names the folder.
    """
    place = nearest_existing(output)
    try:
        if not is_busy:  # a running engine shows that the folder can be written
            try_to_write(output, run_folder, status_path)
    except OSError as error:
        yield Condition("output", "wrong", _refusal(error, place, output_key))
        return
    if place == output:
        yield Condition("output", "good", f"{output}")
    else:
        yield Condition("output", "good", f"{output} is not there yet; a run makes it below {place}")
    yield _speed(run_folder, is_busy=is_busy)


def _refusal(error: OSError, place: Path, output_key: str) -> str:
    refused = Path(error.filename or place)
    # A file that could not be made does not exist: the folder refused it.
    refused = refused if refused.exists() else refused.parent
    whose = owner_and_mode(refused)
    return (
        f"{refused} cannot be written to ({error.strerror}{whose and f'; {whose}'}); choose another "
        f"{output_key} or let its owner make it writable"
    )


def _speed(run_folder: Path, *, is_busy: bool) -> Condition:
    if is_busy:
        return Condition("speed", "unknown", "not measured while an engine is at work")
    if not run_folder.is_dir():
        return Condition("speed", "unknown", "not measured: nothing was written, so there is no place to")
    try:
        speed = written_per_second(run_folder)
    except OSError as error:
        return Condition("speed", "wrong", f"{run_folder} cannot be written to: {error.strerror}")
    return Condition("speed", "good", f"writes {size(speed)} a second, flushed to the disk every megabyte")


def written_per_second(folder: Path) -> float:
    """Write and sync some megabytes; return the bytes per second. Raises OSError."""
    piece = os.urandom(PIECE_BYTES)  # cannot be compressed by the file system
    with tempfile.TemporaryFile(dir=folder, prefix=".check-", buffering=0) as file:
        began = time.monotonic()
        written = 0
        for _ in range(PIECES):
            written += file.write(piece)
            os.fsync(file.fileno())
            if time.monotonic() - began > MOST_SECONDS:
                break
        return written / (time.monotonic() - began)


def room_conditions(
    room: DiskSpace, need: Need | None, min_free_bytes: int, noun: Noun = USUAL_NOUNS.patch
) -> Iterator[Condition]:
    """Return whether the free space suffices for the plan, with the noun of the images.

    Without a plan, return only the free space.
    """
    spare = room.free_bytes - min_free_bytes
    is_enough, wanted = spare > 0, ""
    if need is not None:
        is_enough = is_enough and need.size_bytes <= spare
        source = f"by the {noun.many} made so far" if need.is_measured else "an estimate"
        wanted = f", the plan needs {size(need.size_bytes)} ({source})"
    says = f"{size(room.free_bytes)} free{wanted}; {size(min_free_bytes)} are to stay free"
    yield Condition("space", "good" if is_enough else "wrong", says)
    yield _files(room.free_files, need)


def _files(free: int | None, need: Need | None) -> Condition:
    if free is None:
        return Condition("files", "unknown", "this file system does not say how many more it holds")
    wanted = "" if need is None else f", the plan needs {count(need.files)}"
    is_enough = free > MIN_FREE_FILES + (0 if need is None else need.files)
    return Condition(
        "files", "good" if is_enough else "wrong", f"room for {count(free)} more (inodes){wanted}"
    )


def room_at(output: Path) -> DiskSpace:
    """Return the free space where the output folder is or will be."""
    status = os.statvfs(nearest_existing(output))
    return DiskSpace(status.f_bavail * status.f_frsize, status.f_favail if status.f_files else None)
