"""Refuses a run that needs images which an earlier run removed, because of remove_intermediate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tui_gen.base.errors import RefusedError
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_changes import redone_stages
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Plan
from tui_gen.engine.run.session import replay
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.config.stage_names import STAGES
from tui_gen.jobs.anime.planning import LOOK
from tui_gen.jobs.anime.stages import Anime

READERS = STAGES[: STAGES.index("tag")]
"""The stages that write or read the images of raw, cropped and classified."""


def refuse_needed_images(settings: Settings, job: Anime, events: Iterable[ev.Event]) -> None:
    """Raise RefusedError if a stage has work for which images are missing that were removed.

    `events` are those that the run records before its work begins.
    """
    state, _ = replay(settings.folders.run_folder)
    redone = [stage.name for stage in redone_stages(job.stages, state)]
    if redone and redone[0] in READERS:
        raise _refusal(settings, f"the settings or models of the stage {redone[0]} changed")
    for event in events:
        state.apply(event)
    needs = next(_work(job, state), None)
    if needs is not None:
        raise _refusal(settings, needs)


def _work(job: Anime, state: RunState) -> Iterator[str]:
    """Yield what has to be done of the stages that need the images."""
    for stage in job.stages:
        if stage.name in READERS or stage.is_discovery:
            plan = stage.plan(state.records)
            left = sum(source.clips_left for source in plan.sources)
            if left or _looks_at_new(plan):
                names = [source.name for source in plan.sources if source.clips_left or source.key == LOOK]
                yield f"the stage {stage.name} has work to do for {', '.join(names[:3])}"


def _looks_at_new(plan: Plan) -> bool:
    return any(source.key == LOOK for source in plan.sources)


def _refusal(settings: Settings, needs: str) -> RefusedError:
    return RefusedError(
        f"{settings.config_path}: {needs}, but the images of raw, cropped and classified were removed "
        "at the end of an earlier run (remove_intermediate): take the change back, choose another "
        "output_dir, start over with --fresh, or perform the later stages alone with start_stage 5"
    )
