"""Finds the video files below folders, and separates films from samples, trailers and extras.

Invariant: a file with two paths is found once. Every file that is left out is reported with its reason. A
name is a reason only if it is that of a sample, a trailer or an extra.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tui_gen.jobs.superres.films.scanning.folder_walk import FolderWalk
from tui_gen.jobs.superres.films.scanning.passed_over import Kind
from tui_gen.media.names.release_words import comparable

EXTENSIONS = frozenset(
    "3g2 3gp 264 265 asf av1 avi divx flv h264 h265 hevc ivf m2t m2ts m2v m4v mkv mov mp4 mpeg "  # noqa: SIM905 - shorter than thirty strings
    "mpg mts mxf ogm ogv rm rmvb ts vob webm wmv y4m".split()
)
"""The extensions of files that count as films, without the dot, in lower case."""

_EXTRAS = {
    "sample": "a sample", "samples": "a sample",
    "trailer": "a trailer", "trailers": "a trailer",
    **dict.fromkeys(
        (
            "extras", "extra", "bonus", "bonus disc", "behind the scenes", "deleted scenes", "featurettes",
            "interviews", "special features", "making of", "backdrops", "theme videos",
        ),
        "an extra",
    ),
}  # fmt: skip
"""Comparable folder name -> what it contains, for folders that media libraries keep beside a film."""
_EXTRAS_OF_A_FILM = _EXTRAS | dict.fromkeys(("scenes", "shorts", "clips", "other", "others"), "an extra")
"""The same inside a film's folder. At the top, such a folder may be a collection of short films."""
_NAMED = (
    (re.compile(r"sample|(?:^sample-.+)|.+[-._ \[(]sample[\])]?", re.IGNORECASE), "a sample"),
    (re.compile(r"(?:.+[-._ \[(])?(?:trailer|teaser)[-._ ]?\d*[\])]?", re.IGNORECASE), "a trailer"),
    (
        re.compile(
            r".+[-._ ](?:behind[-._ ]?the[-._ ]?scenes|deleted(?:[-._ ]?scenes?)?|featurette|interview)",
            re.IGNORECASE,
        ),
        "an extra",
    ),
    (re.compile(r".+-(?:scene|short|clip|extra|other)"), "an extra"),
    (
        re.compile(r"(?:.*[-._ \])])?(?:NCOP|NCED|Creditless)(?:[-._ \[(]?\d*v?\d*)?(?:[-._ \[(].*)?"),
        "an extra",
    ),
)
_EPISODE = re.compile(r"(?<![0-9a-z])s\d{1,2}[ ._-]?e\d{1,3}", re.IGNORECASE)
_MENU = re.compile(r"video_ts|vts_\d\d_0", re.IGNORECASE)
_TITLE_SET = re.compile(r"(vts_\d\d)_\d", re.IGNORECASE)
_TRANSPORT_SYNC = 0x47
_HEAD_BYTES = 192


class FolderError(ValueError):
    """A named folder cannot be searched; the text states the reason."""


@dataclass(frozen=True, slots=True)
class VideoFile:
    """A video file that was found."""

    path: str  # absolute; bytes that are not UTF-8 as surrogates
    size_bytes: int
    top: str  # the scanned folder that contains it
    node: tuple[int, int] = (0, 0)  # device and inode

    @property
    def stem(self) -> str:
        """The file's name without extension."""
        return os.path.basename(self.path).rpartition(".")[0]  # noqa: PTH119 - a plain string

    @property
    def folder(self) -> str:
        """The folder of the file."""
        return os.path.dirname(self.path)  # noqa: PTH120 - a plain string

    @property
    def folders(self) -> tuple[str, ...]:
        """The names of the folders from the file up to the scanned folder, the nearest first."""
        below = Path(os.path.relpath(self.folder, self.top)).parts
        return (*reversed(below), os.path.basename(self.top))  # noqa: PTH119 - a plain string


