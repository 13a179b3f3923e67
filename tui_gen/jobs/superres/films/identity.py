"""Assigns an id to each film: looks at the files and compares their paths and fingerprints with the ledger.

    look ─> FileLook | NoFile ─┐
    ledger's "file" facts ─────┴─> identify ─> id, facts to record, what to announce
    look_at_folder ─────────────> unreachable: the missing files whose disk or share is missing

Invariant: a film keeps its id when its file moves, and a file never inherits the work done on another file.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.superres.config.settings import Video
from tui_gen.media.film_files import FileLook, FolderLook, NoFile, folder_of

ID_CHARACTERS = 10


class LibraryError(ValueError):
    """Two entries of the configuration share a path or an id. `problems` has a line for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep the problems, a line for each."""
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Identified:
    """An entry of the configuration with the id of its film."""

    id: str
    video: Video
    look: FileLook | NoFile
    facts: JsonObject = field(default_factory=dict)  # to record; empty if nothing is new
    announcements: tuple[str, ...] = ()


def known_files(records: Mapping[str, SourceRecord]) -> dict[str, JsonObject]:
    """Return path -> the latest "file" fact of a film at this path."""
    return {file["path"]: file for _, file in _seen(records)}


# ---------------------------------------------------------------------------------------- identifying


def identify(
    videos: Sequence[Video], looks: Mapping[str, FileLook | NoFile], records: Mapping[str, SourceRecord]
) -> tuple[Identified, ...]:
    """Assign each entry the id of its film; the order of the entries does not matter. Raises LibraryError.

    An `id` in the entry has precedence. A film keeps its id if it is known under this path with this content,
    or if its file is missing. A film also keeps its id if its known path is no longer configured and its
    content is found at a new path: the file moved. A known path with other content is another film; its id is
    a hash of path and content. Every other film is new; its id is a hash of its path.
    """
    ids = _Identification(videos, looks, records)
    problems = list(ids.problems())
    if problems:
        raise LibraryError(problems)
    return tuple(ids.identified(video) for video in videos)


class _Identification:
    """One pass over a configuration. The constructor settles the ids."""

    def __init__(
        self,
        videos: Sequence[Video],
        looks: Mapping[str, FileLook | NoFile],
        records: Mapping[str, SourceRecord],
    ) -> None:
        self._videos, self._looks = videos, looks
        self._files = dict(_seen(records))
        self._records = records
        self._by_path = {file["path"]: source for source, file in self._files.items()}
        self._by_both = {(file["path"], file["fingerprint"]): source for source, file in self._files.items()}
        self._ids = {video.path: video.id for video in videos if video.id is not None}
        self._settle_known()
        self._settle_moved()
        self._settle_new()

    def problems(self) -> Iterator[str]:
        """Yield a line for each path that is listed twice, and for each id that two paths share."""
        paths: dict[str, int] = defaultdict(int)
        owners: dict[str, set[str]] = defaultdict(set)
        for video in self._videos:
            paths[video.path] += 1
            owners[video.id or self._ids[video.path]].add(video.path)
        yield from (f"{path} is listed {count} times" for path, count in paths.items() if count > 1)
        for source, shared in owners.items():
            if len(shared) > 1:
                yield f"the id {source!r} is that of {' and of '.join(sorted(shared))}"

    def identified(self, video: Video) -> Identified:
        """Return an entry with its id, the facts to record and the announcements."""
        source, seen = self._ids[video.path], self._looks[video.path]
        if isinstance(seen, NoFile):
            return Identified(source, video, seen)
        file = self._files.get(source)
        if file is None:
            elsewhere = self._by_path.get(video.path)
            is_replaced = elsewhere is not None and video.id is None
            said = (f"{video.path} holds another film than before: it is new",) if is_replaced else ()
            return Identified(source, video, seen, {"file": seen.facts, **self._block_of(video)}, said)
        facts: dict[str, Any] = {} if file == seen.facts else {"file": seen.facts}
        if file["fingerprint"] != seen.fingerprint:
            # The entry sets the id by hand. The facts measured on the other file do not apply to this file.
            facts |= {"probe": None, "survey": None}
            said = (f"{video.path} is another file than the one known as {source}: it is probed again",)
        elif file["path"] != video.path:
            said = (f"moved: {file['path']} -> {video.path} is still {source}",)
        else:
            said = ()
        return Identified(source, video, seen, facts, said)

    def _block_of(self, video: Video) -> JsonObject:
        """Return the film whose block a new film shares: the one that this entry had before, if any.

        A new encode has the same scenes at the same times. With a block at another place, the one would be
        trained on what the other holds out.
        """
        before = [
            record.facts.get("block_of", source)
            for source, record in self._records.items()
            if source not in self._ids.values() and _was_entry(record, video)
        ]
        return {"block_of": min(before)} if before and video.val_share else {}

    def _settle_known(self) -> None:
        for path in self._open_paths():
            seen = self._looks[path]
            if isinstance(seen, NoFile):
                source = self._by_path.get(path)
            else:
                source = self._by_both.get((path, seen.fingerprint))
            if source is not None:
                self._ids[path] = source

    def _settle_moved(self) -> None:
        configured = {video.path for video in self._videos}
        gone: dict[str, list[str]] = defaultdict(list)
        for source, file in sorted(self._files.items(), reverse=True):
            if file["path"] not in configured and source not in self._ids.values():
                gone[file["fingerprint"]].append(source)
        for path in self._open_paths():
            seen = self._looks[path]
            if isinstance(seen, FileLook) and gone[seen.fingerprint]:
                self._ids[path] = gone[seen.fingerprint].pop()

    def _settle_new(self) -> None:
        for path in self._open_paths():
            seen = self._looks[path]
            is_free = path_id(path) not in self._files and path_id(path) not in self._ids.values()
            if path not in self._by_path and is_free:
                self._ids[path] = path_id(path)
            else:
                content = seen.fingerprint if isinstance(seen, FileLook) else "missing"
                self._ids[path] = path_id(path, content)

    def _open_paths(self) -> list[str]:
        """Return the paths without an id yet, sorted: the order of the configuration does not matter."""
        return sorted({video.path for video in self._videos} - self._ids.keys())


def _was_entry(record: SourceRecord, video: Video) -> bool:
    """Return whether an entry stood for a film of the ledger: by its path, or by its name."""
    path = (record.facts.get("file") or {}).get("path")
    name = (record.facts.get("entry") or {}).get("name")
    return path == video.path or (name is not None and _composed(name) == _composed(video.name))


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def missing_of(identified: Iterable[Identified], unreachable: Collection[str]) -> frozenset[str]:
    """Return the ids of films without a file, except those in `unreachable`: the run waits for these."""
    return frozenset(
        found.id for found in identified if isinstance(found.look, NoFile) and found.id not in unreachable
    )


def path_id(path: str, content: str = "") -> str:
    """Return the id of a new film: a short hash of its path, and of its content to tell two films apart."""
    hashed = os.fsencode(path) + (b"\0" + content.encode("ascii") if content else b"")
    return hashlib.sha256(hashed).hexdigest()[:ID_CHARACTERS]


def _seen(records: Mapping[str, SourceRecord]) -> Iterator[tuple[str, JsonObject]]:
    for source, record in records.items():
        if record.facts.get("file"):
            yield source, record.facts["file"]


# ------------------------------------------------------------------------------------- missing disks


def unreachable(
    missing: Collection[str],
    *,
    folders: Mapping[str, FolderLook],
    known: Collection[JsonObject],
    present: Collection[FileLook],
) -> dict[str, str]:
    """Return path -> reason, for the missing files to wait for. The other missing files are not found.

    `folders` maps the folder of each missing path to its look. `known` are the "file" facts of all films. If
    the ledger knows films in a folder, and the folder is missing, empty or on another device, then its disk
    or share is not there: wait for it. A file missing from any other folder is not found. Device numbers may
    change at a reboot: the films in `present` map the recorded device numbers to the current ones.
    """
    recorded: dict[str, set[int]] = defaultdict(set)
    for file in known:
        recorded[folder_of(file["path"])].add(file["folder_device"])
    now = {look.path: look.folder_device for look in present}
    became: dict[int, set[int]] = defaultdict(set)
    for file in known:
        if file["path"] in now:
            became[file["folder_device"]].add(now[file["path"]])
    waits: dict[str, str] = {}
    for path in missing:
        folder = folder_of(path)
        if folder not in recorded:
            continue
        expected = {device for old in recorded[folder] for device in became.get(old) or {old}}
        reason = _why_gone(folders[folder], expected)
        if reason:
            waits[path] = f"{folder} {reason}"
    return waits


def _why_gone(folder: FolderLook, expected: Collection[int]) -> str | None:
    if folder.is_empty is None:
        return "is missing or cannot be listed"
    if folder.is_empty:
        return "is empty"
    return None if folder.device in expected else "is on another device than before"
