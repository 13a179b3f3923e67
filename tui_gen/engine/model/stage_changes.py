"""Stages with a changed recipe or changed inputs: decides what is refused and what is redone. Pure.

settings changed ── "refuse" ──> the run is refused, unless --mix accepts both
                 └─ "redo" ────> this stage and all after it are superseded
inputs changed (dataset) ──────> this stage and all after it are superseded
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Stage


def refused_changes(stages: Sequence[Stage], state: RunState) -> list[str]:
    """Return "stage: key: before -> now" for every changed entry of a recipe that refuses the run."""
    lines = []
    is_redoing = False
    for stage in stages:
        before = state.stage_starts.get(stage.name)
        differences = _differences(stage, before) if before is not None else []
        if stage.on_change == "redo":
            is_redoing = is_redoing or bool(differences)
        elif differences:
            lines += [f"stage {stage.name}: {difference}" for difference in differences]
        elif is_redoing and has_made_something(stage, state):
            lines.append(f"stage {stage.name}: a stage before it would be redone")
    return lines


def redone_stages(stages: Sequence[Stage], state: RunState) -> list[Stage]:
    """Return the first stage to redo because its recipe changed, and later stages that made something."""
    for place, stage in enumerate(stages):
        before = state.stage_starts.get(stage.name)
        if stage.on_change == "redo" and before is not None and _differences(stage, before):
            return [stage, *(later for later in stages[place + 1 :] if has_made_something(later, state))]
    return []


def has_made_something(stage: Stage, state: RunState) -> bool:
    """Return whether a stage has begun, or has ended clips of any source."""
    return stage.name in state.stage_starts or any(stage.name in r.stages for r in state.records.values())


def starts_of(
    stages: Sequence[Stage], stage: Stage, inputs: str, state: RunState
) -> Iterator[ev.StageStarted]:
    """Yield the events to record when a stage begins; the caller fills in the times."""
    before = state.stage_starts.get(stage.name)
    is_redone = before is not None and before.inputs not in {"", inputs}
    is_new = before is None and (bool(stage.recipe) or stage.scope == "dataset")
    is_same = before is not None and before.inputs == inputs and not _differences(stage, before)
    if is_same or (before is None and not is_new):
        return
    yield ev.StageStarted(0.0, stage.name, dict(stage.recipe), inputs, is_redone)
    if is_redone:
        names = [each.name for each in stages]
        for later in stages[names.index(stage.name) + 1 :]:
            if has_made_something(later, state):
                yield ev.StageStarted(0.0, later.name, dict(later.recipe), "", is_redone=True)


def _differences(stage: Stage, before: ev.StageStarted) -> list[str]:
    """Return "key: before -> now" for every entry that differs.

    A key that one side lacks has its value in the stage's `legacy_recipe`, or None.
    """
    old, new = ({**stage.legacy_recipe, **recipe} for recipe in (before.recipe, stage.recipe))
    return [
        f"{key}: {old.get(key)!r} -> {new.get(key)!r}"
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    ]
