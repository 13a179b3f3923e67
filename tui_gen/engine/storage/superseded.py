"""Keeps the files that a redone stage replaces: no made file is deleted.

<output>/Crops/a.txt ── link ──> <run folder>/superseded/Crops/a.txt, a.txt.2, a.txt.3 ...
"""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

FOLDER = "superseded"


def keep_file(file: Path, *, output: Path, run_folder: Path) -> None:
    """Give a file of the output folder a second name among the superseded files, and leave it in its place.

    A file system without links does not allow that: there the file is moved. Does nothing if an equal file is
    kept under the name already, or under the name with a number.
    Raises OSError, and ValueError if `file` is not below `output`.
    """
    place = run_folder / FOLDER / file.relative_to(output)
    place.parent.mkdir(parents=True, exist_ok=True)
    for name in _numbered(place):
        if not name.exists():
            try:
                os.link(file, name)
            except OSError:
                file.rename(name)
            return
        if _is_equal(file, name):
            return


def keep_folder(
    folder: Path, files: Sequence[Path], *, replaced: Sequence[Path], output: Path, run_folder: Path
) -> None:
    """Give files of a folder second names in one folder among the superseded ones; leave them in place.

    Does nothing if a folder that is kept already has equals of all files that are going to be `replaced`.
    A kept folder is complete: until then it has another name. Raises OSError.
    """
    place = run_folder / FOLDER / folder.relative_to(output)
    for name in _numbered(place):
        if not name.exists():
            break
        if all(_is_equal(file, name / file.relative_to(folder)) for file in replaced):
            return
    part = place.with_name(f"{place.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    for file in files:
        copy = part / file.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(file, copy)
        except OSError:  # a file system without links
            shutil.copy2(file, copy)
    part.rename(name)


def _numbered(place: Path) -> Iterator[Path]:
    """Yield the names for a superseded file: a.txt, a.txt.2, a.txt.3, ..."""
    yield place
    yield from (place.with_name(f"{place.name}.{number}") for number in count(2))


def _is_equal(file: Path, other: Path) -> bool:
    if not other.is_file():
        return False
    return file.samefile(other) or filecmp.cmp(file, other, shallow=False)
