"""Makes damaged images again, each in its place and byte for byte as recorded; all else is left alone.

frame ── its episode or folder        crop ── its frame        training image ── its crop or frame

What is made must have the SHA-256 that the metadata beside the image record: else the damaged file stays, and
the clip fails with the reason. A damaged file is moved to the superseded files, without those beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_gen.base.errors import ObstructedError, reason_of
from tui_gen.engine.model.clip_sets import bits_of
from tui_gen.jobs.anime.crop.cropping import crops_of, parts_of
from tui_gen.jobs.anime.frames.chosen import chosen_from_json
from tui_gen.jobs.anime.frames.extraction import MissingFrame, encoded_image, extracted
from tui_gen.jobs.anime.images.folders import Folders, Level
from tui_gen.jobs.anime.images.ids import crop_id
from tui_gen.jobs.anime.images.metadata import decoded, metadata_name
from tui_gen.jobs.anime.images.store import ImageError, ImageStore
from tui_gen.jobs.anime.images.walk import stem_of
from tui_gen.jobs.anime.images.whole_image import fault_of
from tui_gen.jobs.anime.images.writing import link_or_copy, sha256_of, supersede_file, write_whole
from tui_gen.jobs.anime.select.resizing import resized, resized_shape
from tui_gen.jobs.anime.work.extract import told_of
from tui_gen.jobs.anime.work.loading import detector_of
from tui_gen.jobs.anime.work.orders import Context, RestoreOrder
from tui_gen.jobs.anime.work.select import encoded, source_of
from tui_gen.jobs.anime.work.survey import film_of
from tui_gen.processes.orders.messages import Signs

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB

Told = dict[str, Any]
Makers = Mapping[str, Callable[[], bytes]]
"""Image -> what makes its bytes."""
GONE = "it is not in its folder; the next run makes it again, unless it was deleted by hand"


def restored(context: Context, order: RestoreOrder, signs: Signs) -> list[Told]:
    """Restore the images of an order. Raises ChildError, ObstructedError, RefusedError without a model."""
    store = ImageStore(context.settings.folders, context.hand)
    if order.stage == "extract" and order.source.kind == "episode":
        return list(_frames(context, order, store, signs))
    return list(_each(context, order, store, signs))


def _each(context: Context, order: RestoreOrder, store: ImageStore, signs: Signs) -> Iterator[Told]:
    for index, image in order.images:
        try:
            if order.stage == "extract":
                source = Path(order.source.path, order.facts["names"][index])
                yield _restore(store, "raw", index, {stem_of(source.name): source.read_bytes})
            elif order.stage == "crop":
                yield _restore(store, "cropped", index, _crop_makers(context, store, image))
            else:
                yield _restore(store, "training", index, _training_makers(context, store, image))
        except ObstructedError:
            raise
        except (ImageError, OSError) as error:
            yield {"index": index, "failed": reason_of(error)}
        signs.give()


def _frames(context: Context, order: RestoreOrder, store: ImageStore, signs: Signs) -> Iterator[Told]:
    film = film_of(context, order.source.path, order.facts["probe"])
    wanted = chosen_from_json(order.facts["frames"]).only(bits_of(index for index, _ in order.images))
    for frame in extracted(film, wanted, alive=signs.give):
        if isinstance(frame, MissingFrame):
            yield {"index": frame.number, "failed": frame.reason}
            continue
        name = order.source.frame_id(frame.number)
        make = partial(encoded_image, frame.rgb, context.settings.raw_format)
        try:
            yield _restore(store, "raw", frame.number, {name: make})
        except (ImageError, FileNotFoundError) as error:
            yield {"index": frame.number, "failed": reason_of(error)}


def _gone(image: str) -> ImageError:
    return ImageError(f"{image}: {GONE}")


def _crop_makers(context: Context, store: ImageStore, frame: str) -> Makers:
    path = store.paths("raw").get(frame)
    if path is None:
        raise _gone(frame)
    rgb, settings = store.read(path), context.settings
    dropped = context.hand["cropped"].dropped
    makers = {}
    for crop in crops_of(rgb, detector_of(context), settings.crop):
        image = crop_id(frame, crop.number, crop.part)
        if image not in dropped:
            makers[image] = partial(encoded_image, crop.pixels(rgb), settings.raw_format)
    return makers


def _training_makers(context: Context, store: ImageStore, image: str) -> Makers:
    level, path = source_of(store, image)
    rgb, settings = store.read(path), context.settings
    pictures = {image: rgb}
    if store.metadata(level, image, path).crop:
        parts = parts_of(rgb, detector_of(context), settings.crop)
        pictures |= {f"{image}_{part.part}": part.pixels(rgb) for part in parts}
    dropped = context.hand["training"].dropped
    return {
        name: partial(_training_bytes, context, picture)
        for name, picture in pictures.items()
        if name not in dropped
    }


def _training_bytes(context: Context, rgb: RGB) -> bytes:
    select = context.settings.select
    height, width = rgb.shape[:2]
    size = resized_shape(width, height, select.max_size) if select.resize else (width, height)
    return encoded(rgb if size == (width, height) else resized(rgb, size), select.image_save_ext)


def _restore(store: ImageStore, level: Level, index: int, makers: Makers) -> Told:
    """Make the damaged images of a clip again. Raises ImageError, ObstructedError, OSError."""
    files, digests = dict[str, Path](), dict[str, str]()
    for image, make in makers.items():
        path = store.paths(level).get(image) or (
            store.paths("classified").get(image) if level == "cropped" else None
        )
        if path is None:
            raise _gone(image)
        files[image], digests[image] = path, _whole(store.folders, path, make)
        copy = store.paths("classified").get(image)
        if level == "cropped" and copy is not None and fault_of(copy.read_bytes()):
            supersede_file(copy, store.folders.output, store.folders.superseded)
            link_or_copy(path, copy)
    return told_of(store, index, files, digests)


def _whole(folders: Folders, path: Path, make: Callable[[], bytes]) -> str:
    """Make a file whole, and return its SHA-256."""
    if not fault_of(path.read_bytes()):
        return sha256_of(path)  # as written, or edited by hand
    beside = path.with_name(metadata_name(path.name))
    try:
        expected = decoded(beside.read_bytes()).sha256
    except (OSError, ValueError) as error:
        message = f"{path}: what it was is not known: {beside.name}: {reason_of(error)}"
        raise ImageError(message) from error
    data = make()
    digest = hashlib.sha256(data).hexdigest()
    if digest != expected:
        message = (
            f"{path}: made again, it would be another image than recorded; the settings may have changed"
        )
        raise ImageError(message)
    supersede_file(path, folders.output, folders.superseded)
    write_whole(path, data)
    return digest
