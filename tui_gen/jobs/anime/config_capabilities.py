"""What the job offers to the commands that look at a dataset or change it; a class for each protocol.

Heavy modules are imported by the method that needs them: the other commands start without them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tui_gen.contract.capabilities import Capabilities
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.looking.next_steps import next_steps

if TYPE_CHECKING:
    from pathlib import Path

    from tui_gen.contract.contact_sheet import SheetMade
    from tui_gen.contract.export import Exported, ExportRequest
    from tui_gen.contract.groups import GroupReviewer
    from tui_gen.contract.opened_job import OpenedJob
    from tui_gen.contract.preview import Picture
    from tui_gen.contract.report import ReportSection
    from tui_gen.contract.stats import Measurements
    from tui_gen.contract.verify import Checked, MissingMeans, Recorded, Wanted
    from tui_gen.jobs.anime.looking.inspection import SeriesInspection

Records = Mapping[str, SourceRecord]


def capabilities_of(settings: Settings) -> Capabilities:
    """Return what a configuration of this job offers."""
    return Capabilities(
        inspector=SeriesInspector(settings),
        planner=LedgerPlanner(settings),
        describer=SeriesDescriber(settings),
        verifier=ImageVerifier(settings),
        repairer=ImageRepairer(),
        statistician=ImageStatistician(settings),
        next_steps=partial(next_steps, settings),
        exporter=TrainingSetExporter(settings),
        sheet_maker=GroupSheetMaker(settings),
        previewer=ImagePreviewer(settings),
        group_reviewer=_reviewer(settings),
    )


@dataclass(frozen=True, slots=True)
class SeriesInspector:
    """Prepares to inspect the models, the episodes and the folders of images."""

    settings: Settings

    def inspection(self, records: Records) -> SeriesInspection:
        """Prepare to inspect everything; writes nothing."""
        from tui_gen.jobs.anime.looking.inspection import inspection_of

        return inspection_of(self.settings, records)


@dataclass(frozen=True, slots=True)
class LedgerPlanner:
    """Plans all stages by what the ledger records."""

    settings: Settings

    def expected(self, records: Records, at: float) -> ev.StagePlanned:
        """Return what is wanted of the episodes and of the dataset, as one plan."""
        from tui_gen.jobs.anime.looking.expected import expected_plan

        return ev.StagePlanned(at, self.settings.stages[-1], expected_plan(self.settings, records))


@dataclass(frozen=True, slots=True)
class SeriesDescriber:
    """Tells of characters, models and groups."""

    settings: Settings

    def sections(self, records: Records) -> Sequence[ReportSection]:
        """Return the job's own sections of a report. Raises OSError."""
        from tui_gen.jobs.anime.looking.sections import sections_of

        return sections_of(self.settings, records)


@dataclass(frozen=True, slots=True)
class ImageVerifier:
    """Compares the frames, crops and training images of the ledger with their files."""

    settings: Settings
    missing_means: MissingMeans = "dropped"

    def recorded(self, *, sample: int | None = None) -> tuple[int, Iterable[Recorded]]:
        """Return the images of the ledger and their number; with `sample`, a random sample of that size."""
        from tui_gen.jobs.anime.looking.verify import recorded_images, sample_of

        images = recorded_images(self.settings, self._records())
        if sample is not None:
            images = sample_of(images, sample, time.time_ns())
        return len(images), images

    def check(self, patches: Iterable[Recorded]) -> Iterator[Checked]:
        """Compare images with their files, several at a time. Raises OSError."""
        from tui_gen.jobs.anime.looking.verify import Whereabouts, check_images

        return check_images(Whereabouts.of(self.settings, self._records()), patches)

    def unrecorded(self, records: Records) -> Iterator[str]:
        """Yield the files in the dataset's folders that belong to no known image. Raises OSError."""
        from tui_gen.jobs.anime.looking.stray_files import stray_files

        return stray_files(self.settings, records)

    def _records(self) -> Records:
        from tui_gen.engine.run.session import replay

        state, _ = replay(self.settings.folders.run_folder)
        return state.records


@dataclass(frozen=True, slots=True)
class ImageRepairer:
    """Makes damaged images again, byte for byte."""

    def restricted(self, opened: OpenedJob, wanted: Wanted) -> OpenedJob:
        """Return the opened job, restricted to these images."""
        from tui_gen.jobs.anime.looking.repairing import repairing
        from tui_gen.jobs.anime.opened import OpenedAnime

        if not isinstance(opened, OpenedAnime):
            message = f"not opened by this job: {opened!r}"
            raise TypeError(message)
        return repairing(opened, wanted)


@dataclass(frozen=True, slots=True)
class ImageStatistician:
    """Reads the metadata beside the images."""

    settings: Settings

    def measurements(self, names: Mapping[str, str]) -> Measurements:
        """Return the measures of the images as they are now; `names` are those of the episodes."""
        from tui_gen.jobs.anime.looking.measurements import measurements

        return measurements(self.settings, names)


@dataclass(frozen=True, slots=True)
class TrainingSetExporter:
    """Writes the training set as trainers read it."""

    settings: Settings

    def export(
        self,
        records: Records,
        request: ExportRequest,
        *,
        on_done: Callable[[int, int], None],
        on_note: Callable[[str], None],
    ) -> Exported:
        """Write an export of the images as they are now. Raises RefusedError, OSError."""
        from tui_gen.jobs.anime.exports.of_dataset import export_dataset

        del records, on_note
        request.form.refuse_other_than((), request.layout)
        return export_dataset(self.settings, request, on_done=on_done)


@dataclass(frozen=True, slots=True)
class GroupSheetMaker:
    """Draws a page with images of each group."""

    settings: Settings

    def sheet(self, folder: Path, *, per_category: int, seed: int | None) -> SheetMade:
        """Draw a contact sheet into a folder. Raises RefusedError, OSError."""
        from tui_gen.jobs.anime.contact_sheet.contact_sheet import make_sheet

        return make_sheet(self.settings, folder, per_group=per_category, seed=seed)


@dataclass(frozen=True, slots=True)
class ImagePreviewer:
    """Draws the images of a frame's clip."""

    settings: Settings

    def draw(self, patch: JsonObject, *, columns: int, rows: int) -> Picture:
        """Draw an image by its ledger entry. Raises OSError, ValueError."""
        from tui_gen.jobs.anime.looking.preview import draw_entry

        return draw_entry(self.settings.folders, patch, columns=columns, rows=rows)


def _reviewer(settings: Settings) -> GroupReviewer:
    from tui_gen.jobs.anime.review.groups import ClassifiedGroups

    folders = settings.folders
    return ClassifiedGroups(
        folders.of("classified"),
        output=folders.output,
        references=settings.reference_folder,
        pinned=partial(_pinned, settings),
    )


def _pinned(settings: Settings) -> frozenset[str]:
    """Return the images that earlier runs found where hands had put them."""
    from tui_gen.engine.run.session import replay
    from tui_gen.jobs.anime.facts import earlier_hand_work

    state, _ = replay(settings.folders.run_folder)
    return frozenset(earlier_hand_work(state.records, "classified").pinned)
