"""Captions: what is known of an image, in the order and with the chances of the options."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from tui_gen.jobs.anime.images.metadata import ImageMetadata
from tui_gen.jobs.anime.tag.character_text import NOBODY, in_caption
from tui_gen.jobs.anime.tag.filters import MANY
from tui_gen.jobs.anime.tag.seeded import chance

Part = Literal[
    "npeople",
    "character",
    "copyright",
    "general",
    "image_type",
    "artist",
    "rating",
    "facepos",
    "crop_info",
    "tags",
]
_LEFT, _MIDDLE = 0.38, 0.62
"""The middle of a face below these shares of the width is at left, in the middle; else it is at right."""
_OPTIONAL: tuple[tuple[Part, Part], ...] = (("general", "image_type"), ("facepos", "tags"))
"""Parts that the ordering may leave out, and the part that they stand before."""

PARTS: Mapping[str, Part] = MappingProxyType(
    {
        "npeople": "npeople",
        "n_people": "npeople",
        "character": "character",
        "characters": "character",
        "copyright": "copyright",
        "copyrights": "copyright",
        "general": "general",
        "image_type": "image_type",
        "type": "image_type",
        "artist": "artist",
        "artists": "artist",
        "rating": "rating",
        "facepos": "facepos",
        "crop_info": "crop_info",
        "crop": "crop_info",
        "tags": "tags",
        "tag": "tags",
    }
)
"""The names of `caption_ordering` and `keep_tokens_before`."""


@dataclass(frozen=True, slots=True)
class CaptionOptions:
    """How captions are written. Chances are from 0 to 1."""

    caption_ordering: tuple[str, ...] = (
        "npeople",
        "character",
        "copyright",
        "image_type",
        "artist",
        "rating",
        "crop_info",
        "tags",
    )
    caption_inner_sep: str = ", "  # between the items of a part: tags, artists
    caption_outer_sep: str = ", "  # between parts
    character_sep: str = ", "  # between characters
    character_inner_sep: str = " "  # inside of a character's name and appearance
    character_outer_sep: str = ", "  # between a character's name and its outfit
    keep_tokens_sep: str | None = None  # None: character_outer_sep
    keep_tokens_before: str = "tags"
    general_description: str | None = None  # the same text in every caption
    use_npeople_prob: float = 0
    use_character_prob: float = 1
    use_copyright_prob: float = 0
    use_image_type_prob: float = 1
    use_artist_prob: float = 0
    use_rating_prob: float = 1
    use_crop_info_prob: float = 1
    use_tags_prob: float = 1
    use_facepos_prob: float = 0


def caption_of(
    metadata: ImageMetadata, options: CaptionOptions, seed: int, *, characters: Container[str] | None = None
) -> str:
    """Return the caption of an image: the same for the same metadata, options and seed.

    Whether a part is used is decided by a number of (seed, id, part): neither the order of the parts nor the
    chances of others change it. `characters`: only these are named; None: all.
    Raises ValueError where the ordering names a part that does not exist.
    """
    before_sep = part_named(options.keep_tokens_before)
    caption = ""
    for part in order_of(options):
        if chance(seed, "caption", metadata.id, part) >= _chances(options)[part]:
            continue
        text = _WRITERS[part](metadata, options, characters)
        if not text:
            continue
        if caption:
            is_kept = part == before_sep
            caption += (
                (options.keep_tokens_sep or options.character_outer_sep)
                if is_kept
                else options.caption_outer_sep
            )
        caption += text
    return caption


def part_named(name: str) -> Part:
    """Return the part of a name. Raises ValueError."""
    if name not in PARTS:
        message = f'"{name}" is no part of a caption; there are {", ".join(dict.fromkeys(PARTS.values()))}'
        raise ValueError(message)
    return PARTS[name]


def order_of(options: CaptionOptions) -> tuple[Part, ...]:
    """Return the parts in the order of the caption. Raises ValueError.

    Where the ordering does not name them, the general description stands before the image type and the
    places of faces before the tags; at the end, where those are not named either.
    """
    order = [part_named(name) for name in options.caption_ordering]
    for part, following in _OPTIONAL:
        if part not in order:
            order.insert(order.index(following) if following in order else len(order), part)
    return tuple(dict.fromkeys(order))


def _chances(options: CaptionOptions) -> Mapping[Part, float]:
    return {
        "npeople": options.use_npeople_prob,
        "character": options.use_character_prob,
        "copyright": options.use_copyright_prob,
        "general": 1,
        "image_type": options.use_image_type_prob,
        "artist": options.use_artist_prob,
        "rating": options.use_rating_prob,
        "facepos": options.use_facepos_prob,
        "crop_info": options.use_crop_info_prob,
        "tags": options.use_tags_prob,
    }


def _people(metadata: ImageMetadata, _: CaptionOptions, __: Container[str] | None) -> str:
    if not metadata.n_people:
        return ""
    number = "many" if metadata.n_people >= MANY else str(metadata.n_people)
    return f"{number}{'person' if metadata.n_people == 1 else 'people'}"


def _characters(metadata: ImageMetadata, options: CaptionOptions, named: Container[str] | None) -> str:
    inner_sep, outer_sep = options.character_inner_sep, options.character_outer_sep
    names = (
        in_caption(text, inner_sep=inner_sep, outer_sep=outer_sep)
        for text in metadata.characters
        if named is None or text in named
    )
    return options.character_sep.join(name for name in names if name)


def _copyright(metadata: ImageMetadata, options: CaptionOptions, _: Container[str] | None) -> str:
    names = _names(metadata.copyright)
    return f"from {options.caption_inner_sep.join(names)}" if names else ""


def _general(_: ImageMetadata, options: CaptionOptions, __: Container[str] | None) -> str:
    return options.general_description or ""


def _image_type(metadata: ImageMetadata, _: CaptionOptions, __: Container[str] | None) -> str:
    return metadata.type


def _artist(metadata: ImageMetadata, options: CaptionOptions, _: Container[str] | None) -> str:
    names = _names(metadata.artist)
    return f"by {options.caption_inner_sep.join(names)}" if names else ""


def _rating(metadata: ImageMetadata, _: CaptionOptions, __: Container[str] | None) -> str:
    return "explicit" if metadata.rating in ("explicit", "e") else ""


def _faces(metadata: ImageMetadata, _: CaptionOptions, __: Container[str] | None) -> str:
    return " ".join(_place((left + right) / 2) for left, _top, right, _bottom in metadata.facepos)


def _place(centre: float) -> str:
    if centre < _LEFT:
        return "at left"
    return "in the middle" if centre < _MIDDLE else "at right"


def _crop(metadata: ImageMetadata, _: CaptionOptions, __: Container[str] | None) -> str:
    return f"{metadata.crop.type} cropped" if metadata.crop else ""


def _tags(metadata: ImageMetadata, options: CaptionOptions, _: Container[str] | None) -> str:
    tags = metadata.processed_tags or tuple(metadata.tags)
    return options.caption_inner_sep.join(tag for tag in tags if tag not in NOBODY)


def _names(value: str | Sequence[str]) -> tuple[str, ...]:
    """Return names without those of nobody. Other programs write several as a list."""
    return tuple(name for name in ([value] if isinstance(value, str) else value) if name not in NOBODY)


_WRITERS: Mapping[Part, Callable[[ImageMetadata, CaptionOptions, Container[str] | None], str]] = (
    MappingProxyType(
        {
            "npeople": _people,
            "character": _characters,
            "copyright": _copyright,
            "general": _general,
            "image_type": _image_type,
            "artist": _artist,
            "rating": _rating,
            "facepos": _faces,
            "crop_info": _crop,
            "tags": _tags,
        }
    )
)
