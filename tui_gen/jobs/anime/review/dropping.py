"""Plans where dropped images go: below the superseded files, under their path in the output folder.

intermediate/screenshots/classified/Anna/x.png
  ──> .tui-gen/superseded/dropped/intermediate/screenshots/classified/Anna/x.png, x.png.2, ...
"""

from __future__ import annotations

import os
from collections.abc import Collection
from itertools import chain, count
from pathlib import Path

from tui_gen.engine.storage.superseded import FOLDER as SUPERSEDED
from tui_gen.jobs.anime.review.folders import Folders
from tui_gen.jobs.anime.review.moves import with_followers
from tui_gen.jobs.anime.review.steps import Move

DROPPED = f"{SUPERSEDED}/dropped"
"""The folder of dropped images, below the run folder."""


def dropping(
    images: Collection[str], folders: Folders, *, classified: Path, output: Path, place: Path
) -> list[Move]:
    """Return the moves of images, with the files that follow them, to `place`. Raises RefusedError."""
    steps = []
    for path in with_followers(images, folders):
        source = classified / path
        steps.append(Move(source, _free(place / source.relative_to(output))))
    return steps


def _free(target: Path) -> Path:
    """Return a name that no file has: that of an earlier file gets a number behind it."""
    numbered = (target.with_name(f"{target.name}.{number}") for number in count(2))
    return next(name for name in chain([target], numbered) if not os.path.lexists(name))
