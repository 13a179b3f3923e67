"""Makes the folders of the patches of a configuration."""

from __future__ import annotations

from collections.abc import Sequence

from tui_gen.jobs.superres.clip_shape import USUAL_CLIP
from tui_gen.jobs.superres.config.settings import Category, Settings
from tui_gen.jobs.superres.dataset.file_kinds import FileKind
from tui_gen.jobs.superres.dataset.folders import (
    SHORT_KINDS,
    USUAL_KINDS,
    patch_folders,
    prepare_folders,
)
from tui_gen.jobs.superres.planning.geometry import PatchFormat


def category_folders(settings: Settings, category: Category) -> tuple[str, ...]:
    """Return the folders that a run makes for a category's patches, relative to the output folder."""
    return patch_folders(category.folder, _formats(category), kinds=_kinds(settings))


def prepare_output(settings: Settings) -> None:
    """Make the folders of all categories. Raises OutputError."""
    for category in settings.categories.values():
        prepare_folders(settings.output, category.folder, _formats(category), kinds=_kinds(settings))


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
