"""Opens the job: looks at the tools, the films and the folders, and decides whether a run may begin.

Nothing is written before `prepare`; what stands in the way is a RefusedError that says what to change.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tui_gen.base.errors import RefusedError
from tui_gen.contract.job import (
    Checked,
    Condition,
    Exported,
    ExportRequest,
    Picture,
    Recorded,
    SheetMade,
    SourcePart,
    Wanted,
)
from tui_gen.contract.score_data import Measurements
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import Job, JsonObject, Plan
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.jobs.superres.config.recipe import recipe_of
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.folders import (
    USUAL_KINDS,
    OutputError,
    foreign_files,
    prepare_folders,
    sweep_leftovers,
)
from tui_gen.jobs.superres.dataset.lost_names import lost_names
from tui_gen.jobs.superres.dataset.ownership import is_recorded, owners_of
from tui_gen.jobs.superres.dataset.split import SPLITS
from tui_gen.jobs.superres.extraction.rendering import rendering
from tui_gen.jobs.superres.films.identity import missing_of
from tui_gen.jobs.superres.films.presence import Presence
from tui_gen.jobs.superres.films.source_check import (
    check_films,
    fingerprints_of,
    identified_films,
    opening_events,
    unreachable_films,
)
from tui_gen.jobs.superres.films.source_verdict import verdict_basis
from tui_gen.jobs.superres.planning.restricted import Restricted
from tui_gen.jobs.superres.stages import DecodingResources, SuperResolution
from tui_gen.media.ffmpeg import Ffmpeg, FfmpegUnfitError, colour_fingerprint, find_ffmpeg

if TYPE_CHECKING:
    from tui_gen.jobs.superres.films.inspection.inspection import FilmInspection


@dataclass(frozen=True, slots=True)
class SuperResolutionConfig:
    """A configuration of this job that was read and found right."""

    settings: Settings

    @property
    def path(self) -> Path:
        """Of the configuration file."""
        return self.settings.config_path

    @property
    def output(self) -> Path:
        """Where everything is written."""
        return self.settings.output

    @property
    def run_folder(self) -> Path:
        """Where the ledger, the lock and the log lie."""
        return self.settings.run_folder

    @property
    def status_path(self) -> Path:
        """Where the status snapshot is written."""
        return self.settings.status_path

    @property
    def min_free_bytes(self) -> int:
        """What must stay free on the output's disk."""
        return int(self.settings.min_free_gb * 1e9)

    @property
    def workers(self) -> int:
        """How many workers a run begins with."""
        return self.settings.max_workers

    @property
    def source_count(self) -> int:
        """How many films it lists."""
        return len(self.settings.videos)

    @property
    def category_folders(self) -> tuple[Path, ...]:
        """Where the categories' files stand."""
        return tuple(self.output / category.folder for category in self.settings.whole_categories)

    @property
    def notices(self) -> Literal["none", "bell", "message"]:
        """How the screen calls someone back."""
        return self.settings.notices

    @property
    def keymap(self) -> Mapping[str, str]:
        """Keys that the user changed."""
        return self.settings.keymap

    @property
    def hooks(self) -> Mapping[str, tuple[str, ...]]:
        """Commands to run on events."""
        return self.settings.hooks

    def draw(self, patch: JsonObject, *, columns: int, rows: int) -> Picture:
        """Draw a patch by its ledger entry. Raises OSError, ValueError."""
        from tui_gen.jobs.superres.dataset.picture import draw_patch

        caption = f"{patch['format']}  GT, and beside it the first, middle and last frame of LR"
        return Picture(draw_patch(self.output, patch, columns=columns, rows=rows), caption)

    def expected(self, records: Mapping[str, SourceRecord]) -> Plan:
        """Return what is wanted, by what the records know. Raises RefusedError; looks at nothing."""
        from tui_gen.jobs.superres.planning.expected import expected_plan

        return expected_plan(self.settings, records)

    def recorded(self, *, sample: int | None = None) -> tuple[int, Iterable[Recorded]]:
        """Return the patches of the ledger, or a random sample of so many, and how many they are."""
        from tui_gen.jobs.superres.dataset.verify import count_patches, recorded_patches, sample_of

        ledger = self.run_folder / LEDGER_NAME
        if sample is None:
            return count_patches(ledger), recorded_patches(ledger)
        chosen = sample_of(recorded_patches(ledger), sample, time.time_ns())
        return len(chosen), chosen

    def measurements(self, names: Mapping[str, str]) -> Measurements:
        """Return what the ledger tells of the quality of what was taken; `names` are the sources'."""
        from tui_gen.jobs.superres.dataset.measurements import measurements

        return measurements(self.settings, self.run_folder / LEDGER_NAME, names)

    def check(self, patches: Iterable[Recorded]) -> Iterator[Checked]:
        """Hold patches against their files, several at a time."""
        from tui_gen.jobs.superres.dataset.verify import check_all

        return check_all(self.output, patches)

    def parts(self, records: Mapping[str, SourceRecord]) -> tuple[SourcePart, ...]:
        """Return which part each film belongs to. Raises RefusedError."""
        from tui_gen.jobs.superres.dataset.split_choice import parts_of
        from tui_gen.jobs.superres.planning.expected import remembered_sources

        return parts_of(remembered_sources(self.settings, records), records)

    def split_leakage(self, records: Mapping[str, SourceRecord]) -> Mapping[str, int]:
        """Return why training patches are too near to others, and how many. Raises RefusedError, OSError."""
        from tui_gen.jobs.superres.dataset.export.exporter import divided_now

        has_ledger = (self.run_folder / LEDGER_NAME).is_file()
        return divided_now(self.settings, records).reasons if has_ledger else {}

    def suggest(self, records: Mapping[str, SourceRecord], share: float) -> tuple[str, ...]:
        """Return films to keep for validation. Raises RefusedError."""
        from tui_gen.jobs.superres.dataset.split_choice import suggested
        from tui_gen.jobs.superres.planning.expected import remembered_sources

        return suggested(self.settings, remembered_sources(self.settings, records), share)

    def choose(self, records: Mapping[str, SourceRecord], splits: Mapping[str, str]) -> None:
        """Write the parts of films into the configuration's file. Raises RefusedError, OSError."""
        from tui_gen.config.edits import replace_file
        from tui_gen.jobs.superres.config.load import read_document
        from tui_gen.jobs.superres.dataset.split_choice import with_splits
        from tui_gen.jobs.superres.planning.expected import remembered_sources

        text, _ = read_document(self.path)
        sources = remembered_sources(self.settings, records)
        chosen = {source: split for source, split in splits.items() if split in SPLITS}
        replace_file(self.path, with_splits(text, self.settings, sources, chosen))

    def move(self, records: Mapping[str, SourceRecord]) -> Iterator[Sequence[ev.Durable]]:
        """Move patches to the parts their films belong to; yield what is to be recorded of each film."""
        from tui_gen.jobs.superres.dataset.moving import move_patches
        from tui_gen.jobs.superres.planning.expected import remembered_sources

        return move_patches(self.settings, remembered_sources(self.settings, records))

    def near_duplicate_count(self, records: Mapping[str, SourceRecord]) -> int:
        """Return how many patches `move_near_duplicates` would move. Raises OSError."""
        from tui_gen.jobs.superres.dataset.moving import misplaced
        from tui_gen.jobs.superres.dataset.split_leakage import split_leakage_now

        found = split_leakage_now(self.settings, records)
        return misplaced(self.settings, found) if found is not None else 0

    def move_near_duplicates(self, records: Mapping[str, SourceRecord]) -> Iterator[Sequence[ev.Durable]]:
        """Move training patches that look like one kept aside to folders of their own, and others back."""
        from tui_gen.jobs.superres.dataset.moving import move_near_duplicates
        from tui_gen.jobs.superres.dataset.split_leakage import split_leakage_now

        found = split_leakage_now(self.settings, records)
        return move_near_duplicates(self.settings, found) if found is not None else iter(())

    def export(
        self,
        records: Mapping[str, SourceRecord],
        request: ExportRequest,
        *,
        on_done: Callable[[int, int], None],
    ) -> Exported:
        """Write the patches in another layout. Raises RefusedError, OSError."""
        from tui_gen.jobs.superres.dataset.export.exporter import export

        return export(self.settings, records, request, on_done=on_done)

    def recovered(self, records: Mapping[str, SourceRecord], at: float) -> tuple[ev.FactsLearned, ...]:
        """Return the names of files that a damaged ledger lost, by the patches made under them."""
        return lost_names(self.run_folder / LEDGER_NAME, records, at)

    def unrecorded(self, records: Mapping[str, SourceRecord]) -> Iterator[str]:
        """Yield the files in the categories' folders that no ledger line owns."""
        from tui_gen.jobs.superres.dataset.verify import unrecorded_files

        for category in self.settings.whole_categories:
            owned = partial(is_recorded, category, owners_of(category, records), records)
            yield from unrecorded_files(self.output, category.folder, owned)

    def inspection(self, records: Mapping[str, SourceRecord]) -> FilmInspection:
        """Prepare a look at the tools and at every film. Raises RefusedError; writes nothing."""
        from tui_gen.jobs.superres.films.inspection.inspection import FilmInspection
        from tui_gen.jobs.superres.films.inspection.tools import examined

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
            obstacles=tuple(_obstacles(self.settings, records)),
        )

    def sheet(self, folder: Path, *, per_category: int, seed: int | None) -> SheetMade:
        """Draw a contact sheet into a folder. Raises RefusedError, OSError."""
        from tui_gen.jobs.superres.dataset.contact_sheet.contact_sheet import make_sheet

        return make_sheet(self.settings, folder, per_category=per_category, seed=seed)

    def open(self, records: Mapping[str, SourceRecord], *, may_write_beside: bool = False) -> Opened:
        """Look at ffmpeg, every film and the folders. Raises RefusedError; writes nothing."""
        settings = self.settings
        ffmpeg, fingerprint = _ffmpeg(settings)
        identified = identified_films(settings, records)
        unreachable = unreachable_films(identified, records)
        check_films(settings, identified, records)
        if not may_write_beside:
            _check_folders(settings, records)
        sources = tuple((found.id, found.video) for found in identified)
        missing = missing_of(identified, unreachable)
        resources = DecodingResources(ffmpeg, settings.ffmpeg_threads, settings.max_workers)
        job = SuperResolution(
            settings,
            sources,
            missing=missing,
            presence=Presence(fingerprints_of(identified, records)),
            recipe=recipe_of(settings, sources, ffmpeg=ffmpeg, fingerprint=fingerprint),
            resources=resources,
        )
        found = tuple(opening_events(identified, unreachable, records, verdict_basis(settings, ffmpeg)))
        return Opened(job, found, (f"ffmpeg {ffmpeg.version} ({ffmpeg.path})",), settings, resources)


