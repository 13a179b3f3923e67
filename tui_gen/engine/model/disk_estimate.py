"""What a plan still needs of the disk: files, and bytes by the best that is known of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tui_gen.engine.model import eta
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Plan


@dataclass(frozen=True, slots=True)
class Need:
    """What is left to make."""

    clips: int
    patches: int
    files: int
    size_bytes: float
    is_measured: bool  # by the patches made so far; else as the job estimates


def need_of(state: RunState, plan: Plan) -> Need:
    """Return what a plan still needs; `state` has seen the plan."""
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
