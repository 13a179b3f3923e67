"""Opens the job: looks at the tools, the films and the folders, and decides whether a run may begin.

Nothing is written before `prepare`; what stands in the way is a RefusedError that says what to change.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tui_gen.engine import events as ev
from tui_gen.engine.session import LEDGER_NAME
from tui_gen.engine.work import Job, JsonObject, Plan, RefusedError, SourceRecord
from tui_gen.job_contract import (
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
from tui_gen.jobs.superres.output.folders import (
    KIND_FOLDERS,
    USUAL_KINDS,
    OutputError,
    foreign_files,
    prepare_folders,
    sweep_leftovers,
)
from tui_gen.jobs.superres.output.lost_names import PATCH_FILE, lost_names
from tui_gen.jobs.superres.planning.library import (
    FileLook,
    Identified,
    LibraryError,
    NoFile,
    folder_of,
    identify,
    known_files,
    look,
    look_at_folder,
    missing_of,
    unreachable,
)
from tui_gen.jobs.superres.planning.presence import Presence
from tui_gen.jobs.superres.planning.restricted import Restricted
from tui_gen.jobs.superres.processes.ffmpeg import Ffmpeg, FfmpegUnfitError, colour_fingerprint, find_ffmpeg
from tui_gen.jobs.superres.recipe import recipe_of
from tui_gen.jobs.superres.settings import Category, Settings, Video
from tui_gen.jobs.superres.split import SPLITS, part_name, split_of_folder
from tui_gen.jobs.superres.stages import SuperResolution, Workplace
from tui_gen.jobs.superres.verdict import is_outdated, judged_by
from tui_gen.measured import Measurements

if TYPE_CHECKING:
    from tui_gen.jobs.superres.inspection.inspection import FilmInspection

LOOKERS = 16
"""Files looked at together: network shares answer slowly, not expensively."""


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
        from tui_gen.jobs.superres.output.picture import draw_patch

        caption = f"{patch['format']}  GT, and beside it the first, middle and last frame of LR"
        return Picture(draw_patch(self.output, patch, columns=columns, rows=rows), caption)

    def expected(self, records: Mapping[str, SourceRecord]) -> Plan:
        """Return what is wanted, by what the records know. Raises RefusedError; looks at nothing."""
        from tui_gen.jobs.superres.planning.expected import expected_plan

        return expected_plan(self.settings, records)

    def recorded(self, *, sample: int | None = None) -> tuple[int, Iterable[Recorded]]:
        """Return the patches of the ledger, or a random sample of so many, and how many they are."""
        from tui_gen.jobs.superres.output.verify import count_patches, recorded_patches, sample_of

        ledger = self.run_folder / LEDGER_NAME
        if sample is None:
            return count_patches(ledger), recorded_patches(ledger)
        chosen = sample_of(recorded_patches(ledger), sample, time.time_ns())
        return len(chosen), chosen

    def measurements(self, names: Mapping[str, str]) -> Measurements:
        """Return what the ledger tells of the quality of what was taken; `names` are the sources'."""
        from tui_gen.jobs.superres.scoring.measurements import measurements

        return measurements(self.settings, self.run_folder / LEDGER_NAME, names)

    def check(self, patches: Iterable[Recorded]) -> Iterator[Checked]:
        """Hold patches against their files, several at a time."""
        from tui_gen.jobs.superres.output.verify import check_all

        return check_all(self.output, patches)

    def parts(self, records: Mapping[str, SourceRecord]) -> tuple[SourcePart, ...]:
        """Return which part each film belongs to. Raises RefusedError."""
        from tui_gen.jobs.superres.planning.choosing import parts_of
        from tui_gen.jobs.superres.planning.expected import remembered_sources

        return parts_of(remembered_sources(self.settings, records), records)

    def crossing(self, records: Mapping[str, SourceRecord]) -> Mapping[str, int]:
        """Return why training patches are too near to others, and how many. Raises RefusedError, OSError."""
        from tui_gen.jobs.superres.export.exporter import divided_now

        has_ledger = (self.run_folder / LEDGER_NAME).is_file()
        return divided_now(self.settings, records).reasons if has_ledger else {}

    def suggest(self, records: Mapping[str, SourceRecord], share: float) -> tuple[str, ...]:
        """Return films to keep for validation. Raises RefusedError."""
        from tui_gen.jobs.superres.planning.choosing import suggested
        from tui_gen.jobs.superres.planning.expected import remembered_sources

        return suggested(self.settings, remembered_sources(self.settings, records), share)

    def choose(self, records: Mapping[str, SourceRecord], splits: Mapping[str, str]) -> None:
        """Write the parts of films into the configuration's file. Raises RefusedError, OSError."""
        from tui_gen.jobs.superres.config.edits import replace_file
        from tui_gen.jobs.superres.config.load import read_document
        from tui_gen.jobs.superres.planning.choosing import with_splits
        from tui_gen.jobs.superres.planning.expected import remembered_sources

        text, _ = read_document(self.path)
        sources = remembered_sources(self.settings, records)
        chosen = {source: split for source, split in splits.items() if split in SPLITS}
        replace_file(self.path, with_splits(text, self.settings, sources, chosen))

    def move(self, records: Mapping[str, SourceRecord]) -> Iterator[Sequence[ev.Durable]]:
        """Move patches to the parts their films belong to; yield what is to be recorded of each film."""
        from tui_gen.jobs.superres.output.moving import move_patches
        from tui_gen.jobs.superres.planning.expected import remembered_sources

        return move_patches(self.settings, remembered_sources(self.settings, records))

    def too_near(self, records: Mapping[str, SourceRecord]) -> int:
        """Return how many patches `keep_apart` would move. Raises OSError."""
        from tui_gen.jobs.superres.output.moving import misplaced
        from tui_gen.jobs.superres.scoring.crossing import crossing_now

        found = crossing_now(self.settings, records)
        return misplaced(self.settings, found) if found is not None else 0

    def keep_apart(self, records: Mapping[str, SourceRecord]) -> Iterator[Sequence[ev.Durable]]:
        """Move training patches that look like one kept aside to folders of their own, and others back."""
        from tui_gen.jobs.superres.output.moving import keep_apart
        from tui_gen.jobs.superres.scoring.crossing import crossing_now

        found = crossing_now(self.settings, records)
        return keep_apart(self.settings, found) if found is not None else iter(())

    def export(
        self,
        records: Mapping[str, SourceRecord],
        request: ExportRequest,
        *,
        on_done: Callable[[int, int], None],
    ) -> Exported:
        """Write the patches in another layout. Raises RefusedError, OSError."""
        from tui_gen.jobs.superres.export.exporter import export

        return export(self.settings, records, request, on_done=on_done)

    def recovered(self, records: Mapping[str, SourceRecord], at: float) -> tuple[ev.FactsLearned, ...]:
        """Return the names of files that a damaged ledger lost, by the patches made under them."""
        return lost_names(self.run_folder / LEDGER_NAME, records, at)

    def unrecorded(self, records: Mapping[str, SourceRecord]) -> Iterator[str]:
        """Yield the files in the categories' folders that no ledger line owns."""
        from tui_gen.jobs.superres.output.verify import unrecorded_files

        for category in self.settings.whole_categories:
            owned = partial(_is_recorded, category, _owners(category, records), records)
            yield from unrecorded_files(self.output, category.folder, owned)

    def inspection(self, records: Mapping[str, SourceRecord]) -> FilmInspection:
        """Prepare a look at the tools and at every film. Raises RefusedError; writes nothing."""
        from tui_gen.jobs.superres.inspection.inspection import FilmInspection
        from tui_gen.jobs.superres.inspection.tools import examined

        identified = _identified(self.settings, records)
        away = _away(identified, records)
        tools = examined(self.settings, os.environ)
        judged = None if tools.ffmpeg is None else judged_by(self.settings, tools.ffmpeg)
        return FilmInspection(
            self.settings,
            identified,
            away=away,
            presence=Presence(_marks(identified, records)),
            records=records,
            examined=tools,
            found=tuple(_events(identified, away, records, judged)),
            obstacles=tuple(_obstacles(self.settings, records)),
        )

    def sheet(self, folder: Path, *, per_category: int, seed: int | None) -> SheetMade:
        """Draw a contact sheet into a folder. Raises RefusedError, OSError."""
        from tui_gen.jobs.superres.sheet.sheet import make_sheet

        return make_sheet(self.settings, folder, per_category=per_category, seed=seed)

    def open(self, records: Mapping[str, SourceRecord], *, may_write_beside: bool = False) -> Opened:
        """Look at ffmpeg, every film and the folders. Raises RefusedError; writes nothing."""
        settings = self.settings
        ffmpeg, fingerprint = _ffmpeg(settings)
        identified = _identified(settings, records)
        away = _away(identified, records)
        _check_sources(settings, identified, records)
        if not may_write_beside:
            _check_folders(settings, records)
        sources = tuple((found.id, found.video) for found in identified)
        missing = missing_of(identified, away)
        workplace = Workplace(ffmpeg, settings.ffmpeg_threads, settings.max_workers)
        job = SuperResolution(
            settings,
            sources,
            missing=missing,
            presence=Presence(_marks(identified, records)),
            recipe=recipe_of(settings, sources, ffmpeg=ffmpeg, fingerprint=fingerprint),
            workplace=workplace,
        )
        found = tuple(_events(identified, away, records, judged_by(settings, ffmpeg)))
        return Opened(job, found, (f"ffmpeg {ffmpeg.version} ({ffmpeg.path})",), settings, workplace)


