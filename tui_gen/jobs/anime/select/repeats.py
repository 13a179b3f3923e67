"""Near duplicates among the selected images, by the same distance as among the frames of an episode."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tui_gen.jobs.anime.frames.near_duplicates import Thumbnails, leaders_of

if TYPE_CHECKING:
    from tui_gen.jobs.anime.frames.pictures import Thumbnail
    from tui_gen.jobs.anime.select.selection import Repeats


def repeats_by(thumbnails: Mapping[str, Thumbnail], within: float, *, alive: Callable[[], None]) -> Repeats:
    """Return what tells `selection` which images are near duplicates.

    `thumbnails` holds those of all images, by id (frames.pictures.thumbnail). Of images within the distance
    of each other the first by id stays. `alive` is called for every 256 images.
    """

    def repeats(images: Sequence[str]) -> list[str]:
        if not images:
            return []
        measure = Thumbnails.of(np.stack([thumbnails[image] for image in images]))
        leaders = leaders_of(measure, np.arange(len(images)), within, alive=alive)
        return [image for place, image in enumerate(images) if leaders[place] != place]

    return repeats
