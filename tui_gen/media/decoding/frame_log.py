"""Parses ffmpeg's stderr line by line: frames shown, damage, facts of the track, reasons of failures.

Pure, except for the log that grows. showinfo directly follows the decoder, so its lines are the decoder's
output in order, including frames that nothing uses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tui_gen.media.geometry import Size
from tui_gen.processes.keepalive import Line

MAX_DAMAGE = 1000

_TIME_BASE = re.compile(r"config in time_base: (\d+)/(\d+)")
_FRAME = re.compile(
    r"n: *\d+ pts: *(?P<pts>-?\d+|NOPTS) .*?fmt:(?P<format>\S+) (?:cl:(?P<location>\S+) )?.*?"
    r"sar:(?P<sar_width>\d+)/(?P<sar_height>\d+) s:(?P<width>\d+)x(?P<height>\d+) "
    r"i:(?P<fields>.) iskey:(?P<key>\d)(?: type:(?P<type>\S))?"
)
_TRANSFERS = (
    "unknown|reserved|bt709|bt470m|bt470bg|smpte170m|smpte240m|linear|log100|log316|iec61966-2-4|iec61966-2-1|"
    "bt1361e|bt2020-10|bt2020-12|smpte2084|smpte428|arib-std-b67"
)
# ffmpeg prints the four in turn. What another thread prints right after the last one is not part of its name.
_TAGS = re.compile(rf"color_range:(\S+) color_space:(\S+) color_primaries:(\S+) color_trc:({_TRANSFERS}|\S+)")
# Of a line that showinfo has written to its end. Into one that it has not, another thread may print an error.
_LAST_WORDS = ("type:", "color_trc:", "checksum:")
_RPU = re.compile(r"Dolby Vision Metadata: .*?vdr_rpu_profile=(\d+);.*?bl_video_full_range_flag=(\d)")
_STEREO = re.compile(r"Stereo 3D: type - ([^,(]+)")
_DAMAGE = re.compile(
    r"Could not find ref with POC|Error constructing the frame RPS|[Mm]issing reference|"
    r"reference picture missing|co located POCs unavailable|error while decoding|concealing|"
    r"corrupt decoded frame|decode_slice_header error|Invalid NAL unit|ac-tex damaged|invalid level prefix|"
    r"non-existing PPS|[Ii]nvalid data found|Error submitting packet|cabac decode|slice mismatch|"
    r"Warning MVs not available|left block unavailable|top block unavailable|out of range intra"
)
_PASSING = re.compile(
    r"Input/output error|Cannot allocate memory|Resource temporarily unavailable|Stale file handle|"
    r"No such file or directory|Permission denied|Transport endpoint is not connected|Too many open files|"
    r"MemoryError|Read error"
)
_LASTING: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"No such filter: '?(\w+)"), "this ffmpeg has no filter {}"),
    (re.compile(r"[Nn]o path between colou?rspaces"), "its colours cannot be converted"),
    (re.compile(r"Impossible to convert between the formats"), "its pixel format cannot be converted"),
    (re.compile(r"no decoder found for: (\w+)"), "unsupported codec {}"),
    (re.compile(r"Decoder \(codec (\w+)\) not found"), "unsupported codec {}"),
    (
        re.compile(r"(?:exceeds|more than) max_pixels|Picture size (\d+x\d+) is invalid"),
        "too large to decode",
    ),
    (re.compile(r"matches no streams"), "no picture track"),
    (
        re.compile(r"error code: -17 \(File exists\)"),  # of ffmpeg 8 and 9, when filters are set up
        "its container and its stream both state 3D, which this ffmpeg does not read",
    ),
)


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """One decoded frame, upright, in output order."""

    pts_seconds: float  # in the container's clock
    is_key: bool
    size: Size
    pixel_format: str
    chroma_location: str | None
    sample_aspect: tuple[int, int]
    fields: str  # "P", "T" or "B"
    picture_type: str = "?"  # "I", "P", "B"


@dataclass(slots=True)
class FrameLog:
    """The information from the lines seen so far."""

    frames: list[ShownFrame] = field(default_factory=list)
    # (number of frames shown before the line, the line)
    damage: list[tuple[int, str]] = field(default_factory=list)
    # of the first frame: range, matrix, primaries, transfer
    tags: tuple[str, str, str, str] | None = None
    # The same of the frames that state them: position in `frames` -> tags.
    frame_tags: dict[int, tuple[str, str, str, str]] = field(default_factory=dict)
    max_cll_nits: float | None = None
    mastering_max_nits: float | None = None
    # The first frame's Dolby Vision RPU is that of a base layer in Dolby's own colours (IPT).
    has_ipt_rpu: bool = False
    stereo: str | None = None  # how the first frame holds the pictures of two eyes: "side by side"
    is_stereo_inverted: bool = False  # the right eye's picture is first
    has_view_id: bool = False  # the decoder gives the frames of one eye alone (MV-HEVC)
    has_passing_error: bool = False
    lasting_reason: str | None = None
    _tick_seconds: float = 0.0

    def take(self, line: str) -> Line:
        """Parse one line; return its kind."""
        if "[Parsed_showinfo" in line:
            worth = self._take_shown(line)
            if not line[line.rfind(" ") + 1 :].startswith(_LAST_WORDS):
                self._take_message(line)
            return worth
        if "[info]" in line or "[verbose]" in line:
            return Line.NOISE
        self._take_message(line)
        return Line.KEPT

    def _take_message(self, line: str) -> None:
        self.has_passing_error |= _PASSING.search(line) is not None
        if self.lasting_reason is None:
            self.lasting_reason = lasting_reason(line)
        if _DAMAGE.search(line) and len(self.damage) < MAX_DAMAGE:
            self.damage.append((len(self.frames), line))

    def _take_shown(self, line: str) -> Line:
        # Lines of side data are long and frequent; only lines of frames are matched with the pattern.
        if " pts_time:" in line and (match := _FRAME.search(line)):
            self._take_frame(match)
            return Line.SIGN
        if match := _TIME_BASE.search(line):
            self._tick_seconds = int(match[1]) / int(match[2])
        if self.frames and "color_range:" in line and (match := _TAGS.search(line)):
            self.frame_tags[len(self.frames) - 1] = (match[1], match[2], match[3], match[4])
        if len(self.frames) == 1:
            self._take_first_frame_facts(line)
        return Line.NOISE

    def _take_frame(self, match: re.Match[str]) -> None:
        # A frame without a timestamp has no place in time, so it does not count as a frame.
        if match["pts"] == "NOPTS":
            return
        self.frames.append(
            ShownFrame(
                pts_seconds=int(match["pts"]) * self._tick_seconds,
                is_key=match["key"] == "1",
                size=Size(int(match["width"]), int(match["height"])),
                pixel_format=match["format"],
                chroma_location=match["location"],
                sample_aspect=(int(match["sar_width"]), int(match["sar_height"])),
                fields=match["fields"],
                picture_type=match["type"] or "?",
            )
        )

    def _take_first_frame_facts(self, line: str) -> None:
        if match := _TAGS.search(line):
            self.tags = (match[1], match[2], match[3], match[4])
        elif match := re.search(r"MaxCLL=(\d+)", line):
            self.max_cll_nits = float(match[1])
        elif match := re.search(r"has_luminance:1 .*max_luminance=([\d.]+)", line):
            self.mastering_max_nits = float(match[1])
        elif match := _RPU.search(line):
            # As in ffmpeg's `ff_dovi_guess_profile_hevc`: profile 5 (HEVC), 10.0 (AV1).
            self.has_ipt_rpu = (match[1], match[2]) == ("0", "1")
        elif "side data - View ID" in line:
            self.has_view_id = True
        elif match := _STEREO.search(line):
            self._take_stereo(match[1].strip(), line)

    def _take_stereo(self, packing: str, line: str) -> None:
        if packing not in {"2D", "unspecified"}:
            self.stereo = f"{packing} (quincunx)" if "quincunx" in line else packing
            self.is_stereo_inverted = "(inverted)" in line


def lasting_reason(text: str) -> str | None:
    """Return why every further attempt will fail too, if ffmpeg reports such a reason, else None."""
    for pattern, reason in _LASTING:
        if match := pattern.search(text):
            return reason.format(*match.groups())
    return None


@dataclass(slots=True)
class TrackHeader:
    """The facts of one track that `-loglevel verbose` prints before the first frame."""

    index: int
    field_order: str = "unknown"
    chroma_location: str | None = None
    rotation_degrees: int = 0  # clockwise turn that makes the picture upright
    dolby_vision_profile: int | None = None
    dolby_vision_compatibility: int | None = None
    cropped: tuple[int, int, int, int] | None = None  # by the container: left, right, top, bottom
    _is_ours: bool = False

    def take(self, line: str) -> None:
        """Parse one line."""
        if "Output #" in line or "Stream mapping" in line:
            self._is_ours, self.index = False, -1  # the outputs number their streams independently
        elif match := re.search(r"Stream #0:(\d+)", line):
            self._is_ours = int(match[1]) == self.index
            if self._is_ours:
                self._take_stream(line)
        elif self._is_ours:
            self._take_side_data(line)

    def _take_stream(self, line: str) -> None:
        for words, order in _FIELD_ORDERS:
            if words in line:
                self.field_order = order
        if match := re.search(r"[ (](topleft|top|bottomleft|bottom|left|center)\)", line):
            self.chroma_location = match[1]

    def _take_side_data(self, line: str) -> None:
        if match := re.search(r"rotation of (-?[\d.]+) degrees", line):
            turn = round(-float(match[1])) % 360
            self.rotation_degrees = turn if turn % 90 == 0 else 0
        elif match := re.search(r"Frame Cropping: (\d+)/(\d+)/(\d+)/(\d+)", line):
            left, right, top, bottom = map(int, match.groups())
            self.cropped = (left, right, top, bottom)
        elif match := re.search(
            r"DOVI configuration record: .*?profile: (\d+).*?compatibility id: (\d+)", line
        ):
            self.dolby_vision_profile = int(match[1])
            self.dolby_vision_compatibility = int(match[2])


_FIELD_ORDERS = (
    ("progressive", "progressive"),
    ("top first", "tt"),
    ("bottom first", "bb"),
    ("top coded first", "tb"),
    ("bottom coded first", "bt"),
)
