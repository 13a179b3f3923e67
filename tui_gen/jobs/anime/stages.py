"""The job as the engine sees it.

    survey ─> choose ─> extract ─> crop ─> embed ─> classify ─> select ─> tag ─> caption ─> arrange ─> balance
    episode   dataset   episode                     dataset     image            dataset

A stage `probe` before them reads the lengths of the episodes. With remove_intermediate, a last stage `remove`
follows. A stage over the dataset is performed whenever what it reads has changed (planning.inputs_of). A
change of settings redoes the stage that they belong to and the stages after it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

from tui_gen.engine.executors.ground import Ground, KnownFile
from tui_gen.engine.model.work import (
    JsonObject,
    OnChange,
    Outcome,
    Plan,
    Report,
    Scope,
    Stage,
    StageDefaults,
    Unit,
)
from tui_gen.jobs.anime import planning
from tui_gen.jobs.anime.config.recipes import recipe_of_stage
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.elsewhere import files_of, resources_elsewhere
from tui_gen.jobs.anime.facts import Records
from tui_gen.jobs.anime.units import DatasetUnit, FrameUnit, ProbeUnit
from tui_gen.jobs.anime.work.perform import (
    READS_OUTPUT,
    Resources,
    perform_dataset,
    perform_frames,
    perform_probe,
)
from tui_gen.media.known_files import known_files

SCOPES: Mapping[str, Scope] = MappingProxyType(
    {
        "survey": "all_sources",
        "choose": "dataset",
        "extract": "all_sources",
        "crop": "source",
        "embed": "source",
        "classify": "dataset",
        "select": "all_sources",
        "tag": "source",
        "caption": "dataset",
        "arrange": "dataset",
        "balance": "dataset",
        "remove": "dataset",
    }
)
PROBE = "probe"
READS_EPISODES = frozenset({"survey", "extract"})
PLANS: Mapping[str, Callable[[Settings, Records], Plan]] = MappingProxyType(
    {
        "survey": planning.plan_survey,
        "extract": planning.plan_extract,
        "crop": planning.plan_crop,
        "embed": planning.plan_embed,
        "select": partial(planning.plan_images, stage="select"),
        "tag": partial(planning.plan_images, stage="tag"),
        "remove": planning.plan_removal,
    }
)
"""The others are planned by what they read."""
RECIPE: JsonObject = MappingProxyType({"images": 1})
"""What decides the bytes of all stages: the version of the rules for ids and folders."""


@dataclass(frozen=True, slots=True)
class AnimeStage(StageDefaults):
    """One stage of the job."""

    name: str
    resources: Resources
    outside: str = ""  # digest of files outside the dataset that a stage over the dataset reads
    on_change: OnChange = "redo"

    @property
    def _settings(self) -> Settings:
        return self.resources.children.context.settings

    @property
    def scope(self) -> Scope:  # type: ignore[override] # computed
        """When the stage begins, and for what."""
        return SCOPES[self.name]

    @property
    def is_portable(self) -> bool:  # type: ignore[override] # computed
        """Whether other machines may perform it: a stage over the dataset reads and moves all images."""
        return self.scope != "dataset"

    @property
    def needs_output(self) -> bool:  # type: ignore[override] # computed
        """Whether its units read images of earlier stages, or what hands changed."""
        return self.name in READS_OUTPUT

    @property
    def reads_sources(self) -> bool:  # type: ignore[override] # computed
        """Whether its units read episodes, and not images of earlier stages."""
        return self.name in READS_EPISODES

    @property
    def recipe(self) -> JsonObject:  # type: ignore[override] # computed
        """The settings and models that decide what the stage makes."""
        return recipe_of_stage(self.name, self._settings, self.resources.children.context.models)

    def plan(self, records: Records) -> Plan:
        """Plan what is left."""
        settings = self._settings
        if self.name in PLANS:
            return PLANS[self.name](settings, records)
        inputs = planning.inputs_of(self.name, records, self.outside)
        return planning.plan_dataset(settings, records, self.name, inputs)

    def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Perform a unit."""
        self.resources.follow_workers()
        if isinstance(unit, FrameUnit):
            return perform_frames(self.resources.here(unit), self.name, self.resources)
        if isinstance(unit, DatasetUnit):
            return perform_dataset(unit, self.name, self.resources)
        message = f"no unit of this stage: {unit!r}"
        raise TypeError(message)


@dataclass(frozen=True, slots=True)
class ProbeStage(StageDefaults):
    """Reads the headers of all episodes: the survey is planned by their lengths."""

    resources: Resources
    name: str = PROBE
    is_discovery: bool = True

    def plan(self, records: Records) -> Plan:
        """Plan the look at each episode that is not known yet."""
        return planning.plan_probe(self.resources.children.context.settings, records)

    def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Look at an episode."""
        if not isinstance(unit, ProbeUnit):
            message = f"no unit of this stage: {unit!r}"
            raise TypeError(message)
        return perform_probe(unit, self.resources)


@dataclass(slots=True)
class Anime:
    """The job."""

    resources: Resources
    outside: Mapping[str, str] = field(default_factory=dict)  # by stage
    name: str = "anime"
    recipe: JsonObject = field(default_factory=lambda: dict(RECIPE))
    legacy_recipe: JsonObject = field(default_factory=dict)
    stages: Sequence[Stage] = field(init=False)

    def __post_init__(self) -> None:
        """Make the stages that a run performs."""
        names = self.resources.children.context.settings.stages
        stages = [AnimeStage(name, self.resources, self.outside.get(name, "")) for name in names]
        self.stages = (*([ProbeStage(self.resources)] if "survey" in names else []), *stages)

    def at(self, ground: Ground) -> Anime:
        """Return the job for another machine's ffmpeg, models and paths. Raises RefusedError."""
        portable = [name for name, scope in SCOPES.items() if scope != "dataset"]
        resources = resources_elsewhere(self.resources, ground, portable)
        job = Anime(resources, self.outside)
        # The stages may be others than those of a whole run: those that restore images.
        job.stages = tuple(replace(stage, resources=resources) for stage in self.stages)  # type: ignore[type-var]
        return job

    def proof(self) -> str:
        """Return a hash of what this machine makes of fixed pictures."""
        # Loaded here: numpy and OpenCV take longer than all of the start.
        from tui_gen.jobs.anime.work.proof import proof_of

        return proof_of(self.resources.children.context, self.resources.ffmpeg)

    def known_files(self) -> Sequence[KnownFile]:
        """Return up to three episodes that are there, by their paths on the engine's machine."""
        sources = self.resources.children.context.settings.sources
        home = str if self.resources.ground is None else self.resources.ground.home
        return known_files(((source.id, home(source.path)) for source in sources), self.resources.presence)

    def files_of(self, outcome: Outcome) -> Sequence[str]:
        """Return the files of a clip, with the metadata beside images.

        The stages `embed` and `tag` keep vectors and tags by content, in files of no single clip.
        """
        return files_of(outcome, self.resources.children.context.settings.folders)
