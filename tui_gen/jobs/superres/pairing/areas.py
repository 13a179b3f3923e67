"""The parts of a film's and a release's pictures that show the same, as far as their shapes tell. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from tui_gen.jobs.superres.pairing.pair_track import Axis, Placement
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.geometry import Region, Size

SAME_ASPECT = 0.03
"""Aspect ratios that differ by less are those of one picture, a little cropped."""


@dataclass(frozen=True, slots=True)
class Areas:
    """The same part of the picture, in upright pixels of both files."""

    film: Region
    release: Region
    what: str  # how it was assumed, for the log of a refusal

    def placement(self, film: Size, release: Size) -> Placement:
        """Return the placement that maps one area onto the other."""
        return Placement(
            _axis(
                (self.film.x, self.film.width, film.width),
                (self.release.x, self.release.width, release.width),
            ),
            _axis(
                (self.film.y, self.film.height, film.height),
                (self.release.y, self.release.height, release.height),
            ),
        )


def _axis(film: tuple[int, int, int], release: tuple[int, int, int]) -> Axis:
    """Return the axis between two parts, each as begin, length, and length of the whole frame."""
    film_begin, film_part, film_whole = film
    begin, part, whole = release
    scale = film_whole / film_part * part / whole
    return Axis(scale, begin / whole - scale * film_begin / film_whole)


def areas_of(
    film: ProbeFacts, film_picture: Region, release: ProbeFacts, release_picture: Region
) -> Iterator[Areas]:
    """Yield the areas to try: both whole pictures, and what pictures of other shapes have in common."""
    one = _display_aspect(film_picture, film)
    other = _display_aspect(release_picture, release)
    if abs(one / other - 1) > SAME_ASPECT:
        yield Areas(
            _cropped(film_picture, other / one),
            _cropped(release_picture, one / other),
            "the middle that both shapes share",
        )
    yield Areas(film_picture, release_picture, "the whole picture")


def _display_aspect(picture: Region, probe: ProbeFacts) -> float:
    return float(Fraction(picture.width, picture.height) * probe.upright_aspect)


def _cropped(picture: Region, narrower: float) -> Region:
    """Return the middle of a picture whose aspect is to be `narrower` times its own; less than 1 if wider.

    A picture that is wider than the other one loses columns, one that is narrower loses lines.
    """
    if narrower < 1:
        width = max(2, round(picture.width * narrower))
        return Region(picture.x + (picture.width - width) // 2, picture.y, width, picture.height)
    return picture
