"""Estimates the files and bytes that a plan still needs on the disk. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tui_gen.engine.model import eta
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Plan


@dataclass(frozen=True, slots=True)
class Need:
    """The need of the rest of a plan."""

    clips: int
    patches: int
    files: int
    size_bytes: float
    is_measured: bool  # by the patches made so far; False: by the job's estimate


def need_of(state: RunState, plan: Plan) -> Need:
    """Return the need of the rest of a plan; `state` must have applied the plan."""
    left = {name: state.categories[name].images_left for name in plan.categories}
    measured = eta.bytes_left(state)
    estimated = sum(left[name] * each.estimated_patch_bytes for name, each in plan.categories.items())
    return Need(
        clips=sum(source.clips_left for source in plan.sources),
        patches=sum(left.values()),
        files=sum(left[name] * category.files_per_patch for name, category in plan.categories.items()),
        size_bytes=estimated if measured is None else measured,
        is_measured=measured is not None,
    )
