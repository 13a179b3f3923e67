"""The names of groups: paths of folders below classified/, with forward slashes.

    <character>[/<appearance>[/<outfit>]]   named      3_abcdef   a cluster without a name      -1_noise

Invariant: a name that passes `checked` can be a folder on all usual file systems.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.jobs.anime.classify.characters import character_of
from tui_gen.jobs.anime.classify.characters import is_noise as is_noise_folder
from tui_gen.jobs.anime.model import NOISE

_FORBIDDEN = re.compile(r'[<>:"\\|?*]')
_UNNAMED = re.compile(r"\d+_[a-z]{6}")
MOST_BYTES = 255
"""The longest name of a file or folder on the usual file systems, in bytes."""


def is_noise(group: str) -> bool:
    """Return whether a group is the noise, or lies in it."""
    return is_noise_folder(group)


def is_unnamed(group: str) -> bool:
    """Return whether a group is a cluster that nobody has named."""
    return _UNNAMED.fullmatch(group.partition("/")[0]) is not None


def character_path(group: str) -> str:
    """Return the folder that a group's character has among the references, "" for noise.

    A number that orders the folders is no part of it: `3_Anna/x` is `Anna/x`.
    """
    character = character_of(group)
    return "" if character is None else character.path


def same_name(text: str) -> str:
    """Return what two names have in common that differ in case or in the form of their accents only."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def order_of(group: str) -> tuple[int, tuple[tuple[int, str], ...]]:
    """Return the key by which groups are listed: named ones, those without a name by number, the noise."""
    rank = 2 if is_noise(group) else 1 if is_unnamed(group) else 0
    parts = re.findall(r"\d+|\D+", same_name(group))
    return rank, tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def checked(name: str) -> str:
    """Return the name without blanks around it. Raises RefusedError with what is wrong with it."""
    name = name.strip()
    wrong = _fault(name)
    if wrong:
        message = f'"{_short(name)}" is no name of a group: {wrong}'
        raise RefusedError(message)
    return name


def _fault(name: str) -> str:
    if not name:
        return "type at least one letter"
    if "\0" in name or any(unicodedata.category(character) == "Cc" for character in name):
        return "a control character is in it"
    if name.startswith("/") or name.endswith("/") or "//" in name:
        return 'a "/" divides a character from an appearance, and an appearance from an outfit'
    if is_noise_folder(name):
        return f"folders whose names begin with noise hold no character; press n to move images to {NOISE}"
    if found := _FORBIDDEN.search(name):
        return f"some file systems forbid {found[0]}"
    return next((fault for part in name.split("/") if (fault := _part_fault(part))), "")


def _part_fault(part: str) -> str:
    if part.startswith("."):
        return "a name that begins with a dot is hidden"
    if part != part.strip():
        return 'there is a blank beside a "/"'
    size = len(os.fsencode(part))
    return f"it has {size} bytes, and a folder's name at most {MOST_BYTES}" if size > MOST_BYTES else ""


def refuse_other_case(name: str, existing: Iterable[str]) -> None:
    """Raise RefusedError if an existing group has the name in another case or form.

    Compared are the names and all folders above them: "anna/summer" is refused beside "Anna".
    """
    known: dict[str, str] = {}
    for group in existing:
        for above in _with_those_above(group):
            known.setdefault(same_name(above), above)
    for above in _with_those_above(name):
        found = known.get(same_name(above), above)
        if found != above:
            message = (
                f'"{above}" and the group "{found}" would be one folder on file systems that know no case: '
                f'write "{found}", or another name'
            )
            raise RefusedError(message)


def _with_those_above(group: str) -> list[str]:
    parts = group.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def remark_on(name: str) -> str:
    """Return a remark on a name that is allowed but may surprise; else ""."""
    return "; a comma divides tags in captions: better without" if "," in name else ""


def _short(name: str) -> str:
    most = 40
    shown = display_name(name)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
