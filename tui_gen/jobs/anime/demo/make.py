"""Makes the demonstration: two drawn episodes and a configuration for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tui_gen.base.errors import ObstructedError, RefusedError, reason_of
from tui_gen.base.formatting import display_name
from tui_gen.jobs.anime.demo.episodes import draw_episodes
from tui_gen.jobs.anime.images.writing import write_whole
from tui_gen.jobs.anime.job import fit_ffmpeg
from tui_gen.jobs.anime.models.finding import found_models
from tui_gen.jobs.anime.models.options import ModelOptions

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
    """Draw the episodes and write the configuration, unless they are there; return its path.

    Raises RefusedError without the models or the room for it, before anything is drawn.
    """
    found_models(ModelOptions())
    config = folder / CONFIG
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draw_episodes(folder / "episodes", ffmpeg=fit_ffmpeg().path, say=say)
        if not config.exists():
            write_whole(config, TEXT.encode())
    except (OSError, ObstructedError) as error:
        message = display_name(f"{folder} cannot be written: {reason_of(error)}; name another folder")
        raise RefusedError(message) from error
    return config