@dataclass(slots=True)
class Found:
    """The contents of the scanned folders."""

    files: list[VideoFile] = field(default_factory=list)
    left_out: list[tuple[VideoFile, str]] = field(default_factory=list)  # with the reason
    # Folders and files that could not be read, each with the reason.
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    # What the walk passed over: recycle bins, snapshots, hidden and unfinished files.
    passed_over: Sequence[Kind] = ()


def find_videos(folders: Sequence[Path], *, follows_links: bool = True) -> Found:
    """Search folders for video files. Raises `FolderError` for a path that is not a folder.

    Hidden files and folders, recycle bins, snapshots and unfinished files are passed over.
    """
    for folder in folders:
        if not folder.is_dir():
            wrong = f"{folder} is no folder; name one that holds films"
            raise FolderError(wrong)
    walk = FolderWalk(EXTENSIONS, follows_links=follows_links)
    found = Found(unreadable=walk.unreadable, passed_over=walk.passed_over)
    seen: set[tuple[int, int]] = set()
    everything: list[VideoFile] = []
    tops = [os.path.abspath(folder) for folder in folders]  # noqa: PTH100 - keeps links as they are
    for top, path in walk.files(tops):
        try:
            status = os.stat(path)  # noqa: PTH116 - a plain string keeps odd names as they are
            is_film = stat.S_ISREG(status.st_mode) and not _is_source_text(path)
        except OSError as error:
            found.unreadable.append((path, error.strerror or type(error).__name__))
            continue
        if is_film and (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            everything.append(VideoFile(path, status.st_size, top, (status.st_dev, status.st_ino)))
    minor = _minor_tracks(everything)
    for file in everything:
        reason = _why_no_film(file) or minor.get(file.path)
        if reason:
            found.left_out.append((file, reason))
        else:
            found.files.append(file)
    return found


def _is_source_text(path: str) -> bool:
    """Return whether a `.ts` file is TypeScript source and not a transport stream."""
    if not path.lower().endswith(".ts"):
        return False
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        head = os.read(descriptor, _HEAD_BYTES)
    finally:
        os.close(descriptor)
    return bool(head) and _TRANSPORT_SYNC not in {head[0], *head[4:5]} and b"\0" not in head


def _why_no_film(file: VideoFile) -> str | None:
    """Return what a file is if its name or those of its folders say that it is not a film, else None."""
    stem = file.stem
    for pattern, what in _NAMED:
        if pattern.fullmatch(stem):
            return what
    # The scanned folder itself may have any name.
    *inner, outermost = file.folders[:-1] or ("",)
    reasons = [_EXTRAS_OF_A_FILM.get(comparable(name)) for name in inner]
    reason = next(filter(None, [*reasons, _EXTRAS.get(comparable(outermost))]), None)
    # "Extras" is also the name of a series.
    if reason and not (reason == "an extra" and _EPISODE.search(stem)):
        return reason
    if _is_disc_file(file) and _MENU.fullmatch(stem):
        return "a disc's menu"
    return None


def _is_disc_file(file: VideoFile) -> bool:
    return comparable(file.folders[0]) in {"stream", "video ts"}


def _minor_tracks(files: Sequence[VideoFile]) -> dict[str, str]:
    """Return the tracks of copied discs smaller than half of their disc's largest track, with the reason."""
    sizes: dict[str, dict[str, int]] = {}
    for file in filter(_is_disc_file, files):
        if not _MENU.fullmatch(file.stem):
            tracks = sizes.setdefault(file.folder, {})
            tracks[_track(file)] = tracks.get(_track(file), 0) + file.size_bytes
    return {
        file.path: "a small track of a disc"
        for file in files
        if file.folder in sizes
        and (tracks := sizes[file.folder])
        and 2 * tracks.get(_track(file), 0) < max(tracks.values())
    }


def _track(file: VideoFile) -> str:
    """Return the common name of the parts of one track: "VTS_01" for "VTS_01_2.VOB"."""
    match = _TITLE_SET.fullmatch(file.stem)
    return match.group(1).upper() if match else file.stem
