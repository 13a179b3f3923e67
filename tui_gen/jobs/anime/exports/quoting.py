"""Strings between quotation marks, as TOML, YAML and JSON read them alike."""

from __future__ import annotations

import re

_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]')
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_SHORT = {'"': '\\"', "\\": "\\\\"}


def quoted(text: str) -> str:
    r"""Return a string of TOML, YAML and JSON. Letters stay; control characters become \uXXXX."""
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    return _SHORT.get(character) or f"\\u{ord(character):04X}"


def toml_string(text: str) -> str:
    r"""Return a string of TOML: between apostrophes, where nothing is escaped, if the text allows it.

    The reader of several trainers (toml 0.10.2) misreads some escapes, like the "\\u" of a backslash and u.
    """
    return quoted(text) if "'" in text or _CONTROL.search(text) else f"'{text}'"