@dataclass(frozen=True, slots=True)
class Opened:
    """The job, ready; its folders are not made yet."""

    job: Job
    found: tuple[ev.Event, ...]
    tools: tuple[str, ...]
    settings: Settings
    resources: DecodingResources

    def restricted(self, wanted: Wanted) -> Opened:
        """Return the same for these patches alone."""
        return replace(self, job=Restricted(self.job, wanted))

    def prepare(self, records: Mapping[str, SourceRecord]) -> None:
        """Make the folders, and remove what a killed run left of patches in hand. Raises OSError."""
        for category in self.settings.categories.values():
            formats = [patch_format for patch_format, _ in category.distribution]
            kinds = {*USUAL_KINDS, *self.settings.patch_kinds}
            prepare_folders(self.settings.output, category.folder, formats, kinds=sorted(kinds))
        self.tidy(records)

    def tidy(self, records: Mapping[str, SourceRecord]) -> None:
        """Leave no temporaries behind. Raises OSError."""
        for category in self.settings.whole_categories:
            owned = partial(is_recorded, category, owners_of(category, records), records)
            sweep_leftovers(self.settings.output, category.folder, owned)

    def follow_workers(self, count: int) -> None:
        """Share the processors among so many decoders."""
        self.resources.workers = count


def _ffmpeg(settings: Settings) -> tuple[Ffmpeg, str]:
    """Return the ffmpeg to use and the colours it makes."""
    try:
        ffmpeg = find_ffmpeg(settings.ffmpeg, os.environ)
        return ffmpeg, colour_fingerprint(ffmpeg, rendering(settings))
    except FfmpegUnfitError as error:
        raise RefusedError(str(error)) from error


def _check_folders(settings: Settings, records: Mapping[str, SourceRecord]) -> None:
    for category in settings.whole_categories:
        owners = owners_of(category, records)
        if owners:  # begun before: what lies there was accepted, or is its own
            continue
        try:
            foreign = foreign_files(settings.output, category.folder, lambda _path: False)
        except OutputError as error:
            message = f"{error.filename}: {error.strerror}"
            raise RefusedError(message) from error
        if foreign is not None:
            message = (
                f"{settings.output / foreign}: files that no ledger owns lie in the folder of category "
                f'"{category.name}"; choose another folder in "category_paths", move them away, or write '
                "next to them with --beside (nothing of theirs is replaced)"
            )
            raise RefusedError(message)


def _obstacles(settings: Settings, records: Mapping[str, SourceRecord]) -> Iterator[Condition]:
    try:
        _check_folders(settings, records)
    except RefusedError as error:
        yield Condition("folders", "wrong", str(error))
