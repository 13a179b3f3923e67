"""Edits a configuration's text: entries added, moved files followed, gone ones marked.

Invariant: nothing else in the text changes, neither a comment nor a blank, and the file is replaced as a
whole or not at all.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import stat
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_gen.base.priority import DEFAULT_PRIORITY
from tui_gen.config.commented_json import Document, Key

GONE = "// gone:"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of `videos` to be written."""

    name: str
    path: str
    weights: tuple[tuple[str, float], ...]
    priority: int = DEFAULT_PRIORITY
    group: str | None = None
    split: str | None = None


def with_entries(text: str, document: Document, entries: Sequence[Entry]) -> str:
    """Return a configuration's text with entries added to its `videos`, everything else as it was."""
    written = [f"    {_written(entry)}" for entry in entries]
    if not written:
        return text
    if isinstance(document.value.get("videos"), list):
        return _with_appended(text, document, ("videos",), written)
    array = '  "videos": [\n' + ",\n".join(written) + "\n  ]"
    return _with_appended(text, document, (), [array])


def _written(entry: Entry) -> str:
    fields: dict[str, Any] = {
        "name": entry.name,
        "path": entry.path,
        "categories": dict(entry.weights),
    }
    if entry.priority != DEFAULT_PRIORITY:
        fields["priority"] = entry.priority
    if entry.group is not None:
        fields["group"] = entry.group
    if entry.split is not None:
        fields["split"] = entry.split
    return _json(fields)


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    # A name that is not UTF-8 stays plain JSON this way.
    return re.sub(r"[\ud800-\udfff\x7f-\x9f\u2028\u2029]", lambda found: f"\\u{ord(found.group()):04x}", text)


def _with_appended(text: str, document: Document, key: Key, parts: Sequence[str]) -> str:
    """Insert parts before the closing bracket of the list or object at `key`."""
    close = document.spans[key][1] - 1
    inside = [
        span for place, span in document.spans.items() if len(place) == len(key) + 1 and place[:-1] == key
    ]
    end_of_last = max((end for _, end in inside), default=None)
    joined = ",\n".join(parts)
    if end_of_last is None:
        return (
            f"{text[: document.spans[key][0] + 1]}\n{joined}{_rest(text, document.spans[key][0] + 1, close)}"
        )
    after_last = text[end_of_last:close]
    has_comma = re.sub(r"//[^\n]*", "", after_last).strip() == ","
    comma = "" if has_comma else ","
    return f"{text[:end_of_last]}{comma}{after_last.rstrip()}\n{joined}{_closing(after_last)}{text[close:]}"


def _rest(text: str, start: int, close: int) -> str:
    """Return what stood in an empty list, and all after it."""
    return f"{text[start:close].rstrip()}{_closing(text[start:close])}{text[close:]}"


def _closing(before: str) -> str:
    """Return the line break and the indent that stood before a closing bracket."""
    blank = before[len(before.rstrip()) :]
    return f"\n{blank.rpartition(chr(10))[2]}" if "\n" in blank else "\n  "


def with_paths(text: str, document: Document, paths: Mapping[int, str]) -> str:
    """Return the text with other paths in the entries of `videos` at these places."""
    edits = [(document.spans["videos", index, "path"], _json(path)) for index, path in paths.items()]
    return _with_replaced(text, edits)


def with_fields(text: str, document: Document, fields: Mapping[int, tuple[str, object]]) -> str:
    """Return the text with one key set in each of these entries of `videos`, in its place or at the end."""
    edits = []
    for index, (name, value) in fields.items():
        span = document.spans.get(("videos", index, name))
        if span is None:
            inside = document.value["videos"][index]
            end = max(document.spans["videos", index, key][1] for key in inside)
            edits.append(((end, end), f", {_json(name)}: {_json(value)}"))
        else:
            edits.append((span, _json(value)))
    return _with_replaced(text, edits)


def with_marks(text: str, document: Document, gone: Collection[int], *, said: str) -> str:
    """Return the text with a comment above each gone entry of `videos`, and none above the others."""
    edits: list[tuple[tuple[int, int], str]] = []
    for index in range(len(document.value.get("videos", []))):
        at, _ = document.spans["videos", index]
        marked = _mark_above(text, at)
        if index in gone and not marked:
            edits.append(((at, at), _mark(text, at, said)))
        elif marked and index not in gone:
            edits.append((marked, ""))
    return _with_replaced(text, edits)


def marked_as_gone(text: str, document: Document) -> frozenset[int]:
    """Return the places of the entries of `videos` that have such a comment."""
    places = range(len(document.value.get("videos", [])))
    return frozenset(index for index in places if _mark_above(text, document.spans["videos", index][0]))


def _mark_above(text: str, at: int) -> tuple[int, int] | None:
    """Return where the mark stands among the comments above an entry: whole lines."""
    end = text.rfind("\n", 0, at) + 1
    if text[end:at].strip():
        return None
    while end:
        start = text.rfind("\n", 0, end - 1) + 1
        line = text[start:end].strip()
        if line.startswith(GONE):
            return start, end
        if not line.startswith("//"):
            return None
        end = start
    return None


def _mark(text: str, at: int, said: str) -> str:
    """Return the comment, and the line break after it, to stand before an entry."""
    before = text[text.rfind("\n", 0, at) + 1 : at]
    indent = "    " if before.strip() else before
    begin = f"\n{indent}" if before.strip() else ""
    return f"{begin}{GONE} {said}\n{indent}"


def _with_replaced(text: str, edits: Iterable[tuple[tuple[int, int], str]]) -> str:
    for (start, end), new in sorted(edits, reverse=True):
        text = f"{text[:start]}{new}{text[end:]}"
    return text


def replace_file(target: Path, text: str) -> None:
    """Write a file beside its place, to the disk, and rename it; a link stays a link. Raises OSError.

    The mode of an old file is kept, and its group where the user may set it. The mode of a new file
    follows the umask and the folder.
    """
    place = Path(os.path.realpath(target))
    beside = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(beside, flags, 0o666), "wb") as file:
        try:
            _take_mode_of(place, file.fileno())
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fsync(file.fileno())
            beside.replace(place)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


def _take_mode_of(old: Path, descriptor: int) -> None:
    try:
        found = old.stat()
    except FileNotFoundError:
        return
    with contextlib.suppress(PermissionError):  # a group that the user is not in: the folder decides
        os.fchown(descriptor, -1, found.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(found.st_mode))
