"""Keeps the files that a redone stage replaces: no made file is deleted.

<output>/Crops/a.txt ── rename ──> <run folder>/superseded/Crops/a.txt, a.txt.2, a.txt.3 ...
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

FOLDER = "superseded"


def supersede(file: Path, *, output: Path, run_folder: Path) -> Path | None:
    """Move a file of the output folder to the superseded files; return its new path.

    Returns None if the file does not exist. Raises OSError, and ValueError if `file` is not below `output`.
    If the name exists already, the file gets a number: earlier superseded files stay.
    """
    place = run_folder / FOLDER / file.relative_to(output)
    place.parent.mkdir(parents=True, exist_ok=True)
    names = (place if number == 1 else place.with_name(f"{place.name}.{number}") for number in count(1))
    free = next(name for name in names if not name.exists())
    try:
        file.rename(free)
    except FileNotFoundError:
        return None
    return free
