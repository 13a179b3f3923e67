"""Tags images of the training set. What a tagger said of a content once is kept, with all scores."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui_gen.base.errors import ObstructedError, reason_of
from tui_gen.jobs.anime.images.metadata import ImageMetadata
from tui_gen.jobs.anime.images.store import ImageError, ImageStore
from tui_gen.jobs.anime.images.writing import sha256_of, write_whole
from tui_gen.jobs.anime.model import ImageTags
from tui_gen.jobs.anime.tag.processing import needs_tags
from tui_gen.jobs.anime.tag.processing import tagged as with_tags
from tui_gen.jobs.anime.work.loading import tagger_of
from tui_gen.jobs.anime.work.orders import Context, TagOrder
from tui_gen.processes.orders.messages import Signs

Told = dict[str, Any]
LEAST_SCORE = 0.01
"""Scores below it are not kept: no threshold is so low."""


def tagged(context: Context, order: TagOrder, signs: Signs) -> list[Told]:
    """Tag the images of an order. Raises ObstructedError, RefusedError without a model."""
    store = ImageStore(context.settings.folders, context.hand)
    return list(_tagged(context, order, store, signs))


def _tagged(context: Context, order: TagOrder, store: ImageStore, signs: Signs) -> Iterator[Told]:
    for index, image in order.images:
        try:
            paths = dict(_with_parts(store, image))
            if not paths:
                yield {"index": index, "missing": "deleted by hand"}
                continue
            for name, path in paths.items():
                _tag(context, store, name, path)
        except ObstructedError:
            raise
        except (ImageError, OSError) as error:
            yield {"index": index, "failed": reason_of(error)}
            continue
        of = [context.settings.folders.relative(path) for path in paths.values()]
        yield {"index": index, "files": {}, "size": 0, "of": of}
        signs.give()


def _with_parts(store: ImageStore, image: str) -> Iterator[tuple[str, Path]]:
    for name in (image, f"{image}_halfbody", f"{image}_head"):
        path = store.paths("training").get(name)
        if path is not None:
            yield name, path


def _tag(context: Context, store: ImageStore, image: str, path: Path) -> None:
    metadata = store.metadata("training", image, path)
    if needs_tags(metadata, context.settings.tag) or metadata.models.get("tagger"):
        found = _tags_of(context, store, path)
        tagger = tagger_of(context).name
        # Tags of another tagger, or by another threshold, are replaced.
        before = replace(metadata, tags={}, models={**metadata.models, "tagger": tagger})
        if metadata.models.get("tagger"):
            before = replace(before, rating="", n_people=None)
        metadata = with_tags(before, found, context.settings.tag)
    store.write_metadata(path, metadata)


def _tags_of(context: Context, store: ImageStore, path: Path) -> ImageTags:
    tagger, digest = tagger_of(context), sha256_of(path)
    file = context.settings.folders.tags / tagger.digest[:16] / digest[:2] / f"{digest}.json"
    known = _read(file)
    if known is not None:
        return known
    (found,) = tagger.tags([store.read(path)])
    entries = {name: _kept(getattr(found, name)) for name in ("rating", "general", "character")}
    write_whole(file, json.dumps(entries, sort_keys=False).encode())
    return ImageTags(**entries)


def _kept(scores: Mapping[str, float]) -> dict[str, float]:
    return {tag: round(float(score), 6) for tag, score in scores.items() if score >= LEAST_SCORE}


def _read(file: Path) -> ImageTags | None:
    try:
        entries = json.loads(file.read_bytes())
        return ImageTags(entries["rating"], entries["general"], entries["character"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def metadata_of(store: ImageStore) -> Iterator[tuple[str, Path, ImageMetadata]]:
    """Yield id, path and metadata of all images of the training set. Raises ImageError, OSError."""
    for image, path in sorted(store.paths("training").items()):
        yield image, path, store.metadata("training", image, path)
