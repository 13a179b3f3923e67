"""What the decoder of a stretch reads: the film, the windows, and which frames make a window. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_gen.jobs.superres.extraction.reading.repeated import span_within
from tui_gen.jobs.superres.extraction.reading.window import exact_span, expected_span, is_centred, is_run
from tui_gen.jobs.superres.units import Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmOrder:
    """What to open and how."""

    path: str
    formats: str
    max_pixels: int
    threads: int
    frame_seconds: float | None
    anchor: int  # which of a window's frames is the one nearest its target
    reach: Reach | None  # None: a window's frames follow one another
    # The container's own clock, ascending.
    targets_seconds: tuple[float, ...]


def window_frames(pts: Sequence[float], target_seconds: float, film: FilmOrder) -> list[int]:
    """Return the positions of the frames that a window needs; empty where one is missing.

    They are its seven, or all within reach where only different ones count.
    """
    if film.reach is None:
        return chosen_seven(pts, target_seconds, film)
    span = span_within(film.reach, target_seconds)
    is_whole = bool(pts) and (pts[0] < span.start_seconds or not film.anchor)
    return span.positions(pts) if is_whole else []


def chosen_seven(pts: Sequence[float], target_seconds: float, film: FilmOrder) -> list[int]:
    """Return the positions of a window's frames among ascending timestamps; empty where there are none.

    The choice is that of a reader which sees only the frames it asked ffmpeg for: those expected at a
    constant rate if they fit, else those around the nearest one.
    """
    step, anchor = film.frame_seconds, film.anchor
    spans = [] if step is None else [expected_span(target_seconds, step, anchor)]
    spans += [span] if (span := exact_span(pts, target_seconds, anchor)) is not None else []
    for span in spans:
        positions = span.positions(pts)
        if is_centred([pts[position] for position in positions], target_seconds, anchor) and is_run(
            positions
        ):
            return positions
    return []
