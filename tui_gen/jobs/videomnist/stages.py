"""The job as the engine sees it: render the videos, put them together in a file, draw samples of it.

render (each digit of each split) ──> assemble (the whole dataset) ──> samples (the whole dataset)
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from tui_gen.engine.executors.ground import Ground, KnownFile, WorkerCount
from tui_gen.engine.executors.staging import is_staging
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import (
    CategoryPlan,
    JsonObject,
    Made,
    OnChange,
    Outcome,
    Plan,
    Report,
    Scope,
    Stage,
    StageDefaults,
    Unit,
)
from tui_gen.jobs.videomnist.config.recipe import LEGACY_RECIPE, recipe_of
from tui_gen.jobs.videomnist.config.settings import SAMPLES_FOLDER, Settings
from tui_gen.jobs.videomnist.digits.elsewhere import pool_elsewhere
from tui_gen.jobs.videomnist.planning import inputs_digest, plan_file, plan_samples, plan_videos
from tui_gen.jobs.videomnist.units import (
    ASSEMBLE,
    RENDER,
    SAMPLES,
    DatasetUnit,
    VideoUnit,
)
from tui_gen.jobs.videomnist.work.earlier_shards import EarlierShards
from tui_gen.jobs.videomnist.work.orders import Context
from tui_gen.jobs.videomnist.work.perform import perform_file, perform_samples, perform_videos
from tui_gen.processes.orders.child_process import Children

Records = Mapping[str, SourceRecord]
SAMPLE_BYTES = 40_000.0
"""Of a sample video in both formats, about: what a plan says before any is drawn."""


@dataclass(frozen=True, slots=True)
class OtherMachine:
    """A machine, other than the engine's, that renders videos."""

    workers: WorkerCount
    is_staged: bool  # files are sent from its folder for the output


@dataclass(frozen=True, slots=True)
class RenderStage(StageDefaults):
    """Renders the videos, up to 64 into a shard."""

    children: Children[Context]
    name: str = RENDER
    reads_sources: bool = False
    earlier: EarlierShards = field(default_factory=EarlierShards)
    machine: OtherMachine | None = None  # that performs the units; None: the engine's

    def plan(self, records: Records) -> Plan:
        """Plan the videos that are not rendered yet."""
        context = self.children.context
        return plan_videos(context.settings, records, context.pool)

    def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Render the videos of a unit."""
        if not isinstance(unit, VideoUnit):
            raise _foreign(unit)
        if self.machine is not None:
            self.children.follow(self.machine.workers.count)
        has_output = self.machine is not None and not self.machine.is_staged
        return perform_videos(unit, self.children, self.earlier, requires_output=has_output)


@dataclass(frozen=True, slots=True)
class AssembleStage(StageDefaults):
    """Puts all videos together in the HDF5 file."""

    children: Children[Context]
    name: str = ASSEMBLE
    scope: Scope = "dataset"
    is_portable: bool = False
    on_change: OnChange = "redo"

    @property
    def _settings(self) -> Settings:
        return self.children.context.settings

    @property
    def recipe(self) -> JsonObject:  # type: ignore[override] # computed
        """The values that decide the file: its name, its attributes and the recipe of the videos."""
        settings = self._settings
        return {
            "output_file": settings.output_file,
            "sequence_length": settings.sequence_length,
            "fps": settings.fps,
            "videos": self.children.context.recipe.hex(),
        }

    def inputs(self, records: Records) -> str:
        """Return a digest of the videos that the file is made of."""
        return inputs_digest(self._settings, records)

    def plan(self, records: Records) -> Plan:
        """Plan the file, unless it is made."""
        entry = CategoryPlan(target=None, planned=1, folder=self._settings.output_file)
        return plan_file(self._settings, records, entry)

    def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Write the file."""
        if not isinstance(unit, DatasetUnit):
            raise _foreign(unit)
        return perform_file(unit, self.children)


@dataclass(frozen=True, slots=True)
class SamplesStage(StageDefaults):
    """Draws samples of the HDF5 file."""

    children: Children[Context]
    name: str = SAMPLES
    scope: Scope = "dataset"
    is_portable: bool = False
    on_change: OnChange = "redo"

    @property
    def recipe(self) -> JsonObject:  # type: ignore[override] # computed
        """Which samples are wanted."""
        samples = self.children.context.settings.samples
        return {} if samples is None else {**asdict(samples), "formats": list(samples.formats)}

    def inputs(self, records: Records) -> str:
        """Return a digest of the videos that the samples are chosen from."""
        return inputs_digest(self.children.context.settings, records)

    def plan(self, records: Records) -> Plan:
        """Plan the samples, unless they are drawn."""
        settings = self.children.context.settings
        number = settings.samples.number if settings.samples is not None else 0
        entry = CategoryPlan(
            target=None, planned=1, folder=SAMPLES_FOLDER, estimated_patch_bytes=number * SAMPLE_BYTES
        )
        return plan_samples(settings, records, entry)

    def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Draw the samples."""
        if not isinstance(unit, DatasetUnit):
            raise _foreign(unit)
        return perform_samples(unit, self.children)


def _foreign(unit: Unit) -> TypeError:
    return TypeError(f"no unit of this stage: {unit!r}")


@dataclass(slots=True)
class MovingDigits:
    """The job."""

    recipe: JsonObject
    children: Children[Context]
    name: str = "videomnist"
    stages: Sequence[Stage] = field(init=False)

    def __post_init__(self) -> None:
        """Make the stages; without samples there are two."""
        stages: tuple[Stage, ...] = (RenderStage(self.children), AssembleStage(self.children))
        has_samples = self.children.context.settings.samples is not None
        self.stages = (*stages, SamplesStage(self.children)) if has_samples else stages

    @property
    def legacy_recipe(self) -> JsonObject:
        """The values of keys that the recipe of an older run folder lacks."""
        return LEGACY_RECIPE

    def at(self, ground: Ground) -> MovingDigits:
        """Return the job for another machine, which renders videos. Raises RefusedError."""
        context = self.children.context
        settings, here = context.settings, ground.here
        folder = Path(here(str(settings.config_path.parent)))
        pool = pool_elsewhere(context.pool, settings.digits, here, config_folder=folder)
        moved = replace(settings, output=Path(here(str(settings.output))))
        children = Children(
            replace(context, settings=moved, pool=pool),
            ground.workers.count,
            settings.nice,
            self.children.work,
        )
        machine = OtherMachine(ground.workers, is_staged=is_staging(ground, settings.output))
        job = replace(self, recipe=recipe_of(settings, pool.sha256), children=children)
        # Only units that render are performed there; what a plan leaves out is decided at home.
        job.stages = (RenderStage(children, machine=machine), *job.stages[1:])
        return job

    def proof(self) -> str:
        """Return a hash of the bytes of a few videos."""
        # Loaded here: numpy takes longer than all of the start.
        from tui_gen.jobs.videomnist.work.proof import proof_of

        return proof_of(self.children.context)

    def known_files(self) -> Sequence[KnownFile]:
        """Return no files: the recipe has the hash of the digits, and their copies may have other times."""
        return ()

    def files_of(self, outcome: Outcome) -> Sequence[str]:
        """Return the shard of a video while it exists.

        The videos of a unit share a shard: if it was taken away with the first one, the others leave nothing.
        """
        if not isinstance(outcome, Made):
            return ()
        folder = self.children.context.settings.shards
        shards = (folder / patch.record["shard"] for patch in outcome.patches if "shard" in patch.record)
        return [str(shard) for shard in shards if shard.exists()]
