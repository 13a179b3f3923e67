"""Strings between quotation marks, as TOML, YAML and JSON read them alike."""

from __future__ import annotations

import re

_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]')
_SHORT = {'"': '\\"', "\\": "\\\\"}


def quoted(text: str) -> str:
    r"""Return a string of TOML, YAML and JSON. Letters stay; control characters become \uXXXX."""
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    return _SHORT.get(character) or f"\\u{ord(character):04X}"
