"""The capabilities of a configuration, for the commands that read or change a dataset: a class per protocol.

Each method imports the heavy modules that it needs: the other commands start without them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tui_gen.base.errors import RefusedError
from tui_gen.base.files import owner_and_mode
from tui_gen.contract.capabilities import Capabilities
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import JsonObject
from tui_gen.engine.run.session import LEDGER_NAME, LOCK_NAME
from tui_gen.engine.storage.lock import is_held
from tui_gen.jobs.superres.config.recipe import recipe_advice
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.clip_facts import FilmClipDescriber
from tui_gen.jobs.superres.dataset.split import SPLITS
from tui_gen.jobs.superres.units import EXTRACT

if TYPE_CHECKING:
    from tui_gen.contract.contact_sheet import SheetMade
    from tui_gen.contract.export import Exported, ExportRequest
    from tui_gen.contract.inspect import Condition
    from tui_gen.contract.opened_job import OpenedJob
    from tui_gen.contract.preview import Picture
    from tui_gen.contract.split import SourcePart
    from tui_gen.contract.stats import Measurements
    from tui_gen.contract.verify import Checked, MissingMeans, Recorded, Wanted
    from tui_gen.jobs.superres.films.identity import Identified
    from tui_gen.jobs.superres.films.inspection.inspection import FilmInspection

Records = Mapping[str, SourceRecord]


def capabilities_of(settings: Settings) -> Capabilities:
    """Return the capabilities of a configuration: this job has all of them."""
    return Capabilities(
        inspector=FilmInspector(settings),
        planner=LedgerPlanner(settings),
        verifier=PatchVerifier(settings),
        repairer=PatchRepairer(),
        statistician=ScoreStatistician(settings),
        sheet_maker=PatchSheetMaker(settings),
        splitter=FilmSplitter(settings),
        near_duplicates=HeldOutNearDuplicates(settings),
        exporter=PatchExporter(settings),
        previewer=PatchPreviewer(settings.output),
        clip_describer=FilmClipDescriber(),
        recipe_advice=recipe_advice,
    )


def _ledger(settings: Settings) -> Path:
    return settings.run_folder / LEDGER_NAME


# ------------------------------------------------------------------ before a run


@dataclass(frozen=True, slots=True)
class FilmInspector:
    """Prepares to inspect the tools and the films."""

    settings: Settings

    def inspection(self, records: Records) -> FilmInspection:
        """Prepare to inspect the tools and every film. Raises RefusedError; writes nothing."""
        from tui_gen.jobs.superres.films.inspection.inspection import FilmInspection
        from tui_gen.jobs.superres.films.inspection.tools import examined
        from tui_gen.jobs.superres.films.source_check import (
            fingerprints_of,
            identified_films,
            opening_events,
            unreachable_films,
        )
        from tui_gen.jobs.superres.films.source_verdict import verdict_basis
        from tui_gen.media.presence import Presence

        identified = identified_films(self.settings, records)
        unreachable = unreachable_films(identified, records)
        tools = examined(self.settings, os.environ)
        basis = None if tools.ffmpeg is None else verdict_basis(self.settings, tools.ffmpeg)
        return FilmInspection(
            self.settings,
            identified,
            unreachable=unreachable,
            presence=Presence(fingerprints_of(identified, records)),
            records=records,
            examined=tools,
            found=tuple(opening_events(identified, unreachable, records, basis)),
            obstacles=(*_obstacles(self.settings, records), *_split_films(identified, records)),
        )


def _obstacles(settings: Settings, records: Records) -> Iterator[Condition]:
    from tui_gen.contract.inspect import Condition
    from tui_gen.jobs.superres.dataset.folders import OutputError
    from tui_gen.jobs.superres.dataset.ownership import refuse_foreign_files
    from tui_gen.jobs.superres.dataset.preparing import category_folders
    from tui_gen.jobs.superres.dataset.write_access import try_to_write

    try:
        refuse_foreign_files(settings, records)
        if not is_held(settings.run_folder / LOCK_NAME):
            for category in settings.categories.values():
                try_to_write(settings.output, category.folder, category_folders(settings, category))
    except RefusedError as error:
        yield Condition("folders", "wrong", str(error))
    except OutputError as error:
        refused = Path(error.filename)
        says = (
            f"{refused} cannot be written to ({error.strerror}; {owner_and_mode(refused)}); choose another "
            "output_base_dir or let its owner make it writable"
        )
        yield Condition("folders", "wrong", says)


def _split_films(identified: Sequence[Identified], records: Records) -> Iterator[Condition]:
    from tui_gen.contract.inspect import Condition
    from tui_gen.jobs.superres.films.same_film import split_films

    for problem in split_films(identified, records):
        yield Condition("split", "wrong", problem)


# ------------------------------------------------------------------ after a run


@dataclass(frozen=True, slots=True)
class LedgerPlanner:
    """Plans the clips from the ledger's records."""

    settings: Settings

    def expected(self, records: Records, at: float) -> ev.StagePlanned:
        """Return the plan of the clips, calculated from the records alone. Raises RefusedError."""
        from tui_gen.jobs.superres.planning.expected import expected_plan

        return ev.StagePlanned(at, EXTRACT, expected_plan(self.settings, records))


