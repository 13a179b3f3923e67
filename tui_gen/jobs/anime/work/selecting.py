"""Selects the images of the training set from all frames and their classified crops.

selection.json has each selected image with its characters; the ledger has the ids by source.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from tui_gen.engine.model.clip_sets import bits_of
from tui_gen.jobs.anime.frames.pictures import thumbnail
from tui_gen.jobs.anime.images.folders import Folders
from tui_gen.jobs.anime.images.ids import frame_of
from tui_gen.jobs.anime.images.store import ImageStore
from tui_gen.jobs.anime.images.writing import write_whole
from tui_gen.jobs.anime.select.repeats import repeats_by
from tui_gen.jobs.anime.select.selection import (
    REASONS,
    FrameWithCrops,
    Selection,
    SortedCrop,
    selection,
)
from tui_gen.jobs.anime.sources import ADDED
from tui_gen.jobs.anime.work.orders import Context, DatasetOrder
from tui_gen.processes.orders.messages import Signs

SELECTION = "selection.json"
Learned = list[Any]


def selected(
    context: Context, order: DatasetOrder, store: ImageStore, folders: Mapping[str, str], signs: Signs
) -> list[Learned]:
    """Write the selection; return what the ledger keeps: [source, facts, warnings].

    `folders` are those of the crops below classified/. Raises ObstructedError, ImageError, OSError.
    """
    frames = list(_frames(context, store, folders, signs))
    found = selection(frames, context.settings.select, lambda images: _repeats(context, store, images, signs))
    _write(context.settings.folders, found)
    return list(_facts(order, store, frames, found))


def _frames(
    context: Context, store: ImageStore, folders: Mapping[str, str], signs: Signs
) -> Iterator[FrameWithCrops]:
    """Yield each frame with its crops; a crop without a frame stands for itself."""
    crops = defaultdict[str, list[SortedCrop]](list)
    paths = {**store.paths("classified"), **store.paths("cropped")}
    for image, path in sorted(paths.items()):
        if image in folders:
            metadata = store.crop_metadata(image, path)
            crops[frame_of(image)].append(SortedCrop(metadata, folders[image]))
        signs.give()
    for frame, path in sorted(store.paths("raw").items()):
        yield FrameWithCrops(store.metadata("raw", frame, path), tuple(crops.pop(frame, ())))
        signs.give()
    for alone in crops.values():  # put into the folders by hand: there is no frame to take instead
        for crop in alone:
            yield FrameWithCrops(None, (crop,))
    del context


def _repeats(context: Context, store: ImageStore, images: Sequence[str], signs: Signs) -> Collection[str]:
    """Return the images that are near duplicates of an earlier one in the order of ids."""
    paths = {**store.paths("raw"), **store.paths("classified"), **store.paths("cropped")}
    thumbnails = {}
    for image in images:
        if image in paths:
            thumbnails[image] = thumbnail(store.read(paths[image]))
        signs.give()
    repeats = repeats_by(thumbnails, context.settings.duplicates.within, alive=signs.give)
    return repeats(list(thumbnails))


def _write(folders: Folders, found: Selection) -> None:
    images = {image: {"characters": list(names)} for image, names in found.images.items()}
    reasons = Counter(REASONS[reason] for reason in found.left_out.values())
    entries = {
        "images": {**images, **{image: {"characters": []} for image in found.regularization}},
        "regularization": list(found.regularization),
        "left_out": dict(reasons.most_common()),
    }
    text = json.dumps(entries, ensure_ascii=False, sort_keys=True, indent=0)
    write_whole(folders.state / SELECTION, text.encode("utf-8", "surrogateescape"))


def read_selection(folders: Folders) -> dict[str, dict[str, Any]] | None:
    """Return id -> characters of the selected images; None if nothing was classified here.

    Raises OSError, ValueError.
    """
    try:
        text = (folders.state / SELECTION).read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return None
    entries: dict[str, dict[str, Any]] = json.loads(text)["images"]
    return entries


def _facts(
    order: DatasetOrder, store: ImageStore, frames: Sequence[FrameWithCrops], found: Selection
) -> Iterator[Learned]:
    """Yield the selected images of each source: the place in the list is the clip.

    An image that was selected before keeps its place. An image whose file went meanwhile gets a new one, so
    that it is written again.
    """
    known = [frame.metadata for frame in frames if frame.metadata is not None]
    sources = {frame.id: frame.episode or ADDED for frame in known}
    written, ended = order.images, order.written
    present = store.paths("training")
    wanted = defaultdict[str, list[str]](list)
    for image in sorted({*found.images, *found.regularization}):
        wanted[sources.get(image) or sources.get(frame_of(image), ADDED)].append(image)
    for source in sorted({*wanted, *written}):
        ids = list(written.get(source, ()))
        places = {image: place for place, image in enumerate(ids)}
        selected_places = []
        for image in wanted.get(source, ()):
            place = places.get(image)
            if place is None or (place in ended.get(source, ()) and image not in present):
                place = len(ids)
                ids.append(image)
            selected_places.append(place)
        yield [source, {"images": ids, "selected": f"{bits_of(selected_places):x}"}, []]
