"""Compares every recorded patch with its files: they exist, are complete, and have the recorded bytes.

The SHA-256 of the ledger decides: a file with this hash can be decoded and has the right size and content.
Files in a validation folder count as moved. Nothing is ever deleted.
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
from tui_gen.jobs.superres.dataset.folders import VALIDATION_FOLDER
from tui_gen.jobs.superres.dataset.split import NEAR_FOLDER
from tui_gen.jobs.superres.dataset.standing_patches import standing_patches

CHECKERS = 4
BATCH = 256
_READ_BYTES = 1 << 20


def recorded_patches(ledger: Path) -> Iterator[Recorded]:
    """Yield every patch of a ledger once, as its last line records it; lost patches are left out."""
    for standing in standing_patches(ledger):
        patch = standing.patch
        yield Recorded(standing.clip.clip, patch.category, patch.size_bytes, patch.record)


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
    """Check patches in order, several in parallel."""
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
    """Return the path of a file in a folder for validation or near duplicates, or None."""
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
    """Yield the files in a category's format folders that no ledger line records, relative to the output."""
    for path in sorted((output / category_folder).glob("*/*/*")):
        relative = path.relative_to(output).as_posix()
        is_users = path.parent.parent.name.startswith(VALIDATION_FOLDER)
        if not is_users and not path.is_dir() and not is_recorded(relative):
            yield relative
