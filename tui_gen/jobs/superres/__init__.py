"""The super-resolution job: clips of films become ground truth and stacked low-resolution patches.

config/      generator_config.json ──> settings and recipe
films/       files ──> films: identity, survey, inspection, scanning
planning/    settings + ledger ──> units: Probe, Survey, Stretch (units.py)
extraction/  units ──> frames ──> patches
dataset/     patches on disk: folders, verification, parts, exports, contact sheets
job.py opens the job; stages.py shows it to the engine

Every child that reads a film loads this page first: what is imported here delays each of them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_gen.contract.job import Condition, ScanRequest
    from tui_gen.jobs.superres.config.settings import Settings
    from tui_gen.jobs.superres.films.scanning.findings import Findings
    from tui_gen.jobs.superres.job import SuperResolutionConfig


def read_config(path: Path) -> SuperResolutionConfig:
    """Read a configuration. Raises RefusedError with everything that is wrong with it."""
    from tui_gen.jobs.superres.config.load import load_settings
    from tui_gen.jobs.superres.job import SuperResolutionConfig

    return SuperResolutionConfig(load_settings(path))


def scan(request: ScanRequest, *, progress: Callable[[str, int, int], None]) -> Findings:
    """Look for films; nothing is written yet. Raises RefusedError."""
    from tui_gen.base.errors import RefusedError
    from tui_gen.jobs.superres.config.load import shipped_config
    from tui_gen.jobs.superres.films.scanning.lengths import Probed, probe_files
    from tui_gen.jobs.superres.films.scanning.scan import scan as scan_folders
    from tui_gen.jobs.superres.media import FfmpegUnfitError, find_ffmpeg

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
    from tui_gen.jobs.superres.films.inspection.tools import examined

    return examined(load_settings(shipped_config()), os.environ).conditions


def make_demo(folder: Path, *, say: Callable[[str], None]) -> Path:
    """Make a few short films and a configuration for them; return its path. Raises RefusedError."""
    from tui_gen.base.errors import RefusedError
    from tui_gen.jobs.superres import demo
    from tui_gen.media.ffmpeg import FfmpegUnfitError, find_ffmpeg

    try:
        ffmpeg = find_ffmpeg(None, os.environ)
        return demo.make_demo(folder, ffmpeg=ffmpeg.path, say=say)
    except (demo.DemoError, FfmpegUnfitError) as error:
        raise RefusedError(str(error)) from error
