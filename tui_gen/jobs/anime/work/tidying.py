"""Removes folders that hold nothing."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

LEFT_BEHIND = frozenset({"multiply.txt"})
"""Files of the program that keep no folder alive."""


def remove_empty_folders(base: Path) -> None:
    """Remove the folders below a folder that hold nothing, from the innermost out."""
    inner = [each for each in base.rglob("*") if each.is_dir()] if base.is_dir() else []
    for folder in sorted(inner, key=lambda path: -len(path.parts)):
        files = list(folder.iterdir())
        if all(file.name in LEFT_BEHIND for file in files):
            for file in files:
                file.unlink(missing_ok=True)
            with suppress(OSError):
                folder.rmdir()
