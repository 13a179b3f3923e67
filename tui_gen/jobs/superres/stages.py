"""The job as the engine sees it: probe the films, then extract their clips."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import JsonObject, Plan, Report, Stage, StageDefaults, Unit
from tui_gen.jobs.superres.config.recipe import LEGACY_RECIPE
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.near_duplicates import planned_without
from tui_gen.jobs.superres.dataset.split_leakage import Uncounted, uncounted
from tui_gen.jobs.superres.extraction.perform import Tools, perform_probe, perform_stretch, perform_survey
from tui_gen.jobs.superres.films.presence import Presence
from tui_gen.jobs.superres.planning.footage import Sources
from tui_gen.jobs.superres.planning.plan import plan_extract, plan_probe
from tui_gen.jobs.superres.units import EXTRACT, Probe, Stretch, Survey
from tui_gen.media.ffmpeg import Ffmpeg


@dataclass(slots=True)
class DecodingResources:
    """What the machine lends to the units performed here."""

    ffmpeg: Ffmpeg
    ffmpeg_threads: int  # 0: share the processors
    workers: int

    def threads(self) -> int:
        """Return the decoding threads of one worker: one, unless there are fewer workers than cores."""
        return self.ffmpeg_threads or max(1, (os.cpu_count() or 1) // max(1, self.workers))


@dataclass(frozen=True, slots=True)
class _Films:
    """What both stages plan from."""

    settings: Settings
    sources: Sources
    missing: frozenset[str]  # not found: other films get their share


@dataclass(frozen=True, slots=True)
class ProbeStage(StageDefaults):
    """Reads the headers of all films: enough for the quotas."""

    films: _Films
    tools: Tools
    name: str = "probe"
    is_discovery: bool = True

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        """Plan a probe for every film that is there and not known yet."""
        films = self.films
        return plan_probe(films.settings, films.sources, records=records, missing=films.missing)

    def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Read one film's headers."""
        if not isinstance(unit, Probe):
            message = f"not a probe: {unit!r}"
            raise TypeError(message)
        return perform_probe(unit, self.tools)


@dataclass(frozen=True, slots=True)
class ExtractStage(StageDefaults):
    """Surveys a film just before its first stretch, then makes its patches."""

    films: _Films
    tools: Tools
    uncounted: Uncounted | None  # where patches have hashes
    name: str = EXTRACT

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        """Plan surveys and stretches, by what is known and made."""
        films = self.films
        plan = partial(plan_extract, films.settings, films.sources, missing=films.missing)
        return planned_without(self.uncounted, records, lambda counting: plan(records=counting))

    def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Survey a film, or make the patches of a stretch."""
        if isinstance(unit, Probe):  # a film that came late: taken back in, or not reached before
            return perform_probe(unit, self.tools)
        if isinstance(unit, Survey):
            return perform_survey(unit, self.tools)
        if isinstance(unit, Stretch):
            return perform_stretch(unit, self.tools)
        message = f"no unit of this stage: {unit!r}"
        raise TypeError(message)


@dataclass(slots=True)
class SuperResolution:
    """The job."""

    settings: Settings
    sources: Sources
    missing: frozenset[str]
    presence: Presence
    recipe: JsonObject
    resources: DecodingResources
    name: str = "superres"
    legacy_recipe: JsonObject = field(default_factory=lambda: LEGACY_RECIPE)
    stages: Sequence[Stage] = field(init=False)

    def __post_init__(self) -> None:
        """Make the stages."""
        films = _Films(self.settings, self.sources, self.missing)
        tools = Tools(self.resources.ffmpeg, self.resources.threads, self.presence)
        extract = ExtractStage(films, tools, uncounted(self.settings))
        self.stages = (ProbeStage(films, tools), extract)
