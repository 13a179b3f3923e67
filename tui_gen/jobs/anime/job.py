"""Opens the job: finds episodes, models and what was done by hand, and decides whether a run may begin.

Nothing is written before `prepare`. An obstacle is a RefusedError that says what to change.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.base.nouns import Noun, Nouns
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.capabilities import Capabilities
from tui_gen.engine.model import events as ev
from tui_gen.jobs.anime import facts
from tui_gen.jobs.anime.config.recipes import file_digest, recipe_of_stage
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.config_capabilities import capabilities_of
from tui_gen.jobs.anime.facts import NOTHING, Records
from tui_gen.jobs.anime.hand_look import Look, look_at_folders
from tui_gen.jobs.anime.images.walk import images_below
from tui_gen.jobs.anime.models.of_run import RunModels, may_use_gpu, models_of
from tui_gen.jobs.anime.opened import OpenedAnime
from tui_gen.jobs.anime.removal import refuse_needed_images
from tui_gen.jobs.anime.sources import Source
from tui_gen.jobs.anime.stages import Anime
from tui_gen.jobs.anime.units import CATEGORIES
from tui_gen.jobs.anime.work.orders import Context
from tui_gen.jobs.anime.work.perform import Resources
from tui_gen.media.ffmpeg import Ffmpeg, FfmpegUnfitError, find_ffmpeg
from tui_gen.media.film_files import FileLook, NoFile, look
from tui_gen.media.presence import Presence
from tui_gen.processes.orders.child_process import Children

NOUNS = Nouns(
    source=Noun("episode", "episodes"),
    clip=Noun("step", "steps"),  # a window of a survey, a frame, an image: by the stage
    patch=Noun("image", "images"),
    image=Noun("image", "images"),
    has_attempts=False,
    image_categories=(CATEGORIES["select"],),
)


@dataclass(frozen=True, slots=True)
class AnimeConfig:
    """A configuration of this job that was read and is valid."""

    settings: Settings

    @property
    def run(self) -> RunConfig:
        """What the configurations of all jobs say about a run."""
        settings = self.settings
        return RunConfig(
            job="anime",
            path=settings.config_path,
            output=settings.folders.output,
            source_count=len(settings.sources),
            category_folders=(settings.folders.output / "intermediate", settings.folders.texts),
            status_file=settings.status_file,
            workers=settings.max_workers,
            open_sources=settings.open_sources,
            schedule=settings.schedule,
            cluster=settings.cluster,
            min_free_bytes=int(settings.min_free_gb * 1e9),
            output_key="output_dir",
            seed=settings.seed,
            notices=settings.notices,
            keymap=settings.keymap,
            hooks=settings.hooks,
        )

    @property
    def nouns(self) -> Nouns:
        """Episodes, frames and images."""
        return NOUNS

    @property
    def capabilities(self) -> Capabilities:
        """What the configuration offers besides a run."""
        return capabilities_of(self.settings)

    def recovered(self, records: Records, at: float) -> tuple[ev.FactsLearned, ...]:
        """Return nothing: no line of the ledger repeats a fact of another line."""
        del records, at
        return ()

    def open(self, records: Records, *, may_write_beside: bool = False) -> OpenedAnime:
        """Find the episodes, the models and the hand work. Raises RefusedError; writes nothing."""
        del may_write_beside  # the names in the output folder are the job's own
        return opened_job(self.settings, records)


def opened_job(settings: Settings, records: Records) -> OpenedAnime:
    """Return the job, ready to run. Raises RefusedError."""
    at = time.time()
    ffmpeg, models = fit_ffmpeg(), models_of(settings)
    looks = episode_looks(settings, records)
    refuse_replaced(settings, records, looks)
    try:
        found = look_at_folders(settings, records, at)
    except OSError as error:
        message = f"{error.filename or settings.folders.output}: cannot be read ({error.strerror})"
        raise RefusedError(message) from error
    events = (*source_events(settings, records, looks, at), *found.events)
    if found.work["raw"].is_gone:  # the faces of the frames stand in the metadata beside them
        recipe = recipe_of_stage("crop", settings, models)
        events = (*events, ev.StageStarted(at, "crop", dict(recipe), is_redone=True))
    tools = (f"ffmpeg {ffmpeg.version} ({display_name(ffmpeg.path)})", *models.lines, *found.sentences)
    resources = _resources(settings, looks, (ffmpeg, models, found))
    job = Anime(resources, outside_of(settings))
    if found.are_removed:
        refuse_needed_images(settings, job, events)
    return OpenedAnime(job, events, tools, found)


def episode_looks(settings: Settings, records: Records) -> dict[str, FileLook | NoFile]:
    """Return how the file of each episode is now."""
    return {
        source.id: look(source.path, _known_file(records, source))
        for source in settings.sources
        if source.kind == "episode"
    }


def _resources(
    settings: Settings,
    looks: Mapping[str, FileLook | NoFile],
    found: tuple[Ffmpeg, RunModels, Look],
) -> Resources:
    ffmpeg, models, hand = found
    children = Children(
        Context(settings, models, hand.work, ffmpeg.path),
        settings.max_workers,
        settings.nice,
        uses_device=may_use_gpu(models, settings),
    )
    present = {
        name: (each.size_bytes, each.mtime_ns) for name, each in looks.items() if isinstance(each, FileLook)
    }
    return Resources(children, Presence(present), ffmpeg)


def fit_ffmpeg() -> Ffmpeg:
    """Return the ffmpeg to decode with. Raises RefusedError."""
    try:
        return find_ffmpeg(None, os.environ)
    except FfmpegUnfitError as error:
        raise RefusedError(str(error)) from error


def _known_file(records: Records, source: Source) -> Mapping[str, object] | None:
    known = records.get(source.id, NOTHING).facts.get("source")
    return known if isinstance(known, dict) and "fingerprint" in known else None


def is_replaced(records: Records, source: Source, found: FileLook | NoFile | None) -> bool:
    """Return whether the file of an episode has another content than the one that the ledger knows."""
    known = _known_file(records, source)
    return known is not None and isinstance(found, FileLook) and known["fingerprint"] != found.fingerprint


def is_new(records: Records, source: Source) -> bool:
    """Return whether nothing was made of an episode yet: its file may be replaced, as a torn download is."""
    return not facts.made(records.get(source.id, NOTHING), "survey")


def refuse_replaced(settings: Settings, records: Records, looks: Mapping[str, FileLook | NoFile]) -> None:
    """Raise RefusedError if the file of an episode is another one than the one its frames are of."""
    problems = []
    for source in settings.sources:
        known = _known_file(records, source)
        if known is None or not is_replaced(records, source, looks.get(source.id)) or is_new(records, source):
            continue
        problems.append(
            f"{settings.config_path}: {display_name(source.id)} is {display_name(source.path)} now, and its "
            f"frames are of another file, {display_name(str(known['path']))}; put the earlier file back, "
            'or give the new one another "episode" or "prefix"'
        )
    if problems:
        raise RefusedError("\n".join(problems))


def source_events(
    settings: Settings, records: Records, looks: Mapping[str, FileLook | NoFile], at: float
) -> Iterator[ev.Event]:
    """Yield what a run records of its sources before the work begins."""
    for source in settings.sources:
        found = looks.get(source.id)
        if isinstance(found, NoFile):
            yield ev.SourceMissing(at, source.id, source.name, source.path, found.reason)
            continue
        file = found.facts if found is not None else {}
        new = facts.source_facts(source, file)
        if is_replaced(records, source, found):
            new |= {"probe": None}
            yield ev.SourceRetried(at, source.id)
        if records.get(source.id, NOTHING).facts.get("source") != new["source"]:
            yield ev.FactsLearned(at, "survey", source.id, new)


def outside_of(settings: Settings) -> dict[str, str]:
    """Return digests of what stages over the dataset read outside of it. Raises RefusedError."""
    found = {}
    folders = [Path(source.path) for source in settings.sources if source.kind == "images"]
    found["choose"] = facts.digest([_listing(folder) for folder in folders])
    if settings.reference_folder is not None:
        found["classify"] = facts.digest(_listing(settings.reference_folder))
    if settings.balance.weight_csv is not None:
        found["balance"] = file_digest(Path(settings.balance.weight_csv))
    return found


def _listing(folder: Path) -> list[list[object]]:
    """Return path, size and time of the images of a folder. Raises RefusedError."""
    try:
        states = [(path, (folder / path).stat()) for path in images_below(folder)]
    except OSError as error:
        message = f"{error.filename or folder}: cannot be read ({error.strerror})"
        raise RefusedError(message) from error
    return [[path, state.st_size, state.st_mtime_ns] for path, state in states]
