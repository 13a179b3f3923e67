"""Which frames and crops go into the training set, with which characters. Pure.

    frame ──> no character in its crops ──> the n_anime_reg lowest hashes: regularization images
      │                └── characters ────> selected
      └─> crop ──> without a character: left out
            └────> over half of the frame's area: the frame in place of the crop, once; else selected

Every image that is not selected has a reason. The result does not depend on the order of frames and crops.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tui_gen.jobs.anime.classify.characters import Character, character_named, character_of
from tui_gen.jobs.anime.images.metadata import ImageMetadata
from tui_gen.jobs.anime.select.options import SelectOptions
from tui_gen.jobs.anime.tag.seeded import rank

Reason = Literal[
    "no_character",
    "frame_instead",
    "faces",
    "crops_unwanted",
    "frames_unwanted",
    "not_drawn",
    "near_duplicate",
]
REASONS: Mapping[Reason, str] = {
    "no_character": "it shows no character that has a name",
    "frame_instead": "it is over half of its frame, and the frame is taken",
    "faces": "its number of faces is below min_face_number or above max_face_number",
    "crops_unwanted": "cropped_in_dataset is false",
    "frames_unwanted": "original_in_dataset is false",
    "not_drawn": "it shows no character, and n_anime_reg other frames are taken",
    "near_duplicate": "it is a near duplicate of another selected image",
}
"""What is said to a user of each reason."""
_MOST_OF_FRAME = 0.5  # the share of a frame's area above which a crop shows what the frame shows


@dataclass(frozen=True, slots=True)
class SortedCrop:
    """A crop and the folder below classified/ that it is in."""

    metadata: ImageMetadata
    folder: str | None  # None, or a folder of noise: it has no character


@dataclass(frozen=True, slots=True)
class FrameWithCrops:
    """A frame and its crops. The metadata tell the characters that were known before the classification."""

    metadata: ImageMetadata | None  # None: crops of a frame that is not there
    crops: Sequence[SortedCrop] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """The images of the training set. All mappings are in the order of the ids."""

    images: Mapping[
        str, tuple[str, ...]
    ]  # by id: the characters as metadata name them, in order; at least one
    regularization: tuple[str, ...] = ()  # ids of frames without characters, in order
    left_out: Mapping[str, Reason] = field(default_factory=dict)  # by id


Repeats = Callable[[Sequence[str]], Collection[str]]
"""Returns those of some images, given by their ids in order, that are near duplicates of others that stay."""


def selection(
    frames: Iterable[FrameWithCrops], options: SelectOptions, repeats: Repeats | None = None
) -> Selection:
    """Choose among frames and their crops.

    `repeats` is asked only with `filter_again`: once for the crops, once for the frames with characters and
    once for the regularization images, so that a crop is never left out for the frame it was made of.
    """
    frames = list(frames)
    known = {character.name for each in frames for character in _characters_of_crops(each)}
    chosen = _Choice()
    for frame in frames:
        _choose_of_frame(frame, _characters_of_frame(frame, options, known), options, chosen)
    regularization = _regularization(chosen, options)
    if options.filter_again and repeats is not None:
        for group in (chosen.crops, chosen.frames, regularization):
            for image in repeats(sorted(group)):
                del group[image]
                chosen.left_out[image] = "near_duplicate"
    return Selection(
        images=dict(sorted((chosen.crops | chosen.frames).items())),
        regularization=tuple(sorted(regularization)),
        left_out=dict(sorted(chosen.left_out.items())),
    )


@dataclass(frozen=True, slots=True)
class _Choice:
    """What was chosen so far."""

    crops: dict[str, tuple[str, ...]] = field(default_factory=dict)
    frames: dict[str, tuple[str, ...]] = field(default_factory=dict)
    without_characters: list[str] = field(default_factory=list)
    left_out: dict[str, Reason] = field(default_factory=dict)


def _choose_of_frame(
    frame: FrameWithCrops, characters: tuple[str, ...], options: SelectOptions, chosen: _Choice
) -> None:
    """Choose a frame and its crops."""
    image = frame.metadata
    may_be_taken = image is not None and bool(characters) and _has_wanted_faces(image, options)
    replaces = False
    for crop in frame.crops:
        shown = _character_in(crop)
        if not options.cropped_in_dataset:
            chosen.left_out[crop.metadata.id] = "crops_unwanted"
        elif shown is None:
            chosen.left_out[crop.metadata.id] = "no_character"
        elif may_be_taken and _is_most_of(image, crop.metadata):
            chosen.left_out[crop.metadata.id] = "frame_instead"
            replaces = True
        elif not _has_wanted_faces(crop.metadata, options):
            chosen.left_out[crop.metadata.id] = "faces"
        else:
            chosen.crops[crop.metadata.id] = (shown.text,)
    if image is None:
        return
    if not (options.original_in_dataset or replaces):
        chosen.left_out[image.id] = "frames_unwanted"
    elif not _has_wanted_faces(image, options):
        chosen.left_out[image.id] = "faces"
    elif characters:
        chosen.frames[image.id] = characters
    else:
        chosen.without_characters.append(image.id)


def _regularization(chosen: _Choice, options: SelectOptions) -> dict[str, tuple[str, ...]]:
    """Draw the regularization images; the others are left out."""
    count = 0 if options.is_booru else options.n_anime_reg
    drawn = sorted(chosen.without_characters, key=lambda image: rank(options.seed, "regularization", image))
    reason: Reason = "no_character" if options.is_booru else "not_drawn"
    chosen.left_out.update(dict.fromkeys(drawn[count:], reason))
    return dict.fromkeys(drawn[:count], ())


def _characters_of_frame(
    frame: FrameWithCrops, options: SelectOptions, known: Collection[str]
) -> tuple[str, ...]:
    """Return the characters of a frame, each once, in order.

    They are those of its crops. A booru tells them itself, and more than crops show: there a crop only makes
    a character of its name more precise ("Fern" becomes "Fern|hat"), unless character_overwrite_uncropped is
    set or nothing is told. `known` holds the names of all characters that have a folder.
    """
    of_crops = _characters_of_crops(frame)
    names = () if frame.metadata is None else frame.metadata.characters
    told = [character for name in names if (character := character_named(name)) is not None]
    if not told or not options.is_booru or options.character_overwrite_uncropped:
        return tuple(sorted({each.text for each in of_crops}))
    if options.character_remove_unclassified:
        told = [each for each in told if each.name in known]
    by_name: dict[str, list[str]] = {}
    for character in of_crops:
        by_name.setdefault(character.name, []).append(character.text)
    return tuple(sorted({text for each in told for text in by_name.get(each.name, [each.text])}))


def _characters_of_crops(frame: FrameWithCrops) -> list[Character]:
    return [character for crop in frame.crops if (character := _character_in(crop)) is not None]


def _character_in(crop: SortedCrop) -> Character | None:
    return None if crop.folder is None else character_of(crop.folder)


def _has_wanted_faces(image: ImageMetadata, options: SelectOptions) -> bool:
    lowest, highest = options.min_face_number, options.max_face_number
    return (lowest is None or image.n_faces >= lowest) and (highest is None or image.n_faces <= highest)


def _is_most_of(frame: ImageMetadata | None, crop: ImageMetadata) -> bool:
    if frame is None:
        return False
    return (
        crop.image_size[0] * crop.image_size[1] > _MOST_OF_FRAME * frame.image_size[0] * frame.image_size[1]
    )


def summary(selected: Selection) -> dict[str, int]:
    """Return how many images each reason left out, for messages."""
    counts = Counter(selected.left_out.values())
    return {reason: counts[reason] for reason in REASONS if counts[reason]}
