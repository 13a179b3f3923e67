"""Keeps what a redone stage replaces: nothing that was made is deleted.

<output>/Crops/a.txt ── rename ──> <run folder>/superseded/Crops/a.txt, a.txt.2, a.txt.3 ...
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

FOLDER = "superseded"


def supersede(file: Path, *, output: Path, run_folder: Path) -> Path | None:
    """Move a file of the output folder to the superseded ones; return its new place.

    Returns None where there is no such file. Raises OSError, and ValueError where `file` is not below
    `output`. A name that is taken gets a number: files superseded before stay as they are.
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
