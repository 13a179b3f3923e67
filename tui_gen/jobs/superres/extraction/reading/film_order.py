"""The input of a stretch's decoder: the film, the windows, and the frames of a window. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_gen.jobs.superres.extraction.reading.repeated import span_within
from tui_gen.jobs.superres.extraction.reading.window import (
    exact_span,
    expected_span,
    is_centred,
    is_near,
    is_run,
)
from tui_gen.jobs.superres.units import Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmOrder:
    """The film to open, and how to read it."""

    path: str
    formats: str
    max_pixels: int
    threads: int
    frame_seconds: float | None
    anchor: int  # the position in a window of the frame nearest its target
    reach: Reach | None  # None: a window has seven consecutive frames
    most_seconds: float | None  # by which a frame may be away from its window's target; None: any
    # In the container's clock, ascending.
    targets_seconds: tuple[float, ...]


def window_frames(pts: Sequence[float], target_seconds: float, film: FilmOrder) -> list[int]:
    """Return the positions of the frames that a window needs; empty if one is missing.

    These are its seven frames, or all frames within reach if only different frames count.
    """
    if film.reach is None:
        return chosen_seven(pts, target_seconds, film)
    span = span_within(film.reach, target_seconds)
    is_whole = bool(pts) and (pts[0] < span.start_seconds or not film.anchor)
    return span.positions(pts) if is_whole else []


def chosen_seven(pts: Sequence[float], target_seconds: float, film: FilmOrder) -> list[int]:
    """Return the positions of a window's frames among ascending timestamps; empty if there are none.

    The choice equals that of a reader which only sees the frames that it requests from ffmpeg: first those
    expected at a constant rate, and if they do not fit, those around the nearest frame.
    """
    step, anchor = film.frame_seconds, film.anchor
    spans = [] if step is None else [expected_span(target_seconds, step, anchor)]
    spans += [span] if (span := exact_span(pts, target_seconds, anchor)) is not None else []
    for span in spans:
        positions = span.positions(pts)
        chosen = [pts[position] for position in positions]
        if is_centred(chosen, target_seconds, anchor) and is_run(positions):
            return positions if is_near(chosen, target_seconds, film.most_seconds) else []
    return []
