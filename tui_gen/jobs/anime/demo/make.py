"""Makes the demonstration: two drawn episodes and a configuration for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tui_gen.jobs.anime.demo.episodes import draw_episodes
from tui_gen.jobs.anime.images.writing import write_whole
from tui_gen.jobs.anime.job import fit_ffmpeg

CONFIG = "generator_config.json"
TEXT = """\
{
  // Two drawn episodes, from frames to a balanced training set, with the models that tui-gen carries.
  "job": "anime",
  "sources": ["episodes"],
  "output_dir": "dataset",
  "n_anime_reg": 10,
  "min_images_per_combination": 3,
  "min_free_gb": 1
}
"""


def make_demo(folder: Path, *, say: Callable[[str], None]) -> Path:
    """Draw the episodes and write the configuration; return its path. Raises RefusedError."""
    draw_episodes(folder / "episodes", ffmpeg=fit_ffmpeg().path, say=say)
    config = folder / CONFIG
    write_whole(config, TEXT.encode())
    return config
