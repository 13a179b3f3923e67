"""The stages of the job for the engine: probe the films, then extract their clips."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from tui_gen.base.errors import RefusedError
from tui_gen.engine.executors.ground import Ground, KnownFile, WorkerCount
from tui_gen.engine.executors.staging import is_staging
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import JsonObject, Made, Outcome, Plan, Report, Stage, StageDefaults, Unit
from tui_gen.jobs.superres.chosen_ffmpeg import chosen_ffmpeg
from tui_gen.jobs.superres.config.recipe import LEGACY_RECIPE, recipe_of
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.near_duplicates import planned_without
from tui_gen.jobs.superres.dataset.split_leakage import Uncounted, uncounted
from tui_gen.jobs.superres.extraction.perform import Tools, perform_probe, perform_stretch, perform_survey
from tui_gen.jobs.superres.planning.footage import Sources
from tui_gen.jobs.superres.planning.plan import plan_extract, plan_probe
from tui_gen.jobs.superres.units import EXTRACT, Probe, Stretch, Survey
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.media.known_files import known_files
from tui_gen.media.presence import Presence

Located = TypeVar("Located", Probe, Survey, Stretch)


@dataclass(slots=True)
class DecodingResources:
    """The ffmpeg and the decoding threads for units that this process performs."""

    ffmpeg: Ffmpeg
    ffmpeg_threads: int  # 0: divide the processors among the workers
    workers: WorkerCount

    def threads(self) -> int:
        """Return the decoding threads of one worker: one, unless there are fewer workers than cores."""
        return self.ffmpeg_threads or max(1, (os.cpu_count() or 1) // max(1, self.workers.count))


@dataclass(frozen=True, slots=True)
class _Films:
    """The common input of both stages' plans."""

    settings: Settings
    sources: Sources
    missing: frozenset[str]  # files not found: other films get their share
    ground: Ground | None  # the other machine that performs the units; None: the engine's machine

    def here(self, unit: Located) -> Located:
        """Return a unit with the paths of the machine that performs it."""
        if self.ground is None or not self.ground.paths:
            return unit
        output = Path(self.ground.here(str(unit.settings.output)))
        settings = replace(unit.settings, output=output)
        here = replace(unit, path=self.ground.here(unit.path), settings=settings)
        if isinstance(here, Survey) and here.pair is not None:
            return replace(here, pair=self.ground.here(here.pair))
        if isinstance(here, Stretch) and here.pair is not None:
            file = replace(here.pair.file, path=self.ground.here(here.pair.file.path))
            return replace(here, pair=replace(here.pair, file=file))
        return here


@dataclass(frozen=True, slots=True)
class ProbeStage(StageDefaults):
    """Reads the headers of all films: the quotas need nothing else."""

    films: _Films
    tools: Tools
    name: str = "probe"
    is_discovery: bool = True

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        """Plan a probe for every film that exists and has no probe yet."""
        films = self.films
        return plan_probe(films.settings, films.sources, records=records, missing=films.missing)

    def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Read one film's headers."""
        if not isinstance(unit, Probe):
            message = f"not a probe: {unit!r}"
            raise TypeError(message)
        return perform_probe(self.films.here(unit), self.tools)


@dataclass(frozen=True, slots=True)
class ExtractStage(StageDefaults):
    """Surveys a film just before its first stretch, then makes its patches."""

    films: _Films
    tools: Tools
    uncounted: Uncounted | None  # finds near duplicates; None: patches have no hashes
    name: str = EXTRACT

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        """Plan surveys and stretches from the recorded facts and patches."""
        films = self.films
        plan = partial(plan_extract, films.settings, films.sources, missing=films.missing)
        return planned_without(self.uncounted, records, lambda counting: plan(records=counting))

    def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Survey a film, or make the patches of a stretch."""
        if isinstance(unit, Probe):  # a film without a probe: taken back in, or not reachable before
            return perform_probe(self.films.here(unit), self.tools)
        if isinstance(unit, Survey):
            return perform_survey(self.films.here(unit), self.tools)
        if isinstance(unit, Stretch):
            return perform_stretch(self.films.here(unit), self.tools)
        message = f"no unit of this stage: {unit!r}"
        raise TypeError(message)


@dataclass(slots=True)
class SuperResolution:
    """The job: its stages, its recipe and its paths."""

    settings: Settings
    sources: Sources
    missing: frozenset[str]
    presence: Presence
    recipe: JsonObject
    resources: DecodingResources
    ground: Ground | None = None
    # Whether the output folder has files of other owners: the names of new files keep clear of them.
    is_beside_others: bool = False
    is_staged: bool = False  # of the machine: files are sent from its folder for the output
    name: str = "superres"
    stages: Sequence[Stage] = field(init=False)

    def __post_init__(self) -> None:
        """Make the stages."""
        films = _Films(self.settings, self.sources, self.missing, self.ground)
        resources = self.resources
        tools = Tools(resources.ffmpeg, resources.threads, self.presence, is_staged=self.is_staged)
        extract = ExtractStage(films, tools, uncounted(self.settings))
        self.stages = (ProbeStage(films, tools), extract)

    @property
    def legacy_recipe(self) -> JsonObject:
        """The recipe keys that an older version did not write, with their values."""
        return LEGACY_RECIPE

    def at(self, ground: Ground) -> SuperResolution:
        """Return the job for another machine: its ffmpeg, its recipe, its threads and its paths."""
        is_staged = is_staging(ground, self.settings.output)
        if is_staged and self.is_beside_others:
            message = (
                f"{ground.here(str(self.settings.output))} does not have the files of the output folder, and "
                'with --beside new names must keep clear of them: use "output": "shared"'
            )
            raise RefusedError(message)
        settings = replace(self.settings, ffmpeg=ground.tools.get("ffmpeg", self.settings.ffmpeg))
        ffmpeg, fingerprints = chosen_ffmpeg(settings)
        return replace(
            self,
            settings=settings,
            presence=replace(self.presence, is_elsewhere=True),
            recipe=recipe_of(settings, self.sources, ffmpeg=ffmpeg, fingerprints=fingerprints),
            resources=DecodingResources(ffmpeg, settings.ffmpeg_threads, ground.workers),
            ground=ground,
            is_staged=is_staged,
        )

    def proof(self) -> str:
        """Return a hash of the files that this machine makes of fixed noise."""
        # Loaded here: numpy and OpenCV take longer than all of the start.
        from tui_gen.jobs.superres.extraction.proof import proof_of

        return proof_of(self.settings)

    def known_files(self) -> Sequence[KnownFile]:
        """Return up to three films that are there, by their paths on the engine's machine."""
        present = ((source, video.path) for source, video in self.sources if source not in self.missing)
        return known_files(present, self.presence)

    def files_of(self, outcome: Outcome) -> Sequence[str]:
        """Return the absolute paths, on the machine of this job, of all files of a clip's patches.

        The first kind of each patch, GT, comes last, as when files are written.
        """
        if not isinstance(outcome, Made):
            return ()
        output = str(self.settings.output)
        here = output if self.ground is None else self.ground.here(output)
        files = [list(patch.record["files"].values()) for patch in outcome.patches]
        return [f"{here}/{path}" for gt, *stacks in files for path in (*stacks, gt)]
