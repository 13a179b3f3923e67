"""Reads generator_config.json into frozen `Settings`, or reports all its problems at once.

    bytes ── commented_json ──> tree with lines ── schema ──> ConfigFile ── checks ──> Settings
                  │                                    │                             │
                  └────────────────────────────────────┴──── Problem ────────────────┘

Invariant: settings come only from a file without problems. Every problem names the file, the place and the
allowed values.
"""

from __future__ import annotations

import copy
import difflib
import json
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

import tui_gen
from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.config.commented_json import CommentedJsonError, Document, Key, parse
from tui_gen.jobs.superres.config import checks
from tui_gen.jobs.superres.config.checks import Fault
from tui_gen.jobs.superres.config.schema import LEFT_OUT, ConfigFile, VideoEntry
from tui_gen.jobs.superres.config.schema_lookup import keys_known_at, remedy_for
from tui_gen.jobs.superres.config.settings import LrVersion, Settings, Trim, Video
from tui_gen.jobs.superres.dataset.split import TRAIN, Split, part_name
from tui_gen.media.film_facts import ConfiguredTags
from tui_gen.media.geometry import Region

_LONGEST_VALUE_SHOWN = 60
_LISTS_WITH_GAPS = frozenset({"videos", "category_rules"})


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing that is wrong with a configuration."""

    file: Path
    line: int | None  # counts from 1; None if the file itself is the problem
    key: str  # "videos[3].categories.general"; empty if the problem has no key
    wrong: str
    remedy: str

    def __str__(self) -> str:
        """Return one line: file, line, key, problem, remedy."""
        place = f"{self.file}:{self.line}" if self.line else f"{self.file}"
        key = f" {self.key}:" if self.key else ""
        return display_name(f"{place}:{key} {self.wrong}; {self.remedy}")


class ConfigurationError(RefusedError):
    """A configuration cannot be used. Its text is one line per problem, in the order of the file."""

    def __init__(self, problems: tuple[ConfigProblem, ...]) -> None:
        """Keep the problems, in the order of the file."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """The weights of films whose names contain a text; `scan` uses them."""

    match: str
    weights: tuple[tuple[str, float], ...]


def load_settings(path: Path) -> Settings:
    """Read a configuration. Raises `ConfigurationError` with every problem of the file."""
    return _settings(path, _load(path))


def load_rules(path: Path) -> tuple[CategoryRule, ...]:
    """Read a configuration's `category_rules`. Raises `ConfigurationError` as `load_settings` does."""
    entries = _load(path).category_rules
    return tuple(CategoryRule(entry.match, tuple(entry.categories.items())) for entry in entries)


def shipped_config() -> Path:
    """Return the path of the configuration that comes with the program."""
    package = Path(tui_gen.__file__).parent
    inside_the_wheel = package / "generator_config.json"
    return inside_the_wheel if inside_the_wheel.exists() else package.parent / "generator_config.json"


def read_document(path: Path) -> tuple[str, Document]:
    """Read a configuration's text and parse it; check only the syntax. Raises `ConfigurationError`.

    Bytes that are not UTF-8 become surrogates: encode with `surrogateescape` to get them back.
    """
    try:
        text = _read_regular_file(path).decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise ConfigurationError((_unreadable(path, error),)) from error
    try:
        return text, parse(text)
    except CommentedJsonError as error:
        place = f"column {error.column}"
        problem = ConfigProblem(path, error.line, place, error.wrong, error.remedy)
        raise ConfigurationError((problem,)) from error


def _load(path: Path) -> ConfigFile:
    _, document = read_document(path)
    faults = [
        Fault(key, f"stands on line {line} already", "keep one of the two") for key, line in document.repeated
    ]
    file, errors = _validated(document.value)
    faults += _faults_of(errors, document)
    if file is not None:
        faulty = [fault.key for fault in faults]
        faults += [
            fault
            for fault in checks.check(file, _folder_of(path))
            # Do not report an object as faulty because a faulty part was removed from it.
            if not any(key[: len(fault.key)] == fault.key for key in faulty)
        ]
    if file is None or faults:
        raise ConfigurationError(tuple(_located(path, document, faults)))
    return file


