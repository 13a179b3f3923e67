"""Which file is which film: looking at the files, and telling films by path and fingerprint.

    look ─> FileLook | NoFile ─┐
    ledger's "file" facts ─────┴─> identify ─> id, facts to record, what to announce
    look_at_folder ─────────────> unreachable: which missing files are a missing disk

Guards: a film keeps its id when it moves, and a file never inherits the work done on another.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.superres.config.settings import Video

ID_CHARACTERS = 10
FINGERPRINT_BYTES = 1 << 20
"""So much of the file's beginning and of its end is hashed."""

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


class LibraryError(ValueError):
    """Two entries of the configuration cannot be told apart. `problems` has a line for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Take what is wrong, a line for each."""
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class FileLook:
    """A regular file as it is now."""

    path: str
    size_bytes: int
    mtime_ns: int
    folder_device: int
    fingerprint: str  # of the size and of the first and last MiB

    @property
    def facts(self) -> dict[str, Any]:
        """The "file" fact of the film."""
        return {
            "path": self.path,
            "size": self.size_bytes,
            "mtime_ns": self.mtime_ns,
            "folder_device": self.folder_device,
            "fingerprint": self.fingerprint,
        }


@dataclass(frozen=True, slots=True)
class NoFile:
    """A path where there is nothing to read."""

    path: str
    reason: str
    is_missing: bool  # False: something is there, but no regular file, or it may not be read


@dataclass(frozen=True, slots=True)
class FolderLook:
    """A folder as it is now; None where it cannot be listed."""

    is_empty: bool | None
    device: int | None


@dataclass(frozen=True, slots=True)
class Identified:
    """An entry of the configuration with the id of its film."""

    id: str
    video: Video
    look: FileLook | NoFile
    facts: JsonObject = field(default_factory=dict)  # to record; empty where nothing is new
    announcements: tuple[str, ...] = ()


# -------------------------------------------------------------------------------------------- looking


def look(path: str, known: JsonObject | None) -> FileLook | NoFile:
    """Look at a file without opening it where its size and time are as known (a film's "file" fact)."""
    try:
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):
            kind = _KINDS.get(stat.S_IFMT(status.st_mode), "no regular file")
            return NoFile(path, f"{kind}, not a file", is_missing=False)
        device = Path(folder_of(path)).stat().st_dev
        if known and (known["size"], known["mtime_ns"]) == (status.st_size, status.st_mtime_ns):
            fingerprint = known["fingerprint"]
        else:
            fingerprint = _fingerprint(path, status.st_size)
    except (FileNotFoundError, NotADirectoryError):
        return NoFile(path, "file not found", is_missing=True)
    except OSError as error:
        return NoFile(path, f"cannot be read: {error.strerror}", is_missing=False)
    return FileLook(path, status.st_size, status.st_mtime_ns, device, fingerprint)


def _fingerprint(path: str, size_bytes: int) -> str:
    # Not blocking: what was a file a moment ago may be a pipe now, and opening one can wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        digest = hashlib.sha256(str(size_bytes).encode("ascii") + b"\n")
        digest.update(file.read(FINGERPRINT_BYTES))
        file.seek(max(0, size_bytes - FINGERPRINT_BYTES))
        digest.update(file.read(FINGERPRINT_BYTES))
    return digest.hexdigest()


def folder_of(path: str) -> str:
    """Return the folder a file lies in."""
    return str(Path(path).parent)


def look_at_folder(path: str) -> FolderLook:
    """Look whether a folder is there, what device it is on, and whether anything is in it."""
    try:
        device = Path(path).stat().st_dev
        with os.scandir(path) as entries:
            return FolderLook(is_empty=next(entries, None) is None, device=device)
    except OSError:
        # Not there, or not to be listed: to the reader that is one and the same.
        return FolderLook(is_empty=None, device=None)


def known_files(records: Mapping[str, SourceRecord]) -> dict[str, JsonObject]:
    """Return path -> the latest "file" fact of a film that was seen there."""
    return {file["path"]: file for _, file in _seen(records)}


# ---------------------------------------------------------------------------------------- identifying


def identify(
    videos: Sequence[Video], looks: Mapping[str, FileLook | NoFile], records: Mapping[str, SourceRecord]
) -> tuple[Identified, ...]:
    """Give each entry the id of its film, whatever the order of the entries. Raises LibraryError.

    An `id` in the entry wins. A film known under this path with this content keeps its id; so does a
    missing one, and one found with the content of a film whose path is no longer configured: it moved.
    A known path with other content is another film, with an id from both. All else is new: its id
    is a hash of its path.
    """
    ids = _Identification(videos, looks, records)
    problems = list(ids.problems())
    if problems:
        raise LibraryError(problems)
    return tuple(ids.identified(video) for video in videos)


class _Identification:
    """One pass over a configuration; the ids are settled when it is made."""

    def __init__(
        self,
        videos: Sequence[Video],
        looks: Mapping[str, FileLook | NoFile],
        records: Mapping[str, SourceRecord],
    ) -> None:
        self._videos, self._looks = videos, looks
        self._files = dict(_seen(records))
        self._by_path = {file["path"]: source for source, file in self._files.items()}
        self._by_both = {(file["path"], file["fingerprint"]): source for source, file in self._files.items()}
        self._ids = {video.path: video.id for video in videos if video.id is not None}
        self._settle_known()
        self._settle_moved()
        self._settle_new()

    def problems(self) -> Iterator[str]:
        """Yield a line for each path, and each id, that two entries share."""
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
        """Return an entry with its id, the facts to record and what to announce."""
        source, seen = self._ids[video.path], self._looks[video.path]
        if isinstance(seen, NoFile):
            return Identified(source, video, seen)
        file = self._files.get(source)
        if file is None:
            elsewhere = self._by_path.get(video.path)
            is_replaced = elsewhere is not None and video.id is None
            said = (f"{video.path} holds another film than before: it is new",) if is_replaced else ()
            return Identified(source, video, seen, {"file": seen.facts}, said)
        facts: dict[str, Any] = {} if file == seen.facts else {"file": seen.facts}
        if file["fingerprint"] != seen.fingerprint:
            # The id was given by hand. What was measured on the other file does not hold for this one.
            facts |= {"probe": None, "survey": None}
            said = (f"{video.path} is another file than the one known as {source}: it is probed again",)
        elif file["path"] != video.path:
            said = (f"moved: {file['path']} -> {video.path} is still {source}",)
        else:
            said = ()
        return Identified(source, video, seen, facts, said)

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
        """Return the paths without an id yet, in an order that is not the configuration's."""
        return sorted({video.path for video in self._videos} - self._ids.keys())


def missing_of(identified: Iterable[Identified], unreachable: Collection[str]) -> frozenset[str]:
    """Return the ids of films that are not there; those whose disk is `away` are waited for instead."""
    return frozenset(
        found.id for found in identified if isinstance(found.look, NoFile) and found.id not in unreachable
    )


def path_id(path: str, content: str = "") -> str:
    """Return the id of a film first seen at a path: a short hash of it, and of the content if need be."""
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
    """Return path -> why, for the missing files to wait for; the others are simply not there.

    A missing file in a folder that can be listed and holds something is not found. Where the folder
    (`folders`, by `folder_of` the path) is missing, empty or on another device, and films are known
    there (`known`, their "file" facts), the disk or the share is gone. Device numbers may change from
    boot to boot: those of films that are `present` tell what became of the recorded ones.
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
