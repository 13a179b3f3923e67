"""Recognises recycle bins, snapshots, system folders, hidden files and unfinished files by their names.

Invariant: a name decides by itself, so that nothing below such a folder is read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from tui_gen.base.formatting import count

Kind = Literal["bin", "snapshot", "system", "hidden folder", "hidden file", "unfinished", "link"]

_FOLDERS: dict[str, Kind] = {
    **dict.fromkeys(
        ("#recycle", "@recycle", "@sharebin", "$recycle.bin", "recycler", "recycled", "network trash folder"),
        "bin",
    ),
    **dict.fromkeys(
        ("@recently-snapshot", "@sharesnap", "#snapshot", "@snapshot", "@snapshots", "~snapshot"),
        "snapshot",
    ),
    **dict.fromkeys(
        (
            "@eadir", "@tmp", "@appstore", "lost+found", "system volume information", "found.000",
            "temporary items", "msocache", "windowsapps",
        ),
        "system",
    ),
}  # fmt: skip
"""Folder name in lower case -> its kind: Synology, QNAP, Asustor, Windows, macOS, NetApp, ext4."""
_HIDDEN_FOLDERS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"\.trash(?:es|[-_ ].*)?|\.recycle(?:bin)?|\.bin"), "bin"),
    (re.compile(r"\.snapshots?|\.zfs|\.snap|\.ckpt"), "snapshot"),
)
_TRANSCODING = re.compile(r"tdarr-workdir.*|unmanic_(?:file|remote).*|\.?inprogress", re.IGNORECASE)
_ENDING = "part|partial|crdownload|opdownload|tmp|temp|![qQ][bB]"
_LAST_ENDING = rf"{_ENDING}|![uU][tT]|bc!|unconfirmed|download|filepart|aria2|ytdl|unfinished"
_UNFINISHED = re.compile(
    rf"""
      .+\.(?:{_ENDING})\.[^.]+                     # Film.part.mkv, in small letters: not "The.Temp.mkv"
    | .+\.[0-9A-Za-z]{{1,5}}\.(?:{_LAST_ENDING})    # Film.mkv.part
    | .+\.[0-9A-Za-z]{{1,5}}\.(?:~[0-9a-f]+|partial~|backup~)
    | .+-TdarrCacheFile-.+
    | ~syncthing~.+
    """,
    re.VERBOSE,
)
_SAID: dict[Kind, tuple[str, str]] = {
    "bin": ("recycle bin", "recycle bins"),
    "snapshot": ("folder of snapshots", "folders of snapshots"),
    "system": ("system folder", "system folders"),
    "hidden folder": ("hidden folder", "hidden folders"),
    "hidden file": ("hidden file", "hidden files"),
    "unfinished": ("unfinished file", "unfinished files"),
    "link": ("linked folder", "linked folders"),
}


def folder_kind(name: str) -> Kind | None:
    """Return why a folder is passed over, or None."""
    plain = name.casefold()
    if plain.startswith("."):
        found = (kind for pattern, kind in _HIDDEN_FOLDERS if pattern.fullmatch(plain))
        return next(found, "hidden folder")
    return "system" if _TRANSCODING.fullmatch(plain) else _FOLDERS.get(plain)


def file_kind(name: str) -> Kind | None:
    """Return why a file is passed over, or None: it is hidden, or a program has not finished writing it."""
    if _UNFINISHED.fullmatch(name):
        return "unfinished"
    return "hidden file" if name.startswith(".") else None


def passed_over_line(kinds: Sequence[Kind]) -> str:
    """Return what was passed over as one line: "passed over: 1 recycle bin, 3 hidden files"; else ""."""
    found = Counter(kinds)
    said = [
        f"{count(found[kind])} {one if found[kind] == 1 else many}"
        for kind, (one, many) in _SAID.items()
        if found[kind]
    ]
    return f"passed over: {', '.join(said)}" if said else ""
