"""Writes selected images into the training set: scaled, in its format, with their metadata."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from tui_gen.base.errors import ObstructedError, reason_of
from tui_gen.jobs.anime.crop.cropping import parts_of
from tui_gen.jobs.anime.images.folders import Level
from tui_gen.jobs.anime.images.metadata import CropInfo, ImageMetadata
from tui_gen.jobs.anime.images.store import ImageError, ImageStore
from tui_gen.jobs.anime.select.resizing import resized, resized_shape
from tui_gen.jobs.anime.work.extract import told_of
from tui_gen.jobs.anime.work.loading import detector_of
from tui_gen.jobs.anime.work.orders import Context, SelectOrder
from tui_gen.processes.orders.messages import Signs

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB

Told = dict[str, Any]
QUALITY = {".webp": [cv2.IMWRITE_WEBP_QUALITY, 95], ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95], ".png": []}


def selected_images(context: Context, order: SelectOrder, signs: Signs) -> list[Told]:
    """Write the images of an order. Raises ObstructedError."""
    store = ImageStore(context.settings.folders, context.hand)
    return list(_selected(context, order, store, signs))


def _selected(context: Context, order: SelectOrder, store: ImageStore, signs: Signs) -> Iterator[Told]:
    for index, image in order.images:
        try:
            yield _select(context, store, index, image)
        except FileNotFoundError:
            yield {"index": index, "missing": "deleted by hand"}
        except ObstructedError:
            raise
        except (ImageError, OSError) as error:
            yield {"index": index, "failed": reason_of(error)}
        signs.give()


def source_of(store: ImageStore, image: str) -> tuple[Level, Path]:
    """Return the level and path of the image that one of the training set is made of.

    Raises FileNotFoundError if it is in no folder.
    """
    for level in ("cropped", "classified", "raw"):
        path = store.find(level, image)
        if path is not None:
            return level, path
    raise FileNotFoundError(image)


def _select(context: Context, store: ImageStore, index: int, image: str) -> Told:
    if image in context.hand["training"].dropped:
        return {"index": index, "missing": "deleted by hand"}
    level, path = source_of(store, image)
    rgb, metadata = store.read(path), store.metadata(level, image, path)
    target, digest = _write(context, store, rgb, metadata)
    files, digests = {image: target}, {image: digest}
    for crop in parts_of(rgb, detector_of(context), context.settings.crop) if metadata.crop else ():
        name = f"{image}_{crop.part}"
        if name in context.hand["training"].dropped:
            continue
        part = replace(
            metadata,
            id=name,
            path=metadata.current_path,
            image_size=crop.size,
            crop=CropInfo(crop.part, round(crop.score, 6)),
            n_faces=crop.facts.n_faces,
            facepos=crop.facts.facepos,
            fh_ratio=crop.facts.fh_ratio,
        )
        files[name], digests[name] = _write(context, store, crop.pixels(rgb), part)
    return told_of(store, index, files, digests)


def _write(context: Context, store: ImageStore, rgb: RGB, metadata: ImageMetadata) -> tuple[Path, str]:
    settings = context.settings
    present = store.paths("training").get(metadata.id)
    target = (present or settings.folders.training / f"{metadata.id}.x").with_suffix(
        settings.select.image_save_ext
    )
    if present is not None and present != target:
        store.supersede(present)  # of another format
    height, width = rgb.shape[:2]
    if settings.select.resize:
        size = resized_shape(width, height, settings.select.max_size)
        if size != (width, height):
            rgb = resized(rgb, size)
            width, height = size
    recorded, earlier = "", None
    if present is not None and present == target:
        earlier = store.metadata("training", metadata.id, present)
        recorded = earlier.sha256
    written = store.write(target, encoded(rgb, settings.select.image_save_ext), recorded=recorded)
    place = settings.folders.relative(target)
    known = metadata
    if earlier is not None:  # the tagger's tags, until it is asked again
        models = {**metadata.models, **earlier.models}
        known = replace(metadata, tags=earlier.tags or metadata.tags, models=models)
    store.write_metadata(
        target,
        replace(
            known,
            path=metadata.current_path,
            current_path=place,
            filename=target.name,
            image_size=(width, height),
            sha256=written.sha256,
        ),
    )
    return target, written.sha256


def encoded(rgb: RGB, extension: str) -> bytes:
    """Return the file of an image. Raises ValueError if it cannot be encoded."""
    is_whole, data = cv2.imencode(extension, np.ascontiguousarray(rgb[:, :, ::-1]), QUALITY[extension])
    if not is_whole:
        message = f"an image of {rgb.shape[1]}x{rgb.shape[0]} cannot be written as {extension}"
        raise ValueError(message)
    return data.tobytes()
