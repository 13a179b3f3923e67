"""The facts about one film: its probe, its key frame index and its survey.

A fact is measured or absent (None), never guessed. The ledger keeps the facts under the keys "probe",
"keyframes" and "survey" of a source's facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from tui_gen.media.container_formats import ELEMENTARY_STREAMS
from tui_gen.media.geometry import Aperture, Region, Size

ROUNDING_SECONDS = 1e-6
INTERLACED_ORDERS = frozenset({"tt", "bb", "tb", "bt"})
"""The values of `ProbeFacts.field_order` that flag a film as interlaced."""
SURVEY_RULE = 2
"""The rule that films are probed with now. 2: in a large picture, a few places that agree can be enough."""


@dataclass(frozen=True, slots=True)
class FilmFile:
    """A film's file, and the niceness of the children that read it."""

    source: str
    path: str
    niceness: int


@dataclass(frozen=True, slots=True)
class ColourFacts:
    """The colour tags and metadata, by ffmpeg's names ("smpte2084", "bt2020nc", "tv"). None: untagged."""

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
class ConfiguredTags:
    """The colour tags in a video's entry, by ffmpeg's names. None: the film's own."""

    primaries: str | None = None
    transfer: str | None = None
    matrix: str | None = None
    range: str | None = None


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """The timestamps of all frames of a film with a variable rate."""

    tick_seconds: Fraction
    pts: tuple[int, ...]  # in ticks of the container's clock, ascending

    def times_seconds(self, first_pts_seconds: float) -> tuple[float, ...]:
        """Return the times from the first PTS of the track on; frames before it are never shown."""
        tick = self.tick_seconds.numerator / self.tick_seconds.denominator
        times = (pts * tick - first_pts_seconds for pts in self.pts)
        return tuple(time for time in times if time > -ROUNDING_SECONDS)


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of the container, with times of the container. The name is untrusted text."""

    start_seconds: float
    end_seconds: float
    name: str


@dataclass(frozen=True, slots=True)
class ProbeFacts:
    """The facts in the headers and one decoded frame of the first video track (ffmpeg's 0:V:0)."""

    container: str
    codec: str
    coded: Size  # stored pixels that are shown, before rotation
    sample_aspect: Fraction  # width of a stored pixel divided by its height; 1 if untagged
    rotation_degrees: int  # clockwise turn that makes the picture upright: 0, 90, 180 or 270
    first_pts_seconds: float
    duration_seconds: float  # of the video track, from its first PTS to the end of its last frame
    frame_seconds: float | None  # average distance of two frames; None if unknown
    field_order: str  # "progressive", "tt", "bb", "tb", "bt", "unknown"
    colour: ColourFacts
    hdr_class: str  # "pq", "hlg", "sdr"
    # Chapters with names of credits or titles; None: probed by a version that did not look for them.
    title_chapters: tuple[Chapter, ...] | None = None
    # Frames are shown for two and three fields in turn, by their flags or by their timestamps.
    is_soft_telecined: bool = False
    # The first and last timestamp of each part of a joined stream whose timestamps jump; (): no jump.
    parts_seconds: tuple[tuple[float, float], ...] = ()
    # How a frame holds the pictures of two eyes, by ffmpeg's names ("side by side"); None: there is one.
    stereo: str | None = None
    is_stereo_inverted: bool = False  # the right eye's picture is first
    aperture: Aperture | None = None  # None: the decoder's frames are shown whole
    first_aspect: tuple[int, int] | None = None  # of the first frame, as ffmpeg states it
    frame_times: FrameTimes | None = None  # of all frames, if their distance varies
    # The version of the rule by which the survey chooses its places. 1: probed by a version without the
    # rule. A film keeps the rule that it was probed with, so an older run folder goes on as it began.
    survey_rule: int = 1
    # The names of the tags of `colour` that the video's entry states instead of the film; never recorded.
    configured_tags: tuple[str, ...] = ()

    @property
    def is_elementary(self) -> bool:
        """Whether the film is a raw stream, which can only be read from its start."""
        return self.container in ELEMENTARY_STREAMS

    @property
    def upright(self) -> Size:
        """The stored size with rotation applied; pixels may still be non-square."""
        turned = self.rotation_degrees in {90, 270}
        return Size(self.coded.height, self.coded.width) if turned else self.coded

    @property
    def even_upright(self) -> Size:
        """The upright size without an odd last column and line, which are cropped."""
        return self.upright.even()

    @property
    def upright_aspect(self) -> Fraction:
        """The width of an upright pixel divided by its height."""
        return 1 / self.sample_aspect if self.rotation_degrees in {90, 270} else self.sample_aspect


@dataclass(frozen=True, slots=True)
class KeyframeIndex:
    """The times of the key frames of a film, from its container's index, or why they are unknown."""

    tick_seconds: Fraction = Fraction(1)
    pts: tuple[int, ...] = ()  # in ticks of the container's clock, ascending
    unknown: str | None = None

    def times_seconds(self, first_pts_seconds: float) -> tuple[float, ...]:
        """Return the times from the first PTS of the track on; key frames before it are never shown."""
        tick = self.tick_seconds.numerator / self.tick_seconds.denominator
        times = (pts * tick - first_pts_seconds for pts in self.pts)
        return tuple(time for time in times if time > -ROUNDING_SECONDS)


ASPECT = "sample aspect"
"""How `OtherPart.unlike` begins if only the decoder tells, and not ffmpeg."""


@dataclass(frozen=True, slots=True)
class OtherPart:
    """A part of a film that states other facts than its first frame; its windows are rejected.

    It begins and ends somewhere between the places looked at: the times, in seconds from the first PTS, are
    those of the last place before it and of the first place after it.
    """

    begin_seconds: float
    end_seconds: float
    unlike: str  # "transfer smpte2084, not bt709"

    def is_of_shape_at(self, seconds: float) -> bool:
        """Return whether the picture may have another shape at a time from the first PTS."""
        return self.unlike.startswith(ASPECT) and self.begin_seconds < seconds < self.end_seconds


@dataclass(frozen=True, slots=True)
class SurveyFacts:
    """The facts from the survey of a film, just before its first stretch."""

    picture: Region  # inside the bars, in upright stored pixels; the whole frame without bars
    bar_votes: int  # number of frames that were bright enough to vote
    is_interlaced: bool  # by its fields, at most places that move
    is_telecined: bool = False  # hard 3:2 pulldown: each field repeats in about a fifth of the frames
    # The field that is first, "tff" or "bff", as measured; None: as the frames' own flags say.
    first_field: str | None = None
    # The parts that are interlaced in a film that is otherwise not: (begin, end) in seconds from the first
    # PTS, between the places looked at. Their windows are rejected where they are combed.
    combed_parts: tuple[tuple[float, float], ...] = ()
    other_parts: tuple[OtherPart, ...] = ()
    # The first votes agreed, and no others were asked for: they tell the bars, however few they are.
    are_votes_enough: bool = False
    # The key frames of a film that has few of them, by its index, in seconds from the first PTS, correct to a
    # few frames. (): they are near each other, or unknown.
    far_keys_seconds: tuple[float, ...] = ()
