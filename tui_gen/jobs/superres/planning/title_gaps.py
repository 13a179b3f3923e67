"""The parts of a film that its chapters with the names of titles cover. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from tui_gen.media.film_facts import Chapter, ProbeFacts

MOST_TITLES_SHARE = 0.25
"""A chapter that covers more of a film than this is not a title chapter, whatever its name."""


def is_of_titles(probe: ProbeFacts, chapter: Chapter) -> bool:
    """Return whether a chapter with the name of titles is short enough to be one."""
    return chapter.end_seconds - chapter.start_seconds <= MOST_TITLES_SHARE * probe.duration_seconds


def title_gaps(probe: ProbeFacts) -> Iterator[tuple[float, float]]:
    """Yield the disjoint ranges of the chapters with titles, in seconds from the first PTS."""
    first = probe.first_pts_seconds
    parts = sorted(
        (max(0.0, chapter.start_seconds - first), min(probe.duration_seconds, chapter.end_seconds - first))
        for chapter in probe.title_chapters or ()
        if is_of_titles(probe, chapter)
    )
    begun, ended = 0.0, 0.0
    for begin, end in parts:
        if begin > ended:
            if ended > begun:
                yield begun, ended
            begun = begin
        ended = max(ended, end)
    if ended > begun:
        yield begun, ended
