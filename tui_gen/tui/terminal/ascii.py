"""A screen in ASCII: every character that a terminal without UTF-8 would garble becomes a plain one.

Invariant: the text takes as many cells as before, and nothing in it but ASCII is left.
"""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len

LOOKS: dict[str, str] = {
    **dict.fromkeys("─╌┄╴╶", "-"),
    **dict.fromkeys("━═╸╺", "="),
    **dict.fromkeys("│┃║┆╎╵╷▏▎▍▌▋▊▉▐", "|"),
    **dict(zip("▁▂▃▄▅▆▇█", "__..--##", strict=True)),
    **dict.fromkeys("░", "."),
    **dict.fromkeys("▒▓", "#"),
    **dict.fromkeys("…·•", "."),
    **dict.fromkeys("▲△▴↑", "^"),
    **dict.fromkeys("▼▽▾↓", "v"),
    **dict.fromkeys("▶▷▸→", ">"),
    **dict.fromkeys("◀◁◂←", "<"),
    **dict.fromkeys("●○■□", "*"),
    "▀": '"',
    "▔": '"',
    "×": "x",
    "–": "-",
    "—": "-",
    "\N{NO-BREAK SPACE}": " ",
    "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}": ">",
}
CORNERS = range(0x250C, 0x2580)
"""Box drawing that is neither a level nor an upright line."""


def plain(text: str) -> str:
    """Return text, escape sequences included, in ASCII."""
    return text if text.isascii() else "".join(map(_plain, text))


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    if character.isascii():
        return character
    if character in LOOKS:
        return LOOKS[character]
    return "+" if ord(character) in CORNERS else "?" * cell_len(character)
