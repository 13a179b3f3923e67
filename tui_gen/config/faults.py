"""What is wrong with a configuration, in a line for each problem: file, line, key, and what to write instead.

Fault (a key and two sentences) ── located ──> ConfigProblem (with file and line) ──> ConfigurationError
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.config.commented_json import Document, Key


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at one place of the file."""

    key: Key
    wrong: str
    remedy: str
    details: tuple[str, ...] = ()  # lines to be written below


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing that is wrong with a configuration."""

    file: Path
    line: int | None  # counts from 1; None where the file itself is the problem
    key: str  # "videos[3].categories.general"; empty where no key is concerned
    wrong: str
    remedy: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line: file, line, key, what is wrong, what to do. The details are on lines below."""
        place = f"{self.file}:{self.line}" if self.line else f"{self.file}"
        key = f" {self.key}:" if self.key else ""
        line = f"{place}:{key} {self.wrong}; {self.remedy}"
        return "\n".join(display_name(each) for each in (line, *self.details))


class ConfigurationError(RefusedError):
    """A configuration cannot be used. Its text is one line per problem, in the order of the file."""

    def __init__(self, problems: tuple[ConfigProblem, ...]) -> None:
        """Keep every problem."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def located(path: Path, document: Document, faults: Iterable[Fault]) -> tuple[ConfigProblem, ...]:
    """Return the problem of each fault, in the order of the file."""
    # Several faults of one place are kept apart by their text only.
    problems = {
        ConfigProblem(
            path,
            document.line_of(fault.key),
            key_text(_written(document, fault)),
            fault.wrong,
            fault.remedy,
            fault.details,
        )
        for fault in faults
    }
    return tuple(sorted(problems, key=lambda problem: (problem.line or 0, problem.key, problem.wrong)))


def repeated_keys(document: Document) -> list[Fault]:
    """Return a fault for each key that stands twice in one object."""
    return [
        Fault(key, f"stands on line {line} already", "keep one of the two") for key, line in document.repeated
    ]


def key_text(key: Key) -> str:
    """Write a key as one would in code: `videos[3].categories.general`."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.isidentifier():
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(part, ensure_ascii=False)}]"
    return text


def value_at(tree: Any, key: Key) -> Any:  # noqa: ANN401 - a JSON value is anything
    """Return the value at a key of a tree of objects and lists, or None where nothing stands."""
    for part in key:
        inside = isinstance(tree, list) and isinstance(part, int)
        if not inside and not (isinstance(tree, dict) and part in tree):
            return None
        tree = tree[part]
    return tree


def _written(document: Document, fault: Fault) -> Key:
    """Return the key as the user knows it: `0.45` stands for `{"probability": 0.45}`."""
    key = fault.key
    while key not in document.lines and isinstance(_scalar_above(document, key), int | float | str | bool):
        key = key[:-1]
    return key


def _scalar_above(document: Document, key: Key) -> object:
    return value_at(document.value, key[:-1]) if key else None
