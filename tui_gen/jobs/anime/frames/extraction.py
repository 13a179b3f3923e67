"""Decodes an episode again and gives its chosen frames: whole size, square pixels, exact colours.

    chosen   . . x . x x . . . . . . . . . . x . x      a stretch ends where the next frame is far away, or
             └─ stretch 1 ─┘             └ stretch 2    has many frames; one ffmpeg per stretch

Invariant: the pixels of a frame do not depend on the other frames that are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import cv2

from tui_gen.jobs.anime.frames.chosen import ChosenFrames
from tui_gen.jobs.anime.frames.decoding import (
    DEINTERLACER,
    ENTRY_LEADS_SECONDS,
    DecodeOrder,
    Decoding,
    decoding,
)
from tui_gen.jobs.anime.frames.film import EpisodeFilm
from tui_gen.media.colour import Rendering, head_filters, tail_filters

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB

RawFormat = Literal["png", "webp", "jpg"]
RENDERING = Rendering(chroma="444", hdr="exact")
STRETCH_GAP_SECONDS = 6.0
"""From a longer gap on, a new ffmpeg that seeks is cheaper than decoding the gap."""
STRETCH_FRAMES = 64
"""The filter that selects frames compares each frame with all wanted ones."""
LOSSLESS_WEBP = 101


@dataclass(frozen=True, slots=True)
class ExtractedFrame:
    """A chosen frame."""

    number: int
    rgb: RGB = field(repr=False)


@dataclass(frozen=True, slots=True)
class MissingFrame:
    """A chosen frame that cannot be had."""

    number: int
    reason: str


def extracted(
    film: EpisodeFilm, wanted: ChosenFrames, *, alive: Callable[[], None]
) -> Iterator[ExtractedFrame | MissingFrame]:
    """Yield each wanted frame once, in the order of time inside a stretch; missing ones at its end.

    Raises ChildError for a failure worth another attempt, ObstructedError, and what `alive` raises. Closing
    the iterator ends ffmpeg.
    """
    for stretch in stretches(wanted, most_seconds=STRETCH_GAP_SECONDS):
        numbers = {pts: number for number, pts in stretch}
        yield from _Stretch(film, wanted.tick_seconds, numbers).frames(alive)


def stretches(wanted: ChosenFrames, *, most_seconds: float) -> Iterator[Sequence[tuple[int, int]]]:
    """Divide frames by gaps in time; no stretch has more than 64 frames."""
    tick = float(wanted.tick_seconds)
    stretch: list[tuple[int, int]] = []
    for number, pts in sorted(wanted.frames, key=lambda each: each[1]):
        if stretch and ((pts - stretch[-1][1]) * tick > most_seconds or len(stretch) == STRETCH_FRAMES):
            yield stretch
            stretch = []
        stretch.append((number, pts))
    if stretch:
        yield stretch


@dataclass(frozen=True, slots=True)
class _Stretch:
    film: EpisodeFilm
    tick_seconds: Fraction
    numbers: Mapping[int, int]  # timestamp in ticks -> number, ascending timestamps

    def frames(self, alive: Callable[[], None]) -> Iterator[ExtractedFrame | MissingFrame]:
        left = dict(self.numbers)
        first_seconds = self._seconds(next(iter(left)))
        is_anywhere = first_seconds > self.film.facts.first_pts_seconds and not self.film.facts.is_elementary
        reason = "it is not among the frames of the file any more"
        for lead_seconds in ENTRY_LEADS_SECONDS if is_anywhere else (None,):
            order = self._order(lead_seconds)
            with decoding(order, alive) as decoder:
                for frame in decoder.frames():
                    if not self._has_begun_well(order, decoder, first_seconds):
                        break
                    if frame.pts not in left:
                        continue
                    number = left.pop(frame.pts)
                    if decoder.log.is_damaged_at(self._seconds(frame.pts)):
                        yield MissingFrame(number, "its data are damaged")
                    else:
                        yield ExtractedFrame(number, frame.rgb)
                else:
                    if self._has_begun_well(order, decoder, first_seconds):
                        reason = decoder.complaint or reason
                        break
        for number in left.values():
            yield MissingFrame(number, reason)

    def _seconds(self, pts: int) -> float:
        return float(pts * self.tick_seconds)

    def _has_begun_well(self, order: DecodeOrder, decoder: Decoding, first_seconds: float) -> bool:
        return order.seek_seconds is None or decoder.log.has_entry_before(first_seconds)

    def _order(self, lead_seconds: float | None) -> DecodeOrder:
        film, all_pts = self.film, list(self.numbers)
        seek_seconds = None if lead_seconds is None else self._seconds(all_pts[0]) - lead_seconds
        is_start = seek_seconds is not None and seek_seconds <= film.facts.first_pts_seconds
        chosen = "+".join(f"eq(pts,{pts})" for pts in all_pts)
        # The deinterlacer halves the ticks of the clock.
        fields = f"{DEINTERLACER},settb={self.tick_seconds}," if film.is_interlaced else ""
        head = head_filters(film.facts, RENDERING)
        size = film.display_size
        return DecodeOrder(
            film=film,
            seek_seconds=None if is_start else seek_seconds,
            select=f"{fields}trim=end_pts={all_pts[-1] + 1},select='{chosen}'",
            render=(f"{head}," if head else "") + tail_filters(film.facts, RENDERING, frame=size),
            size=size,
        )


def encoded_image(rgb: RGB, image_format: RawFormat, quality: int | None = None) -> bytes:
    """Return the bytes of an image file.

    WebP without a quality, and PNG, are lossless; JPEG has 95 without one. Raises ValueError where OpenCV
    cannot encode it (WebP: a side over 16383 pixels).
    """
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    settings = {
        "png": [],
        "webp": [cv2.IMWRITE_WEBP_QUALITY, LOSSLESS_WEBP if quality is None else quality],
        "jpg": [cv2.IMWRITE_JPEG_QUALITY, 95 if quality is None else quality],
    }[image_format]
    try:
        is_done, data = cv2.imencode(f".{image_format}", bgr, settings)
    except cv2.error as error:
        raise ValueError(str(error)) from error
    if not is_done:
        message = f"an image of {rgb.shape[1]}x{rgb.shape[0]} cannot be written as {image_format}"
        raise ValueError(message)
    return data.tobytes()
