"""Writes the chosen frames of an episode, or the images of a folder, into the folder raw."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui_gen.base.errors import reason_of
from tui_gen.engine.model.clip_sets import bits_of
from tui_gen.jobs.anime.frames.chosen import ChosenFrames, chosen_from_json
from tui_gen.jobs.anime.frames.extraction import MissingFrame, encoded_image, extracted
from tui_gen.jobs.anime.images.metadata import ImageMetadata, decoded, metadata_name
from tui_gen.jobs.anime.images.store import ImageError, ImageStore
from tui_gen.jobs.anime.images.walk import stem_of
from tui_gen.jobs.anime.images.writing import link_or_copy, sha256_of
from tui_gen.jobs.anime.work.orders import Context, ExtractOrder
from tui_gen.jobs.anime.work.survey import film_of
from tui_gen.processes.orders.messages import Signs

Told = dict[str, Any]


def extracted_images(context: Context, order: ExtractOrder, signs: Signs) -> list[Told]:
    """Write the images of an order. Raises ChildError, ObstructedError."""
    store = ImageStore(context.settings.folders, context.hand)
    if order.source.kind == "images":
        return list(_linked(context, order, store, signs))
    return list(_frames(context, order, store, signs))


# ------------------------------------------------------------------ episodes


def _frames(context: Context, order: ExtractOrder, store: ImageStore, signs: Signs) -> Iterator[Told]:
    wanted = chosen_from_json(order.facts["frames"]).only(bits_of(order.indexes))
    pts_of = dict(wanted.frames)
    left = dict(pts_of)
    for number, pts in wanted.frames:
        done = _already(context, order, store, number, pts)
        if done is not None:
            del left[number]
            yield done
        signs.give()
    if not left:
        return
    film = film_of(context, order.source.path, order.facts["probe"])
    rest = ChosenFrames(wanted.tick_seconds, tuple(left.items()))
    for frame in extracted(film, rest, alive=signs.give):
        if isinstance(frame, MissingFrame):
            yield {"index": frame.number, "rejected": frame.reason}
            continue
        height, width = frame.rgb.shape[:2]
        path = _path(context, order, frame.number)
        place = context.settings.folders.relative(path)
        name = order.source.frame_id(frame.number)
        metadata = ImageMetadata(
            id=name,
            path=place,
            current_path=place,
            filename=path.name,
            group_id=name,
            image_size=(width, height),
            type=context.settings.folders.image_type,
            episode=order.source.id,
            frame=frame.number,
            pts=pts_of[frame.number],
        )
        data = encoded_image(frame.rgb, context.settings.raw_format)
        yield _written(store, path, data, metadata, frame.number)


def _path(context: Context, order: ExtractOrder, number: int) -> Path:
    name = f"{order.source.frame_id(number)}.{context.settings.raw_format}"
    return context.settings.folders.of("raw") / order.source.id / name


def _already(context: Context, order: ExtractOrder, store: ImageStore, number: int, pts: int) -> Told | None:
    """Return what is told of a frame that a killed run or an earlier choice wrote whole, or None."""
    path = _path(context, order, number)
    try:
        metadata = decoded(path.with_name(metadata_name(path.name)).read_bytes())
        if metadata.pts != pts or metadata.sha256 != sha256_of(path):
            return None
    except (OSError, ValueError):
        return None
    return told_of(store, number, {metadata.id: path}, {metadata.id: metadata.sha256})


def _written(store: ImageStore, path: Path, data: bytes, metadata: ImageMetadata, number: int) -> Told:
    written = store.write(path, data, recorded=_recorded(path))
    store.write_metadata(path, replace(metadata, sha256=written.sha256))
    return told_of(store, number, {metadata.id: path}, {metadata.id: written.sha256})


def _recorded(path: Path) -> str:
    try:
        return decoded(path.with_name(metadata_name(path.name)).read_bytes()).sha256
    except (OSError, ValueError):
        return ""


def told_of(store: ImageStore, number: int, files: Mapping[str, Path], sha256: Mapping[str, str]) -> Told:
    """Return what is told of a clip that was made: its files relative to the output, by id."""
    return {
        "index": number,
        "files": {name: store.folders.relative(path) for name, path in files.items()},
        "sha256": dict(sha256),
        "size": sum(path.stat().st_size for path in files.values()),
    }


# ------------------------------------------------------------------ folders of images


def _linked(context: Context, order: ExtractOrder, store: ImageStore, signs: Signs) -> Iterator[Told]:
    for number in order.indexes:
        name = order.facts["names"][number]
        source = Path(order.source.path, name)
        try:
            yield _link(context, order, store, number, source)
        except FileNotFoundError:
            yield {"index": number, "missing": "not in its folder any more"}
        except (ImageError, OSError) as error:
            yield {"index": number, "failed": reason_of(error)}
        signs.give()


def _link(context: Context, order: ExtractOrder, store: ImageStore, number: int, source: Path) -> Told:
    height, width = store.read(source).shape[:2]
    target = context.settings.folders.of("raw") / order.source.id / order.facts["names"][number]
    link_or_copy(source, target)
    place, name = context.settings.folders.relative(target), stem_of(source.name)
    known = _metadata_beside(source)
    digest = sha256_of(target)
    metadata = ImageMetadata(
        id=name,
        path=place,
        current_path=place,
        filename=target.name,
        group_id=name,
        image_size=(width, height),
        type=context.settings.folders.image_type,
        episode=order.source.id,
        frame=number,
        characters=known.characters if known else (),
        tags=known.tags if known else {},
        rating=known.rating if known else "",
        copyright=known.copyright if known else "",
        artist=known.artist if known else "",
        caption=known.caption if known else "",
        sha256=digest,
        extra=known.extra if known else {},
    )
    store.write_metadata(target, _with_aux(context, source, metadata))
    return told_of(store, number, {name: target}, {name: digest})


def _metadata_beside(image: Path) -> ImageMetadata | None:
    file = image.with_name(metadata_name(image.name))
    try:
        return decoded(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        message = f"{file}: {error}; repair it or delete it"
        raise ImageError(message) from error


def _with_aux(context: Context, image: Path, metadata: ImageMetadata) -> ImageMetadata:
    """Return the metadata with what files beside the image say."""
    settings = context.settings
    texts = {name: _text(image.with_suffix(f".{name}")) for name in settings.load_aux}
    if settings.grabber_extension is not None:
        texts.setdefault("tags", _text(image.with_suffix(settings.grabber_extension)))
    characters, tags = _listed(texts.get("characters")), _tags(texts.get("tags"))
    return replace(
        metadata,
        characters=characters or metadata.characters,
        tags=tags or metadata.tags,
        caption=(texts.get("caption") or "").strip() or metadata.caption,
    )


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return None


def _listed(text: str | None) -> tuple[str, ...]:
    parts = (text or "").replace("\n", ",").split(",")
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _tags(text: str | None) -> dict[str, float]:
    """Read tags: a JSON object of scores, or a list with commas or a line for each."""
    try:
        entries = json.loads(text or "")
    except ValueError:
        entries = None
    if isinstance(entries, dict):
        return {str(tag): float(score) for tag, score in entries.items()}
    return {tag.replace(" ", "_"): 1.0 for tag in _listed(text)}
