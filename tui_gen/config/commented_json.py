r"""Reads JSON with `//` comments and trailing commas, and remembers on which line everything stands.

Invariant: what plain JSON allows gets the value plain JSON gives it, except that a key standing twice
in one object is reported instead of dropped; file names that are not UTF-8 survive, whether written
as `\udcXX` escapes or as raw bytes.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str | int, ...]
"""Where a value stands: ("videos", 3, "path")."""

_DEEPEST = 64
_LONGEST_NUMBER = 400

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n]+|//[^\n]*)
      | (?P<string>"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")
      | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![0-9A-Za-z_.]))
      | (?P<word>(?:true|false|null|-?Infinity|NaN)(?![0-9A-Za-z_]))
      | (?P<mark>[][{}:,])""",
    re.VERBOSE,
)


class CommentedJsonError(ValueError):
    """The text is not JSON. Lines and columns count from 1."""

    def __init__(self, line: int, column: int, wrong: str, remedy: str) -> None:
        """Say where, what and what to write instead."""
        super().__init__(f"line {line}, column {column}: {wrong}; {remedy}")
        self.line = line
        self.column = column
        self.wrong = wrong
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Document:
    """A value and the line on which each of its parts stands."""

    value: Any
    lines: dict[Key, int]
    # Where each value begins and ends in the text.
    spans: dict[Key, tuple[int, int]]
    # Keys that stand more than once in their object, each with the line on which it stood before.
    repeated: tuple[tuple[Key, int], ...]

    def line_of(self, key: Key) -> int:
        """Return the line of a value, or of the nearest thing around it that is there."""
        while key not in self.lines:
            key = key[:-1]
        return self.lines[key]


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # "string", "number", "word", "mark", "end"
    text: str
    at: int


def parse(text: str) -> Document:
    """Parse a whole text; raise `CommentedJsonError` at the first thing that is not JSON."""
    reader = _Reader(text)
    value = reader.read()
    return Document(value, reader.lines, reader.spans, tuple(reader.repeated))


def top_level_value(text: str, name: str) -> Any:  # noqa: ANN401 - a JSON value is anything
    """Return the value of a key of the outermost object; None where there is no object or no such key.

    Nothing after the value is read. Raises `CommentedJsonError` where the text before is not JSON.
    """
    return _Reader(text).find(name)


