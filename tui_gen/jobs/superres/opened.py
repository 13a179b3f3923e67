"""The job, ready to run: makes its folders and removes the temporary files of a killed run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from tui_gen.engine.executors.ground import PortableJob
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.jobs.superres.clip_shape import USUAL_CLIP
from tui_gen.jobs.superres.config.settings import Category, Settings
from tui_gen.jobs.superres.dataset.file_kinds import FileKind
from tui_gen.jobs.superres.dataset.folders import (
    SHORT_KINDS,
    USUAL_KINDS,
    patch_folders,
    prepare_folders,
    sweep_leftovers,
)
from tui_gen.jobs.superres.dataset.ownership import is_recorded, owners_of
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.jobs.superres.stages import DecodingResources


def category_folders(settings: Settings, category: Category) -> tuple[str, ...]:
    """Return the folders that a run makes for a category's patches, relative to the output folder."""
    return patch_folders(category.folder, _formats(category), kinds=_kinds(settings))


def _formats(category: Category) -> list[PatchFormat]:
    return [patch_format for patch_format, _ in category.distribution]


def _kinds(settings: Settings) -> list[str]:
    """Return the kinds with a folder. `LR_7frames` always exists if clips have seven frames."""
    usual = USUAL_KINDS if settings.clip_shape.frames == USUAL_CLIP.frames else SHORT_KINDS
    return sorted({*usual, *(kind.name for kind in _written(settings))})


def _written(settings: Settings) -> Sequence[FileKind]:
    """Return the kinds of files that patches of any film may have."""
    has_pair = any(video.pair is not None for video in settings.videos)
    return (*settings.file_kinds, *(settings.pair_kinds if has_pair else ()))


@dataclass(frozen=True, slots=True)
class OpenedSuperResolution:
    """The job, ready to run. Its folders are not made yet."""

    job: PortableJob
    found: tuple[ev.Event, ...]
    tools: tuple[str, ...]
    settings: Settings
    resources: DecodingResources

    def prepare(self, records: Mapping[str, SourceRecord]) -> None:
        """Make the folders, and remove the temporary files of a run that was killed. Raises OSError."""
        for category in self.settings.categories.values():
            formats, kinds = _formats(category), _kinds(self.settings)
            prepare_folders(self.settings.output, category.folder, formats, kinds=kinds)
        self.tidy(records)

    def tidy(self, records: Mapping[str, SourceRecord]) -> None:
        """Remove temporary files. Raises OSError."""
        for category in self.settings.whole_categories:
            owned = partial(is_recorded, category, owners_of(category, records), records)
            sweep_leftovers(self.settings.output, category.folder, owned)

    def follow_workers(self, count: int) -> None:
        """Divide the processors among this number of decoders."""
        self.resources.workers.count = count
