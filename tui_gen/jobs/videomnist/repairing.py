"""The job with everything taken out of its plan but certain videos: for making lost ones again.

Where the HDF5 file was put together before, it is lost with them: the file is put together anew, from the
videos that are whole in it and from those that are rendered again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tui_gen.contract.verify import Wanted
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import DATASET, Plan, SourcePlan
from tui_gen.jobs.videomnist.opened import OpenedMovingDigits
from tui_gen.jobs.videomnist.planning import Units, plan_videos
from tui_gen.jobs.videomnist.stages import MovingDigits, RenderStage
from tui_gen.jobs.videomnist.units import ASSEMBLE, FILE_CATEGORY


@dataclass(frozen=True, slots=True)
class _RestrictedRender(RenderStage):
    """Renders certain videos alone."""

    wanted: Mapping[str, int] | None = None  # source -> bit set

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        """Plan the whole, and keep what is wanted of it."""
        context, wanted = self.children.context, self.wanted or {}
        whole = plan_videos(context.settings, records, context.pool)
        return replace(whole, sources=tuple(_cut_down(plan, wanted) for plan in whole.sources))


def _cut_down(plan: SourcePlan, wanted: Mapping[str, int]) -> SourcePlan:
    left = plan.units.left if isinstance(plan.units, Units) else 0
    left &= wanted.get(plan.source, 0)
    quotas = dict.fromkeys(plan.quotas, plan.clips_made + left.bit_count())
    return replace(plan, units=Units(plan.source, left), clips_left=left.bit_count(), quotas=quotas)


def repairing(opened: OpenedMovingDigits, wanted: Wanted, *, at: float) -> OpenedMovingDigits:
    """Return the opened job, restricted to these videos; `at` is the time of the loss."""
    children = opened.job.children
    bits = {source: sum(1 << index for index in set(indexes)) for source, indexes in wanted.items()}
    job = MovingDigits(opened.job.recipe, children)
    file = opened.records.get(DATASET, SourceRecord()).stage(ASSEMBLE)
    render = _RestrictedRender(children, wanted=bits)
    if not file.stands(FILE_CATEGORY, 0):
        job.stages = (render,)
        return replace(opened, job=job)
    job.stages = (render, *job.stages[1:])
    lost = ev.PatchesLost(at, DATASET, FILE_CATEGORY, (0,), file.size_bytes, ASSEMBLE)
    return replace(opened, job=job, found=(*opened.found, lost))
