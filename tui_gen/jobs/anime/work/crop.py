"""Crops the characters of frames, and records the faces of whole frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_gen.base.errors import reason_of
from tui_gen.jobs.anime.crop.cropping import Crop, crops_of, frame_facts
from tui_gen.jobs.anime.frames.extraction import encoded_image
from tui_gen.jobs.anime.images.ids import crop_id
from tui_gen.jobs.anime.images.metadata import CropInfo, ImageMetadata
from tui_gen.jobs.anime.images.store import ImageError, ImageStore
from tui_gen.jobs.anime.work.extract import told_of
from tui_gen.jobs.anime.work.loading import detector_of
from tui_gen.jobs.anime.work.orders import Context, CropOrder
from tui_gen.processes.orders.messages import Signs

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB

Told = dict[str, Any]
GONE = "deleted by hand"


def cropped(context: Context, order: CropOrder, signs: Signs) -> list[Told]:
    """Write the crops of the frames of an order. Raises ObstructedError, RefusedError without a detector."""
    store = ImageStore(context.settings.folders, context.hand)
    return list(_cropped(context, order, store, signs))


def _cropped(context: Context, order: CropOrder, store: ImageStore, signs: Signs) -> Iterator[Told]:
    for index, frame in order.images:
        try:
            yield _crop(context, order, store, index, frame)
        except FileNotFoundError:
            yield {"index": index, "missing": GONE}
        except ImageError as error:
            yield {"index": index, "failed": str(error)}
        except OSError as error:
            yield {"index": index, "failed": reason_of(error)}
        signs.give()


def _crop(context: Context, order: CropOrder, store: ImageStore, index: int, frame: str) -> Told:
    settings = context.settings
    usual = settings.folders.of("raw") / order.source.id / f"{frame}.{settings.raw_format}"
    path = store.find("raw", frame, usual)
    if path is None:
        raise FileNotFoundError(usual)
    rgb, metadata = store.read(path), store.metadata("raw", frame, path)
    detector = detector_of(context)
    facts = frame_facts(rgb, detector, settings.crop)
    metadata = replace(
        metadata,
        n_faces=facts.n_faces,
        facepos=facts.facepos,
        fh_ratio=facts.fh_ratio,
        models={**metadata.models, "detector": detector.name},
        sha256=store.content(path, metadata),
    )
    store.write_metadata(path, metadata)
    found = crops_of(rgb, detector, settings.crop)
    files, digests = dict[str, Path](), dict[str, str]()
    for crop in found:
        image = crop_id(frame, crop.number, crop.part)
        if image in context.hand["cropped"].dropped:
            continue
        files[image], digests[image] = _write(context, order, store, (metadata, rgb), crop)
    _supersede_earlier(context, store, frame, set(files))
    if not files:
        return {"index": index, "rejected": "no character was found"}
    return told_of(store, index, files, digests)


def _write(
    context: Context, order: CropOrder, store: ImageStore, frame: tuple[ImageMetadata, RGB], crop: Crop
) -> tuple[Path, str]:
    whole, rgb = frame
    settings, image = context.settings, crop_id(whole.id, crop.number, crop.part)
    usual = settings.folders.of("cropped") / order.source.id / f"{image}.{settings.raw_format}"
    path = store.find("cropped", image, usual) or usual
    place = settings.folders.relative(path)
    recorded = store.metadata("cropped", image, path).sha256 if path.is_file() else ""
    written = store.write(path, encoded_image(crop.pixels(rgb), settings.raw_format), recorded=recorded)
    metadata = replace(
        whole,
        id=image,
        path=whole.current_path,
        current_path=place,
        filename=path.name,
        image_size=crop.size,
        crop=CropInfo(crop.part, round(crop.score, 6)),
        n_people=None,
        n_faces=crop.facts.n_faces,
        facepos=crop.facts.facepos,
        fh_ratio=crop.facts.fh_ratio,
        tags={},
        caption="",
        sha256=written.sha256,
    )
    store.write_metadata(path, metadata)
    return path, written.sha256


def _supersede_earlier(context: Context, store: ImageStore, frame: str, wanted: set[str]) -> None:
    """Move crops of a frame that earlier settings or another detector gave to the superseded files."""
    kept = {*wanted, *context.hand["cropped"].added, *context.hand["classified"].added}
    for image, path in store.crops_of(frame).items():
        if image not in kept and image != frame:
            store.supersede(path)
