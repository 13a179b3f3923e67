"""Exports the training set as it is now: images, captions as edited by hand, repeats of the balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tui_gen.base.errors import ObstructedError, RefusedError, reason_of
from tui_gen.contract.export import Exported, ExportedTree, ExportRequest
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.exports.layouts import LAYOUTS, Layout
from tui_gen.jobs.anime.exports.model import ExportImage, ExportPlan, ExportSettings, export_folders
from tui_gen.jobs.anime.exports.write import refuse_content, write_export
from tui_gen.jobs.anime.images.walk import folder_of, images_below
from tui_gen.jobs.anime.work.balance import balanced_folders

NO_CAPTION = "no caption is beside it; a run writes it"


def layout_named(name: str) -> Layout:
    """Return a layout. Raises RefusedError with all layouts for an unknown name."""
    layout = LAYOUTS.get(name)
    if layout is None:
        listed = "".join(f"\n  {known.name:<15} {known.text}" for known in LAYOUTS.values())
        message = f"there is no layout {name!r}; name one of:{listed}"
        raise RefusedError(message)
    return layout


def export_dataset(
    settings: Settings, request: ExportRequest, *, on_done: Callable[[int, int], None]
) -> Exported:
    """Write the training set in a layout. Raises RefusedError, OSError."""
    layout = layout_named(request.layout)
    _refuse_parts(request)
    target = Path(request.folder).absolute()
    refuse_content(target)
    source, balance = balanced_folders(settings)
    found = _found(source)
    if not found.images:
        message = f"{source}: there is no image with a caption to export yet: tui-gen run makes them"
        raise RefusedError(message)
    try:
        plan = layout.plan(export_folders(found.images, balance), target, settings_of(settings))
    except ValueError as error:  # two images of one folder have one stem
        raise RefusedError(str(error)) from error
    total = len(plan.links)
    try:
        write_export(plan, target, on_done=lambda done, _: on_done(min(done, total), total))
    except ObstructedError as error:
        raise OSError(0, str(error), str(target)) from error
    notes = (*plan.notes, *_notes(settings, layout))
    left_out = {NO_CAPTION: found.without_caption} if found.without_caption else {}
    return Exported(target, _trees(plan, settings), left_out, tuple(found.damaged), notes)


def settings_of(settings: Settings) -> ExportSettings:
    """Return what the files of an export say besides paths and repeats."""
    select = settings.select
    return ExportSettings(
        resolution=select.max_size if select.resize else None,
        keep_tokens_separator=settings.caption.keep_tokens_sep,
    )


@dataclass(slots=True)
class _Found:
    """The images of the training set, and what was left out."""

    images: list[ExportImage] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    without_caption: int = 0


def _found(source: Path) -> _Found:
    found = _Found()
    for path in images_below(source):
        file = source / path
        try:
            caption = file.with_suffix(".txt").read_text("utf-8", "replace")
            if not file.stat().st_size:
                found.damaged.append(f"{path}: the file is empty")
                continue
        except FileNotFoundError:
            found.without_caption += 1
            continue
        except OSError as error:
            found.damaged.append(f"{path}: {reason_of(error)}")
            continue
        found.images.append(ExportImage(file.absolute(), caption, folder_of(path)))
    return found


def _refuse_parts(request: ExportRequest) -> None:
    unknown = sorted({*request.categories, *request.formats, *request.splits})
    if unknown:
        message = f"{', '.join(unknown)}: a training set of this job has no parts: export all of it"
        raise RefusedError(message)


def _trees(plan: ExportPlan, settings: Settings) -> tuple[ExportedTree, ...]:
    counted = Counter(str(PurePosixPath(link.target).parent) for link in plan.links)
    image_type = settings.folders.image_type
    return tuple(ExportedTree(folder, image_type, "", "", number) for folder, number in counted.items())


def _notes(settings: Settings, layout: Layout) -> list[str]:
    separator = settings.caption.keep_tokens_sep
    if separator is None or layout.name == "kohya":
        return []
    return [f"the captions hold keep_tokens_sep, {separator!r}, which sd-scripts alone understands"]
