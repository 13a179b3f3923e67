"""Walks through folders and the folders that links in them lead to.

    films/ ─┬─ Drama/                      first: all folders that are no links
            ├─ 4K movies ──> /elsewhere    then: links, in the order of their paths
            └─ all ──> films               a loop: told

Invariant: links lead to each real folder once, known by its device and inode, so that a walk always ends. A
folder is found under its own path if that lies below a walked folder, else under the link.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tui_gen.jobs.superres.films.scanning.passed_over import Kind, file_kind, folder_kind

_LONGEST_ENDING = 5
"""A dangling link with a longer ending, or with none, is reported: it may have led to a folder."""


@dataclass(slots=True)
class FolderWalk:
    """A walk through folders; the fields hold what was passed over or could not be read."""

    extensions: frozenset[str]  # of the files to find, without the dot, in lower case
    follows_links: bool = True
    passed_over: list[Kind] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)  # path and reason
    _seen: dict[tuple[int, int], str] = field(default_factory=dict)  # folder -> its path

    def files(self, tops: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield (scanned folder, path) of each file with one of the extensions."""
        links: list[tuple[str, str]] = []
        for top in tops:
            yield from self._walked(top, top, links)
        while links:
            found = sorted(links)
            links = []
            for top, path in found:
                if self._leads_on(path, top):
                    yield from self._walked(top, path, links)

    def _walked(self, top: str, folder: str, links: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        def note(error: OSError) -> None:
            self.unreadable.append((str(error.filename), error.strerror or type(error).__name__))

        for place, folders, files in os.walk(folder, onerror=note):
            if not self._is_new(place) and folder != top:
                folders.clear()
                continue
            kept = []
            for name in sorted(folders):
                path = os.path.join(place, name)  # noqa: PTH118 - a plain string keeps odd names as they are
                kind = folder_kind(name)
                if kind is None and os.path.islink(path):  # noqa: PTH114 - as above
                    if self.follows_links:
                        links.append((top, path))
                    else:
                        self.passed_over.append("link")
                elif kind is None:
                    kept.append(name)
                else:
                    self.passed_over.append(kind)
            folders[:] = kept
            yield from ((top, path) for path in self._films(place, files))

    def _films(self, place: str, files: Sequence[str]) -> Iterator[str]:
        for name in sorted(files):
            kind = file_kind(name)
            path = os.path.join(place, name)  # noqa: PTH118 - a plain string keeps odd names as they are
            is_film = name.rpartition(".")[2].lower() in self.extensions
            if kind is not None:
                words = {word.lower() for word in name.split(".")[1:]}
                if words & self.extensions:
                    self.passed_over.append(kind)
            elif is_film:
                yield path
            elif os.path.islink(path) and not 0 < len(Path(name).suffix) <= _LONGEST_ENDING:  # noqa: PTH114 - as above
                self._note_dangling(path)

    def _note_dangling(self, path: str) -> None:
        try:
            os.stat(path)  # noqa: PTH116 - as above
        except OSError as error:
            self.unreadable.append((path, f"a link to {os.readlink(path)}: {error.strerror}"))  # noqa: PTH115 - as above

    def _is_new(self, place: str) -> bool:
        """Remember a folder; return whether it was not walked before."""
        try:
            status = os.stat(place)  # noqa: PTH116 - as above
        except OSError as error:
            self.unreadable.append((place, error.strerror or type(error).__name__))
            return False
        return self._seen.setdefault((status.st_dev, status.st_ino), place) == place

    def _leads_on(self, path: str, top: str) -> bool:
        """Return whether a link leads to a folder that was not walked; report it otherwise."""
        try:
            status = os.stat(path)  # noqa: PTH116 - as above
            target = os.path.realpath(path)
        except OSError as error:
            self.unreadable.append((path, f"a link that cannot be followed: {error.strerror}"))
            return False
        if not stat.S_ISDIR(status.st_mode):
            self.unreadable.append((path, "a link to a folder that is none any more"))
            return False
        above = os.path.realpath(top).rstrip(os.sep) + os.sep
        if above.startswith(target.rstrip(os.sep) + os.sep):
            self.unreadable.append((path, f"a link that leads back to {target}"))
            return False
        seen = self._seen.get((status.st_dev, status.st_ino))
        if seen is not None:
            self.unreadable.append((path, f"a link to {target}, which is searched as {seen}"))
        return seen is None
