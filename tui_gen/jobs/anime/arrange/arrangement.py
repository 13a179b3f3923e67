"""The folder of each image: a level for each component of the format.

n_characters       0_characters, 1_character, 2_characters, ..., 6+_characters
character          the names sorted and joined by "+"; character_others
character_string   the same with appearance and outfit
n_faces, n_people  1_face, 2_faces; 1_person, 2_people, many_people; none where the number is not known
fh_ratio           face_height_ratio_25-50: the height of the tallest face in percent of the image
image_type         screenshots
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType

from tui_gen.jobs.anime.images.metadata import ImageMetadata
from tui_gen.jobs.anime.tag.character_text import known, name_of, without_path_characters

OTHERS = "character_others"
UNKNOWN = "none"
MANY = 6
"""From so many people on a folder says "many": the tags count no further."""
_TOO_MANY_LETTERS = 100
_TOO_MANY_BYTES = 256  # of a file name on Linux and macOS: a name of 90 letters can be longer than that


@dataclass(frozen=True, slots=True)
class ArrangeOptions:
    """How images are arranged in folders."""

    arrange_format: str = "n_characters/character/fh_ratio"  # "": all in one folder
    max_character_number: int = 6  # from so many characters on an image is in <number>+_characters
    min_images_per_combination: int = 10  # a combination of characters with fewer is with the others
    face_ratio_folder_range: int = 25  # percent of a folder of fh_ratio
    rearrange_up_levels: int = 0


def components_of(arrange_format: str) -> tuple[str, ...]:
    """Return the components of a format. Raises ValueError with the one that does not exist."""
    components = tuple(arrange_format.split("/")) if arrange_format else ()
    for component in components:
        if component not in _NAMES:
            message = f'"{component}" is no component of arrange_format; there are {", ".join(_NAMES)}'
            raise ValueError(message)
    return components


def arranged(
    metadatas: Iterable[ImageMetadata], options: ArrangeOptions, *, pinned: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the folder of each image by its id, relative to the training set's; "" is that folder itself.

    `pinned`: the folders that the user chose for images. These images stay there, and count for the
    combination of characters that their folder names. The result does not depend on the order of the images.
    Raises ValueError where the format names a component that does not exist.
    """
    components = components_of(options.arrange_format)
    chosen = pinned or {}
    levels = {each.id: [_NAMES[name](each, options) for name in components] for each in metadatas}
    for place in [place for place, name in enumerate(components) if name in _COMBINATIONS]:
        numbers = Counter(
            _named(chosen[each], place) if each in chosen else parts[place] for each, parts in levels.items()
        )
        for parts in levels.values():
            if numbers[parts[place]] < options.min_images_per_combination:
                parts[place] = OTHERS
    return {each: chosen.get(each, "/".join(parts)) for each, parts in levels.items()}


def source_folder(training: str, image_folder: str, up_levels: int) -> str:
    """Return the folder that `up_levels` folders lead up to from an image type's one; never above `training`.

    Paths have forward slashes: ("training", "training/extra/screenshots", 1) is "training/extra".
    """
    root, folder = PurePosixPath(training), PurePosixPath(image_folder)
    for _ in range(up_levels):
        if folder == root:
            break
        folder = folder.parent
    return str(folder)


def _named(folder: str, place: int) -> str:
    parts = folder.split("/")
    return parts[place] if place < len(parts) else ""


def _characters(metadata: ImageMetadata) -> list[str]:
    return sorted({name_of(text) for text in metadata.characters} - {""})


def _n_characters(metadata: ImageMetadata, options: ArrangeOptions) -> str:
    number = len(_characters(metadata))
    if number >= options.max_character_number:
        return f"{options.max_character_number}+_characters"
    return f"{number}_character{'' if number == 1 else 's'}"


def _character(metadata: ImageMetadata, _: ArrangeOptions) -> str:
    return _joined(_characters(metadata))


def _character_string(metadata: ImageMetadata, _: ArrangeOptions) -> str:
    return _joined(sorted({text for text in metadata.characters if known(text)}))


def _joined(names: list[str]) -> str:
    whole = "+".join(names)
    folder = without_path_characters(whole).replace(".", "").strip()
    if len(whole) >= _TOO_MANY_LETTERS or len(folder.encode("utf-8", "surrogateescape")) >= _TOO_MANY_BYTES:
        return OTHERS
    return folder or OTHERS


def _n_faces(metadata: ImageMetadata, _: ArrangeOptions) -> str:
    return f"{metadata.n_faces}_face{'' if metadata.n_faces == 1 else 's'}"


def _n_people(metadata: ImageMetadata, _: ArrangeOptions) -> str:
    if metadata.n_people is None:
        return UNKNOWN
    if metadata.n_people >= MANY:
        return "many_people"
    return f"{metadata.n_people}_{'person' if metadata.n_people == 1 else 'people'}"


def _fh_ratio(metadata: ImageMetadata, options: ArrangeOptions) -> str:
    size = options.face_ratio_folder_range
    lowest = min(int(100 * metadata.fh_ratio), 99) // size * size
    return f"face_height_ratio_{lowest}-{lowest + size}"


def _image_type(metadata: ImageMetadata, _: ArrangeOptions) -> str:
    return without_path_characters(metadata.type) or UNKNOWN


_NAMES: Mapping[str, Callable[[ImageMetadata, ArrangeOptions], str]] = MappingProxyType(
    {
        "n_characters": _n_characters,
        "n_faces": _n_faces,
        "n_people": _n_people,
        "character": _character,
        "character_string": _character_string,
        "fh_ratio": _fh_ratio,
        "image_type": _image_type,
    }
)
_COMBINATIONS = frozenset({"character", "character_string"})
"""Components whose small folders are put together."""
