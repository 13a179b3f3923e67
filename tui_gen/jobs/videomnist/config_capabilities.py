"""What the job offers to the commands that look at a dataset or change it; a class for each protocol.

Heavy modules are imported by the method that needs them: the other commands start without them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_gen.base.errors import RefusedError
from tui_gen.contract.capabilities import Capabilities
from tui_gen.contract.contact_sheet import SheetMade
from tui_gen.contract.export import Exported, ExportedTree, ExportRequest
from tui_gen.contract.opened_job import OpenedJob
from tui_gen.contract.preview import Picture
from tui_gen.contract.stats import Measurements
from tui_gen.contract.verify import Checked, MissingMeans, Recorded, Wanted
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.model import SPLITS
from tui_gen.jobs.videomnist.units import RENDER

if TYPE_CHECKING:
    from tui_gen.jobs.videomnist.looking.inspection import DigitInspection

Records = Mapping[str, SourceRecord]


def capabilities_of(settings: Settings) -> Capabilities:
    """Return what a configuration of this job offers: all but the division into parts and near duplicates."""
    return Capabilities(
        inspector=DigitInspector(settings),
        planner=LedgerPlanner(settings),
        verifier=VideoVerifier(settings),
        repairer=VideoRepairer(),
        statistician=VideoStatistician(settings),
        sheet_maker=SampleSheetMaker(settings),
        exporter=VideoExporter(settings),
        previewer=VideoPreviewer(settings),
    )


@dataclass(frozen=True, slots=True)
class DigitInspector:
    """Prepares to inspect the digits."""

    settings: Settings

    def inspection(self, records: Records) -> DigitInspection:
        """Prepare to inspect everything; writes nothing."""
        from tui_gen.jobs.videomnist.looking.inspection import inspection_of

        del records
        return inspection_of(self.settings)


@dataclass(frozen=True, slots=True)
class LedgerPlanner:
    """Plans the videos by what the ledger records."""

    settings: Settings

    def expected(self, records: Records, at: float) -> ev.StagePlanned:
        """Return what is wanted of the digits."""
        from tui_gen.jobs.videomnist.planning import plan_videos

        return ev.StagePlanned(at, RENDER, plan_videos(self.settings, records, None))


@dataclass(frozen=True, slots=True)
class VideoVerifier:
    """Compares the videos of the ledger with the HDF5 file."""

    settings: Settings
    missing_means: MissingMeans = "lost"

    def recorded(self, *, sample: int | None = None) -> tuple[int, Iterable[Recorded]]:
        """Return the videos of the ledger and their number; with `sample`, a random sample of that size."""
        from tui_gen.engine.run.session import replay
        from tui_gen.jobs.videomnist.looking.verify import recorded_videos, sample_of
        from tui_gen.jobs.videomnist.planning import made_of

        if sample is None:
            state, _ = replay(self.settings.run_folder)
            made = made_of(self.settings, state.records)
            return sum(bits.bit_count() for bits in made.values()), recorded_videos(self.settings)
        chosen = sample_of(recorded_videos(self.settings), sample, time.time_ns())
        return len(chosen), chosen

    def check(self, patches: Iterable[Recorded]) -> Iterator[Checked]:
        """Compare videos with the file, one after the other."""
        from tui_gen.jobs.videomnist.config.load import opened_pool
        from tui_gen.jobs.videomnist.config.recipe import recipe_hash, recipe_of
        from tui_gen.jobs.videomnist.dataset.shard import shards_in
        from tui_gen.jobs.videomnist.looking.verify import check_videos

        recipe = None
        if any(True for _ in shards_in(self.settings.shards)):
            recipe = recipe_hash(recipe_of(self.settings, opened_pool(self.settings).sha256))
        return check_videos(self.settings, recipe, patches)

    def unrecorded(self, records: Records) -> Iterator[str]:
        """Yield nothing: the job has one file, and samples that are drawn anew."""
        del records
        return iter(())


@dataclass(frozen=True, slots=True)
class VideoRepairer:
    """Renders lost videos again, byte for byte, and puts the file together anew."""

    def restricted(self, opened: OpenedJob, wanted: Wanted) -> OpenedJob:
        """Return the opened job, restricted to these videos."""
        from tui_gen.jobs.videomnist.opened import OpenedMovingDigits
        from tui_gen.jobs.videomnist.repairing import repairing

        if not isinstance(opened, OpenedMovingDigits):
            message = f"not opened by this job: {opened!r}"
            raise TypeError(message)
        return repairing(opened, wanted, at=time.time())


@dataclass(frozen=True, slots=True)
class VideoStatistician:
    """Reads what the ledger tells of the videos."""

    settings: Settings

    def measurements(self, names: Mapping[str, str]) -> Measurements:
        """Return the measures of the videos; `names` are those of the digits."""
        from tui_gen.jobs.videomnist.looking.measurements import measurements

        return measurements(self.settings, names)


@dataclass(frozen=True, slots=True)
class SampleSheetMaker:
    """Draws the samples anew."""

    settings: Settings

    def sheet(self, folder: Path, *, per_category: int, seed: int | None) -> SheetMade:
        """Draw samples into a folder, as many as the configuration says. Raises RefusedError, OSError."""
        from tui_gen.jobs.videomnist.looking.sheet import draw_sheet

        del per_category, seed  # the configuration says how many, and the choice is even
        return draw_sheet(self.settings, folder)


@dataclass(frozen=True, slots=True)
class VideoExporter:
    """Writes the videos in the layouts of other trainers."""

    settings: Settings

    def export(
        self,
        records: Records,
        request: ExportRequest,
        *,
        on_done: Callable[[int, int], None],
        on_note: Callable[[str], None],
    ) -> Exported:
        """Write an export of the HDF5 file. Raises RefusedError, OSError."""
        from tui_gen.base.errors import ObstructedError
        from tui_gen.jobs.videomnist.dataset.export.export import write_export
        from tui_gen.jobs.videomnist.looking.sheet import opened_file

        del records, on_note
        request.form.refuse_other_than((), request.layout)
        splits = [split for split in SPLITS if not request.splits or split in request.splits]
        unknown = [*(request.splits - set(SPLITS)), *request.categories, *request.formats]
        if unknown:
            message = f"{', '.join(sorted(unknown))}: the parts of this dataset are train and test: --split"
            raise RefusedError(message)
        with opened_file(self.settings) as dataset:
            try:
                written = write_export(
                    dataset, request.layout, request.folder, splits=splits, on_done=on_done
                )
            except ObstructedError as error:
                raise OSError(0, str(error)) from error
        trees = tuple(
            ExportedTree(split, split, request.layout, split, written.videos[split]) for split in splits
        )
        return Exported(written.folder, trees, {}, (), written.notes)


@dataclass(frozen=True, slots=True)
class VideoPreviewer:
    """Draws the first, middle and last frame of a video."""

    settings: Settings

    def draw(self, patch: JsonObject, *, columns: int, rows: int) -> Picture:
        """Draw a video by its ledger entry. Raises OSError, ValueError."""
        from tui_gen.jobs.videomnist.looking.picture import draw_video

        return draw_video(self.settings, patch, columns=columns, rows=rows)
