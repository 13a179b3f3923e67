"""Embeds the crops of frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_gen.base.errors import reason_of
from tui_gen.jobs.anime.images.metadata import ImageMetadata
from tui_gen.jobs.anime.images.store import ImageError, ImageStore
from tui_gen.jobs.anime.model import Subject
from tui_gen.jobs.anime.work.loading import embedder_of
from tui_gen.jobs.anime.work.orders import Context, EmbedOrder
from tui_gen.jobs.anime.work.vectors import VectorFiles, key_of
from tui_gen.processes.orders.messages import Signs

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB, Box, Floats

Told = dict[str, Any]
BATCH = 16
"""Crops that a model is given at once."""


def embedded(context: Context, order: EmbedOrder, signs: Signs) -> list[Told]:
    """Write the vectors of the crops of an order. Raises ObstructedError, RefusedError without a model."""
    store = ImageStore(context.settings.folders, context.hand)
    embedder = embedder_of(context)
    files = VectorFiles(context.settings.folders.embeddings, embedder.digest)
    told, waiting = list[Told](), dict[str, tuple[int, Path, ImageMetadata]]()
    known = files.all()
    for index, frame in order.images:
        try:
            crops = list(_crops(store, frame))
        except (ImageError, OSError) as error:
            told.append({"index": index, "failed": reason_of(error)})
            continue
        if not crops:
            told.append({"index": index, "missing": "deleted by hand"})
            continue
        for key, path, metadata in crops:
            if key not in known:
                waiting[key] = (index, path, metadata)
        of = [context.settings.folders.relative(path) for _, path, _ in crops]
        told.append({"index": index, "files": {}, "size": 0, "of": of, "record": {"crops": len(crops)}})
        signs.give()
    failures = dict(_embed(context, files, waiting, signs))
    return [
        {"index": each["index"], "failed": failures[each["index"]]} if each["index"] in failures else each
        for each in told
    ]


def _crops(store: ImageStore, frame: str) -> Iterator[tuple[str, Path, ImageMetadata]]:
    """Yield key, path and metadata of the crops of a frame."""
    for image, path in store.crops_of(frame).items():
        metadata = store.crop_metadata(image, path)
        yield key_of(image, store.content(path, metadata)), path, metadata


def _embed(
    context: Context,
    files: VectorFiles,
    waiting: Mapping[str, tuple[int, Path, ImageMetadata]],
    signs: Signs,
) -> Iterator[tuple[int, str]]:
    """Embed crops in batches and write the vectors; yield the index of each frame that failed, and why."""
    embedder = embedder_of(context)
    vectors: dict[str, Floats] = {}
    keys, subjects = list[str](), list[Subject]()
    for key, (index, path, metadata) in waiting.items():
        try:
            rgb = ImageStore.read(path)
        except (ImageError, OSError) as error:
            yield index, reason_of(error)
            continue
        keys.append(key)
        subjects.append(Subject(rgb, faces_in(metadata, rgb)))
        if len(keys) == BATCH:
            vectors |= zip(keys, embedder.embed(subjects), strict=True)
            keys, subjects = [], []
        signs.give()
    if keys:
        vectors |= zip(keys, embedder.embed(subjects), strict=True)
    if vectors:
        files.write(vectors)


def faces_in(metadata: ImageMetadata, rgb: RGB) -> tuple[Box, ...]:
    """Return the faces of a crop in pixels, the largest first."""
    height, width = rgb.shape[:2]
    return tuple(
        (round(left * width), round(top * height), round(right * width), round(bottom * height))
        for left, top, right, bottom in metadata.facepos
    )