@dataclass(frozen=True, slots=True)
class PatchVerifier:
    """Compares the patches of the ledger with their files."""

    settings: Settings
    missing_means: MissingMeans = "lost"

    def recorded(self, *, sample: int | None = None) -> tuple[int, Iterable[Recorded]]:
        """Return the number of patches in the ledger and the patches; with `sample`, that many at random."""
        from tui_gen.engine.storage.standing_patches import count_standing_patches
        from tui_gen.jobs.superres.dataset.verify import recorded_patches, sample_of

        ledger = _ledger(self.settings)
        if sample is None:
            return count_standing_patches(ledger), recorded_patches(ledger)
        chosen = sample_of(recorded_patches(ledger), sample, time.time_ns())
        return len(chosen), chosen

    def check(self, patches: Iterable[Recorded]) -> Iterator[Checked]:
        """Compare patches with their files, several in parallel."""
        from tui_gen.jobs.superres.dataset.verify import check_all

        return check_all(self.settings.output, patches)

    def unrecorded(self, records: Records) -> Iterator[str]:
        """Yield the files in the categories' folders that no ledger line records."""
        from tui_gen.jobs.superres.dataset.ownership import is_recorded, owners_of
        from tui_gen.jobs.superres.dataset.verify import unrecorded_files

        for category in self.settings.whole_categories:
            owned = partial(is_recorded, category, owners_of(category, records), records)
            yield from unrecorded_files(self.settings.output, category.folder, owned)


@dataclass(frozen=True, slots=True)
class PatchRepairer:
    """Makes lost patches again, byte for byte."""

    def restricted(self, opened: OpenedJob, wanted: Wanted) -> OpenedJob:
        """Return the opened job, restricted to these patches."""
        from tui_gen.jobs.superres.opened import OpenedSuperResolution
        from tui_gen.jobs.superres.planning.restricted import Restricted

        if not isinstance(opened, OpenedSuperResolution):
            message = f"not opened by this job: {opened!r}"
            raise TypeError(message)
        return replace(opened, job=Restricted(opened.job, wanted))


@dataclass(frozen=True, slots=True)
class ScoreStatistician:
    """Reads the scores of the ledger."""

    settings: Settings

    def measurements(self, names: Mapping[str, str]) -> Measurements:
        """Return the scores of the patches in the ledger; `names` maps the ids of films to their names."""
        from tui_gen.jobs.superres.dataset.measurements import measurements

        return measurements(self.settings, _ledger(self.settings), names)


@dataclass(frozen=True, slots=True)
class PatchSheetMaker:
    """Draws contact sheets of the patches."""

    settings: Settings

    def sheet(self, folder: Path, *, per_category: int, seed: int | None) -> SheetMade:
        """Draw a contact sheet into a folder. Raises RefusedError, OSError."""
        from tui_gen.jobs.superres.dataset.contact_sheet.contact_sheet import make_sheet

        return make_sheet(self.settings, folder, per_category=per_category, seed=seed)


