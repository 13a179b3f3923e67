"""Draws the samples of the HDF5 file anew, and a page that shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.base.html import Markup, page, tag, write_page
from tui_gen.contract.contact_sheet import SheetMade
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.dataset.h5_file import DamagedFileError, VideoDataset
from tui_gen.jobs.videomnist.dataset.samples.samples import write_samples
from tui_gen.jobs.videomnist.dataset.stored_video import DamagedVideoError
from tui_gen.jobs.videomnist.work.sampling import samples_of

PAGE = "index.html"


def opened_file(settings: Settings) -> VideoDataset:
    """Return the open HDF5 file. Raises RefusedError where there is none, or no whole one."""
    try:
        return VideoDataset(settings.h5_path)
    except FileNotFoundError as error:
        message = f"{settings.h5_path}: there is no such file yet: tui-gen run makes it"
        raise RefusedError(message) from error
    except DamagedFileError as error:
        message = f"{error}; tui-gen verify --repair makes it again"
        raise RefusedError(message) from error


def draw_sheet(settings: Settings, folder: Path) -> SheetMade:
    """Write the samples and their page into a folder. Raises RefusedError, OSError."""
    wanted = replace(samples_of(settings), has_montage=True)
    with opened_file(settings) as dataset:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            paths = write_samples(dataset, folder, wanted)
        except DamagedVideoError as error:
            message = f"{error}; tui-gen verify --repair makes it again"
            raise RefusedError(message) from error
    names = [path.relative_to(folder).as_posix() for path in paths]
    write_page(folder / PAGE, _page(settings, names))
    videos = {Path(name).stem for name in names if "_video_" in name}
    return SheetMade(folder / PAGE, len(videos), ())


def _page(settings: Settings, names: Iterable[str]) -> str:
    pictures = [name for name in names if name.endswith((".png", ".gif"))]
    pictures.sort(key=lambda name: not name.endswith(".png"))
    figures = [_figure(name) for name in pictures]
    return page(settings.output_file, tag("h1", settings.output_file), *figures)


def _figure(name: str) -> Markup:
    return tag("figure", tag("img", src=name, alt=name), tag("figcaption", name))
