"""Makes videos of moving digits for video models such as VideoGPT.

config/    generator_config.json ──> settings and recipe
digits/    images of digits: MNIST, or drawn        motion/    where a digit is in each frame
render/    images and motions ──> videos            dataset/   shards, the HDF5 file, samples, exports
work/      the child processes of the workers       looking/   check, verify, stats, sheet, preview
planning.py plans the units (units.py), stages.py shows the job to the engine, job.py opens it, opened.py is
the job ready to run, config_capabilities.py and job_capabilities.py show it to the other commands

Every child process loads this page first: what is imported here delays each of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_gen.base.nouns import Nouns
    from tui_gen.contract.capabilities import JobCapabilities
    from tui_gen.jobs.videomnist.job import MovingDigitsConfig


def read_config(path: Path) -> MovingDigitsConfig:
    """Read a configuration. Raises RefusedError with everything that is wrong with it."""
    from tui_gen.jobs.videomnist.config.load import load_settings
    from tui_gen.jobs.videomnist.job import MovingDigitsConfig

    return MovingDigitsConfig(load_settings(path))


def capabilities() -> JobCapabilities:
    """Return what the job offers before a configuration exists."""
    from tui_gen.contract.capabilities import JobCapabilities
    from tui_gen.jobs.videomnist.job_capabilities import ABOUT, DigitDemo, examined_tools, known_layouts

    return JobCapabilities(demo_maker=DigitDemo(), about=ABOUT, tools=examined_tools, layouts=known_layouts)


def nouns() -> Nouns:
    """Return digits and videos."""
    from tui_gen.jobs.videomnist.job import NOUNS

    return NOUNS
