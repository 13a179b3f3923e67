"""The super-resolution job: clips of films become ground truth and stacked low-resolution patches.

config/      generator_config.json ──> settings and recipe
films/       files ──> films: identity, survey, inspection, scanning
planning/    settings + ledger ──> units: Probe, Survey, Stretch (units.py)
extraction/  units ──> frames ──> patches
dataset/     patches on disk: folders, verification, parts, exports, contact sheets
job.py opens the job, opened.py is the job ready to run, stages.py adapts it to the engine,
config_capabilities.py to the other commands, job_capabilities.py to commands without a configuration

Every child that reads a film imports this package first: an import here delays each child.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_gen.base.nouns import Nouns
    from tui_gen.contract.capabilities import JobCapabilities
    from tui_gen.jobs.superres.job import SuperResolutionConfig


def read_config(path: Path) -> SuperResolutionConfig:
    """Read a configuration. Raises RefusedError with all its problems."""
    from tui_gen.jobs.superres.config.load import load_settings
    from tui_gen.jobs.superres.job import SuperResolutionConfig

    return SuperResolutionConfig(load_settings(path))


def capabilities() -> JobCapabilities:
    """Return what the job offers before a configuration exists."""
    from tui_gen.contract.capabilities import JobCapabilities
    from tui_gen.jobs.superres.job_capabilities import (
        ABOUT,
        FilmDemo,
        FilmScanner,
        examined_tools,
        known_layouts,
    )

    return JobCapabilities(FilmScanner(), FilmDemo(), ABOUT, examined_tools, layouts=known_layouts)


def nouns() -> Nouns:
    """Return the nouns: videos, clips, patches and images."""
    from tui_gen.base.nouns import USUAL_NOUNS

    return USUAL_NOUNS
