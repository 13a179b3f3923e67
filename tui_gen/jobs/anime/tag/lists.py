"""The lists that decide which tags go: the program's own, and those of the user's files.

blacklist    a text file, a tag a line
overlaps     JSON: {"tag": ["tag", ...]}, or [{"query": "tag", "has_overlap": ["tag", ...]}, ...]
characters   JSON: {"whitelist": [...], "suffixes": [[difficulty 0], [difficulty 1], ...], "prefixes": [...]}

Invariant: tags in lists have spaces. A wrong file is reported with its line, and never used in part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tui_gen.config.commented_json import CommentedJsonError, Document, Key, parse
from tui_gen.config.faults import ConfigProblem, ConfigurationError, Fault, located
from tui_gen.jobs.anime.tag import character_words
from tui_gen.jobs.anime.tag.blacklist import BLACKLIST
from tui_gen.jobs.anime.tag.overlaps import OVERLAPS
from tui_gen.jobs.anime.tag.words import with_forms, with_spaces, words_of

Overlaps = Mapping[str, frozenset[str]]
Rows = tuple[tuple[str, ...], ...]
"""Words by difficulty."""


@dataclass(frozen=True, slots=True)
class CharacterWords:
    """Which tags describe what a character looks like, and how hard it is to learn."""

    whitelist: tuple[str, ...] = character_words.WHITELIST
    suffixes: Rows = character_words.SUFFIXES
    prefixes: Rows = character_words.PREFIXES

    def between(self, lowest: int, below: int) -> TagPattern:
        """Return what tags of a difficulty look like: `lowest` is included, `below` is not."""
        low = max(lowest, 0)
        return TagPattern(
            with_forms(word for row in self.suffixes[low : max(below, low)] for word in row),
            frozenset(words_of(word) for row in self.prefixes[low : max(below, low)] for word in row),
            with_forms(self.whitelist),
        )


@dataclass(frozen=True, slots=True)
class TagPattern:
    """Tags by how they end or begin. All in words."""

    suffixes: frozenset[tuple[str, ...]]
    prefixes: frozenset[tuple[str, ...]]
    whitelist: frozenset[tuple[str, ...]] = frozenset()

    def fits(self, tag: str) -> bool:
        """Return whether a tag ends with a suffix or begins with a prefix, and is not in the whitelist."""
        words = words_of(tag)
        if words in self.whitelist:
            return False
        return any(
            words[start:] in self.suffixes or words[: start + 1] in self.prefixes
            for start in range(len(words))
        )


@dataclass(frozen=True, slots=True)
class TagLists:
    """All lists of a run."""

    blacklist: frozenset[str] = BLACKLIST
    overlaps: Overlaps = field(default_factory=lambda: OVERLAPS)
    characters: CharacterWords = field(default_factory=CharacterWords)


def read_blacklist(data: bytes, file: Path) -> frozenset[str]:
    """Read a blacklist: a tag a line, with spaces or underscores. Raises ConfigurationError."""
    return frozenset(with_spaces(line.strip()) for line in _text(data, file).splitlines() if line.strip())


def read_overlaps(data: bytes, file: Path) -> Overlaps:
    """Read an overlap file of either form. Raises ConfigurationError."""
    document = _document(data, file)
    faults = list(_faults_of_overlaps(document.value))
    _refuse(file, document, faults)
    pairs: Iterable[tuple[str, Sequence[str]]]
    if isinstance(document.value, dict):
        pairs = document.value.items()
    else:
        pairs = ((each["query"], each.get("has_overlap") or ()) for each in document.value)
    found: dict[str, frozenset[str]] = {}
    for tag, others in pairs:
        name = with_spaces(tag)
        found[name] = found.get(name, frozenset()) | {with_spaces(other) for other in others}
    return MappingProxyType({tag: others for tag, others in found.items() if others})


def read_character_words(data: bytes, file: Path) -> CharacterWords:
    """Read a file of character words. A missing key stands for no words. Raises ConfigurationError."""
    document = _document(data, file)
    _refuse(file, document, list(_faults_of_characters(document.value)))
    value = document.value
    return CharacterWords(
        tuple(value.get("whitelist", ())),
        tuple(tuple(row) for row in value.get("suffixes", ())),
        tuple(tuple(row) for row in value.get("prefixes", ())),
    )


def _text(data: bytes, file: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        problem = ConfigProblem(
            file, line, "", f"byte {data[error.start]:#04x} is not UTF-8", "save it as UTF-8"
        )
        raise ConfigurationError((problem,)) from error


def _document(data: bytes, file: Path) -> Document:
    text = _text(data, file)
    if not text.strip():
        raise ConfigurationError((ConfigProblem(file, 1, "", "the file is empty", "write {} for no tags"),))
    try:
        return parse(text)
    except CommentedJsonError as error:
        problem = ConfigProblem(file, error.line, "", error.wrong, error.remedy)
        raise ConfigurationError((problem,)) from error


def _refuse(file: Path, document: Document, faults: Sequence[Fault]) -> None:
    repeated = [
        Fault(key, f"stands twice, in line {line} too", "keep one of the two")
        for key, line in document.repeated
    ]
    if faults or repeated:
        raise ConfigurationError(located(file, document, [*faults, *repeated]))


def _faults_of_overlaps(value: object) -> Iterator[Fault]:
    if isinstance(value, dict):
        for tag, others in value.items():
            yield from _faults_of_tags((tag,), others)
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            if not isinstance(entry, dict) or not isinstance(entry.get("query"), str):
                yield Fault((number,), 'no entry with a "query"', '{"query": "tag", "has_overlap": ["tag"]}')
            elif entry.get("has_overlap") is not None:
                yield from _faults_of_tags((number, "has_overlap"), entry["has_overlap"])
    else:
        yield Fault((), "neither an object nor a list", 'write {"tag": ["tag", ...]}')


def _faults_of_characters(value: object) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault((), "not an object", 'write {"whitelist": [], "suffixes": [[]], "prefixes": [[]]}')
        return
    known = ("whitelist", "suffixes", "prefixes")
    for key, entry in value.items():
        if key not in known:
            yield Fault((key,), "unknown key", f"the keys are {', '.join(known)}")
        elif key == "whitelist":
            yield from _faults_of_tags((key,), entry)
        elif not isinstance(entry, list):
            yield Fault((key,), "not a list of lists", "write a list of words for each difficulty, from 0 on")
        else:
            for difficulty, row in enumerate(entry):
                yield from _faults_of_tags((key, difficulty), row)


def _faults_of_tags(key: Key, value: Any) -> Iterator[Fault]:  # noqa: ANN401 - a JSON value is anything
    if not isinstance(value, list):
        yield Fault(key, "not a list of tags", 'write ["tag", ...]')
        return
    for number, tag in enumerate(value):
        if not isinstance(tag, str) or not tag.strip():
            yield Fault((*key, number), "not a tag", "write the tag in quotation marks")