def _read_regular_file(path: Path) -> bytes:
    """Read a regular file, and refuse other kinds: opening a FIFO could block for ever."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        what = "Is a folder" if stat.S_ISDIR(mode) else "Is not a regular file"
        raise OSError(0, what)
    return path.read_bytes()


def _unreadable(path: Path, error: OSError) -> ConfigProblem:
    if isinstance(error, FileNotFoundError):
        remedy = (
            "write one with `tui-gen scan DIR` from a folder of films, or see `tui-gen demo` make and use one"
        )
        return ConfigProblem(path, None, "", "there is no such configuration", remedy)
    remedy = "name a readable generator_config.json"
    return ConfigProblem(path, None, "", f"cannot be read: {error.strerror}", remedy)


# --------------------------------------------------------------------- what pydantic found, retold


def _validated(tree: object) -> tuple[ConfigFile | None, list[ErrorDetails]]:
    """Validate a tree. On errors, return the file without the faulty parts, and the errors.

    The checks across keys can then run in spite of a wrong type elsewhere.
    """
    found: list[ErrorDetails] = []
    tree = copy.deepcopy(tree)
    while True:
        try:
            return ConfigFile.model_validate(tree), found
        except ValidationError as error:
            errors = error.errors(include_url=False, include_context=False)
            # Errors of later rounds are caused by the parts that earlier rounds removed.
            found = found or errors
            if not isinstance(tree, dict) or any(not details["loc"] for details in errors):
                return None, found
            for details in errors:
                _take_out(tree, details)


def _take_out(tree: dict[str, Any], details: ErrorDetails) -> None:
    """Remove a faulty part, or the smallest object that is invalid without the missing part."""
    key: Key = details["loc"]
    if key == ("base_settings", "output_base_dir"):
        tree.setdefault("base_settings", {})["output_base_dir"] = "."
        return
    if details["type"] == "missing":
        key = key[:-1]
    while not _is_removable(tree, key):
        key = key[:-1]
    holder = _at(tree, key[:-1])
    if isinstance(holder, list):
        holder[int(key[-1])] = LEFT_OUT
    else:
        holder.pop(key[-1], None)


def _is_removable(tree: object, key: Key) -> bool:
    if len(key) == 1:
        return True
    holder = _at(tree, key[:-1])
    if isinstance(holder, list):
        return len(key) == len(("videos", 0)) and key[0] in _LISTS_WITH_GAPS
    return isinstance(holder, dict) and key[-1] in holder


def _at(tree: Any, key: Key) -> Any:  # noqa: ANN401 - a JSON value is anything
    for part in key:
        inside = isinstance(tree, list) and isinstance(part, int)
        if not inside and not (isinstance(tree, dict) and part in tree):
            return None
        tree = tree[part]
    return tree


def _faults_of(errors: Iterable[ErrorDetails], document: Document) -> Iterator[Fault]:
    for details in errors:
        key: Key = details["loc"]
        if details["type"] == "missing":
            yield Fault(key, "is missing", f"write {remedy_for(key)}")
        elif details["type"] == "extra_forbidden":
            yield Fault(key, "is not a known key", _suggestion(key))
        elif details["type"] == "string_unicode" and not key:
            place = next(place for place in document.lines if place and place[-1] == details["input"])
            yield Fault(place, "is not a known key", "remove it")
        else:
            yield Fault(key, f"got {_shown(details['input'])}", f"write {remedy_for(key)}")


def _suggestion(key: Key) -> str:
    known = keys_known_at(key[:-1])
    unknown = str(key[-1])
    close = difflib.get_close_matches(unknown, known, n=1)
    if close:
        return f'did you mean "{close[0]}"?'
    if unknown in keys_known_at(("base_settings",)):
        return 'move it into "base_settings"'
    if unknown in keys_known_at(()):
        return "move it to the top level of the file"
    return f"remove it; known here: {', '.join(known)}"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE_SHOWN else f"{text[: _LONGEST_VALUE_SHOWN - 3]}..."


def _located(path: Path, document: Document, faults: Iterable[Fault]) -> list[ConfigProblem]:
    # Several faults at one place differ only in their text.
    problems = {
        ConfigProblem(
            path, document.line_of(fault.key), key_text(_written(document, fault)), fault.wrong, fault.remedy
        )
        for fault in faults
    }
    return sorted(problems, key=lambda problem: (problem.line or 0, problem.key, problem.wrong))


def _written(document: Document, fault: Fault) -> Key:
    """Return the key as the file has it: `0.45` is short for `{"probability": 0.45}`."""
    key = fault.key
    while key not in document.lines and isinstance(_scalar_above(document, key), int | float | str | bool):
        key = key[:-1]
    return key


def _scalar_above(document: Document, key: Key) -> object:
    return _at(document.value, key[:-1]) if key else None


def key_text(key: Key) -> str:
    """Return a key in code notation: `videos[3].categories.general`."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.isidentifier():
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(part, ensure_ascii=False)}]"
    return text


