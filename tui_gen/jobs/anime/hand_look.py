"""Looks through the folders of a dataset when a run is opened: what was done by hand since the last run.

    ledger, placements ─> known ──┐
    folders ────────────> present ┴─> hand_work ─> facts and lost patches, and sentences for the user

Nothing is written here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tui_gen.base.formatting import display_name
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.clip_sets import members
from tui_gen.engine.model.work import DATASET
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.engine.storage.standing_patches import standing_patches
from tui_gen.jobs.anime import facts
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.facts import NOTHING, Records
from tui_gen.jobs.anime.images.added import AddedImage
from tui_gen.jobs.anime.images.folders import INTERMEDIATE, LEVELS, Level
from tui_gen.jobs.anime.images.hand_work import (
    Earlier,
    Known,
    LevelWork,
    Surroundings,
    hand_work,
    hand_work_after_removal,
)
from tui_gen.jobs.anime.images.ids import frame_of, whole_of
from tui_gen.jobs.anime.images.placements import read_placements
from tui_gen.jobs.anime.images.walk import images_below, stem_of
from tui_gen.jobs.anime.images.writing import sha256_of
from tui_gen.jobs.anime.planning import FrameIds, all_sources
from tui_gen.jobs.anime.sources import ADDED
from tui_gen.jobs.anime.units import CATEGORIES

STAGE_OF: Mapping[Level, str] = {"raw": "extract", "cropped": "crop", "training": "select"}
"""The stage that writes the images of a level."""
BESIDE = {"crop": "embed", "select": "tag"}
"""The stage whose results go with those of another one."""
DATASET_STAGES: Mapping[Level, str] = {"classified": "classify", "training": "caption"}
"""The stage over the dataset that fills a folder, or writes beside its images."""
MOST_NAMED = 3
"""Of images in one sentence."""


@dataclass(slots=True)
class Recorded:
    """What the ledger says of one image."""

    source: str
    clip: int
    path: str  # relative to the folder of the level
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Look:
    """What was found."""

    work: Mapping[Level, LevelWork]
    events: tuple[ev.Event, ...] = ()
    sentences: tuple[str, ...] = ()
    restored: frozenset[str] = field(default_factory=frozenset)  # frames that were put back
    are_removed: bool = False  # the images of raw, cropped and classified, by remove_intermediate


def look_at_folders(settings: Settings, records: Records, at: float) -> Look:
    """Compare the folders with the ledger. Raises OSError."""
    recorded = _recorded(settings, records)
    present = {level: images_below(settings.folders.of(level)) for level in LEVELS}
    earlier = {level: facts.earlier_hand_work(records, level) for level in LEVELS}
    is_known, are_removed = facts.are_removed(records), are_images_removed(settings, records)
    work = dict[Level, LevelWork]()
    for level in LEVELS:
        around = Surroundings(
            elsewhere=frozenset(map(stem_of, present["classified"])) if level == "cropped" else frozenset(),
            is_expected=_expected(settings, records, level),
            sha256_of=_reader(settings.folders.of(level)),
        )
        known = _known(settings, records, level, recorded, present[level])
        look = hand_work_after_removal if are_removed and level in INTERMEDIATE else hand_work
        work[level] = look(known, present[level], earlier[level], around)
    restored = earlier["raw"].dropped - work["raw"].dropped
    work = {level: _without_restored(each, restored, level) for level, each in work.items()}
    added = _added(records, work, settings)
    events: list[ev.Event] = [
        *([ev.FactsLearned(at, "extract", DATASET, {facts.REMOVED: True})] if are_removed > is_known else []),
        *_hand_facts(work, earlier, at),
        *_added_facts(records, added, at),
        *_lost(work, recorded, restored, at),
        *_waiting(settings, work, at),
    ]
    return Look(work, tuple(events), tuple(_sentences(work, earlier, added)), restored, are_removed)


def are_images_removed(settings: Settings, records: Records) -> bool:
    """Return whether the images of raw, cropped and classified were removed, or their removal began.

    The marker is older than the fact; without a record it is of a dataset that was started over.
    """
    return facts.are_removed(records) or bool(records and settings.folders.removed_marker.exists())


# ------------------------------------------------------------------ what is known


def _recorded(settings: Settings, records: Records) -> dict[Level, dict[str, Recorded]]:
    """Return the images of the ledger by level and id."""
    found = dict[Level, dict[str, Recorded]]()
    levels = {CATEGORIES[stage]: level for level, stage in STAGE_OF.items()}
    folders = {level: settings.folders.relative(settings.folders.of(level)) + "/" for level in STAGE_OF}
    for level in STAGE_OF:
        found[level] = {}
    ledger = settings.folders.run_folder / LEDGER_NAME
    if not records or not ledger.exists():
        return found
    wanted = {stage: _standing(settings, records, stage) for stage in STAGE_OF.values()}
    for standing in standing_patches(ledger):
        if standing.patch.category not in levels:
            continue
        level = levels[standing.patch.category]
        clip, record = standing.clip.clip, standing.patch.record
        if not wanted[STAGE_OF[level]].get(clip.source, 0) >> clip.index & 1:
            continue
        for image, path in record.get("files", {}).items():
            if path.startswith(folders[level]):
                found[level][image] = Recorded(
                    clip.source,
                    clip.index,
                    path.removeprefix(folders[level]),
                    record.get("sha256", {}).get(image, ""),
                    standing.patch.size_bytes,
                )
    return found


def _standing(settings: Settings, records: Records, stage: str) -> dict[str, int]:
    """Return the clips of a stage whose images are to be there, by source, as bit sets.

    Images that are not chosen or not selected any more are among the superseded files.
    """
    found = dict[str, int]()
    for source in all_sources(settings, records):
        record = records.get(source.id, NOTHING)
        bits = facts.made(record, stage)
        if stage == "extract" and source.kind == "episode":
            bits &= facts.bits(record, "chosen")
        elif stage == "select":
            bits &= facts.bits(record, "selected")
        found[source.id] = bits
    return found


def _known(
    settings: Settings,
    records: Records,
    level: Level,
    recorded: Mapping[Level, Mapping[str, Recorded]],
    present: list[str],
) -> dict[str, Known]:
    """Return the images of a level that the program wrote, or that it knows from an earlier look."""
    added = {
        image.id: Known((image.path,), image.sha256)
        for image in facts.added_images(records)
        if image.level == level
    }
    if level in {"raw", "cropped"}:
        return {image: Known((each.path,), each.sha256) for image, each in recorded[level].items()} | added
    file = {"classified": "classified.json", "training": "arranged.json"}[level]
    placements = read_placements(settings.folders.state / file)
    if level == "training":
        images = {
            image: placements.known(image) if image in placements.placed else Known((each.path,))
            for image, each in recorded["training"].items()
        }
        images |= {image: placements.known(image) for image in added if image in placements.images}
        digests = recorded["training"]
    else:
        images = {image: placements.known(image) for image in placements.images}
        # A crop that was put into a group before it was classified was put there by hand.
        images |= {
            stem_of(path): Known(())
            for path in present
            if stem_of(path) in recorded["cropped"]
            and stem_of(path) not in images
            and stem_of(path) not in placements.placed
        }
        digests = recorded["cropped"]
    contents = {image: each.sha256 for image, each in added.items()}
    contents |= {image: each.sha256 for image, each in digests.items()}
    return added | {image: replace(each, sha256=contents.get(image, "")) for image, each in images.items()}


def _expected(settings: Settings, records: Records, level: Level) -> Callable[[str], bool]:
    """Return whether a killed run may have written an image that the ledger does not have."""
    if level == "classified":
        placements = read_placements(settings.folders.state / "classified.json")
        return lambda image: image in placements.placed or image in placements.previous
    pending = set[str]()
    for source in all_sources(settings, records):
        record = records.get(source.id, NOTHING)
        if level == "training":
            ids = facts.image_ids(record)
            left = facts.bits(record, "selected") & ~facts.ended(record, "select")
            pending.update(ids[index] for index in members(left))
        elif level == "raw":
            names = FrameIds(source, record, facts.added_images(records))
            left = facts.bits(record, "chosen") & ~facts.ended(record, "extract")
            pending.update(names[index] for index in members(left))
        else:
            names = FrameIds(source, record, facts.added_images(records))
            left = facts.made(record, "extract") & ~facts.ended(record, "crop")
            pending.update(names[index] for index in members(left))
    return lambda image: not pending.isdisjoint({image, whole_of(image), frame_of(image)})


def _reader(folder: Path) -> Callable[[str], str]:
    return lambda path: sha256_of(folder / path)


def _without_restored(work: LevelWork, restored: frozenset[str], level: Level) -> LevelWork:
    """Return the work without drops that only followed the drop of a frame that was put back."""
    if level == "raw" or not restored:
        return work
    return replace(work, dropped=frozenset(each for each in work.dropped if frame_of(each) not in restored))


# ------------------------------------------------------------------ what follows


def _added(records: Records, work: Mapping[Level, LevelWork], settings: Settings) -> list[AddedImage]:
    """Return the images that were added by hand since the last look, in the order of levels and ids."""
    known = {(image.level, image.id) for image in facts.added_images(records)}
    return [
        AddedImage(image, level, path, sha256_of(settings.folders.of(level) / path))
        for level in LEVELS
        for image, path in sorted(work[level].added.items())
        if (level, image) not in known
    ]


def _hand_facts(
    work: Mapping[Level, LevelWork], earlier: Mapping[Level, Earlier], at: float
) -> Iterator[ev.FactsLearned]:
    new = {
        f"hand.{level}": each.to_json()
        for level, each in work.items()
        if each.to_json()
        != {"pinned": dict(earlier[level].pinned), "dropped": sorted(earlier[level].dropped)}
    }
    if new:
        yield ev.FactsLearned(at, "extract", DATASET, new)


def _added_facts(records: Records, added: list[AddedImage], at: float) -> Iterator[ev.FactsLearned]:
    if added:
        everything = (*facts.added_images(records), *added)
        yield ev.FactsLearned(at, "extract", ADDED, facts.added_facts(everything))


def _lost(
    work: Mapping[Level, LevelWork],
    recorded: Mapping[Level, Mapping[str, Recorded]],
    restored: frozenset[str],
    at: float,
) -> Iterator[ev.PatchesLost]:
    """Yield the patches to make again: of a folder that was removed, and of frames that were put back."""
    for level, stage in STAGE_OF.items():
        again = [
            each
            for image, each in recorded[level].items()
            if work[level].is_gone or (level != "raw" and frame_of(image) in restored)
        ]
        by_source = defaultdict[str, dict[int, int]](dict)
        for each in again:
            by_source[each.source][each.clip] = each.size_bytes
        for source, sizes in by_source.items():
            clips, size = tuple(sorted(sizes)), sum(sizes.values())
            yield ev.PatchesLost(at, source, CATEGORIES[stage], clips, size, stage)
            if stage in BESIDE:
                yield ev.PatchesLost(at, source, CATEGORIES[BESIDE[stage]], clips, 0, BESIDE[stage])
    for level, stage in DATASET_STAGES.items():
        if work[level].is_gone:
            yield ev.PatchesLost(at, DATASET, CATEGORIES[stage], (0,), 0, stage)


def _waiting(settings: Settings, work: Mapping[Level, LevelWork], at: float) -> Iterator[ev.ProblemNoted]:
    for level, each in work.items():
        for image, paths in sorted(each.waiting.items()):
            places = " and ".join(display_name(path) for path in paths[:2])
            folder = settings.folders.relative(settings.folders.of(level))
            text = f"{display_name(image)} is there twice and waits: delete or rename one of them"
            yield ev.ProblemNoted(at, "warning", text, None, f"{folder}: {places}")


def _sentences(
    work: Mapping[Level, LevelWork], earlier: Mapping[Level, Earlier], added: list[AddedImage]
) -> Iterator[str]:
    """Yield what was found, a line for each level."""
    for level in LEVELS:
        each = work[level]
        if each.is_gone:
            yield f"{level}: the folder was removed; its images are made again"
            continue
        moved = {image for image, folder in each.pinned.items() if earlier[level].pinned.get(image) != folder}
        new = [image for image in added if image.level == level]
        counts = {
            "moved": len(moved),
            "deleted": len(each.dropped - earlier[level].dropped),
            "put back": len(earlier[level].dropped - each.dropped),
            "added": len(new),
        }
        told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        if told:
            names = ", ".join(display_name(image.id) for image in new[:MOST_NAMED])
            yield f"{level}: {told} by hand" + (
                f" ({names}{', ...' if len(new) > MOST_NAMED else ''})" if new else ""
            )
