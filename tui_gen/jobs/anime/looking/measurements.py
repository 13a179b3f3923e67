"""What the metadata beside the images tell of the training set and of the crops: faces, sizes, tags."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from tui_gen.contract.stats import CountTable, Measure, Measured, Measurements, Place
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.images.folders import Level
from tui_gen.jobs.anime.images.metadata import ImageMetadata, decoded, metadata_name
from tui_gen.jobs.anime.images.walk import images_below
from tui_gen.jobs.anime.sources import ADDED
from tui_gen.jobs.anime.tag.character_text import name_of
from tui_gen.jobs.anime.units import CATEGORIES

LEVELS: Mapping[Level, str] = MappingProxyType(
    {"training": CATEGORIES["select"], "cropped": CATEGORIES["crop"]}
)
"""The folders that are measured, with the categories of their images."""
Read = Callable[[ImageMetadata], float | None]


def _measure(name: str, meaning: str) -> Measure:
    return Measure(name, meaning, of="patch", mode="score")


MEASURES: tuple[tuple[Measure, Read], ...] = (
    (_measure("faces", "faces in an image"), lambda image: image.n_faces),
    (
        _measure("face_height", "height of the tallest face divided by the height of the image"),
        lambda image: image.fh_ratio if image.n_faces else None,
    ),
    (
        _measure("crop_score", "score of the detection that a crop is of, 0 to 1"),
        lambda image: image.crop.score if image.crop is not None else None,
    ),
    (_measure("width", "pixels"), lambda image: image.image_size[0]),
    (_measure("height", "pixels"), lambda image: image.image_size[1]),
    (
        _measure("tags", "tags in the caption of an image"),
        lambda image: len(image.processed_tags) if image.caption else None,
    ),
    (
        _measure("tag_score", "mean score of the tags of an image, 0 to 1"),
        lambda image: sum(image.tags.values()) / len(image.tags) if image.tags else None,
    ),
)


def measurements(settings: Settings, names: Mapping[str, str]) -> Measurements:
    """Return the measures of all images as they are now. Raises OSError.

    `names` are those of the sources. An image whose metadata cannot be read is left out.
    """
    values: dict[str, dict[Place, array[float]]] = {measure.name: {} for measure, _ in MEASURES}
    tags, characters, counted = Counter[str](), Counter[str](), Counter[Level]()
    for level, image in metadata_of(settings, LEVELS):
        counted[level] += 1
        place = LEVELS[level], image.episode or ADDED
        for measure, read in MEASURES:
            value = read(image)
            if value is not None:
                values[measure.name].setdefault(place, array("d")).append(value)
        if level == "training":
            tags.update(image.processed_tags)
            characters.update({name_of(each) for each in image.characters} - {""})
    measured = Measured(
        tuple(measure for measure, _ in MEASURES if values[measure.name]),
        values,
        {ADDED: "added by hand", **names},
        counted.total(),
        counted.total(),
        clips_flagged=0,
        patches_flagged=0,
        sampled=frozenset(),
    )
    of = counted["training"]
    tables = (
        CountTable("tags", "in the captions of the training set", _ordered(tags), of),
        CountTable("characters", "in the training set", _ordered(characters), of),
    )
    return Measurements(measured, (), tuple(table for table in tables if table.counts))


def metadata_of(settings: Settings, levels: Iterable[Level]) -> Iterator[tuple[Level, ImageMetadata]]:
    """Yield the metadata beside the images of some levels, in order. Raises OSError."""
    for level in levels:
        base = settings.folders.of(level)
        for place in images_below(base):
            path = base / place
            try:
                yield level, decoded(path.with_name(metadata_name(path.name)).read_bytes())
            except (FileNotFoundError, ValueError):  # put there by hand: the next run writes them
                continue


def _ordered(counts: Counter[str]) -> dict[str, int]:
    """Return the counts, the highest first, equal ones by name."""
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