@dataclass(slots=True)
class _Reader:
    """A recursive descent over the tokens, one token ahead."""

    text: str
    lines: dict[Key, int] = field(default_factory=dict)
    spans: dict[Key, tuple[int, int]] = field(default_factory=dict)
    repeated: list[tuple[Key, int]] = field(default_factory=list)
    _line_starts: list[int] = field(init=False)
    _tokens: Iterator[_Token] = field(init=False)
    _next: _Token = field(init=False)
    _end_of_last: int = 0

    def __post_init__(self) -> None:
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", self.text))]
        self._tokens = self._tokenise()
        self._next = next(self._tokens)

    def read(self) -> Any:  # noqa: ANN401 - a JSON value is anything
        if self._next.kind == "end":
            raise self._error(0, "the file is empty", 'begin with {"base_settings": {...}, "videos": []}')
        value = self._value(())
        if self._next.kind != "end":
            raise self._error(
                self._next.at, "there is more after the end", "remove it, or the bracket too many before it"
            )
        return value

    def find(self, name: str) -> Any:  # noqa: ANN401 - a JSON value is anything
        if self._next.text != "{":
            return None
        return next((value for found, value in self._members(()) if found == name), None)

    def _value(self, key: Key) -> Any:  # noqa: ANN401 - a JSON value is anything
        if len(key) > _DEEPEST:
            raise self._error(self._next.at, "nested too deeply", "no key of the configuration lies so deep")
        token = self._next
        self.lines.setdefault(key, self._line(token.at))
        value: Any
        if token.text == "{":
            value = self._object(key)
        elif token.text == "[":
            value = self._array(key)
        elif token.kind in {"mark", "end"}:
            raise self._error(token.at, f"a value is missing before {_shown(token)}", "write the value")
        else:
            value = json.loads(self._advance().text)
        self.spans[key] = (token.at, self._end_of_last)
        return value

    def _object(self, key: Key) -> dict[str, Any]:
        return dict(self._members(key))

    def _members(self, key: Key) -> Iterator[tuple[str, Any]]:
        opened = self._advance()
        found: set[str] = set()
        while self._next.text != "}":
            name_token = self._next
            if name_token.kind != "string":
                self._fail_if_unclosed(opened)
                raise self._error(
                    name_token.at, f"a key is expected before {_shown(name_token)}", 'write "key": value'
                )
            name = json.loads(self._advance().text)
            place = (*key, name)
            if name in found:
                self.repeated.append((place, self.lines[place]))
            self.lines[place] = self._line(name_token.at)
            if self._next.text != ":":
                raise self._error(self._end_of_last, f'":" is missing after {name_token.text}', 'write ":"')
            self._advance()
            found.add(name)
            yield name, self._value(place)
            self._comma_or_end("}", opened)
        self._advance()

    def _array(self, key: Key) -> list[Any]:
        opened = self._advance()
        found: list[Any] = []
        while self._next.text != "]":
            self._fail_if_unclosed(opened)
            found.append(self._value((*key, len(found))))
            self._comma_or_end("]", opened)
        self._advance()
        return found

    def _comma_or_end(self, end: str, opened: _Token) -> None:
        if self._next.text == ",":
            self._advance()
        elif self._next.text != end:
            self._fail_if_unclosed(opened)
            raise self._error(
                self._end_of_last, f'"," is missing before {_shown(self._next)}', f'write "," or "{end}" here'
            )

    def _fail_if_unclosed(self, opened: _Token) -> None:
        if self._next.kind == "end":
            end = {"{": "}", "[": "]"}[opened.text]
            wrong = f'the "{opened.text}" opened here is never closed'
            raise self._error(opened.at, wrong, f'add the missing "{end}"')

    def _advance(self) -> _Token:
        token = self._next
        self._end_of_last = token.at + len(token.text)
        self._next = next(self._tokens)
        return token

    def _tokenise(self) -> Iterator[_Token]:
        at = 0
        while at < len(self.text):
            match = _TOKEN.match(self.text, at)
            if match is None:
                raise self._error(at, *_explain(self.text[at:].partition("\n")[0]))
            kind = match.lastgroup or ""
            if kind == "number" and len(match.group()) > _LONGEST_NUMBER:
                raise self._error(at, "the number is too long", "write it with fewer digits")
            if kind != "blank":
                yield _Token(kind, match.group(), at)
            at = match.end()
        yield _Token("end", "", at)

    def _line(self, at: int) -> int:
        return bisect_right(self._line_starts, at)

    def _error(self, at: int, wrong: str, remedy: str) -> CommentedJsonError:
        line = self._line(at)
        return CommentedJsonError(line, at - self._line_starts[line - 1] + 1, wrong, remedy)


def _shown(token: _Token) -> str:
    return "the end of the file" if token.kind == "end" else token.text


def _explain(rest: str) -> tuple[str, str]:
    """Say what is wrong with a line that goes on with `rest`, and what to write instead."""
    word = re.match(r"[\w.+-]*", rest)
    text = word.group() if word else ""
    proper = {"True": "true", "False": "false", "None": "null", "nan": "NaN"}.get(text)
    if proper:
        found = (f"{text} is not JSON", f"write {proper}")
    elif rest.startswith("'"):
        found = ("strings stand in double quotes", 'write "..."')
    elif rest.startswith(("#", "/*")):
        found = ("this is no comment here", "write // before a comment")
    elif re.match(r'"(?:[^"\\]|\\.)*"', rest):
        found = (
            "the string holds a backslash or a control character as it is",
            r"write \\ for a backslash, \t for a tab",
        )
    elif rest.startswith('"'):
        found = ("the string is not closed on its line", 'add the missing "')
    elif text[:1].isdigit() or text[:1] in {"-", "+", "."}:
        found = (f"{text} is not a number in JSON", "write it like 0.5 or 12")
    elif text:
        found = (f"{text} stands without quotes", f'write "{text}"')
    else:
        found = (f"unexpected character {rest[:1]!r}", "remove it")
    return found
