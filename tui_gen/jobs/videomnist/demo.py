"""Makes a configuration for a small dataset of drawn digits: it needs no network and a few seconds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.config.edits import replace_file
from tui_gen.jobs.videomnist.config.load import load_settings

CONFIG_NAME = "generator_config.json"
_MOST_WORKERS = 4


def config_text(workers: int) -> str:
    """Return the demo's configuration."""
    return f"""{{
  // Made by `tui-gen demo --job videomnist`. Edit it as you like: it is not written again.
  "job": "videomnist",
  "output_dir": "dataset",
  // "drawn" digits need no download. For MNIST: "auto", or the path of its files.
  "digits": "drawn",
  "videos_per_digit": 20,
  "test_videos_per_digit": 5,
  "motion_types": ["bounce", "circular", "linear", "spiral"],
  "num_samples": 10,
  "zoom": 2,
  "max_workers": {workers},
  "min_free_gb": 0.2
}}
"""


def make_demo(folder: Path, *, say: Callable[[str], None]) -> Path:
    """Make the configuration unless it is there; return its path.

    Raises RefusedError where the folder cannot be used, or holds another configuration.
    """
    config = folder / CONFIG_NAME
    if config.exists():
        if load_settings(config).digits != "drawn":
            message = display_name(f"{config} is not a demo's; name another folder")
            raise RefusedError(message)
        return config
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(config, config_text(max(1, min(_MOST_WORKERS, os.cpu_count() or 1))))
    except OSError as error:
        message = display_name(f"{folder} cannot be written: {error.strerror}; name another folder")
        raise RefusedError(message) from error
    say(f"Wrote {config}")
    return config
