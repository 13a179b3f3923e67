"""Makes balanced training sets of characters from the episodes of a series, in stages.

config/    generator_config.json ──> settings          images/    an image: id, metadata, place, hand work
frames/    survey, near duplicates, extraction         crop/      detections ──> crops
models/    detectors, embedders, taggers               classify/  clusters, references, characters
select/    which images are used, in which size        tag/       tags, core tags, captions
arrange/   folders of the training set                 balance/   multiply.txt
exports/   what trainers read                          review/    what hands do to groups, on a screen
looking/   check, verify, stats, reports, previews     demo/      drawn episodes

facts.py reads what the ledger keeps, planning.py plans the units (units.py), work/ performs them in child
processes, stages.py shows the job to the engine, hand_look.py finds what was done by hand, job.py opens the
job, opened.py is the job ready to run, config_capabilities.py and job_capabilities.py show it to commands

Every child process loads this page first: what is imported here delays each of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_gen.base.nouns import Nouns
    from tui_gen.contract.capabilities import JobCapabilities
    from tui_gen.jobs.anime.job import AnimeConfig


def read_config(path: Path) -> AnimeConfig:
    """Read a configuration. Raises RefusedError with everything that is wrong with it."""
    from tui_gen.jobs.anime.config.load import load_settings
    from tui_gen.jobs.anime.job import AnimeConfig

    return AnimeConfig(load_settings(path))


def capabilities() -> JobCapabilities:
    """Return what the job offers before a configuration exists."""
    from tui_gen.contract.capabilities import JobCapabilities
    from tui_gen.jobs.anime.job_capabilities import ABOUT, AnimeDemo, examined_tools, known_layouts

    return JobCapabilities(demo_maker=AnimeDemo(), about=ABOUT, tools=examined_tools, layouts=known_layouts)


def nouns() -> Nouns:
    """Return episodes, frames and images."""
    from tui_gen.jobs.anime.job import NOUNS

    return NOUNS
