"""Surveys a window of an episode: which frames are no repetition of the last kept one, and how they look.

    showinfo ─> [bwdif] ─> trim ─> mpdecimate ─> showinfo@kept ─> scale ─> colour ─> thumbnail, sharpness

mpdecimate compares 8x8 blocks on a grid of 4 pixels with the last kept frame by their sums of absolute
differences, in each plane and without its first 8 columns. A frame is kept if one sum is over `hi`, or more
than `frac` of (w/16)(h/16) sums are over `lo`.

Invariant: a survey depends on the file, the window and the options alone. Each window begins anew. The
exception is damaged data: how many frames around them are left out depends on when ffmpeg's threads report
errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.anime.frames.decoding import (
    DEINTERLACER,
    ENTRY_LEADS_SECONDS,
    DecodedFrame,
    DecodeOrder,
    DecoderLog,
    decoding,
)
from tui_gen.jobs.anime.frames.film import EpisodeFilm
from tui_gen.jobs.anime.frames.options import SurveyOptions
from tui_gen.jobs.anime.frames.pictures import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, sharpness, thumbnail
from tui_gen.jobs.anime.frames.windows import Window, numbering
from tui_gen.jobs.anime.model import FrameEmbedder
from tui_gen.media.colour import Rendering, colour_tags, small_chain

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB

SURVEY_WIDTH = 640
RENDERING = Rendering(chroma="444")


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """The candidates of one window, in the order of time. All arrays have one row per candidate."""

    window: Window
    tick_seconds: Fraction  # 0 if no frame was shown
    pts: NDArray[np.int64]  # [n], in ticks of the track
    numbers: NDArray[np.int64]  # [n], of the frame in the episode
    thumbnails: NDArray[np.uint8] = field(repr=False)  # [n, 16, 32, 3], Lab
    sharpness: NDArray[np.float32] = field(repr=False)  # [n], variance of the Laplacian at 640 columns
    vectors: NDArray[np.float32] = field(repr=False)  # [n, dimensions]; [n, 0] without an embedder
    seen: int  # frames of the window that were decoded
    damaged: int  # candidates left out because their data are damaged
    complaint: str | None = None  # why the window was not decoded to its end

    def __len__(self) -> int:
        """Return the number of candidates."""
        return len(self.pts)


def survey_window(
    film: EpisodeFilm,
    window: Window,
    options: SurveyOptions,
    *,
    alive: Callable[[], None],
    embedder: FrameEmbedder | None = None,
) -> Survey:
    """Survey a window with one ffmpeg; another one from an earlier place if decoding began too late.

    Raises ChildError for a failure worth another attempt, ObstructedError, and what `alive` raises. Damaged
    data are no error: see `Survey.damaged` and `Survey.complaint`.
    """
    if options.duplicate_method == "embedding" and embedder is None:
        message = "duplicate_method embedding needs a model: set detect_duplicate_model"
        raise ValueError(message)
    begin_seconds = film.facts.first_pts_seconds + window.begin_seconds
    is_anywhere = window.begin_seconds > 0 and not film.facts.is_elementary
    for lead_seconds in ENTRY_LEADS_SECONDS if is_anywhere else (None,):
        order = _order(film, window, options, lead_seconds)
        found = _Candidates(options, embedder if options.duplicate_method == "embedding" else None)
        with decoding(order, alive) as decoder:
            is_from_start = order.seek_seconds is None
            for frame in decoder.frames():
                if not (is_from_start or found or decoder.log.has_entry_before(begin_seconds)):
                    break
                found.add(frame)
            else:
                if is_from_start or found or decoder.log.has_entry_before(begin_seconds):
                    return found.survey(film, window, decoder.log, decoder.complaint)
    message = "no attempt from the start of the file"
    raise AssertionError(message)


def _order(
    film: EpisodeFilm, window: Window, options: SurveyOptions, lead_seconds: float | None
) -> DecodeOrder:
    begin_seconds = film.facts.first_pts_seconds + window.begin_seconds
    seek_seconds = None if lead_seconds is None else begin_seconds - lead_seconds
    is_start = seek_seconds is not None and seek_seconds <= film.facts.first_pts_seconds
    small = film.small_size(SURVEY_WIDTH)
    return DecodeOrder(
        film=film,
        seek_seconds=None if is_start else seek_seconds,
        select=",".join(_selecting(film, window, options)),
        # Shrunk first: the conversion of colours costs more than the filter that shrinks.
        render=small_chain(
            film.facts,
            RENDERING,
            shrunk=f"scale={small.width}:{small.height}:flags=area",
            frame=small,
        ),
        size=small,
        given=("-skip_frame", "nokey") if options.extract_key else (),
    )


def _selecting(film: EpisodeFilm, window: Window, options: SurveyOptions) -> Iterable[str]:
    first_seconds = film.facts.first_pts_seconds
    # Key frames have no neighbours, which the filter needs.
    if film.is_interlaced and not options.extract_key:
        yield DEINTERLACER
    # The end of a window and the begin of the next are the same text, so no frame is in both or in none.
    limits = [f"start={first_seconds + window.begin_seconds:.6f}"] if window.begin_seconds else []
    limits += [] if window.end_seconds is None else [f"end={first_seconds + window.end_seconds:.6f}"]
    if limits:
        yield f"trim={':'.join(limits)}"
    if colour_tags(film.facts).matrix == "gbr":
        yield "format=gbrp"  # otherwise ffmpeg may choose a format with another matrix for mpdecimate
    yield f"mpdecimate=hi={options.hi}:lo={options.lo}:frac={options.frac}"


class _Candidates:
    """Collects what is measured on the candidates of a window."""

    def __init__(self, options: SurveyOptions, embedder: FrameEmbedder | None) -> None:
        self._batch_size = options.detect_duplicate_batch_size
        self._embedder = embedder
        self._batch: list[RGB] = []
        self._vectors = list[NDArray[np.float32]]()
        self._pts = list[int]()
        self._thumbnails = list[NDArray[np.uint8]]()
        self._sharpness = list[float]()

    def __bool__(self) -> bool:
        return bool(self._pts)

    def add(self, frame: DecodedFrame) -> None:
        self._pts.append(frame.pts)
        self._thumbnails.append(thumbnail(frame.rgb))
        self._sharpness.append(sharpness(frame.rgb))
        if self._embedder is not None:
            self._batch.append(frame.rgb)
            if len(self._batch) == self._batch_size:
                self._embed(self._embedder)

    def _embed(self, embedder: FrameEmbedder) -> None:
        self._vectors.append(np.asarray(embedder.embed(self._batch), np.float32))
        self._batch = []

    def survey(self, film: EpisodeFilm, window: Window, log: DecoderLog, complaint: str | None) -> Survey:
        if self._embedder is not None and self._batch:
            self._embed(self._embedder)
        tick = log.tick or Fraction(0)
        numbers, whole = self._numbered(film, log)
        begin = film.facts.first_pts_seconds + window.begin_seconds
        end = None if window.end_seconds is None else film.facts.first_pts_seconds + window.end_seconds
        seen = [frame.pts_seconds for frame in log.shown.frames]
        shape = (-1, THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, 3)
        vectors = np.concatenate(self._vectors) if self._vectors else np.empty((len(self._pts), 0))
        return Survey(
            window=window,
            tick_seconds=tick,
            pts=np.array(self._pts, np.int64)[whole],
            numbers=np.array(numbers, np.int64)[whole],
            thumbnails=np.array(self._thumbnails, np.uint8).reshape(shape)[whole],
            sharpness=np.array(self._sharpness, np.float32)[whole],
            vectors=vectors.astype(np.float32)[whole],
            seen=sum(
                (begin <= each or not window.begin_seconds) and (end is None or each < end) for each in seen
            ),
            damaged=int((~whole).sum()),
            complaint=complaint,
        )

    def _numbered(self, film: EpisodeFilm, log: DecoderLog) -> tuple[list[int], NDArray[np.bool_]]:
        """Return the numbers, and which candidates have a number and whole data."""
        tick = log.tick or Fraction(0)
        number = numbering(film.facts, tick) if tick else None
        found = [None if number is None else number(pts) for pts in self._pts]
        whole = [
            each is not None and not log.is_damaged_at(float(pts * tick))
            for pts, each in zip(self._pts, found, strict=True)
        ]
        return [each or 0 for each in found], np.array(whole, np.bool_)
