"""Writes `multiply.txt` into each folder of the training set with images."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.anime.arrange.arrangement import source_folder
from tui_gen.jobs.anime.balance.multiply import FolderBalance, balanced
from tui_gen.jobs.anime.balance.shares import shares_of
from tui_gen.jobs.anime.balance.weights import WeightTable, read_weights
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.images.store import ImageStore
from tui_gen.jobs.anime.images.walk import folder_of, images_below
from tui_gen.jobs.anime.images.writing import write_whole
from tui_gen.jobs.anime.work.orders import Context, DatasetOrder
from tui_gen.jobs.anime.work.tag import metadata_of
from tui_gen.processes.orders.messages import Signs

MULTIPLY = "multiply.txt"
SHARES = "balance.json"


def balanced_folders(settings: Settings) -> tuple[Path, tuple[FolderBalance, ...]]:
    """Return the folder that is balanced, and the balance of each folder with images below it.

    Raises RefusedError, OSError.
    """
    folders, options = settings.folders, settings.balance
    training = folders.relative(folders.training)
    place = source_folder("training", training, options.compute_multiply_up_levels)
    source = folders.output / place
    numbers = Counter(folder_of(path) for path in images_below(source))
    return source, balanced(numbers, str(source), weight_table(settings), options)


def weight_table(settings: Settings) -> WeightTable:
    """Return the weights of the configuration's file. Raises RefusedError."""
    if settings.balance.weight_csv is None:
        return WeightTable()
    file = Path(settings.balance.weight_csv)
    try:
        return read_weights(file.read_bytes(), file)
    except OSError as error:
        message = f"{file}: cannot be read ({error.strerror}); name another file as weight_csv"
        raise RefusedError(message) from error


def balanced_images(context: Context, order: DatasetOrder, signs: Signs) -> dict[str, Any]:
    """Write the files, and the shares of the characters before and after. Raises ObstructedError, OSError."""
    del order
    settings = context.settings
    source, found = balanced_folders(settings)
    written = dict[str, str]()
    for each in found:
        path = source / each.folder / MULTIPLY
        write_whole(path, each.text.encode())
        written[each.folder or "."] = settings.folders.relative(path)
        signs.give()
    kept = {settings.folders.output / place for place in written.values()}
    for path in sorted(settings.folders.training.rglob(MULTIPLY)):
        if path not in kept:
            path.unlink()  # of a folder without images: a trainer would read it
    store, base = ImageStore(settings.folders, context.hand), source
    images = [
        (metadata.characters, folder_of(path.relative_to(base).as_posix()))
        for _, path, metadata in metadata_of(store)
    ]
    shares = shares_of(images, found)
    entries = [
        {
            "name": each.name,
            "images": each.images,
            "repeats": float(each.repeats),
            "share_before": round(float(each.share_before), 6),
            "share_after": round(float(each.share_after), 6),
        }
        for each in shares.characters
    ]
    file = settings.folders.state / SHARES
    text = json.dumps(
        {"images": shares.images, "repeats": float(shares.repeats), "characters": entries}, indent=1
    )
    write_whole(file, text.encode("utf-8", "surrogateescape"))
    return {"files": written, "size": 0, "record": {"folders": len(found)}}
