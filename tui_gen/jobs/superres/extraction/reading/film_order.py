"""The input of a stretch's decoder: the film, the windows, and the frames of a window. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_gen.jobs.superres.clip_shape import Reach, WindowShape
from tui_gen.jobs.superres.extraction.reading.repeated import span_within
from tui_gen.jobs.superres.extraction.reading.window import (
    exact_span,
    expected_span,
    is_centred,
    is_near,
    is_run,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmOrder:
    """The film to open, and how to read it."""

    path: str
    formats: str
    max_pixels: int
    threads: int
    frame_seconds: float | None
    window: WindowShape
    reach: Reach | None  # None: a window has consecutive frames
    most_seconds: float | None  # by which a frame may be away from its window's target; None: any
    # In the container's clock, ascending.
    targets_seconds: tuple[float, ...]


def window_frames(pts: Sequence[float], target_seconds: float, film: FilmOrder) -> list[int]:
    """Return the positions of the frames that a window needs; empty if one is missing.

    These are the clip's frames, or all frames within reach if only different frames count.
    """
    if film.reach is None:
        return _whole_window(pts, target_seconds, film)[:: film.window.step]
    span = span_within(film.reach, target_seconds)
    is_whole = bool(pts) and (pts[0] < span.start_seconds or not film.window.anchor)
    return span.positions(pts) if is_whole else []


def _whole_window(pts: Sequence[float], target_seconds: float, film: FilmOrder) -> list[int]:
    """Return the positions of a window's frames among ascending timestamps; empty if there are none.

    The choice equals that of a reader which only sees the frames that it requests from ffmpeg: first those
    expected at a constant rate, and if they do not fit, those around the nearest frame.
    """
    step, window = film.frame_seconds, film.window
    spans = [] if step is None else [expected_span(target_seconds, step, window)]
    spans += [span] if (span := exact_span(pts, target_seconds, window)) is not None else []
    for span in spans:
        positions = span.positions(pts)
        chosen = [pts[position] for position in positions]
        if is_centred(chosen, target_seconds, window) and is_run(positions):
            return positions if is_near(chosen, target_seconds, film.most_seconds) else []
    return []
