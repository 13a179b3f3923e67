"""What the job offers to the commands that look at a dataset or change it."""

from __future__ import annotations

from tui_gen.contract.capabilities import Capabilities
from tui_gen.jobs.anime.config.settings import Settings


def capabilities_of(settings: Settings) -> Capabilities:
    """Return what a configuration of this job offers."""
    del settings
    return Capabilities()
