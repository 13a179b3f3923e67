"""Chooses the places of a film that the survey looks at, and says when the first of them are enough. Pure.

    place of 16    0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15
    first                x           x           x           x        4 places, a quarter of the film apart
    then           x           x           x           x              8 places, an eighth of the film apart
    then              x     x     x     x     x     x     x     x

Most of what a survey of a large picture costs is the decoding of key frames. So in a large picture the survey
stops when the votes of the first places agree, if one of these holds:

    wide pictures    4 votes show a wide picture: a part of any usual shape above or below has no deeper bars
    any pictures     4 or 8 votes, and neighbouring places are at most `UNSEEN_SECONDS` apart

A dark place has no vote: the next place is looked at instead. If votes differ, if a frame may be combed or
states other facts, or if the film is longer, all places are looked at.

Invariant: what stops early has looked at a part of the places that are looked at otherwise, so a survey that
does not stop early finds what it finds without this rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from tui_gen.jobs.superres.films.bars import Bars, are_alike, are_wide, bars_of, is_plain
from tui_gen.media.geometry import Size

if TYPE_CHECKING:  # a child imports this module
    from tui_gen.media.film_facts import ProbeFacts

NextStep = Literal["enough", "look at more", "look at all"]

PLACES = 16
"""The number of places looked at, and of further places if the votes of the first do not agree."""
WOVEN_LINES = 1088
"""The most lines of a picture that was broadcast in fields."""
FIRST_PLACES = (2, 6, 10, 14)
NEXT_PLACES = ((0, 8), (4, 12), (1, 9), (5, 13), (3, 11), (7, 15))
FEWEST_VOTES = len(FIRST_PLACES)
UNSEEN_SECONDS = 900.0
"""The longest distance of two places that are enough. All 16 places (and 16 more if one of them differs) find
a part of a two-hour film that has another shape for certain from 11 minutes on: three votes have to agree."""


def is_large(probe: ProbeFacts) -> bool:
    """Return whether frames take long to decode, and are of a size in which fields were never broadcast."""
    return min(probe.coded.width, probe.coded.height) > WOVEN_LINES


def places_seconds(first_pts_seconds: float, duration_seconds: float, count: int) -> list[float]:
    """Return evenly spaced places in seconds, in the container's clock."""
    share = duration_seconds / count
    return [first_pts_seconds + (number + 0.5) * share for number in range(count)]


def rounds(places: Sequence[float]) -> list[list[float]]:
    """Return all places (PLACES of them) in the order in which they are looked at, a few at a time."""
    return [[places[number] for number in some] for some in (FIRST_PLACES, *NEXT_PLACES)]


def votes_wanted(duration_seconds: float) -> int:
    """Return how many votes that agree are enough for a picture of any shape; PLACES: all are looked at."""
    counts = (FEWEST_VOTES, 2 * FEWEST_VOTES)
    return next((count for count in counts if duration_seconds <= count * UNSEEN_SECONDS), PLACES)


def next_step(votes: Sequence[Bars | None], frame: Size, wanted: int) -> NextStep:
    """Return what follows from the votes so far. None is the vote of a dark frame.

    `frame` is the size of the upright picture, `wanted` is the result of `votes_wanted`.
    """
    told = [vote for vote in votes if vote is not None]
    if not _agree(told):
        return "look at all"
    if len(told) < FEWEST_VOTES:
        return "look at more"
    if len(told) >= wanted or are_wide(told, frame):
        return "enough"
    return "look at more" if wanted < PLACES else "look at all"


def _agree(votes: Sequence[Bars]) -> bool:
    """Return whether the votes are alike, have bars at the same sides, and no doubtful padding."""
    sides = zip(*map(bars_of, votes), strict=True)
    have_same_sides = all(all(depths) or not any(depths) for depths in sides)
    return have_same_sides and are_alike(votes) and all(map(is_plain, votes))
