"""The super-resolution job: clips of films become ground truth and stacked low-resolution patches.

config/ ──> settings      scanning/ films for one     inspection/ how each would do
opening.py wires the rest; stages.py shows it to the engine; extract.py performs
planning/   settings + ledger ──> units: Probe, Survey, Extract (stretch.py)
probing/    units ──> facts of films (film.py)
reading/    units ──> frames, in processes/ of their own
output/     frames ──> patches, with what scoring/ thinks of them
sheet/ and export/ go by the ledger and the files

Every child that reads a film loads this page first: what is imported here delays each of them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_gen.job_contract import Condition, ScanRequest
    from tui_gen.jobs.superres.opening import SuperResolutionConfig
    from tui_gen.jobs.superres.scanning.findings import Findings
    from tui_gen.jobs.superres.settings import Settings


def read_config(path: Path) -> SuperResolutionConfig:
    """Read a configuration. Raises RefusedError with everything that is wrong with it."""
    from tui_gen.jobs.superres.config.load import load_settings
    from tui_gen.jobs.superres.opening import SuperResolutionConfig

    return SuperResolutionConfig(load_settings(path))


def scan(request: ScanRequest, *, progress: Callable[[str, int, int], None]) -> Findings:
    """Look for films; nothing is written yet. Raises RefusedError."""
    from tui_gen.engine.work import RefusedError
    from tui_gen.jobs.superres.config.load import shipped_config
    from tui_gen.jobs.superres.media import FfmpegUnfitError, find_ffmpeg
    from tui_gen.jobs.superres.scanning.lengths import Probed, probe_files
    from tui_gen.jobs.superres.scanning.scan import scan as scan_folders

    def probe(paths: Sequence[str], settings: Settings, done: Callable[[int], None]) -> dict[str, Probed]:
        try:
            ffmpeg = find_ffmpeg(settings.ffmpeg, os.environ)
        except FfmpegUnfitError as error:
            message = f"{error}\nor add --no-probe: nothing is opened then, and short films are not noticed"
            raise RefusedError(message) from error
        return probe_files(paths, settings=settings, ffmpeg=ffmpeg, progress=done)

    this_year = time.localtime().tm_year
    return scan_folders(
        request, shipped=shipped_config(), probe=probe, progress=progress, this_year=this_year
    )


def tools() -> tuple[Condition, ...]:
    """Say how ffmpeg and the libraries stand, where there is no configuration yet."""
    from tui_gen.jobs.superres.config.load import load_settings, shipped_config
    from tui_gen.jobs.superres.inspection.tools import examined

    return examined(load_settings(shipped_config()), os.environ).conditions


def make_demo(folder: Path, *, say: Callable[[str], None]) -> Path:
    """Make a few short films and a configuration for them; return its path. Raises RefusedError."""
    from tui_gen.engine.work import RefusedError
    from tui_gen.jobs.superres import demo
    from tui_gen.jobs.superres.processes.ffmpeg import FfmpegUnfitError, find_ffmpeg

    try:
        ffmpeg = find_ffmpeg(None, os.environ)
        return demo.make_demo(folder, ffmpeg=ffmpeg.path, say=say)
    except (demo.DemoError, FfmpegUnfitError) as error:
        raise RefusedError(str(error)) from error
