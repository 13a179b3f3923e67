"""Plans what each stage has left to do, by what the ledger records. Pure.

survey, extract        of the episodes and folders of the configuration
crop, embed            frames that are extracted, and images that were added by hand
select, tag            images that the classification selected
choose, classify, caption, arrange, balance      the dataset, whenever what they read has changed
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from tui_gen.base.priority import DEFAULT_PRIORITY
from tui_gen.engine.model.clip_sets import bits_of, members
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import DATASET, CategoryPlan, Plan, SourcePlan
from tui_gen.jobs.anime import facts
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.facts import NOTHING, Records
from tui_gen.jobs.anime.frames.windows import windows_of
from tui_gen.jobs.anime.images.added import AddedImage
from tui_gen.jobs.anime.images.folders import Folders
from tui_gen.jobs.anime.images.walk import stem_of
from tui_gen.jobs.anime.sources import ADDED, Source
from tui_gen.jobs.anime.units import CATEGORIES, MOST_CLIPS, DatasetUnit, FrameUnit, ProbeUnit

BEFORE = {"caption": "classify", "arrange": "caption", "balance": "arrange"}
"""The stage over the dataset whose results another one reads."""
LOOK = "look"
"""The key of the plan of an episode that has to be looked at."""
FRAME_BYTES = 1_500_000.0
"""Of an extracted frame as PNG, about: what a plan says before any is made."""


BEFORE_REMOVAL = ("classify", "caption", "arrange", "balance")
"""The stages over the dataset that are done before the intermediate images are removed."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Where a stage writes, and how large one of its results is, about."""

    path: str
    estimated_bytes: float = 0.0
    files: int = 1


def all_sources(settings: Settings, records: Records) -> list[Source]:
    """Return the sources of the configuration, those of earlier ones, and the images added by hand."""
    known = {source.id: source for source in settings.sources}
    for name, record in records.items():
        source = facts.source_of(record)
        if source is not None:
            known.setdefault(name, source)
    # Crops that were kept without their frame are of no other source.
    if facts.added_images(records) or facts.image_ids(records.get(ADDED, NOTHING)):
        known[ADDED] = Source(ADDED, str(settings.folders.output), "images")
    return list(known.values())


class FrameIds:
    """The ids of the frames of a source, by their clips."""

    def __init__(self, source: Source, record: SourceRecord, added: tuple[AddedImage, ...]) -> None:
        """Keep what tells the ids."""
        self._source = source
        self._names = record.facts.get("names", ())
        self._added = added

    def __getitem__(self, index: int) -> str:
        """Return the id of a frame."""
        if self._source.id == ADDED:
            return self._added[index].id
        if self._source.kind == "images":
            return stem_of(self._names[index])
        return self._source.frame_id(index)


@dataclass(frozen=True, slots=True)
class Units:
    """The units of one source in one stage; each pass makes them anew."""

    source: Source
    record: SourceRecord
    stage: str
    left: int  # bit set
    added: tuple[AddedImage, ...]

    def __iter__(self) -> Iterator[FrameUnit]:
        """Yield units of consecutive clips that are left."""
        most, indexes = MOST_CLIPS[self.stage], members(self.left)
        while part := tuple(islice(indexes, most)):
            yield self._unit(part)

    def _unit(self, indexes: tuple[int, ...]) -> FrameUnit:
        known = self.record.facts
        if self.stage in {"survey", "extract"}:
            keys: tuple[str, ...] = ("probe", "frames", "names")
            wanted = {key: known[key] for key in keys if key in known}
            return FrameUnit(self.source.id, self.source, indexes, (), wanted)
        if self.stage in {"select", "tag"}:
            images = facts.image_ids(self.record)
            ids = tuple(images[index] for index in indexes)
        else:
            frames = FrameIds(self.source, self.record, self.added)
            ids = tuple(frames[index] for index in indexes)
        mine = {}
        if self.source.id == ADDED:
            mine = {image.id: image for image in self.added if image.id in set(ids)}
        return FrameUnit(self.source.id, self.source, indexes, ids, {}, mine)


@dataclass(frozen=True, slots=True)
class DatasetUnits:
    """The one unit of a stage over the dataset, made when it is asked for."""

    settings: Settings
    records: Records
    stage: str
    times: int  # how often the stage was performed before
    inputs: str

    def __iter__(self) -> Iterator[DatasetUnit]:
        """Yield the unit."""
        records = self.records
        if self.stage == "choose":
            known = ((source, records.get(source.id, NOTHING).facts) for source in self.settings.sources)
            sources = tuple((source, {"names": each.get("names", ())}) for source, each in known)
            yield DatasetUnit(self.times, self.inputs, sources)
            return
        images = {name: facts.image_ids(each) for name, each in records.items() if each.facts.get("images")}
        written = {name: frozenset(members(facts.ended(records[name], "select"))) for name in images}
        added = facts.added_images(records)
        yield DatasetUnit(self.times, self.inputs, images=images, written=written, added=added)