@dataclass(frozen=True, slots=True)
class Opened:
    """The job, ready; its folders are not made yet."""

    job: Job
    found: tuple[ev.Event, ...]
    tools: tuple[str, ...]
    settings: Settings
    workplace: Workplace

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
            owned = partial(_is_recorded, category, _owners(category, records), records)
            sweep_leftovers(self.settings.output, category.folder, owned)

    def follow_workers(self, count: int) -> None:
        """Share the processors among so many decoders."""
        self.workplace.workers = count


# ------------------------------------------------------------------ looking


def _ffmpeg(settings: Settings) -> tuple[Ffmpeg, str]:
    """Return the ffmpeg to use and the colours it makes."""
    try:
        ffmpeg = find_ffmpeg(settings.ffmpeg, os.environ)
        return ffmpeg, colour_fingerprint(ffmpeg, settings)
    except FfmpegUnfitError as error:
        raise RefusedError(str(error)) from error


def _identified(settings: Settings, records: Mapping[str, SourceRecord]) -> tuple[Identified, ...]:
    known = known_files(records)
    paths = [video.path for video in settings.videos]
    with ThreadPoolExecutor(LOOKERS, thread_name_prefix="look") as lookers:
        looks = dict(zip(paths, lookers.map(lambda path: look(path, known.get(path)), paths), strict=True))
    try:
        return identify(settings.videos, looks, records)
    except LibraryError as error:
        message = "\n".join(f"{settings.config_path}: videos: {problem}" for problem in error.problems)
        raise RefusedError(message) from error


