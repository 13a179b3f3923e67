"""Chooses the films by which a machine is tested for whether it sees the sources of a run."""

from __future__ import annotations

from collections.abc import Iterable

from tui_gen.engine.executors.ground import KnownFile
from tui_gen.media.film_files import folder_of
from tui_gen.media.presence import Presence

MOST_FILES = 3


def known_files(films: Iterable[tuple[str, str]], presence: Presence) -> tuple[KnownFile, ...]:
    """Return up to three films with a known file; `films` are ids and paths on the engine's machine.

    Films of different folders come first, because folders are mounted, and not films.
    """
    by_folder, others = dict[str, KnownFile](), list[KnownFile]()
    for source, path in films:
        if source not in presence.fingerprints:
            continue
        size_bytes, mtime_ns = presence.fingerprints[source]
        file = KnownFile(path, size_bytes, mtime_ns / 1e9)
        if by_folder.setdefault(folder_of(path), file) is not file:
            others.append(file)
    return (*by_folder.values(), *others)[:MOST_FILES]
