"""The capabilities of the job without a configuration: scan folders, make the demo, examine the tools."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_gen.base.errors import RefusedError
from tui_gen.contract.export import LayoutLine
from tui_gen.contract.inspect import Condition
from tui_gen.contract.scan import ScanRequest
from tui_gen.media.ffmpeg import FfmpegUnfitError, find_ffmpeg

if TYPE_CHECKING:
    from tui_gen.jobs.superres.config.settings import Settings
    from tui_gen.jobs.superres.films.scanning.findings import Findings
    from tui_gen.jobs.superres.films.scanning.lengths import Probed

ABOUT = """\
tui-gen turns a library of films into training sets for video super-resolution. \
From each film it takes clips of seven or more frames, spread over the running time, \
converts HDR to SDR, and cuts matching large and small pictures out of them."""


class FilmScanner:
    """Searches folders for films."""

    def scan(self, request: ScanRequest, *, progress: Callable[[str, int, int], None]) -> Findings:
        """Search for films. Raises RefusedError; writes nothing."""
        from tui_gen.jobs.superres.config.load import shipped_config
        from tui_gen.jobs.superres.films.scanning.scan import scan

        this_year = time.localtime().tm_year
        return scan(request, shipped=shipped_config(), probe=_probe, progress=progress, this_year=this_year)


def _probe(paths: Sequence[str], settings: Settings, done: Callable[[int], None]) -> dict[str, Probed]:
    from tui_gen.jobs.superres.films.scanning.lengths import probe_files

    try:
        ffmpeg = find_ffmpeg(settings.ffmpeg, os.environ)
    except FfmpegUnfitError as error:
        message = f"{error}\nor add --no-probe: nothing is opened then, and short films are not noticed"
        raise RefusedError(message) from error
    return probe_files(paths, settings=settings, ffmpeg=ffmpeg, progress=done)


class FilmDemo:
    """Makes a few short films and a configuration for them."""

    def make_demo(self, folder: Path, *, say: Callable[[str], None]) -> Path:
        """Make the films and the configuration; return the configuration's path. Raises RefusedError."""
        from tui_gen.jobs.superres import demo

        try:
            ffmpeg = find_ffmpeg(None, os.environ)
            return demo.make_demo(folder, ffmpeg=ffmpeg.path, say=say)
        except (demo.DemoError, FfmpegUnfitError) as error:
            raise RefusedError(str(error)) from error


def examined_tools() -> tuple[Condition, ...]:
    """Return the condition of ffmpeg and the libraries, with the shipped configuration."""
    from tui_gen.jobs.superres.config.load import load_settings, shipped_config
    from tui_gen.jobs.superres.films.inspection.tools import examined

    return examined(load_settings(shipped_config()), os.environ).conditions


def known_layouts() -> tuple[LayoutLine, ...]:
    """Return the layouts of `export`, a line each."""
    from tui_gen.jobs.superres.dataset.export.layouts import LAYOUTS

    return tuple(LayoutLine(layout.name, layout.text) for layout in LAYOUTS.values())