# ------------------------------------------------------------------------------------ by source


def plan_probe(settings: Settings, records: Records) -> Plan:
    """Plan the look at each episode whose length is not known yet."""
    unknown = [
        source
        for source in settings.sources
        if source.kind == "episode" and records.get(source.id, NOTHING).facts.get("probe") is None
    ]
    return Plan(tuple(_look_at(source, records.get(source.id, NOTHING)) for source in unknown))


def plan_survey(settings: Settings, records: Records) -> Plan:
    """Plan the windows of each episode whose length is known."""
    plans = []
    for source in settings.sources:
        if source.kind != "episode":
            continue
        record = records.get(source.id, NOTHING)
        probe = record.facts.get("probe")
        windows = 0 if probe is None else len(windows_of(probe["duration_seconds"]))
        plans.append(_plan_of(source, record, "survey", (1 << windows) - 1))
    return _plan(plans, "survey", Folder(".tui-gen/survey", 1_000_000.0))


def plan_extract(settings: Settings, records: Records) -> Plan:
    """Plan the chosen frames of each episode, and the images of folders."""
    plans = []
    for source in settings.sources:
        record = records.get(source.id, NOTHING)
        wanted = facts.bits(record, "chosen") & ~_dropped_frames(settings, records, source)
        plans.append(_plan_of(source, record, "extract", wanted))
    return _plan(plans, "extract", _folder(settings.folders, "raw", FRAME_BYTES))


def plan_crop(settings: Settings, records: Records) -> Plan:
    """Plan the frames that stand in the folder raw."""
    added = facts.added_images(records)
    plans = [
        _plan_of(source, records.get(source.id, NOTHING), "crop", _frames(settings, records, source), added)
        for source in all_sources(settings, records)
    ]
    return _plan(plans, "crop", _folder(settings.folders, "cropped", FRAME_BYTES / 2))


def plan_embed(settings: Settings, records: Records) -> Plan:
    """Plan the frames that have crops, and the crops that were added by hand."""
    plans, added = [], facts.added_images(records)
    for source in all_sources(settings, records):
        record = records.get(source.id, NOTHING)
        wanted = facts.made(record, "crop")
        if source.id == ADDED:
            levels = {"cropped", "classified"}
            wanted |= bits_of([place for place, image in enumerate(added) if image.level in levels])
        plans.append(_plan_of(source, record, "embed", wanted, added))
    return _plan(plans, "embed", Folder(".tui-gen/embeddings", 2_000.0, files=0))


def plan_images(settings: Settings, records: Records, stage: str) -> Plan:
    """Plan the selected images, for `select`; for `tag` those that are written."""
    plans, added = [], facts.added_images(records)
    for source in all_sources(settings, records):
        record = records.get(source.id, NOTHING)
        wanted = facts.bits(record, "selected")
        if stage == "tag":
            wanted &= facts.made(record, "select")
        plans.append(_plan_of(source, record, stage, wanted, added))
    size = 150_000.0 if stage == "select" else 4_000.0
    return _plan(plans, stage, Folder(settings.folders.relative(settings.folders.training), size, files=2))


def _frames(settings: Settings, records: Records, source: Source) -> int:
    """Return the frames of a source in the folder raw, as a bit set."""
    if source.id == ADDED:
        images = facts.added_images(records)
        dropped = facts.earlier_hand_work(records, "raw").dropped
        return bits_of(
            [n for n, image in enumerate(images) if image.level == "raw" and image.id not in dropped]
        )
    record = records.get(source.id, NOTHING)
    return facts.made(record, "extract") & ~_dropped_frames(settings, records, source)


def _dropped_frames(settings: Settings, records: Records, source: Source) -> int:
    """Return the frames of a source that were deleted by hand, as a bit set."""
    del settings
    dropped = facts.earlier_hand_work(records, "raw").dropped
    if not dropped:
        return 0
    if source.kind == "images":
        names = records.get(source.id, NOTHING).facts.get("names", ())
        return bits_of([place for place, name in enumerate(names) if stem_of(name) in dropped])
    head = source.frame_id(0)[:-6]
    numbers = (each[len(head) :] for each in dropped if each.startswith(head))
    return bits_of([int(number) for number in numbers if number.isdecimal()])


def _look_at(source: Source, record: SourceRecord) -> SourcePlan:
    is_left = not record.skipped and record.unusable is None
    plan = replace(_plan_of(source, record, "survey", 0), units=(), key=record.skipped, quotas={})
    return replace(plan, units=(ProbeUnit(source.id, source.path),), key=LOOK) if is_left else plan


