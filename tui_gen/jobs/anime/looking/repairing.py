"""The job with everything taken out of its plan but certain images: for making damaged ones again.

Only the stages that write images have work. What was made of an image stays, because an image that is made
again is the same, byte for byte.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tui_gen.base.errors import RefusedError
from tui_gen.contract.verify import Wanted
from tui_gen.engine.model.clip_sets import bits_of
from tui_gen.engine.model.work import Plan, Report, SourcePlan, Unit
from tui_gen.jobs.anime.facts import Records
from tui_gen.jobs.anime.hand_look import STAGE_OF
from tui_gen.jobs.anime.opened import OpenedAnime
from tui_gen.jobs.anime.planning import Units
from tui_gen.jobs.anime.stages import Anime, AnimeStage
from tui_gen.jobs.anime.units import CATEGORIES, FrameUnit
from tui_gen.jobs.anime.work.orders import RestoreOrder
from tui_gen.jobs.anime.work.perform import perform_order


@dataclass(frozen=True, slots=True)
class RestoreStage(AnimeStage):
    """Restores certain images of a stage."""

    wanted: Mapping[str, int] = field(default_factory=dict)  # source -> bit set

    @property
    def needs_output(self) -> bool:  # type: ignore[override] # computed
        """Whether units read the output folder: what is restored replaces a damaged file there."""
        return True

    def plan(self, records: Records) -> Plan:
        """Plan the whole, and keep what is wanted of it."""
        whole = AnimeStage.plan(self, records)
        return replace(whole, sources=tuple(_cut_down(plan, self.wanted) for plan in whole.sources))

    def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Restore the images of a unit."""
        if not isinstance(unit, FrameUnit):
            message = f"no unit of this stage: {unit!r}"
            raise TypeError(message)
        unit = self.resources.here(unit)
        ids = unit.ids or ("",) * len(unit.indexes)
        images = tuple(zip(unit.indexes, ids, strict=True))
        order = RestoreOrder(unit.origin, images, unit.added, stage=self.name, facts=unit.facts)
        return perform_order(unit, self.name, order, self.resources)


def _cut_down(plan: SourcePlan, wanted: Mapping[str, int]) -> SourcePlan:
    units: Iterable[Unit] = ()
    left = 0
    if isinstance(plan.units, Units):
        left = plan.units.left & wanted.get(plan.source, 0)
        units = replace(plan.units, left=left)
    quotas = dict.fromkeys(plan.quotas, plan.clips_made + left.bit_count())
    return replace(plan, units=units, key=("restore", left), clips_left=left.bit_count(), quotas=quotas)


def repairing(opened: OpenedAnime, wanted: Wanted) -> OpenedAnime:
    """Return the opened job, restricted to these images.

    Raises RefusedError if the images that they are made of were removed (remove_intermediate).
    """
    if opened.look.are_removed:
        message = (
            f"{opened.settings.config_path}: the images cannot be made again: those of raw, cropped and "
            "classified were removed (remove_intermediate); delete the damaged ones, or start over with "
            "--fresh"
        )
        raise RefusedError(message)
    job = Anime(opened.job.resources)
    job.stages = tuple(_stages(opened, wanted))
    return replace(opened, job=job)


def _stages(opened: OpenedAnime, wanted: Wanted) -> Iterator[RestoreStage]:
    """Yield all stages: those that restore nothing only record, as any run, that their settings changed."""
    restorers = frozenset(STAGE_OF.values())
    for stage in opened.job.stages:
        if stage.is_discovery:
            continue
        bits = defaultdict[str, int](int)
        for source, clips in wanted.items() if stage.name in restorers else ():
            bits[source] |= bits_of(
                [clip for clip, names in clips.items() if CATEGORIES[stage.name] in names]
            )
        yield RestoreStage(stage.name, opened.job.resources, wanted=dict(bits))