@dataclass(frozen=True, slots=True)
class PatchExporter:
    """Writes the patches in the layouts of other trainers."""

    settings: Settings

    def export(
        self,
        records: Records,
        request: ExportRequest,
        *,
        on_done: Callable[[int, int], None],
        on_note: Callable[[str], None],
    ) -> Exported:
        """Write an export. Raises RefusedError, OSError."""
        from tui_gen.jobs.superres.dataset.export.exporter import export

        return export(self.settings, records, request, on_done=on_done, on_note=on_note)


@dataclass(frozen=True, slots=True)
class PatchPreviewer:
    """Draws a ground truth with the frames of its low-resolution stack."""

    output: Path

    def draw(self, patch: JsonObject, *, columns: int, rows: int) -> Picture:
        """Draw a patch by its ledger entry. Raises OSError, ValueError."""
        from tui_gen.contract.preview import Picture
        from tui_gen.jobs.superres.dataset.picture import draw_patch

        caption = f"{patch['format']}  GT, and beside it the first, middle and last frame of LR"
        return Picture(draw_patch(self.output, patch, columns=columns, rows=rows), caption)


# ------------------------------------------------------------------ the parts of the dataset


@dataclass(frozen=True, slots=True)
class FilmSplitter:
    """Divides the films among training, validation and test."""

    settings: Settings

    def parts(self, records: Records) -> tuple[SourcePart, ...]:
        """Return the part of each film. Raises RefusedError."""
        from tui_gen.jobs.superres.dataset.split_choice import parts_of
        from tui_gen.jobs.superres.planning.expected import remembered_sources

        return parts_of(remembered_sources(self.settings, records), records)

    def split_leakage(self, records: Records) -> Mapping[str, int]:
        """Return the reasons why training patches are too similar to held-out patches, with their numbers.

        Raises RefusedError, OSError.
        """
        from tui_gen.jobs.superres.dataset.export.choosing import divided_now

        has_ledger = _ledger(self.settings).is_file()
        return divided_now(self.settings, records).reasons if has_ledger else {}

    def suggest(self, records: Records, share: float) -> tuple[str, ...]:
        """Return films to hold out for validation. Raises RefusedError."""
        from tui_gen.jobs.superres.dataset.split_choice import suggested
        from tui_gen.jobs.superres.planning.expected import remembered_sources

        return suggested(self.settings, remembered_sources(self.settings, records), share)

    def choose(self, records: Records, splits: Mapping[str, str]) -> None:
        """Write the parts of films into the configuration's file. Raises RefusedError, OSError."""
        from tui_gen.config.edits import replace_file
        from tui_gen.jobs.superres.config.load import read_document
        from tui_gen.jobs.superres.dataset.split_choice import with_splits
        from tui_gen.jobs.superres.planning.expected import remembered_sources

        path = self.settings.config_path
        text, _ = read_document(path)
        sources = remembered_sources(self.settings, records)
        chosen = {source: split for source, split in splits.items() if split in SPLITS}
        replace_file(path, with_splits(text, self.settings, sources, chosen))

    def move(self, records: Records) -> Iterator[Sequence[ev.Durable]]:
        """Move patches to the parts of their films; yield the events to record, film by film."""
        from tui_gen.jobs.superres.dataset.moving import move_patches
        from tui_gen.jobs.superres.planning.expected import remembered_sources

        return move_patches(self.settings, remembered_sources(self.settings, records))


@dataclass(frozen=True, slots=True)
class HeldOutNearDuplicates:
    """Moves training patches that are near duplicates of held-out patches to separate folders."""

    settings: Settings

    def count(self, records: Records) -> int:
        """Return how many patches `move` would move. Raises OSError."""
        from tui_gen.jobs.superres.dataset.moving import misplaced
        from tui_gen.jobs.superres.dataset.split_leakage import split_leakage_now

        found = split_leakage_now(self.settings, records)
        return misplaced(self.settings, found) if found is not None else 0

    def move(self, records: Records) -> Iterator[Sequence[ev.Durable]]:
        """Move near duplicates out of the training folders, and patches that no longer are one back."""
        from tui_gen.jobs.superres.dataset.moving import move_near_duplicates
        from tui_gen.jobs.superres.dataset.split_leakage import split_leakage_now

        found = split_leakage_now(self.settings, records)
        return move_near_duplicates(self.settings, found) if found is not None else iter(())