def _plan_of(
    source: Source, record: SourceRecord, stage: str, wanted: int, added: tuple[AddedImage, ...] = ()
) -> SourcePlan:
    ended, made = facts.ended(record, stage), facts.made(record, stage)
    left = 0 if record.skipped else wanted & ~ended
    return SourcePlan(
        source=source.id,
        name=source.name if source.id != ADDED else "added by hand",
        path=source.path,
        priority=DEFAULT_PRIORITY if record.priority is None else record.priority,
        units=Units(source, record, stage, left, added),
        key=(wanted, record.skipped),
        clips_made=(made & wanted).bit_count(),
        clips_left=left.bit_count(),
        quotas={CATEGORIES[stage]: (made & wanted | left).bit_count()},
    )


def _folder(folders: Folders, level: str, size: float) -> Folder:
    intermediate = folders.of("raw").parent
    return Folder(folders.relative(intermediate / level), size, files=2)


def _plan(plans: list[SourcePlan], stage: str, folder: Folder) -> Plan:
    name = CATEGORIES[stage]
    entry = CategoryPlan(
        target=None,
        planned=sum(plan.quotas[name] for plan in plans),
        folder=folder.path,
        estimated_patch_bytes=folder.estimated_bytes,
        files_per_patch=folder.files,
    )
    return Plan(tuple(plans), {name: entry})


# ------------------------------------------------------------------------------------ the dataset


def inputs_of(stage: str, records: Records, more: str = "") -> str:
    """Return a digest of what a stage over the dataset reads. `more` is of files outside the ledger."""
    sources = {name: record for name, record in records.items() if name != DATASET}
    if stage == "remove":
        return facts.digest([stage])
    if stage == "choose":
        return facts.digest([_bits(sources, "survey"), more])
    entries: list[object] = [facts.hand_digest(records, is_training=stage != "classify"), more]
    if stage == "classify":
        entries.append(_bits(sources, "embed"))
        entries.append(_bits(sources, "extract"))
    else:
        before = BEFORE[stage]
        entries.append([facts.done_inputs(records, before), facts.times_done(records, before)])
        entries.append(_bits(sources, "tag"))
        entries.append(_bits(sources, "select"))
    return facts.digest(entries)


def _bits(sources: Mapping[str, SourceRecord], stage: str) -> dict[str, str]:
    found = {name: facts.made(record, stage) for name, record in sources.items()}
    return {name: f"{bits:x}" for name, bits in found.items() if bits}


def plan_dataset(settings: Settings, records: Records, stage: str, inputs: str) -> Plan:
    """Plan a stage over the dataset, unless it was performed on the same inputs."""
    times = facts.times_done(records, stage)
    is_left = not facts.is_done(records, stage) or facts.done_inputs(records, stage) != inputs
    before = BEFORE.get(stage)
    if before in settings.stages and before is not None and not facts.is_done(records, before):
        is_left = False  # it failed
    plan = SourcePlan(
        source=DATASET,
        name="all images",
        path=str(settings.folders.output),
        priority=DEFAULT_PRIORITY,
        units=DatasetUnits(settings, records, stage, times, inputs) if is_left else (),
        key=(times, inputs, is_left),
        clips_made=int(not is_left),
        clips_left=int(is_left),
        quotas={CATEGORIES[stage]: 1},
    )
    entry = CategoryPlan(target=None, planned=1, folder=_dataset_folder(settings.folders, stage))
    return Plan((plan,), {CATEGORIES[stage]: entry})


def plan_removal(settings: Settings, records: Records) -> Plan:
    """Plan the removal of the intermediate images, once nothing is left to do that needs them."""
    plan = plan_dataset(settings, records, "remove", inputs_of("remove", records))
    by_source = (plan_survey, plan_extract, plan_crop, plan_embed)
    plans = [each(settings, records) for each in by_source]
    plans += [plan_images(settings, records, stage) for stage in ("select", "tag")]
    is_left = any(source.clips_left or source.key == "look" for each in plans for source in each.sources)
    is_left = is_left or not all(facts.is_done(records, stage) for stage in BEFORE_REMOVAL)
    if not is_left:
        return plan
    (source,) = plan.sources
    waiting = replace(source, units=(), key="waiting", clips_left=0, quotas={CATEGORIES["remove"]: 0})
    return replace(plan, sources=(waiting,))


def _dataset_folder(folders: Folders, stage: str) -> str:
    if stage == "choose":
        return ".tui-gen/survey"
    if stage == "remove":
        return folders.relative(folders.of("raw").parent)
    return folders.relative(folders.of("classified") if stage == "classify" else folders.training)
