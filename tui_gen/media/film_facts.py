"""What is known of one film: the facts of its probe, its index and its survey.

Facts are measured or absent (None), never guessed. They are kept in the ledger under the keys
"probe", "keyframes" and "survey" of a source's facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from tui_gen.media.geometry import Region, Size

ROUNDING_SECONDS = 1e-6


@dataclass(frozen=True, slots=True)
class FilmFile:
    """A film to look at, and how much its children yield to other processes."""

    source: str
    path: str
    niceness: int


@dataclass(frozen=True, slots=True)
class ColourFacts:
    """Names are ffmpeg's ("smpte2084", "bt2020nc", "tv"); None means untagged."""

    pixel_format: str
    bit_depth: int
    transfer: str | None
    primaries: str | None
    matrix: str | None
    range: str | None
    chroma_location: str | None
    max_cll_nits: float | None
    mastering_max_nits: float | None
    dolby_vision_profile: int | None = None
    dolby_vision_compatibility: int | None = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of the container; times are the container's own. The name is foreign text."""

    start_seconds: float
    end_seconds: float
    name: str


@dataclass(frozen=True, slots=True)
class ProbeFacts:
    """Read from the headers and one decoded frame of the first real picture track (ffmpeg's 0:V:0)."""

    container: str
    codec: str
    coded: Size  # stored pixels, before rotation
    sample_aspect: Fraction  # width of a stored pixel over its height; 1 where untagged
    rotation_degrees: int  # clockwise turn that makes the picture upright: 0, 90, 180 or 270
    first_pts_seconds: float
    duration_seconds: float  # of the picture track, from its first PTS to the end of its last frame
    frame_seconds: float | None  # average distance of two frames; None where unknown
    field_order: str  # "progressive", "tt", "bb", "tb", "bt", "unknown"
    colour: ColourFacts
    hdr_class: str  # "pq", "hlg", "sdr"
    # Those that show credits or titles, by their names; None: not looked for when it was probed.
    title_chapters: tuple[Chapter, ...] | None = None
    # Its frames are shown for two and three fields in turn, by flags or by timestamps that say so.
    is_soft_telecined: bool = False

    @property
    def upright(self) -> Size:
        """Stored size with the rotation applied; pixels may still be non-square."""
        turned = self.rotation_degrees in {90, 270}
        return Size(self.coded.height, self.coded.width) if turned else self.coded

    @property
    def upright_aspect(self) -> Fraction:
        """Width of an upright pixel over its height."""
        return 1 / self.sample_aspect if self.rotation_degrees in {90, 270} else self.sample_aspect


@dataclass(frozen=True, slots=True)
class KeyframeIndex:
    """When the key frames of a film are shown, by its container's index, or why that is not known."""

    tick_seconds: Fraction = Fraction(1)
    pts: tuple[int, ...] = ()  # in ticks of the container's own clock, ascending
    unknown: str | None = None

    def times_seconds(self, first_pts_seconds: float) -> tuple[float, ...]:
        """Return the times from the first PTS of the track on; what lies before it is never shown."""
        tick = self.tick_seconds.numerator / self.tick_seconds.denominator
        times = (pts * tick - first_pts_seconds for pts in self.pts)
        return tuple(time for time in times if time > -ROUNDING_SECONDS)


@dataclass(frozen=True, slots=True)
class SurveyFacts:
    """The look at a film just before its first stretch."""

    picture: Region  # inside the bars, in upright stored pixels; the whole frame where there are none
    bar_votes: int  # frames that were bright enough to vote
    is_interlaced: bool  # flags confirmed by looking at the fields
    is_telecined: bool = False  # by 3:2 pulldown: each field repeats in about a fifth of the frames
