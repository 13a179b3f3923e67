"""Reference images: which file shows which character, and the lists of words that are trained for them.

references/Frieren/cone hair bun/a.png      a folder names the character, see classify/characters.py
references/noise/passer-by.png              what is like it becomes no character
references/Frieren_1.png                    or the file does, up to its first `_`
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tui_gen.jobs.anime.classify.characters import (
    Character,
    character_of,
    embedding_name,
    is_noise,
    name_problem,
)
from tui_gen.jobs.anime.images.folders import IMAGE_SUFFIXES

TYPE_WORDS = {"screenshots": "anime screencap", "booru": "masterpiece"}
"""What the embedding of an image type begins with, as in anime_screenshot_pipeline; "" for other types."""


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


def embedding_entries(
    existing: Mapping[str, Sequence[str]],
    *,
    characters: Iterable[Character],
    image_types: Iterable[str],
    tags: Mapping[str, Sequence[str]],
) -> dict[str, list[str]]:
    """Return the content of `emb_init.json`: the words that the embeddings begin with, by embedding name.

    `existing` is what the file holds, {} to begin anew (overwrite_emb_init_info); its entries stay, and new
    tags follow them. `tags` holds the tags that describe a character, by embedding name.
    """
    entries = {name: list(words) for name, words in existing.items()}
    for name in sorted({embedding_name(character) for character in characters}):
        entries.setdefault(name, [])
    for image_type in sorted(set(image_types)):
        entries.setdefault(image_type, [TYPE_WORDS.get(image_type, "")])
    for name in sorted(tags):
        words = entries.setdefault(name, [])
        words += [tag for tag in dict.fromkeys(tags[name]) if tag not in words]
    return entries


def embedding_text(entries: Mapping[str, Sequence[str]]) -> str:
    """Return the text of `emb_init.json`."""
    return json.dumps(entries, ensure_ascii=False, indent=4) + "\n"


def wildcard_text(captions: Iterable[str]) -> str:
    """Return the text of `wildcard.txt`: a caption a line, each once, as sd-dynamic-prompts reads it."""
    lines = dict.fromkeys(" ".join(caption.split()) for caption in captions)
    return "".join(f"{line}\n" for line in lines if line)
