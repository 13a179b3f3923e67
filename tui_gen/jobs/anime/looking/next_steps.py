"""What to do after a run: which folder to look through, and how to go on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.images.folders import Level

LOOK_AT: dict[str, Level] = {
    "extract": "raw",
    "crop": "cropped",
    "embed": "cropped",
    "classify": "classified",
    "select": "training",
    "tag": "training",
    "caption": "training",
    "arrange": "training",
}
"""The folder to look through after a stage."""


def next_steps(settings: Settings) -> list[str]:
    """Return what to do after a run that performed all stages of its configuration."""
    return list(_lines(settings))


def _lines(settings: Settings) -> Iterator[str]:
    config, last = shlex.quote(str(settings.config_path)), settings.stages[-1]
    level = LOOK_AT.get(last)
    if level is not None:
        yield (
            f"This run ends after {last}. Look through {settings.folders.of(level)}: move, rename and delete "
            "what you like; the next run keeps it."
        )
        if level == "classified":
            yield f"In the terminal: tui-gen review {config}"
        yield f'Then go on: set "end_stage" to a later stage, and "stop_after" to null; tui-gen run {config}'
    elif last == "balance":
        yield f"For a trainer: tui-gen export kohya FOLDER -c {config}"
