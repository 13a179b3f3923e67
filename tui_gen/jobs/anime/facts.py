"""What the ledger keeps of sources besides the clips: the keys of their facts, read in one place.

of an episode or folder   source, probe, chosen, images, selected
of @added                 added
of the dataset            hand.<level>, <stage>.inputs, <stage>.times, removed
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import DATASET
from tui_gen.jobs.anime.images.added import AddedImage
from tui_gen.jobs.anime.images.folders import LEVELS, Level
from tui_gen.jobs.anime.images.hand_work import Earlier
from tui_gen.jobs.anime.sources import ADDED, Source
from tui_gen.jobs.anime.units import CATEGORIES

Records = Mapping[str, SourceRecord]
NOTHING = SourceRecord()
REMOVED = "removed"
"""The key that says that the images of raw, cropped and classified were removed."""


def source_of(record: SourceRecord) -> Source | None:
    """Return a source as it was recorded, or None if it never was."""
    entries = record.facts.get("source")
    if not isinstance(entries, dict):
        return None
    return Source(
        entries["id"], entries["path"], entries["kind"], entries.get("prefix", ""), entries.get("number", 0)
    )


def source_facts(source: Source, file: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fact of a source, with what identifies its file."""
    return {
        "source": {
            "id": source.id,
            "path": source.path,
            "kind": source.kind,
            "prefix": source.prefix,
            "number": source.number,
            **file,
        }
    }


def bits(record: SourceRecord, key: str) -> int:
    """Return a bit set that is kept as hexadecimal digits."""
    return int(record.facts.get(key, "0"), 16)


def image_ids(record: SourceRecord) -> tuple[str, ...]:
    """Return the images of a source that were ever selected: the place in the list is the clip."""
    return tuple(record.facts.get("images", ()))


def added_images(records: Records) -> tuple[AddedImage, ...]:
    """Return the images that were put into the folders by hand."""
    entries = records.get(ADDED, NOTHING).facts.get("added", ())
    return tuple(
        AddedImage(each["id"], each["level"], each["path"], each.get("sha256", "")) for each in entries
    )


def added_facts(images: tuple[AddedImage, ...]) -> dict[str, Any]:
    """Return the fact that `added_images` reads."""
    entries = [
        {"id": each.id, "level": each.level, "path": each.path, "sha256": each.sha256} for each in images
    ]
    return {"added": entries}


def earlier_hand_work(records: Records, level: Level) -> Earlier:
    """Return what was found of a level when a run was opened last."""
    return Earlier.of(records.get(DATASET, NOTHING).facts.get(f"hand.{level}"))


def hand_digest(records: Records, *, is_training: bool) -> str:
    """Return a digest of the hand work in the training set, or of that in the folders before it."""
    facts = records.get(DATASET, NOTHING).facts
    levels = [level for level in LEVELS if (level == "training") is is_training]
    return digest([facts.get(f"hand.{level}") for level in levels])


def made(record: SourceRecord, stage: str) -> int:
    """Return the clips of a stage that have a patch, as a bit set."""
    return record.stage(stage).made.get(CATEGORIES[stage], 0)


def ended(record: SourceRecord, stage: str) -> int:
    """Return the clips of a stage that have a patch or can have none, as a bit set."""
    found = record.stage(stage)
    return made(record, stage) | found.rejected | found.rejected_for.get(CATEGORIES[stage], 0)


def is_done(records: Records, stage: str) -> bool:
    """Return whether a stage over the dataset was performed since its settings changed."""
    return bool(made(records.get(DATASET, NOTHING), stage))


def done_inputs(records: Records, stage: str) -> str:
    """Return the digest of what a stage over the dataset read last; "" if it was never performed."""
    return str(records.get(DATASET, NOTHING).facts.get(f"{stage}.inputs", ""))


def times_done(records: Records, stage: str) -> int:
    """Return how often a stage over the dataset was performed in all runs."""
    return int(records.get(DATASET, NOTHING).facts.get(f"{stage}.times", 0))


def are_removed(records: Records) -> bool:
    """Return whether the ledger says that the images of raw, cropped and classified were removed."""
    return bool(records.get(DATASET, NOTHING).facts.get(REMOVED))


def digest(value: object) -> str:
    """Return a digest of a JSON value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
