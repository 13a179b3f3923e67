"""The tags of all images: from a tagger's tags to the tags of the captions.

tagged      a tagger's tags ──> tags, rating, n_people                       (per image)
pruned      blacklist, overlaps, hair, eyes, outfit                          (per image)
core        the core tags of each character                                  (over all images)
finished    character tags dropped, order, number of tags                    (per image)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from tui_gen.jobs.anime.images.metadata import ImageMetadata
from tui_gen.jobs.anime.model import ImageTags
from tui_gen.jobs.anime.tag import character_words
from tui_gen.jobs.anime.tag.core import (
    CharacterTags,
    CoreTags,
    categorised,
    character_tags,
    frequent_tags,
    tags_to_drop,
)
from tui_gen.jobs.anime.tag.filters import (
    best_rating,
    n_people,
    ordered,
    spaced,
    thresholded,
    without_blacklisted,
    without_overlaps,
)
from tui_gen.jobs.anime.tag.lists import TagLists, TagPattern
from tui_gen.jobs.anime.tag.options import TagOptions
from tui_gen.jobs.anime.tag.words import is_count, with_forms, with_spaces, words_of


def _pattern(suffixes: Iterable[str], prefixes: Iterable[str]) -> TagPattern:
    return TagPattern(with_forms(suffixes), frozenset(map(words_of, prefixes)))


HAIR = _pattern(character_words.HAIR_SUFFIXES, character_words.HAIR_PREFIXES)
EYES = _pattern(character_words.EYE_SUFFIXES, character_words.EYE_PREFIXES)
OUTFIT = _pattern(character_words.OUTFIT_SUFFIXES, character_words.OUTFIT_PREFIXES)


@dataclass(frozen=True, slots=True)
class ProcessedTags:
    """The metadata with the tags of the captions, and the core tags of each character."""

    images: tuple[ImageMetadata, ...]
    core: Mapping[str, CoreTags]


def needs_tags(metadata: ImageMetadata, options: TagOptions) -> bool:
    """Return whether an image is to be shown to the tagger."""
    return options.overwrite_tags or not metadata.tags


def tagged(metadata: ImageMetadata, tags: ImageTags, options: TagOptions) -> ImageMetadata:
    """Return metadata with what a tagger found. A rating that is known stays unless tags are overwritten."""
    above = thresholded(tags, options.tag_threshold)
    rating = best_rating(tags)
    keeps = bool(metadata.rating) and not options.overwrite_tags
    return replace(
        metadata,
        tags=above,
        rating=metadata.rating if keeps or not rating else rating,
        n_people=n_people(above),
        processed_tags=() if options.overwrite_tags else metadata.processed_tags,
    )


def processed(
    images: Sequence[ImageMetadata],
    options: TagOptions,
    lists: TagLists,
    *,
    seed: int,
    core: Mapping[str, CoreTags] | None = None,
) -> ProcessedTags:
    """Return the images with the tags of their captions, in the order given.

    `core`: the core tags of an existing file; None: they are found in the images' tags before character tags
    are dropped. Tags that were processed before are the start, unless the options begin with the original
    ones or overwrite tags.
    """
    patterns = character_tags(options, lists.characters)
    before = [pruned(_first_tags(metadata, options), options, lists) for metadata in images]
    if core is None:
        pairs = ((metadata.characters, tags) for metadata, tags in zip(images, before, strict=True))
        core = categorised(frequent_tags(pairs, options.core_frequency_thresh, patterns), patterns)
    done = tuple(
        _finished(metadata, tags, options, _dropped(metadata, tags, options, patterns, core), seed)
        for metadata, tags in zip(images, before, strict=True)
    )
    return ProcessedTags(done, MappingProxyType(dict(core)))


def pruned(tags: Iterable[str], options: TagOptions, lists: TagLists) -> list[str]:
    """Return the tags of an image without those that no character decides about."""
    patterns = [
        pattern
        for pattern, is_used in (
            (HAIR, options.drop_hair_tag),
            (EYES, options.drop_eye_tag),
            (OUTFIT, options.drop_outfit_tag),
        )
        if is_used
    ]
    rest = [tag for tag in tags if is_count(tag) or not any(pattern.fits(tag) for pattern in patterns)]
    if options.prune_mode == "none":
        return rest
    return without_overlaps(
        without_blacklisted(rest, lists.blacklist), lists.overlaps, contained=options.drop_contained_tags
    )


def _first_tags(metadata: ImageMetadata, options: TagOptions) -> list[str]:
    if metadata.processed_tags and not (options.process_from_original_tags or options.overwrite_tags):
        return list(dict.fromkeys(with_spaces(tag) for tag in metadata.processed_tags))
    return list(spaced(metadata.tags))


def _dropped(
    metadata: ImageMetadata,
    tags: Sequence[str],
    options: TagOptions,
    patterns: CharacterTags,
    core: Mapping[str, CoreTags],
) -> list[str]:
    if not metadata.characters:
        return []
    if options.prune_mode == "character_core":
        names = tags_to_drop(metadata.characters, core)
        return [tag for tag in tags if tag in names]
    if options.prune_mode == "character":
        return [tag for tag in tags if not is_count(tag) and patterns.drop.fits(tag)]
    return []


def _finished(
    metadata: ImageMetadata, tags: Sequence[str], options: TagOptions, dropped: Sequence[str], seed: int
) -> ImageMetadata:
    scores = spaced(metadata.tags)
    kept = [tag for tag in tags if tag not in set(dropped)]
    final = ordered(kept, scores, options.sort_mode, seed=seed, image=metadata.id)
    away = ordered(dropped, scores, options.sort_mode, seed=seed, image=metadata.id)
    if options.append_dropped_character_tags:
        final += away
    return replace(
        metadata,
        n_people=n_people(scores) if metadata.n_people is None else metadata.n_people,
        processed_tags=tuple(final[: options.max_tag_number]),
        dropped_character_tags=tuple(away),
    )