def _away(identified: tuple[Identified, ...], records: Mapping[str, SourceRecord]) -> dict[str, str]:
    """Return id -> why, for the films whose disk or share is gone: their seats stay."""
    missing = {
        found.video.path: found.id
        for found in identified
        if isinstance(found.look, NoFile) and found.look.is_missing
    }
    folders = {folder_of(path): look_at_folder(folder_of(path)) for path in missing}
    reasons = unreachable(
        missing.keys(),
        folders=folders,
        known=tuple(known_files(records).values()),
        present=[found.look for found in identified if isinstance(found.look, FileLook)],
    )
    return {missing[path]: reason for path, reason in reasons.items()}


def _check_sources(
    settings: Settings, identified: tuple[Identified, ...], records: Mapping[str, SourceRecord]
) -> None:
    if any(isinstance(found.look, FileLook) for found in identified) or any(
        record.made for record in records.values()
    ):
        return
    listed = "".join(
        f"\n  {found.video.path}: {found.look.reason}"
        for found in identified[:10]
        if isinstance(found.look, NoFile)
    )
    more = f"\n  and {len(identified) - 10} more" if len(identified) > 10 else ""  # noqa: PLR2004 - as above
    what = "none of its videos can be used" if identified else '"videos" is empty'
    message = (
        f"{settings.config_path}: {what}.{listed}{more}\n"
        "List your films with: tui-gen scan DIR\n"
        "Or see it work first with: tui-gen demo"
    )
    raise RefusedError(message)


