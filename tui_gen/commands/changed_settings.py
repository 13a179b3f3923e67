"""Settings that have changed since the earlier runs: what a run refuses, and which stages it redoes.

`run` and `plan` use the same functions, so that a plan says what the run will do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui_gen.base.errors import RefusedError
from tui_gen.contract.job import JobConfig
from tui_gen.engine.model.stage_changes import redone_stages, refused_changes
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Job, JsonObject, Stage
from tui_gen.engine.run.session import recipe_differences


def refuse_changed_recipe(config: JobConfig, job: Job, state: RunState) -> None:
    """Raise RefusedError if patches of two recipes would mix."""
    differences = recipe_differences(state.recipe, job.recipe, legacy=job.legacy_recipe)
    differences += refused_changes(job.stages, state)
    if not differences:
        return
    listed = "\n".join(f"  {difference}" for difference in differences)
    advice = recipe_advice_of(config, job.recipe, state)
    message = (
        f"{config.run.path}: the recipe differs from that of {config.run.run_folder}:\n{listed}\n"
        f"{config.nouns.patch.title} of two recipes would mix. Take the change back, choose "
        f"another {config.run.output_key}, start over with --fresh (nothing is deleted), or go on all the "
        "same with --mix."
    )
    raise RefusedError(f"{message}\n{advice}" if advice else message)


def recipe_advice_of(config: JobConfig, recipe: JsonObject, state: RunState) -> str | None:
    """Return what the job says about a recipe that the program, and not the user, has changed; or None."""
    advise = config.capabilities.recipe_advice
    return None if advise is None else advise(state.recipe, recipe)


def redone_by_settings(stages: Sequence[Stage], state: RunState) -> Iterator[str]:
    """Yield a line about the stages that are redone because their recipe has changed."""
    if redone := redone_stages(stages, state):
        yield redone_line("Settings have", redone)


def redone_line(changed: str, stages: Sequence[Stage]) -> str:
    """Return the line about stages that are redone; `changed` says what has changed."""
    names = ", ".join(stage.name for stage in stages)
    return f"{changed} changed. Redone: {names}. What they made before is kept."
