"""Reference images: which file shows which character.

references/Frieren/cone hair bun/a.png      a folder names the character, see classify/characters.py
references/noise/passer-by.png              what is like it becomes no character
references/Frieren_1.png                    or the file does, up to its first `_`
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from tui_gen.jobs.anime.classify.characters import (
    character_of,
    is_noise,
    name_problem,
)
from tui_gen.jobs.anime.images.folders import IMAGE_SUFFIXES


@dataclass(frozen=True, slots=True)
class References:
    """The reference images of a folder."""

    folders: Mapping[str, str]  # by the path of the image: the folder of its character, or one of noise
    problems: tuple[str, ...] = ()


def reference_id(path: str) -> str:
    """Return the id of a reference image: no stem of a crop has a slash, so that both kinds stay apart."""
    return f"references/{path}"


def references_among(paths: Iterable[str]) -> References:
    """Return the references among paths relative to the folder of references, with forward slashes.

    Hidden files and folders, and files that are no images, are left out.
    """
    folders: dict[str, str] = {}
    problems: dict[str, None] = {}  # each once, in the order of the paths
    for path in sorted(paths):
        place = PurePosixPath(path)
        if place.suffix.lower() not in IMAGE_SUFFIXES or any(part.startswith(".") for part in place.parts):
            continue
        is_flat = len(place.parts) == 1
        named = place.stem.split("_", 1)[0] if is_flat else str(place.parent)
        character = character_of(named)
        if is_noise(named):
            folders[path] = named
        elif character is None:
            problems[f"the reference {path} names no character: its name begins with `_`; rename it"] = None
        else:
            folders[path] = character.path
            if is_flat and named.lstrip("-").isdigit():
                problems[f"the reference {path} names the character {named}: is that its name?"] = None
            if comma := name_problem(character):
                problems[comma] = None
    return References(folders, tuple(problems))
