"""The job on a machine other than the engine's: the same models, its paths, and the files of a clip."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.engine.executors.ground import Ground
from tui_gen.engine.executors.staging import is_staging
from tui_gen.engine.model.work import Made, Outcome
from tui_gen.jobs.anime.config.recipes import recipe_of_stage
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.images.folders import Folders
from tui_gen.jobs.anime.images.metadata import metadata_name
from tui_gen.jobs.anime.images.walk import is_image
from tui_gen.jobs.anime.models.of_run import RunModels, may_use_gpu, models_of
from tui_gen.jobs.anime.work.orders import Context
from tui_gen.jobs.anime.work.perform import Resources
from tui_gen.media.ffmpeg import FfmpegUnfitError, find_ffmpeg
from tui_gen.processes.orders.child_process import Children


def resources_elsewhere(resources: Resources, ground: Ground, portable: Collection[str]) -> Resources:
    """Return what another machine works with; `portable` are the stages that it may perform.

    Raises RefusedError without a fit ffmpeg, and if a stage would use another model.
    """
    home = resources.children.context
    settings = _settings_at(home.settings, ground)
    try:
        ffmpeg = find_ffmpeg(ground.tools.get("ffmpeg"), os.environ)
    except FfmpegUnfitError as error:
        raise RefusedError(str(error)) from error
    models = models_of(settings)
    _refuse_others(home, settings, models, [name for name in settings.stages if name in portable])
    children = Children(
        Context(settings, models, home.hand, ffmpeg.path),
        ground.workers.count,
        settings.nice,
        uses_device=may_use_gpu(models, settings),
    )
    return Resources(
        children,
        replace(resources.presence, is_elsewhere=True),
        ffmpeg,
        ground,
        is_staged=is_staging(ground, home.settings.folders.output),
    )


def _settings_at(settings: Settings, ground: Ground) -> Settings:
    here, models = ground.here, settings.models
    return replace(
        settings,
        folders=replace(settings.folders, output=Path(here(str(settings.folders.output)))),
        sources=tuple(replace(source, path=here(source.path)) for source in settings.sources),
        models=models if models.dir is None else replace(models, dir=here(models.dir)),
        frame_model=settings.frame_model and here(settings.frame_model),
    )


def _refuse_others(home: Context, settings: Settings, models: RunModels, stages: Sequence[str]) -> None:
    """Raise RefusedError if a stage would make something else with the models of this machine."""
    differing = [
        name
        for name in stages
        if recipe_of_stage(name, home.settings, home.models) != recipe_of_stage(name, settings, models)
    ]
    if not differing:
        return
    reasons = "; ".join(_other_models(home.models, models)) or "its settings differ"
    message = f"the stages {', '.join(differing)} would make other files on this machine: {reasons}"
    raise RefusedError(message)


def _other_models(home: RunModels, here: RunModels) -> Iterator[str]:
    for wanted, found in zip(home.models, here.models, strict=False):
        if wanted.digest == found.digest:
            continue
        files = ", ".join(Path(file.path).name for _, file in wanted.files)
        remedy = f"; copy its files ({files}) below models.dir of this machine" if files else ""
        yield f"the {wanted.kind} of the run is {wanted.name}, and here is {found.sentence}{remedy}"


def files_of(outcome: Outcome, folders: Folders) -> list[str]:
    """Return the absolute paths of a clip's files: images last, after the metadata beside them."""
    if not isinstance(outcome, Made):
        return []
    paths = [folders.output / path for patch in outcome.patches for path in patch.record["files"].values()]
    beside = [path.with_name(metadata_name(path.name)) for path in paths if is_image(path.name)]
    return [str(path) for path in (*(each for each in beside if each.exists()), *paths)]
