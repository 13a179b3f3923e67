"""Changes of folders as steps that can be taken back.

A change is a list of steps. If a step fails, the steps before it are taken back; taking a change back works
the same way. Invariant: no file is overwritten, and no file is deleted but a link or copy that a step made.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_NO_LINK = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS})


class Step(Protocol):
    """A change of one file or folder."""

    def do(self) -> None:
        """Make the change. Raises OSError, and has changed nothing then."""
        ...

    def undo(self) -> None:
        """Take the change back. Raises OSError, and has changed nothing then."""
        ...


@dataclass(frozen=True, slots=True)
class Move:
    """A file or folder gets another name, on the same file system."""

    source: Path
    target: Path

    def do(self) -> None:
        """Move it."""
        _rename(self.source, self.target)

    def undo(self) -> None:
        """Move it back."""
        _rename(self.target, self.source)


@dataclass(frozen=True, slots=True)
class MakeFolder:
    """A folder is made. A folder that holds something stays when this is taken back."""

    path: Path

    def do(self) -> None:
        """Make the folder."""
        self.path.mkdir(exist_ok=True)

    def undo(self) -> None:
        """Remove the folder if it is empty."""
        _remove_empty(self.path)


@dataclass(frozen=True, slots=True)
class RemoveFolder:
    """A folder is removed if it is empty; otherwise it stays."""

    path: Path

    def do(self) -> None:
        """Remove the folder if it is empty."""
        _remove_empty(self.path)

    def undo(self) -> None:
        """Make the folder."""
        self.path.mkdir(exist_ok=True)


@dataclass(frozen=True, slots=True)
class Link:
    """A file gets a second name; where a link is not possible, a copy of the file does."""

    source: Path
    target: Path

    def do(self) -> None:
        """Link or copy the file."""
        try:
            os.link(self.source, self.target)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
            self._copy()

    def _copy(self) -> None:
        part = self.target.with_name(f".{self.target.name}.{os.getpid()}.tmp")
        try:
            shutil.copyfile(self.source, part)
            _rename(part, self.target)
        finally:
            part.unlink(missing_ok=True)

    def undo(self) -> None:
        """Remove the second name, if it is there."""
        self.target.unlink(missing_ok=True)


def perform(steps: Sequence[Step]) -> None:
    """Make all steps, or none. Raises OSError."""
    done: list[Step] = []
    try:
        for step in steps:
            step.do()
            done.append(step)
    except OSError:
        for step in reversed(done):
            step.undo()
        raise


def take_back(steps: Sequence[Step]) -> None:
    """Take all steps back, the last first, or none. Raises OSError."""
    undone: list[Step] = []
    try:
        for step in reversed(steps):
            step.undo()
            undone.append(step)
    except OSError:
        for step in reversed(undone):
            step.do()
        raise


def folders_to_make(folders: Iterable[Path]) -> list[MakeFolder]:
    """Return the steps that make folders and those above them, as far as they do not exist."""
    missing: set[Path] = set()
    for folder in set(folders):
        path = folder
        while path not in missing and not path.exists():
            missing.add(path)
            path = path.parent
    return [MakeFolder(path) for path in sorted(missing)]


def _rename(source: Path, target: Path) -> None:
    if os.path.lexists(target) and not _is_same_entry(source, target):
        raise FileExistsError(errno.EEXIST, "exists already", str(target))
    source.rename(target)


def _is_same_entry(source: Path, target: Path) -> bool:
    """Return whether two names are one entry of a folder: on file systems without case, "A" is "a"."""
    is_other_case = source.name != target.name and source.name.casefold() == target.name.casefold()
    return is_other_case and source.parent == target.parent and source.samefile(target)


def _remove_empty(path: Path) -> None:
    try:
        path.rmdir()
    except FileNotFoundError:
        pass
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise
