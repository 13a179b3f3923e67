"""Writes the captions of the training set: characters, tags without those that characters imply, order.

Core tags belong to all images of a character, so all captions are made together. A caption that was edited by
hand is kept. Images that are not selected any more go to the superseded files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.anime.images.ids import whole_of
from tui_gen.jobs.anime.images.metadata import ImageMetadata
from tui_gen.jobs.anime.images.store import ImageStore
from tui_gen.jobs.anime.images.writing import write_whole
from tui_gen.jobs.anime.tag.captions import caption_of
from tui_gen.jobs.anime.tag.core import CoreTags
from tui_gen.jobs.anime.tag.files import (
    core_tag_text,
    emb_init_text,
    read_core_tags,
    read_emb_init,
    wildcard_text,
)
from tui_gen.jobs.anime.tag.lists import TagLists, read_blacklist, read_character_words, read_overlaps
from tui_gen.jobs.anime.tag.options import TagOptions
from tui_gen.jobs.anime.tag.processing import processed
from tui_gen.jobs.anime.work.orders import Context, DatasetOrder
from tui_gen.jobs.anime.work.selecting import read_selection
from tui_gen.jobs.anime.work.tag import metadata_of
from tui_gen.processes.orders.messages import Signs

HASHES = "captions.json"
CORE_TAGS, EMBEDDINGS, WILDCARDS = "core_tag.json", "emb_init.json", "wildcard.txt"


def captioned(context: Context, order: DatasetOrder, signs: Signs) -> dict[str, Any]:
    """Write all captions. Raises ObstructedError, ImageError, OSError, ConfigurationError."""
    store = ImageStore(context.settings.folders, context.hand)
    selection = read_selection(context.settings.folders)
    if selection is not None:
        _supersede_unselected(context, store, selection, {image.id for image in order.added})
    store = ImageStore(context.settings.folders, context.hand)
    found = [(path, _with_characters(metadata, selection or {})) for _, path, metadata in metadata_of(store)]
    signs.give()
    options, folders = context.settings.tag, context.settings.folders
    # Processed tags of an earlier run are made anew: the tags of the tagger are all kept.
    images = [replace(metadata, processed_tags=(), caption="") for _, metadata in found]
    core_file = folders.texts / CORE_TAGS
    known = _core_of(core_file) if options.use_existing_core_tag_file else None
    done = processed(images, options, tag_lists(options), seed=context.settings.seed, core=known)
    signs.give()
    edited = _write_captions(context, store, [path for path, _ in found], done.images, signs)
    _write_texts(context, done.core)
    return {
        "files": {"core_tags": folders.relative(core_file)},
        "size": 0,
        "record": {"captions": len(found), "edited_by_hand": edited},
    }


def _write_captions(
    context: Context, store: ImageStore, paths: Sequence[Path], images: Sequence[ImageMetadata], signs: Signs
) -> int:
    """Write the captions and the metadata; return how many captions were edited by hand and are kept.

    The hashes of the new captions are written first: a caption that a killed run wrote is no hand's.
    """
    settings, file = context.settings, context.settings.folders.state / HASHES
    captions = {
        metadata.id: caption_of(metadata, settings.caption, settings.seed).encode("utf-8", "surrogateescape")
        for metadata in images
    }
    before = _hashes(file)
    new = {image: _digest(caption) for image, caption in captions.items()}
    _write_hashes(file, {image: sorted({*before.get(image, ()), new[image]}) for image in new})
    kept = dict[str, list[str]]()
    for path, metadata in zip(paths, images, strict=True):
        text, caption = path.with_suffix(".txt"), captions[metadata.id]
        if _is_edited(text, {*before.get(metadata.id, ()), new[metadata.id]}):
            kept[metadata.id] = before.get(metadata.id, [])
        else:
            write_whole(text, caption)
        written = replace(metadata, caption=caption.decode("utf-8", "surrogateescape"))
        store.write_metadata(path, written)
        _write_aux(context, path, written)
        signs.give()
    _write_hashes(file, {image: [new[image]] for image in new} | kept)
    return len(kept)


def _with_characters(metadata: ImageMetadata, selection: Mapping[str, Mapping[str, Any]]) -> ImageMetadata:
    entry = selection.get(metadata.id) or selection.get(whole_of(metadata.id))
    return metadata if entry is None else replace(metadata, characters=tuple(entry["characters"]))


def _supersede_unselected(
    context: Context, store: ImageStore, selection: Mapping[str, object], added: set[str]
) -> None:
    pinned = context.hand["training"].pinned
    for image, path in store.paths("training").items():
        if not ({image, whole_of(image)} & selection.keys() or image in added or image in pinned):
            store.supersede(path)


def _is_edited(text: Path, written: Collection[str]) -> bool:
    """Return whether a caption is not as the program wrote it."""
    try:
        return _digest(text.read_bytes()) not in written
    except FileNotFoundError:
        return False


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _hashes(file: Path) -> dict[str, list[str]]:
    """Return the hashes of the captions that the program wrote, by image. A damaged file tells of none."""
    try:
        entries = json.loads(file.read_bytes())
        return {image: list(hashes) for image, hashes in entries.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


def _write_hashes(file: Path, hashes: Mapping[str, Sequence[str]]) -> None:
    write_whole(file, json.dumps(hashes, sort_keys=True, indent=0).encode())


def tag_lists(options: TagOptions) -> TagLists:
    """Return the lists of the user's files, and the own ones. Raises ConfigurationError, RefusedError."""
    own = TagLists()
    return TagLists(
        blacklist=read_blacklist(*_file(options.blacklist_tags_file))
        if options.blacklist_tags_file
        else own.blacklist,
        overlaps=read_overlaps(*_file(options.overlap_tags_file))
        if options.overlap_tags_file
        else own.overlaps,
        characters=read_character_words(*_file(options.character_tags_file))
        if options.character_tags_file
        else own.characters,
    )


def _file(path: Path) -> tuple[bytes, Path]:
    try:
        return path.read_bytes(), path
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}); name another file in the configuration"
        raise RefusedError(message) from error


def _core_of(file: Path) -> Mapping[str, CoreTags] | None:
    try:
        return read_core_tags(file.read_bytes(), file)
    except FileNotFoundError:
        return None


def _write_aux(context: Context, image: Path, metadata: ImageMetadata) -> None:
    texts = {
        "characters": ", ".join(metadata.characters),
        "tags": json.dumps(metadata.tags, ensure_ascii=False),
        "processed_tags": ", ".join(metadata.processed_tags),
        "caption": metadata.caption,
    }
    for name in context.settings.save_aux:
        write_whole(image.with_suffix(f".{name}"), texts[name].encode("utf-8", "surrogateescape"))


def _write_texts(context: Context, core: Mapping[str, CoreTags]) -> None:
    folders, options = context.settings.folders, context.settings.tag
    write_whole(folders.texts / CORE_TAGS, core_tag_text(core).encode("utf-8", "surrogateescape"))
    file = folders.texts / EMBEDDINGS
    existing = None
    if file.is_file() and not context.settings.select.overwrite_emb_init_info:
        existing = read_emb_init(file.read_bytes(), file)
    types = _image_types(folders.texts, folders.image_type)
    write_whole(file, emb_init_text(core, types, existing=existing).encode("utf-8", "surrogateescape"))
    text = wildcard_text(
        core, context.settings.caption, append_dropped=options.append_dropped_character_tags_wildcard
    )
    write_whole(folders.texts / WILDCARDS, text.encode("utf-8", "surrogateescape"))


def _image_types(texts: Path, own: str) -> Iterable[str]:
    del texts
    return (own,)
