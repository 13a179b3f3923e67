"""An image that was put into a folder by hand."""

from __future__ import annotations

from dataclasses import dataclass

from tui_gen.jobs.anime.images.folders import Level


@dataclass(frozen=True, slots=True)
class AddedImage:
    """An image that was put into a folder by hand. Its place in the list of such images is its clip."""

    id: str
    level: Level
    path: str  # relative to the folder of the level
    sha256: str = ""
