"""A folder with a page and the pictures that it shows, made anew in place by the same command.

    <page>  pictures/<picture>  and other files with names of their own

The page is written last, so an interrupted command leaves an older page unchanged. Invariant: a file that is
not the command's is neither overwritten nor removed.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from tui_gen.base.errors import RefusedError

PICTURES = "pictures"


@dataclass(frozen=True, slots=True)
class PageFolder:
    """The folder of a page."""

    folder: Path
    own: re.Pattern[str]  # names of the command's files in the folder
    own_pictures: re.Pattern[str]  # names of its files in the folder of pictures

    def prepare(self) -> None:
        """Make the folders. Raises RefusedError if there is a file that is not the command's; OSError."""
        if self.folder.is_dir():
            strangers = sorted(path.name for path in self.folder.iterdir() if not self._is_own(path.name))
            if strangers:
                message = (
                    f"{self.folder}: holds {strangers[0]}, which is not a sheet's; "
                    "choose an empty folder with -o"
                )
                raise RefusedError(message)
        (self.folder / PICTURES).mkdir(parents=True, exist_ok=True)

    def put(self, name: str, data: bytes) -> str:
        """Write a file, whole or not at all; return its name, relative to the folder. Raises OSError."""
        path = self.folder / name
        beside = path.with_name(f"{path.name}.part")
        beside.write_bytes(data)
        beside.replace(path)
        return name

    def remove_stale(self, kept: AbstractSet[str]) -> None:
        """Remove the command's files that are not among `kept`, names relative to the folder."""
        for path in self.folder.iterdir():
            if path.name != PICTURES and path.name not in kept and self._is_own(path.name):
                path.unlink(missing_ok=True)
        for path in (self.folder / PICTURES).iterdir():
            if self.own_pictures.fullmatch(path.name) and f"{PICTURES}/{path.name}" not in kept:
                path.unlink(missing_ok=True)

    def _is_own(self, name: str) -> bool:
        return name == PICTURES or self.own.fullmatch(name) is not None
