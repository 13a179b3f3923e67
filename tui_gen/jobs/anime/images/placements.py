"""Where the program put the images of a folder: written before the images are moved, and again afterwards.

While images are moved, each may be at its earlier place or at its new one. Whoever looks at the folder after
a kill takes neither for hand work.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tui_gen.jobs.anime.images.hand_work import Known
from tui_gen.jobs.anime.images.writing import write_whole


@dataclass(frozen=True, slots=True)
class Placements:
    """The places of images, relative to the folder of their level: id -> path of the file."""

    placed: Mapping[str, str] = field(default_factory=dict)
    previous: Mapping[str, str] = field(default_factory=dict)  # before the move
    is_complete: bool = False

    @property
    def images(self) -> Iterable[str]:
        """The images that must be there: during a move, those that were there before it."""
        return self.placed if self.is_complete else self.previous

    def known(self, image: str) -> Known:
        """Return where an image may be."""
        places = [self.placed[image]] if image in self.placed else []
        earlier = self.previous.get(image)
        return Known((*places, *([earlier] if earlier is not None and earlier not in places else [])))

    def completed(self) -> Placements:
        """Return the placements after the move."""
        return Placements(self.placed, is_complete=True)


def read_placements(path: Path) -> Placements:
    """Read a file of placements. A missing or damaged file tells of none: then no place is surprising."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8", errors="surrogateescape"))
        return Placements(dict(entries["placed"]), dict(entries["previous"]), entries["is_complete"] is True)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return Placements()


def write_placements(path: Path, placements: Placements) -> None:
    """Write a file of placements. Raises ObstructedError."""
    entries = {
        "placed": placements.placed,
        "previous": placements.previous,
        "is_complete": placements.is_complete,
    }
    text = json.dumps(entries, ensure_ascii=False, sort_keys=True, indent=0)
    write_whole(path, text.encode("utf-8", "surrogateescape"))
