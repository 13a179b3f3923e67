"""Holds every recorded patch against its files: there, with its partners, and byte for byte as written.

The SHA-256 of the ledger is the measure: a file that has it decodes, has the right size and the right
content. Files moved into a validation folder count as moved. Nothing is ever deleted.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from tui_gen.contract.verify import MISSING, Checked, Finding, Recorded
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Clip, Made
from tui_gen.engine.storage.ledger import read_events
from tui_gen.jobs.superres.dataset.folders import VALIDATION_FOLDER
from tui_gen.jobs.superres.dataset.split import NEAR_FOLDER

CHECKERS = 4
BATCH = 256
_READ_BYTES = 1 << 20


def recorded_patches(ledger: Path) -> Iterator[Recorded]:
    """Yield every patch of a ledger once, as its last line records it; lost patches are left out."""
    again, standing = _told_of(ledger)
    last: dict[tuple[Clip, str], Recorded] = {}
    for patch in _told(ledger):
        key = patch.clip.source, patch.category
        if not _bit(patch) & standing.get(key, 0):
            continue  # moved to another part, or waiting to be made again
        if _bit(patch) & again.get(key, 0):
            last[patch.clip, patch.category] = patch
        else:
            yield patch
    yield from last.values()


def count_patches(ledger: Path) -> int:
    """Return how many patches `recorded_patches` yields."""
    return sum(bits.bit_count() for bits in _told_of(ledger)[1].values())


def _told(ledger: Path) -> Iterator[Recorded]:
    for event in read_events(ledger, on_damage=[]):
        yield from _patches_of(event)


def _patches_of(event: ev.Durable) -> Iterator[Recorded]:
    if isinstance(event, ev.ClipEnded) and isinstance(event.outcome, Made):
        for patch in event.outcome.patches:
            yield Recorded(event.outcome.clip, patch.category, patch.size_bytes, patch.record)


Members = dict[tuple[str, str], int]
"""(source, category) -> bit set of clips: a ledger of a million patches would not fit as objects."""


def _told_of(ledger: Path) -> tuple[Members, Members]:
    """Return the clips with more than one line, and those whose patches exist."""
    again, standing, seen = Members(), Members(), Members()
    for event in read_events(ledger, on_damage=[]):
        if isinstance(event, ev.PatchesLost):
            key = event.source, event.category
            standing[key] = standing.get(key, 0) & ~sum(1 << index for index in set(event.clips))
        for patch in _patches_of(event):
            key = patch.clip.source, patch.category
            again[key] = again.get(key, 0) | seen.get(key, 0) & _bit(patch)
            seen[key] = seen.get(key, 0) | _bit(patch)
            standing[key] = standing.get(key, 0) | _bit(patch)
    return again, standing


def _bit(patch: Recorded) -> int:
    return 1 << patch.clip.index


def sample_of(patches: Iterator[Recorded], count: int, seed: int) -> list[Recorded]:
    """Return `count` of the patches, each as likely as any other (reservoir sampling, algorithm R)."""
    chance = random.Random(seed)
    kept: list[Recorded] = []
    for position, patch in enumerate(patches):
        if position < count:
            kept.append(patch)
        elif (place := chance.randrange(position + 1)) < count:
            kept[place] = patch
    return kept


def check_all(output: Path, patches: Iterable[Recorded]) -> Iterator[Checked]:
    """Check patches in order, several at a time."""
    waiting = iter(patches)
    with ThreadPoolExecutor(CHECKERS, thread_name_prefix="verify") as checkers:
        while batch := list(islice(waiting, BATCH)):
            yield from checkers.map(lambda patch: check_patch(output, patch), batch)


def check_patch(output: Path, patch: Recorded) -> Checked:
    """Check the files of one patch."""
    files: dict[str, str] = dict(patch.record["files"])
    hashes: dict[str, str] = dict(patch.record["sha256"])
    moved = {kind: moved_to(output, path) for kind, path in files.items() if not _is_there(output / path)}
    is_moved = moved.get("gt") is not None
    findings = []
    for kind, path in files.items():
        wrong = _wrong_with(moved.get(kind) or output / path, hashes[kind])
        if wrong:
            findings.append(Finding(patch, path, wrong))
    return Checked(patch, tuple(findings), is_moved and not findings)


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)


def moved_to(output: Path, path: str) -> Path | None:
    """Return where a file stands in a folder for validation or for near duplicates, if it does."""
    place = Path(path)
    category = output / place.parent.parent.parent
    for start in (VALIDATION_FOLDER, NEAR_FOLDER):
        for folder in category.glob(f"{start}*"):
            found = folder / place.parent.name / place.name
            if found.exists():
                return found
    return None


def _wrong_with(path: Path, expected: str) -> str:
    try:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while data := file.read(_READ_BYTES):
                digest.update(data)
    except FileNotFoundError:
        return MISSING
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if digest.hexdigest() == expected:
        return ""
    return _damage(path.read_bytes())


def _damage(data: bytes) -> str:
    if not data:
        return "damaged: empty"
    if cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is None:
        return "damaged: does not decode"
    return "another content than recorded"


def unrecorded_files(output: Path, category_folder: str, is_recorded: Callable[[str], bool]) -> Iterator[str]:
    """Yield the files of a category's format folders that no ledger line owns, relative to the output."""
    for path in sorted((output / category_folder).glob("*/*/*")):
        relative = path.relative_to(output).as_posix()
        is_users = path.parent.parent.name.startswith(VALIDATION_FOLDER)
        if not is_users and not path.is_dir() and not is_recorded(relative):
            yield relative
