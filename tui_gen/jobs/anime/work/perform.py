"""Performs the units of the job: a child process does the work, and what it answers is reported."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tui_gen.engine.executors.ground import Ground
from tui_gen.engine.executors.staging import require_output
from tui_gen.engine.model.work import Clip, Doing, Failed, Learned, Made, Outcome, Patch, Report, Unusable
from tui_gen.jobs.anime.frames.windows import windows_of
from tui_gen.jobs.anime.units import CATEGORIES, DatasetUnit, FrameUnit, ProbeUnit
from tui_gen.jobs.anime.work.orders import (
    ChooseOrder,
    Context,
    CropOrder,
    DatasetOrder,
    EmbedOrder,
    ExtractOrder,
    SelectOrder,
    SurveyOrder,
    TagOrder,
)
from tui_gen.media.facts_json import probe_to_json
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.media.film_facts import FilmFile
from tui_gen.media.presence import Presence
from tui_gen.media.probing.probe import probe
from tui_gen.processes.orders.child_process import Children
from tui_gen.processes.orders.messages import Order

DOING = {
    "survey": "surveying",
    "choose": "comparing frames",
    "extract": "extracting",
    "crop": "cropping",
    "embed": "embedding",
    "classify": "classifying",
    "select": "resizing",
    "tag": "tagging",
    "caption": "captioning",
    "arrange": "arranging",
    "balance": "balancing",
    "remove": "removing",
}
READS_OUTPUT = frozenset({"extract", "crop", "embed", "select", "tag"})
"""The stages of a source that read the output folder: earlier images, and what hands changed."""
LEAST_FRAMES = 2
"""An episode with fewer has no rate."""
ORDERS: dict[str, type[CropOrder | EmbedOrder | SelectOrder | TagOrder]] = {
    "crop": CropOrder,
    "embed": EmbedOrder,
    "select": SelectOrder,
    "tag": TagOrder,
}


@dataclass(frozen=True, slots=True)
class Resources:
    """What performing needs of this machine."""

    children: Children[Context]
    presence: Presence
    ffmpeg: Ffmpeg
    ground: Ground | None = None  # the other machine that performs the units; None: the engine's
    is_staged: bool = False  # files are sent from this machine's folder for the output

    def here(self, unit: FrameUnit) -> FrameUnit:
        """Return a unit with the paths of the machine that performs it."""
        if self.ground is None:
            return unit
        return replace(unit, origin=replace(unit.origin, path=self.ground.here(unit.origin.path)))

    def seen(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a child tells, with a missing file as a failure on another machine.

        The file may only be unseen there: networks show what other machines wrote with a delay.
        """
        if self.ground is None or "missing" not in told:
            return told
        return {"index": told["index"], "failed": f"{told['missing']}, or not seen on this machine"}

    def follow_workers(self) -> None:
        """Keep no more children than another machine has workers. At home the job is told of their number."""
        if self.ground is not None:
            self.children.follow(self.ground.workers.count)

    async def require_output(self, *, is_read: bool) -> None:
        """Check the output folder of another machine; `is_read`: the stage reads what earlier stages wrote.

        Raises ObstructedError. Where files are sent from, stages that read nothing need no folder.
        """
        if self.ground is not None and (is_read or not self.is_staged):
            await require_output(self.children.context.settings.folders.output)


async def perform_probe(unit: ProbeUnit, resources: Resources) -> AsyncGenerator[Report, None]:
    """Learn the facts of an episode."""
    path = unit.path if resources.ground is None else resources.ground.here(unit.path)
    await resources.presence.check(unit.source, path)
    file = FilmFile(unit.source, path, resources.children.context.settings.nice)
    found = await probe(file, least_frames=LEAST_FRAMES, ffmpeg=resources.ffmpeg)
    if isinstance(found, Unusable):
        yield found
    else:
        yield Learned(unit.source, {"probe": probe_to_json(found)})


def perform_frames(unit: FrameUnit, stage: str, resources: Resources) -> AsyncGenerator[Report, None]:
    """Have the clips of a unit made, then report each."""
    return perform_order(unit, stage, _order(unit, stage), resources)


async def perform_order(
    unit: FrameUnit, stage: str, order: Order, resources: Resources
) -> AsyncGenerator[Report, None]:
    """Have an order carried out that answers for each clip of a unit, then report each."""
    if stage in {"survey", "extract"} and unit.origin.kind == "episode":
        await resources.presence.check(unit.source, unit.origin.path)
    is_read = stage in READS_OUTPUT
    await resources.require_output(is_read=is_read)
    yield Doing(unit.clips[0], DOING[stage])
    began = time.monotonic()
    told = await resources.children.ask(order)
    await resources.require_output(is_read=is_read)
    seconds = (time.monotonic() - began) / len(unit.indexes)
    if told["warnings"]:
        yield Learned(unit.source, {}, tuple(told["warnings"]))
    for each in told["frames"]:
        yield _outcome(Clip(unit.source, each["index"]), stage, resources.seen(each), seconds)


def _order(unit: FrameUnit, stage: str) -> Order:
    if stage == "survey":
        (index,) = unit.indexes
        found = unit.facts["probe"]
        return SurveyOrder(unit.origin, found, windows_of(found["duration_seconds"])[index])
    if stage == "extract":
        return ExtractOrder(unit.origin, unit.facts, unit.indexes)
    return ORDERS[stage](unit.origin, tuple(zip(unit.indexes, unit.ids, strict=True)), unit.added)


def _outcome(clip: Clip, stage: str, told: Mapping[str, Any], seconds: float) -> Outcome:
    category = CATEGORIES[stage]
    if "failed" in told:
        return Failed(clip, told["failed"], 1, seconds)
    if reason := told.get("rejected") or told.get("missing"):
        return Made(clip, (), 1, seconds, rejected=((category, reason),))
    record = {"format": stage, "files": told["files"], "sha256": told.get("sha256", {})}
    if "of" in told:
        record["of"] = told["of"]
    return Made(clip, (Patch(category, told["size"], record),), 1, seconds, record=told.get("record", {}))


async def perform_dataset(
    unit: DatasetUnit, stage: str, resources: Resources
) -> AsyncGenerator[Report, None]:
    """Perform a stage over the dataset. What it read is recorded last: until then it is performed again."""
    (clip,) = unit.clips
    yield Doing(clip, DOING[stage])
    began = time.monotonic()
    told = await resources.children.ask(_dataset_order(unit, stage))
    for source, learned, warnings in told.get("facts", ()):
        yield Learned(source, learned, tuple(warnings))
    if told.get("warnings"):
        yield Learned(unit.source, {}, tuple(told["warnings"]))
    yield _outcome(clip, stage, told, time.monotonic() - began)
    yield Learned(unit.source, {f"{stage}.inputs": unit.inputs, f"{stage}.times": unit.times + 1})


def _dataset_order(unit: DatasetUnit, stage: str) -> Order:
    if stage == "choose":
        return ChooseOrder(unit.sources)
    return DatasetOrder(stage, unit.images, unit.written, unit.added)
