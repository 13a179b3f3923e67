"""Moves the images of the training set into their folders. What hands have moved stays."""

from __future__ import annotations

from typing import Any

from tui_gen.jobs.anime.arrange.arrangement import arranged
from tui_gen.jobs.anime.images.placements import Placements, read_placements, write_placements
from tui_gen.jobs.anime.images.store import ImageStore
from tui_gen.jobs.anime.images.writing import move_image
from tui_gen.jobs.anime.work.orders import Context, DatasetOrder
from tui_gen.jobs.anime.work.tag import metadata_of
from tui_gen.jobs.anime.work.tidying import remove_empty_folders
from tui_gen.processes.orders.messages import Signs

PLACEMENTS = "arranged.json"


def arranged_images(context: Context, order: DatasetOrder, signs: Signs) -> dict[str, Any]:
    """Move all images. Raises ObstructedError, ImageError, OSError."""
    del order
    folders = context.settings.folders
    store, base = ImageStore(folders, context.hand), folders.training
    found = list(metadata_of(store))
    signs.give()
    hand = context.hand["training"]
    added = {image: path.rpartition("/")[0] for image, path in hand.added.items()}
    places = arranged(
        [metadata for _, _, metadata in found],
        context.settings.arrange,
        # An image directly in the folder of the training set has no folder of its own yet.
        pinned={image: folder for image, folder in {**added, **hand.pinned}.items() if folder},
    )
    file = folders.state / PLACEMENTS
    placed = {image: f"{places[image]}/{path.name}".lstrip("/") for image, path, _ in found}
    earlier = {image: path.relative_to(base).as_posix() for image, path, _ in found}
    plan = Placements(placed, {**read_placements(file).placed, **earlier})
    write_placements(file, plan)
    for image, path, metadata in found:
        target = base / placed[image]
        if path != target:
            move_image(path, target)
            store.move_metadata(target, metadata)
        signs.give()
    write_placements(file, plan.completed())
    remove_empty_folders(base)
    return {
        "files": {"placements": folders.relative(file)},
        "size": 0,
        "record": {"images": len(found), "folders": len(set(places.values()))},
    }