# ------------------------------------------------------------------------------ file -> settings


def _folder_of(path: Path) -> str:
    return os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120 - lexical, links stay as they are


def _settings(path: Path, file: ConfigFile) -> Settings:
    folder = _folder_of(path)
    base = file.base_settings
    status_file = base.status_file
    return Settings(
        config_path=Path(folder, path.name),
        output=Path(checks.absolute(folder, base.output_base_dir)),
        videos=_videos(folder, file),
        categories=checks.categories_of(file),
        job=file.job,
        seed=file.seed,
        base_frame_limit=base.base_frame_limit,
        max_workers=base.max_workers,
        status_file=Path(checks.absolute(folder, status_file)) if status_file else None,
        scene_diff_threshold=base.scene_diff_threshold,
        scene_cuts=file.scene_cuts,
        max_retry_attempts=base.max_retry_attempts,
        retry_skip_seconds=base.retry_skip_seconds,
        lr_versions=_lr_versions(base.lr_versions),
        min_free_gb=base.min_free_gb,
        ffmpeg_threads=base.ffmpeg_threads,
        nice=base.nice,
        chroma=file.chroma,
        lr_kernel=file.lr_kernel,
        lr_border=file.lr_border,
        png_compression=file.png_compression,
        interlaced=file.interlaced,
        telecine=file.telecine,
        stereo=file.stereo,
        hdr=file.hdr,
        sampling=file.sampling,
        hwaccel=file.hwaccel,
        ffmpeg=_ffmpeg(folder, file.ffmpeg),
        trim=_trim(file),
        gt_frames=file.gt_frames,
        crop_choice=file.crop_choice,
        repeated_frames=file.repeated_frames,
        scores=checks.rules_of(file),
        hooks={name: tuple(command) for name, command in file.hooks.items()},
        keymap=dict(file.keymap),
        notices=file.notices,
    )


def _videos(folder: str, file: ConfigFile) -> tuple[Video, ...]:
    splits = checks.splits_of(file)
    sizes = Counter(entry.group for entry in file.videos)
    share = file.base_settings.val_percent / 100
    videos = []
    for index, entry in enumerate(file.videos):
        # Do not divide a film of a group: films of a group share content at different timestamps.
        is_divided = splits[index] == TRAIN and (entry.group is None or sizes[entry.group] == 1)
        videos.append(_video(folder, entry, splits[index], val_share=share if is_divided else 0.0))
    return tuple(videos)


def _video(folder: str, entry: VideoEntry, split: Split, *, val_share: float) -> Video:
    return Video(
        name=entry.name,
        path=checks.absolute(folder, entry.path),
        weights=tuple(
            (part_name(category, split), weight)
            for category, weight in entry.categories.items()
            if weight > 0
        ),
        priority=entry.priority,
        id=entry.id,
        crop=Region(*entry.crop) if entry.crop else None,
        peak=entry.peak,
        tags=ConfiguredTags(entry.primaries, entry.transfer, entry.matrix, entry.range),
        split=split,
        group=entry.group,
        val_share=val_share,
    )


def _lr_versions(versions: Iterable[LrVersion]) -> tuple[LrVersion, ...]:
    return tuple(sorted(set(versions)))


def _ffmpeg(folder: str, written: str | None) -> str | None:
    return written if written in {None, "system"} else checks.absolute(folder, str(written))


def _trim(file: ConfigFile) -> Trim:
    start, end = file.trim.start, file.trim.end
    return Trim(start.seconds, start.share, end.seconds, end.share, has_chapters=file.trim.chapters)
