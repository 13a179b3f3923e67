"""What the job offers to the commands that look at a dataset or change it."""

from __future__ import annotations

from functools import partial

from tui_gen.contract.capabilities import Capabilities
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.looking.next_steps import next_steps


def capabilities_of(settings: Settings) -> Capabilities:
    """Return what a configuration of this job offers."""
    return Capabilities(next_steps=partial(next_steps, settings))
