"""What a child process needs to read an episode: the file, the program, and the facts of the probe."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tui_gen.engine.model.work import JsonObject
from tui_gen.media.facts_json import probe_from_json, probe_to_json
from tui_gen.media.film_facts import INTERLACED_ORDERS, ProbeFacts
from tui_gen.media.geometry import Size

NEARLY_SQUARE = Fraction(1, 200)
"""A pixel aspect nearer to 1 than this counts as square: frames of whole pixels are often no nearer."""


@dataclass(frozen=True, slots=True)
class EpisodeFilm:
    """An episode. Picklable and complete in itself."""

    path: str  # may hold surrogates of bytes that are not UTF-8
    ffmpeg: str  # path of the program
    facts: ProbeFacts
    niceness: int = 19

    @property
    def is_interlaced(self) -> bool:
        """Whether the facts say that frames hold two fields of different times."""
        return self.facts.field_order in INTERLACED_ORDERS and not self.facts.is_soft_telecined

    @property
    def display_size(self) -> Size:
        """The size of a frame with square pixels, upright, both sides even. No axis loses pixels."""
        upright, aspect = self.facts.even_upright, self.facts.upright_aspect
        if abs(aspect - 1) < NEARLY_SQUARE:
            return upright
        if aspect > 1:
            return Size(_even(upright.width * aspect), upright.height)
        return Size(upright.width, _even(upright.height / aspect))

    def small_size(self, width: int) -> Size:
        """Return the size of a frame shrunk to a width; it is not enlarged. Both sides are even."""
        whole = self.display_size
        if whole.width <= width:
            return whole
        return Size(width, _even(Fraction(whole.height * width, whole.width)))


def film_to_json(film: EpisodeFilm) -> dict[str, Any]:
    """Return the facts of an episode as a JSON object, for the ledger: without its path and the program."""
    return probe_to_json(film.facts)


def film_from_json(facts: JsonObject, *, path: str, ffmpeg: str, niceness: int = 19) -> EpisodeFilm:
    """Return the episode with these facts. Raises KeyError or TypeError on what is none."""
    return EpisodeFilm(path, ffmpeg, probe_from_json(facts), niceness)


def _even(side: Fraction) -> int:
    return max(2, round(side / 2) * 2)
