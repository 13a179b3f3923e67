"""Makes a configuration from folders of films: every video file becomes an entry of `videos`.

Invariant: nothing a user wrote into a configuration is lost. Entries are added to its text, comments
and all, and the file is replaced as a whole or not at all.
"""

from __future__ import annotations

import json
import os
import re
import stat
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_gen.engine.work import RefusedError
from tui_gen.jobs.superres.commented_json import Document, Key
from tui_gen.jobs.superres.config import Rule, load_rules, load_settings, read_document
from tui_gen.wording import display_name

EXTENSIONS = frozenset(
    "3g2 3gp 264 265 asf av1 avi divx flv h264 h265 hevc ivf m2t m2ts m2v m4v mkv mov mp4 mpeg "  # noqa: SIM905 - shorter than thirty strings
    "mpg mts mxf ogm ogv rm rmvb ts vob webm wmv y4m".split()
)
"""Endings of the files that are taken for films, without the dot, in lower case."""

_OTHERWISE = (("general", 1.0),)


class ScanError(RefusedError):
    """A scan can write nothing; the text says why and what to do."""

    def __init__(self, wrong: str) -> None:
        """Keep the reason, fit for a terminal."""
        super().__init__(display_name(wrong))


@dataclass(frozen=True, slots=True)
class FoundVideo:
    """One video file and what it will be used for."""

    name: str
    path: str  # absolute; bytes that are not UTF-8 as surrogates
    weights: tuple[tuple[str, float], ...]
    matched: str | None  # the rule's text; None where no rule knows the film


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan wrote."""

    config: Path
    added: tuple[FoundVideo, ...]
    already_there: int  # files found that the configuration listed before
    # Folders and files that could not be looked at, each with the reason.
    unreadable: tuple[tuple[str, str], ...]

    def lines(self) -> Iterator[str]:
        """Say what was found and what comes next, a film a line."""
        for video in self.added:
            weights = " + ".join(f"{category}({weight:g})" for category, weight in video.weights)
            why = f'rule "{video.matched}"' if video.matched else "no rule knows it"
            yield f"{video.name}: {weights or 'left out'} ({why})"
        for path, reason in self.unreadable:
            yield f"Could not be looked at: {path}: {reason}"
        before = f", {self.already_there} were there already" if self.already_there else ""
        yield f"{len(self.added)} videos added to {self.config}{before}"
        yield f"Next: set output_base_dir and the weights to your liking, then: tui-gen plan {self.config}"


def scan(folders: Sequence[Path], *, target: Path, shipped: Path, update: bool = False) -> Scanned:
    """Write a configuration with every film below the folders into `target`.

    Settings and rules come from `target` where it exists, else from `shipped`. Raises `ScanError` where
    there is nothing to write or `target` has videos and `update` is not asked for, and
    `ConfigurationError` where `target` is faulty.
    """
    base = target if target.exists() else shipped
    listed = {video.path for video in load_settings(base).videos} if base is target else set()
    if listed and not update:
        wrong = (
            f"{target} has {len(listed)} videos already; add --update to add to them, or -o for another file"
        )
        raise ScanError(wrong)
    paths, unreadable = find_videos(folders)
    if not paths:
        wrong = (
            f"no video files below {', '.join(map(str, folders))}; looked for {', '.join(sorted(EXTENSIONS))}"
        )
        raise ScanError(wrong)
    rules = load_rules(base)
    added = tuple(describe(path, folders, rules) for path in paths if path not in listed)
    if added:
        text, document = read_document(base)
        _replace(target, with_videos(text, document, added))
    return Scanned(target, added, len(paths) - len(added), unreadable)


# ---------------------------------------------------------------------------- looking for films


def find_videos(folders: Sequence[Path]) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """Return the absolute paths of the video files below the folders, sorted, and what was unreadable.

    Hidden files and folders are passed over, links to folders are not followed, and a file that can be
    reached by two names is taken once. Raises `ScanError` for a folder that is none.
    """
    found: dict[tuple[int, int], str] = {}
    unreadable: list[tuple[str, str]] = []
    for folder in folders:
        if not folder.is_dir():
            wrong = f"{folder} is no folder; name one that holds films"
            raise ScanError(wrong)
        for path in _candidates(os.path.abspath(folder), unreadable):  # noqa: PTH100 - keeps links as they are
            try:
                status = os.stat(path)  # noqa: PTH116 - a plain string keeps odd names as they are
            except OSError as error:
                unreadable.append((path, error.strerror or type(error).__name__))
                continue
            if stat.S_ISREG(status.st_mode):
                found.setdefault((status.st_dev, status.st_ino), path)
    return list(found.values()), tuple(unreadable)


def _candidates(folder: str, unreadable: list[tuple[str, str]]) -> Iterator[str]:
    """Yield every name below a folder that looks like a film's, in order."""

    def note(error: OSError) -> None:
        unreadable.append((str(error.filename), error.strerror or type(error).__name__))

    for place, folders, files in os.walk(folder, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and name.rpartition(".")[2].lower() in EXTENSIONS:
                yield os.path.join(place, name)  # noqa: PTH118 - a plain string keeps odd names as they are


# ------------------------------------------------------------------------------ naming and rules


def describe(path: str, folders: Sequence[Path], rules: Sequence[Rule]) -> FoundVideo:
    """Name a film after its file and weigh it by the rules.

    Where no rule knows the file's own name, the names of the folders it lies in decide, the nearest
    first, up to the scanned one.
    """
    file = Path(path)
    tops = {Path(os.path.abspath(folder)) for folder in folders}  # noqa: PTH100 - keeps links as they are
    names = [file.stem]
    for parent in file.parents:
        if parent in tops:
            break
        names.append(parent.name)
    rule = next((rule for name in names if (rule := best_rule(name, rules))), None)
    weights = rule.weights if rule else _OTHERWISE
    return FoundVideo(film_name(file.stem), path, weights, rule.match if rule else None)


def film_name(stem: str) -> str:
    """Return a file's name without ending as a readable one: no dots for blanks, nothing unprintable."""
    readable = os.fsencode(stem).decode("utf-8", "replace")
    if " " not in readable:
        readable = re.sub(r"[._]", " ", readable)
    printable = "".join(char if char.isprintable() else " " for char in readable)
    return " ".join(printable.split()) or "untitled"


def best_rule(name: str, rules: Sequence[Rule]) -> Rule | None:
    """Return the rule with the longest text whose words stand in the name, side by side."""
    words = f" {comparable(name)} "
    fitting = [rule for rule in rules if (text := comparable(rule.match)) and f" {text} " in words]
    return max(fitting, key=lambda rule: len(comparable(rule.match)), default=None)


def comparable(name: str) -> str:
    """Return the words of a name, without case and accents, one blank between them."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    kept = (char for char in plain if not unicodedata.combining(char))
    return " ".join("".join(char if char.isalnum() else " " for char in kept).split())


# ------------------------------------------------------------------------------------- writing


def with_videos(text: str, document: Document, videos: Sequence[FoundVideo]) -> str:
    """Return a configuration's text with entries added to its `videos`, everything else as it was."""
    entries = [f"    {_entry(video)}" for video in videos]
    if isinstance(document.value.get("videos"), list):
        return _with_appended(text, document, ("videos",), entries)
    array = '  "videos": [\n' + ",\n".join(entries) + "\n  ]"
    return _with_appended(text, document, (), [array])


def _entry(video: FoundVideo) -> str:
    entry = {"name": video.name, "path": video.path, "categories": dict(video.weights)}
    text = json.dumps(entry, ensure_ascii=False)
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


def _replace(target: Path, text: str) -> None:
    """Write a file beside its place, to the disk, and rename it; a link stays a link."""
    place = Path(os.path.realpath(target))
    try:
        mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else 0o666 & ~_umask()
        handle, beside = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode("utf-8", "surrogateescape"))
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            Path(beside).replace(place)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
    except OSError as error:
        wrong = f"{target} cannot be written: {error.strerror}; name another file with -o"
        raise ScanError(wrong) from error


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current
