"""Inspects the models and all sources of a configuration, as a run would begin. Nothing is written.

episode   known from the ledger? ──no──> probe as in a run ──> cells, remarks, facts to keep
folder    every image is decoded as in a run
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tui_gen.base.errors import RefusedError
from tui_gen.contract.inspect import Column, Condition, Inspected
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import JsonObject, Learned, Unusable
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.facts import NOTHING, Records
from tui_gen.jobs.anime.images.store import ImageError, ImageStore
from tui_gen.jobs.anime.images.walk import images_below
from tui_gen.jobs.anime.images.whole_image import silence_opencv
from tui_gen.jobs.anime.job import (
    episode_looks,
    fit_ffmpeg,
    is_new,
    is_replaced,
    refuse_replaced,
    source_events,
)
from tui_gen.jobs.anime.looking.conditions import (
    ffmpeg_condition,
    model_conditions,
    reference_conditions,
    runtime_condition,
    series_conditions,
)
from tui_gen.jobs.anime.looking.expected import expected_plan
from tui_gen.jobs.anime.looking.source_report import (
    COLUMNS,
    episode_cells,
    episode_record,
    episode_remarks,
    folder_cells,
    folder_remarks,
)
from tui_gen.jobs.anime.models.of_run import models_of
from tui_gen.jobs.anime.sources import Source
from tui_gen.jobs.anime.stages import PROBE, RECIPE
from tui_gen.jobs.anime.work.perform import LEAST_FRAMES
from tui_gen.media.facts_json import probe_from_json, probe_to_json
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.media.film_facts import FilmFile, ProbeFacts
from tui_gen.media.film_files import FileLook, NoFile
from tui_gen.media.probing.probe import probe
from tui_gen.processes.children import ChildError

BATCH = 16
"""Images that are decoded before a cancelled check ends."""


def inspection_of(settings: Settings, records: Records) -> SeriesInspection:
    """Prepare to inspect everything."""
    try:
        ffmpeg: Ffmpeg | RefusedError = fit_ffmpeg()
    except RefusedError as error:
        ffmpeg = error
    looks = episode_looks(settings, records)
    conditions = tuple(_conditions(settings, records, ffmpeg, looks))
    refused = {
        source.id
        for source in settings.sources
        if is_replaced(records, source, looks.get(source.id)) and not is_new(records, source)
    }
    known = replace(settings, sources=tuple(each for each in settings.sources if each.id not in refused))
    found = tuple(source_events(known, records, looks, time.time()))  # facts of a refused file are not kept
    usable = None if isinstance(ffmpeg, RefusedError) else ffmpeg
    return SeriesInspection(settings, records, usable, looks, conditions, found)


def _conditions(
    settings: Settings,
    records: Records,
    ffmpeg: Ffmpeg | RefusedError,
    looks: Mapping[str, FileLook | NoFile],
) -> Iterator[Condition]:
    yield ffmpeg_condition(ffmpeg)
    try:
        models = models_of(settings)
    except RefusedError as error:
        yield Condition("models", "wrong", str(error))
    else:
        found = models.found
        used = [found.detector, found.embedder, found.tagger]
        used += [] if models.frame is None else [models.frame]
        yield from model_conditions(used)
        yield runtime_condition(used)
    yield from reference_conditions(settings.reference_folder)
    yield from series_conditions(settings.sources)
    try:
        refuse_replaced(settings, records, looks)
    except RefusedError as error:
        yield Condition("episodes", "wrong", str(error))


@dataclass(frozen=True, slots=True)
class SeriesInspection:
    """The sources of a configuration."""

    settings: Settings
    records: Records
    ffmpeg: Ffmpeg | None
    looks: Mapping[str, FileLook | NoFile]  # of the episodes
    conditions: Sequence[Condition]
    found: Sequence[ev.Event]
    columns: Sequence[Column] = COLUMNS

    @property
    def recipe(self) -> JsonObject | None:
        """What decides the bytes of all stages."""
        return RECIPE

    @property
    def legacy_recipe(self) -> JsonObject:
        """Empty: every run folder has all keys."""
        return {}

    @property
    def sources(self) -> Sequence[str]:
        """The ids, in the order of the configuration."""
        return tuple(source.id for source in self.settings.sources)

    def planned(self, records: Mapping[str, SourceRecord], at: float) -> ev.StagePlanned:
        """Plan what is known to be left."""
        return ev.StagePlanned(at, self.settings.stages[-1], expected_plan(self.settings, records))

    async def look(self, source: str) -> Inspected:
        """Inspect one source. Cancelling the call ends its children."""
        found = next(each for each in self.settings.sources if each.id == source)
        if found.kind == "images":
            return await _look_at_folder(found)
        return await self._look_at_episode(found)

    async def _look_at_episode(self, source: Source) -> Inspected:
        blank = _blank(source)
        file, record = self.looks[source.id], self.records.get(source.id, NOTHING)
        if isinstance(file, NoFile):
            return replace(blank, state="missing" if file.is_missing else "unusable", reason=file.reason)
        if is_replaced(self.records, source, file):
            if not is_new(self.records, source):
                reason = "another file than the one that its frames are of"
                return replace(blank, state="unusable", reason=reason)
            return await self._probed(source, blank)
        if record.unusable is not None:
            return replace(blank, state="unusable", reason=record.unusable)
        known = record.facts.get("probe")
        if known is not None:
            return _of_episode(source, probe_from_json(known), ())
        return await self._probed(source, blank)

    async def _probed(self, source: Source, blank: Inspected) -> Inspected:
        if self.ffmpeg is None:
            return replace(blank, state="unusable", reason="not looked at: there is no fit ffmpeg")
        file = FilmFile(source.id, source.path, self.settings.nice)
        try:
            facts = await probe(file, least_frames=LEAST_FRAMES, ffmpeg=self.ffmpeg)
        except ChildError as error:  # no fault of the file: a run tries again
            return replace(blank, state="unusable", reason=error.reason)
        if isinstance(facts, Unusable):
            return replace(blank, state="unusable", reason=facts.reason, learned=((PROBE, facts),))
        learned = Learned(source.id, {"probe": probe_to_json(facts)})
        return _of_episode(source, facts, ((PROBE, learned),))


def _blank(source: Source) -> Inspected:
    record: dict[str, Any] = {"kind": source.kind}
    remarks = tuple(episode_remarks(source, None)) if source.kind == "episode" else ()
    return Inspected(source.id, source.name, source.path, "good", remarks=remarks, record=record)


def _of_episode(
    source: Source, facts: ProbeFacts, learned: tuple[tuple[str, Learned | Unusable], ...]
) -> Inspected:
    return Inspected(
        source.id,
        source.name,
        source.path,
        "good",
        cells=episode_cells(source, facts),
        remarks=tuple(episode_remarks(source, facts)),
        record=episode_record(source, facts),
        learned=learned,
    )


async def _look_at_folder(source: Source) -> Inspected:
    blank, folder = _blank(source), Path(source.path)
    try:
        paths = await asyncio.to_thread(images_below, folder)
    except OSError as error:
        return replace(blank, state="unusable", reason=f"cannot be read: {error.strerror}")
    broken = list[str]()
    silence_opencv()  # else stderr tells of each broken one
    for start in range(0, len(paths), BATCH):
        broken += await asyncio.to_thread(_broken_among, folder, paths[start : start + BATCH])
    usable = len(paths) - len(broken)
    found = replace(
        blank,
        cells=folder_cells(source, len(paths)),
        remarks=tuple(folder_remarks(paths, broken)),
        record={"kind": source.kind, "images": len(paths), "broken": broken},
    )
    if not usable:
        return replace(found, state="unusable", reason="no image in it can be read")
    if broken:
        return replace(found, state="flawed", reason=f"{len(broken)} of {len(paths)} images cannot be read")
    return found


def _broken_among(folder: Path, paths: Sequence[str]) -> list[str]:
    return [path for path in paths if not _can_be_read(folder / path)]


def _can_be_read(path: Path) -> bool:
    try:
        ImageStore.read(path)
    except (ImageError, OSError):
        return False
    return True
