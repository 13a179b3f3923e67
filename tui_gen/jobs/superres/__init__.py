"""The super-resolution job: clips of films become ground truth and stacked low-resolution patches.

settings ── config.py        films ── library.py, media.py        units ── plan.py, stretch.py
opening.py wires them; stages.py shows them to the engine; extract.py performs; patches.py writes
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_gen.engine.work import RefusedError

if TYPE_CHECKING:
    from tui_gen.jobs import Condition
    from tui_gen.jobs.superres.opening import SuperResolutionConfig


def read_config(path: Path) -> SuperResolutionConfig:
    """Read a configuration. Raises RefusedError with everything that is wrong with it."""
    from tui_gen.jobs.superres.config import load_settings
    from tui_gen.jobs.superres.opening import SuperResolutionConfig

    return SuperResolutionConfig(load_settings(path))


def scan(folders: Sequence[Path], target: Path, *, may_update: bool) -> list[str]:
    """Write a configuration for the films below `folders`; say what was found. Raises RefusedError."""
    from tui_gen.jobs.superres.config import shipped_config
    from tui_gen.jobs.superres.scan import ScanError
    from tui_gen.jobs.superres.scan import scan as scan_folders

    try:
        found = scan_folders(folders, target=target, shipped=shipped_config(), update=may_update)
    except ScanError as error:
        raise RefusedError(str(error)) from error
    known = sum(video.matched is not None for video in found.added)
    added = f"{len(found.added)} videos added, {known} of them by a rule"
    return [
        f"{found.config}: {added}, {found.already_there} listed before",
        *(f"not looked at: {path}: {reason}" for path, reason in found.unreadable),
        f"Next: tui-gen plan {found.config}",
    ]


def tools() -> tuple[Condition, ...]:
    """Say how ffmpeg and the libraries stand, where there is no configuration yet."""
    from tui_gen.jobs.superres.config import load_settings, shipped_config
    from tui_gen.jobs.superres.tools import examined

    return examined(load_settings(shipped_config()), os.environ).conditions


def make_demo(folder: Path, *, say: Callable[[str], None]) -> Path:
    """Make a few short films and a configuration for them; return its path. Raises RefusedError."""
    from tui_gen.jobs.superres import demo
    from tui_gen.jobs.superres.ffmpeg import FfmpegUnfitError, find_ffmpeg

    try:
        ffmpeg = find_ffmpeg(None, os.environ)
        return demo.make_demo(folder, ffmpeg=ffmpeg.path, say=say)
    except (demo.DemoError, FfmpegUnfitError) as error:
        raise RefusedError(str(error)) from error