def _check_folders(settings: Settings, records: Mapping[str, SourceRecord]) -> None:
    for category in settings.whole_categories:
        owners = _owners(category, records)
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


def _events(
    identified: tuple[Identified, ...],
    away: Mapping[str, str],
    records: Mapping[str, SourceRecord],
    judged: JsonObject | None,
) -> Iterator[ev.Event]:
    now = time.time()
    for found in identified:
        is_there = isinstance(found.look, FileLook)
        entry = _entry_facts(found.video, records.get(found.id)) if is_there else {}
        facts = {**found.facts, **entry}
        if facts or found.announcements:
            yield ev.FactsLearned(now, "identify", found.id, facts, found.announcements)
        if isinstance(found.look, NoFile):
            if found.id not in away:
                yield ev.SourceMissed(now, found.id, found.video.name, found.video.path, found.look.reason)
        elif found.facts and _is_unusable(found.id, records):
            # The file is another than the one that was given up.
            yield ev.SourceRetried(now, found.id)
        elif is_outdated(records.get(found.id), judged):
            yield ev.SourceRetried(now, found.id)


def _entry_facts(video: Video, record: SourceRecord | None) -> dict[str, object]:
    """Return what the record is to say of a video's entry, where it does not say so yet."""
    entry = {"name": video.name, "weights": dict(video.weights), "split": video.split, "group": video.group}
    is_known = record is not None and record.facts.get("entry") == entry
    return {} if is_known else {"entry": entry}


def _marks(
    identified: tuple[Identified, ...], records: Mapping[str, SourceRecord]
) -> dict[str, tuple[int, int]]:
    """Return id -> size and time of the file the ids were given for; of those away, as recorded."""
    marks = {}
    for found in identified:
        if isinstance(found.look, FileLook):
            marks[found.id] = (found.look.size_bytes, found.look.mtime_ns)
        elif found.id in records and records[found.id].facts.get("file"):
            file = records[found.id].facts["file"]
            marks[found.id] = (file["size"], file["mtime_ns"])
    return marks


def _is_unusable(source: str, records: Mapping[str, SourceRecord]) -> bool:
    record = records.get(source)
    return record is not None and record.unusable is not None


# ------------------------------------------------------------------ whose files


def _owners(category: Category, records: Mapping[str, SourceRecord]) -> dict[str, str]:
    """Return slug -> source for the names recorded in a category."""
    key = f"slug:{category.name}"
    return {record.facts[key]: source for source, record in records.items() if record.facts.get(key)}


def _is_recorded(
    category: Category, owners: Mapping[str, str], records: Mapping[str, SourceRecord], path: str
) -> bool:
    """Return whether a ledger line owns the file at `path`, relative to the output folder."""
    parts = path.split("/")
    match = PATCH_FILE.fullmatch(parts[-1])
    if match is None or parts[-2] not in KIND_FOLDERS.values():
        return False
    source = owners.get(match["slug"])
    if source is None:
        return False
    made = records[source].made
    part = part_name(category.name, split_of_folder(parts[-3]))
    # What was moved to a validation folder by hand is still that of the whole category.
    return bool((made.get(part, 0) | made.get(category.name, 0)) >> int(match["index"]) & 1)
