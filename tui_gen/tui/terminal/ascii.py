"""Replaces every character that a terminal without UTF-8 cannot show by an ASCII character.

Invariant: the text takes as many cells as before and contains only ASCII characters.
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
"""Box drawing characters that are neither levels nor vertical lines."""
BRAILLE = range(0x2800, 0x2900)
_BRAILLE_ROWS = (0x09, 0x12, 0x24, 0xC0)
"""The dots of each row of a braille character, the upper row first."""


def plain(text: str) -> str:
    """Return text, escape sequences included, in ASCII."""
    return text if text.isascii() else "".join(map(_plain, text))


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    if character.isascii():
        return character
    if character in LOOKS:
        return LOOKS[character]
    if ord(character) in BRAILLE:
        return _plain_dots(ord(character) - BRAILLE.start)
    return "+" if ord(character) in CORNERS else "?" * cell_len(character)


def _plain_dots(dots: int) -> str:
    """Return a character at the height of the dots of a braille character; a bar for a steep part."""
    rows = [row for row, mask in enumerate(_BRAILLE_ROWS) if dots & mask]
    if not rows:
        return " "
    highest, lowest = rows[0], rows[-1]
    return "|" if lowest - highest > 1 else "''---.."[highest + lowest]
