"""Sorts all crops into the folders of characters, and selects the images of the training set.

    cropped/ ── links ──> classified/<character>/        selection.json: which images, with which characters

What hands have moved stays where it is and counts as a reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tui_gen.jobs.anime.classify.characters import character_of
from tui_gen.jobs.anime.classify.classification import Classification, classify, groups_text
from tui_gen.jobs.anime.classify.material import Crops
from tui_gen.jobs.anime.classify.references import reference_id, references_among
from tui_gen.jobs.anime.crop.cropping import frame_faces
from tui_gen.jobs.anime.images.metadata import ImageMetadata
from tui_gen.jobs.anime.images.placements import Placements, read_placements, write_placements
from tui_gen.jobs.anime.images.store import ImageError, ImageStore
from tui_gen.jobs.anime.images.walk import folder_of, images_below
from tui_gen.jobs.anime.images.writing import link_or_copy, move_image, sha256_of, write_whole
from tui_gen.jobs.anime.model import Subject
from tui_gen.jobs.anime.work.loading import detector_of, embedder_of
from tui_gen.jobs.anime.work.orders import Context, DatasetOrder
from tui_gen.jobs.anime.work.selecting import selected
from tui_gen.jobs.anime.work.tidying import remove_empty_folders
from tui_gen.jobs.anime.work.vectors import VectorFiles, key_of
from tui_gen.processes.orders.messages import Signs

PLACEMENTS, GROUPS = "classified.json", "groups.json"


def classified(context: Context, order: DatasetOrder, signs: Signs) -> dict[str, Any]:
    """Classify everything. Raises ObstructedError, ImageError, OSError, RefusedError without a model."""
    store = ImageStore(context.settings.folders, context.hand)
    metadata = dict(_crops(context, store, signs))
    found = _classification(context, store, metadata, signs)
    _place(context, store, found, metadata, signs)
    folders = context.settings.folders
    write_whole(folders.state / GROUPS, groups_text(found.groups, embedder_of(context).name).encode())
    _add_references(context, store, found)
    learned = selected(context, order, ImageStore(folders, context.hand), dict(found.folders), signs)
    warnings = list(found.problems)
    return {
        "files": {"groups": folders.relative(folders.state / GROUPS)},
        "size": 0,
        "record": {"crops": len(found.folders), "groups": len(found.groups)},
        "facts": [["dataset", {"groups": len(found.groups)}, warnings], *learned],
    }


def _crops(
    context: Context, store: ImageStore, signs: Signs
) -> Iterator[tuple[str, tuple[Path, ImageMetadata]]]:
    """Yield id, path and metadata of the crops that take part: all but those that were dropped by hand."""
    dropped = context.hand["classified"].dropped
    cropped = store.paths("cropped")
    moved_in = {image: path for image, path in store.paths("classified").items() if image not in cropped}
    waiting = {*context.hand["cropped"].waiting, *context.hand["classified"].waiting}
    for image, path in sorted({**moved_in, **cropped}.items()):
        if image not in dropped and image not in waiting:
            yield image, (path, store.crop_metadata(image, path))
        signs.give()


def _classification(
    context: Context,
    store: ImageStore,
    crops: Mapping[str, tuple[Path, ImageMetadata]],
    signs: Signs,
) -> Classification:
    embedder = embedder_of(context)
    files = VectorFiles(context.settings.folders.embeddings, embedder.digest)
    known = files.all()
    vectors, ids = [], []
    for image, (path, metadata) in crops.items():
        vector = known.get(key_of(image, store.content(path, metadata)))
        if vector is not None:  # else it came after the crops were embedded: the next run takes it
            ids.append(image)
            vectors.append(vector)
    references, problems = _references(context, files, signs)
    ids += references
    vectors += [vector for _, vector in references.values()]
    if not ids:
        return Classification({}, {}, {}, problems)
    signs.give()
    differences = embedder.differences(np.array(vectors, np.float32))
    hand = context.hand["classified"]
    added = {image: folder_of(path) for image, path in hand.added.items()}
    given = Crops(
        ids=ids,
        differences=differences,
        threshold=embedder.threshold,
        references={name: folder for name, (folder, _) in references.items()},
        # An image directly in classified/ belongs to no character.
        pinned={
            name: folder for name, folder in {**added, **hand.pinned}.items() if folder and name in crops
        },
        characters={image: metadata.characters for image, (_, metadata) in crops.items()}
        if context.settings.is_booru
        else {},
    )
    result = classify(given, context.settings.classify)
    return Classification(result.folders, result.groups, result.additions, (*problems, *result.problems))


def _references(
    context: Context, files: VectorFiles, signs: Signs
) -> tuple[dict[str, tuple[str, Any]], tuple[str, ...]]:
    """Return id -> folder and vector of the reference images, embedded where they are new."""
    folder = context.settings.reference_folder
    if folder is None:
        return {}, ()
    found = references_among(images_below(folder))
    embedder, known = embedder_of(context), dict(files.all())
    keys = {path: key_of("reference", sha256_of(folder / path)) for path in found.folders}
    new, problems = dict[str, Any](), list(found.problems)
    for path, key in keys.items():
        if key in known or key in new:
            continue
        try:
            rgb = ImageStore.read(folder / path)
        except ImageError as error:
            problems.append(str(error))
            continue
        faces = frame_faces(rgb, detector_of(context), context.settings.crop)
        new[key] = embedder.embed([Subject(rgb, faces)])[0]
        signs.give()
    if new:
        files.write(new)
    known |= new
    usable = {path: key for path, key in keys.items() if key in known}
    return {reference_id(path): (found.folders[path], known[key]) for path, key in usable.items()}, tuple(
        problems
    )


def _place(
    context: Context,
    store: ImageStore,
    found: Classification,
    crops: Mapping[str, tuple[Path, ImageMetadata]],
    signs: Signs,
) -> None:
    """Link each crop into its folder; move those that an earlier run put into another one."""
    folders, file = context.settings.folders, context.settings.folders.state / PLACEMENTS
    before = read_placements(file)
    present, cropped = store.paths("classified"), store.paths("cropped")
    base = folders.of("classified")
    placed = {
        image: f"{folder}/{(present.get(image) or cropped[image]).name}"
        for image, folder in found.folders.items()
    }
    earlier = {image: path.relative_to(base).as_posix() for image, path in present.items()}
    plan = Placements(placed, {**before.placed, **earlier})
    write_placements(file, plan)
    for image, place in placed.items():
        target = base / place
        if image in present:
            if present[image] != target:
                move_image(present[image], target)
        else:
            link_or_copy(cropped[image], target)
        character = character_of(found.folders[image])
        names = () if character is None else (character.text,)
        store.move_metadata(target, replace(crops[image][1], characters=names))
        signs.give()
    for image, path in present.items():
        if image not in placed and image not in context.hand["classified"].waiting:
            store.supersede(path)
    write_placements(file, plan.completed())
    remove_empty_folders(base)


def _add_references(context: Context, store: ImageStore, found: Classification) -> None:
    """Link the crops that are to become references into the folder of references."""
    folder = context.settings.reference_folder
    if folder is None:
        return
    paths = store.paths("cropped")
    for image, character in found.additions.items():
        if image in paths:
            link_or_copy(paths[image], folder / character / paths[image].name)
