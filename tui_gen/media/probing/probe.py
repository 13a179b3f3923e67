"""Reads the facts of a film that planning needs: `probe`.

    probe_child (PyAV)   type of file, track, end of the track             from packets, nothing decoded
    ffmpeg               size, colour, light level, first timestamp       from the first decoded frames

Invariant: a bad file is an Unusable with one short reason, never an exception. A failure that is not caused
by the file (a killed or hung child, an I/O error, a missing file) is a ChildError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from tui_gen.base.formatting import frame_count
from tui_gen.engine.model.work import Unusable
from tui_gen.media.colour import hdr_class, refusal
from tui_gen.media.decoding.frame_log import (
    FrameLog,
    ShownFrame,
    TrackHeader,
    lasting_reason,
)
from tui_gen.media.decoding.planes import aperture_of, bit_depth
from tui_gen.media.ffmpeg import (
    FORMATS,
    MAX_PIXELS,
    Ffmpeg,
    Input,
    input_arguments,
    null_output,
)
from tui_gen.media.film_facts import (
    SURVEY_RULE,
    Chapter,
    ColourFacts,
    FilmFile,
    FrameTimes,
    ProbeFacts,
)
from tui_gen.media.geometry import Aperture, Size
from tui_gen.processes.child_query import ChildQuery, ask
from tui_gen.processes.children import ChildError, Command, Ended, StallLimits, run_child
from tui_gen.processes.keepalive import Line

PROBE_CHILD = Path(__file__).with_name("probe_child.py")
PROBE_LIMITS = StallLimits(first_seconds=60.0, next_seconds=60.0)
MORE_FRAMES = 2
"""The number of frames decoded beyond `least_frames`."""
SURELY_NOT_SHORT, LOST_SHARE = 24, 3
"""A film whose headers state this number of frames, and this multiple of those decoded, is not short."""
FIELDLESS = frozenset({"hevc", "vp9", "av1"})
"""Codecs of which one frame suffices; of others the first few frames may have different flags."""
ROUNDING_SECONDS = 1e-6
LEAST_FIELDS = 4
"""The number of pictures that must be top and bottom fields in turn in a field-coded film."""


class SourceMissingError(ChildError):
    """The file does not exist, or no longer exists."""


@dataclass(frozen=True, slots=True)
class _Bad:
    reason: str
    detail: str = ""


async def probe(
    file: FilmFile, *, least_frames: int, ffmpeg: Ffmpeg, limits: StallLimits = PROBE_LIMITS
) -> ProbeFacts | Unusable:
    """Return the facts of a film, or why it is unusable, for example with fewer than `least_frames` frames.

    Raises ChildError for a failure worth another attempt.
    """
    found = await _probed(file, least_frames, ffmpeg=ffmpeg, limits=limits)
    if isinstance(found, _Bad):
        return Unusable(file.source, found.reason, found.detail)
    return found


async def _probed(
    file: FilmFile, least_frames: int, *, ffmpeg: Ffmpeg, limits: StallLimits
) -> ProbeFacts | _Bad:
    container = await _container_facts(file, limits=limits)
    if isinstance(container, _Bad):
        return container
    watch = _Watch(file, ffmpeg, limits, track=container["index"])
    first_key_seconds = container.get("first_key_seconds")
    if first_key_seconds is not None and container["codec"] in FIELDLESS:
        seen = await watch.key_frame()
        # Of pictures that are flagged as fields, more than one has to be seen.
        if seen.is_sound(first_key_seconds) and seen.log.frames[0].fields == "P":
            return _refused(container, seen.log, seen.header) or _facts(container, seen.log, seen.header)
    # Without timestamps in the container, the end of the track is only known after reading every frame.
    seen = await watch.frames(least_frames + MORE_FRAMES if container["has_timestamps"] else None)
    too_few = _too_few(seen, least_frames, container)
    if too_few is not None:
        return too_few
    return _refused(container, seen.log, seen.header) or _facts(container, seen.log, seen.header)


@dataclass(frozen=True, slots=True)
class _Seen:
    """The output of ffmpeg about the first frames."""

    log: FrameLog
    header: TrackHeader
    ended: Ended

    def is_sound(self, expected_seconds: float) -> bool:
        """Return whether it is the one expected frame, without any error message."""
        if self.ended.status or self.log.damage or self.log.has_passing_error or not self.log.frames:
            return False
        return abs(self.log.frames[0].pts_seconds - expected_seconds) < ROUNDING_SECONDS


@dataclass(frozen=True, slots=True)
class _Watch:
    """Decodes the beginning of a film."""

    file: FilmFile
    ffmpeg: Ffmpeg
    limits: StallLimits
    track: int

    async def frames(self, count: int | None) -> _Seen:
        """Decode this number of frames, or all."""
        return await self._decoded([], [] if count is None else ["-frames:v", str(count)])

    async def key_frame(self) -> _Seen:
        """Decode only the first key frame: large pictures take long."""
        return await self._decoded(["-skip_frame", "nokey", "-t", "0.01"], ["-frames:v", "1"])

    async def _decoded(self, given: Sequence[str], limit: Sequence[str]) -> _Seen:
        log, header = FrameLog(), TrackHeader(self.track)

        def take(line: str) -> Line:
            header.take(line)
            return log.take(line)

        def arguments(_: object) -> list[str]:
            source = input_arguments(Input(self.file.path, loglevel="verbose"))
            source.remove("-xerror")  # damage in other frames does not matter to the probe
            source[-2:-2] = given
            *output, target = null_output("showinfo=checksum=0")
            return [*source, *output, *limit, target]

        command = Command(
            program=self.ffmpeg.path,
            arguments=arguments,
            on_line=take,
            limits=self.limits,
            niceness=self.file.niceness,
        )
        return _Seen(log, header, await run_child(command))


async def _container_facts(file: FilmFile, *, limits: StallLimits) -> dict[str, Any] | _Bad:
    """Ask the probe child; translate its answer about the file."""
    words = (FORMATS, str(MAX_PIXELS))
    answer, tail = await ask(ChildQuery(PROBE_CHILD, file.path, words, "the probe", limits, file.niceness))
    if "missing" in answer:
        reason = "file not found"
        raise SourceMissingError(reason)
    if "passing" in answer:
        raise ChildError(answer["passing"], tail)
    if "unusable" in answer:
        return _Bad(answer["unusable"], answer.get("detail", "") or tail)
    return answer


def _too_few(seen: _Seen, least_frames: int, container: Mapping[str, Any]) -> _Bad | None:
    """Return why the first frames are not enough, or None. Raises ChildError."""
    log, ended = seen.log, seen.ended
    if ended.has_stalled:
        reason = "ffmpeg hung on the first frames"
        raise ChildError(reason, ended.tail)
    if ended.was_killed:
        reason = f"ffmpeg was killed by signal {-ended.status}"
        raise ChildError(reason, ended.tail)
    count = len(log.frames)
    if count >= least_frames:
        return None
    if log.has_passing_error:
        reason = "the first frames could not be read"
        raise ChildError(reason, ended.tail)
    why = _why_so_few(log, ended, container)
    return _Bad(why or f"too short: only {frame_count(count)}, need {least_frames}", ended.tail)


def _refused(container: dict[str, Any], log: FrameLog, header: TrackHeader) -> _Bad | None:
    """Return why no clip can be made of such frames, or None."""
    size = log.frames[0].size
    if size.width * size.height > MAX_PIXELS:
        return _Bad(f"larger than allowed: {size}, the limit is {MAX_PIXELS} pixels")
    if _are_single_fields(log):
        return _Bad(f"field-coded {container['codec']}: each of its pictures is one field, not a frame")
    refused = refusal(_colour(container, log, header))
    return _Bad(refused) if refused else None


def _are_single_fields(log: FrameLog) -> bool:
    """Return whether top and bottom fields alternate from picture to picture."""
    fields = [frame.fields for frame in log.frames]
    return len(fields) >= LEAST_FIELDS and all({one, other} == {"T", "B"} for one, other in pairwise(fields))


def _why_so_few(log: FrameLog, ended: Ended, container: Mapping[str, Any]) -> str | None:
    """Return why there are few frames, or None if the film is short."""
    count, codec, stated = len(log.frames), container["codec"], container["stated_frames"]
    if reason := log.lasting_reason or lasting_reason(ended.tail):
        return reason.replace("unsupported codec none", f"unsupported codec {codec}")
    if container["fault"] is not None:
        return str(container["fault"])
    if not count and (log.damage or ended.status):
        return f"corrupt: no frame of its {codec} track can be decoded"
    if stated >= max(SURELY_NOT_SHORT, LOST_SHARE * count):
        return f"corrupt: only {frame_count(count)} of about {stated} can be decoded"
    return None if count else "no frames"


def _facts(container: dict[str, Any], log: FrameLog, header: TrackHeader) -> ProbeFacts | _Bad:
    first = log.frames[0]
    turned = header.rotation_degrees in {90, 270}
    size = Size(first.size.height, first.size.width) if turned else first.size
    width, height = first.sample_aspect
    aspect = Fraction(width, height) if width and height else Fraction(1)
    frame_seconds, end_seconds = _extent(container, log)
    if end_seconds <= first.pts_seconds:
        return _Bad("no duration: all frames carry one timestamp")
    colour = _colour(container, log, header)
    return ProbeFacts(
        container=container["container"],
        codec=container["codec"],
        coded=size,
        sample_aspect=1 / aspect if turned else aspect,
        rotation_degrees=header.rotation_degrees,
        first_pts_seconds=first.pts_seconds,
        duration_seconds=end_seconds - first.pts_seconds,
        frame_seconds=frame_seconds,
        field_order=_field_order(header.field_order, log.frames),
        colour=colour,
        hdr_class=hdr_class(colour.transfer),
        is_soft_telecined=container["is_soft_telecined"],
        first_aspect=first.sample_aspect if all(first.sample_aspect) else None,
        frame_times=_frame_times(container),
        parts_seconds=_parts(container),
        stereo=None if log.has_view_id else log.stereo,
        is_stereo_inverted=log.is_stereo_inverted,
        aperture=_aperture(container, header, size, first.pixel_format),
        title_chapters=tuple(Chapter(*chapter) for chapter in container["title_chapters"]),
        survey_rule=SURVEY_RULE,
    )


def _frame_times(container: dict[str, Any]) -> FrameTimes | None:
    if not container["has_timestamps"] or container["frame_times"] is None:
        return None
    return FrameTimes(Fraction(*container["tick"]), tuple(container["frame_times"]))


def _parts(container: dict[str, Any]) -> tuple[tuple[float, float], ...]:
    parts = tuple((begin, end) for begin, end in container["parts_seconds"])
    return parts if len(parts) > 1 else ()


def _aperture(
    container: dict[str, Any], header: TrackHeader, shown: Size, pixel_format: str
) -> Aperture | None:
    """Return where the picture lies in decoded frames, if the container crops them."""
    decoded = Size(*container["decoded"])
    if header.cropped is None or decoded == shown:
        return None
    left, _, top, _ = header.cropped
    return aperture_of(pixel_format, shown, decoded, cropped_left=left, cropped_top=top)


def _extent(container: dict[str, Any], log: FrameLog) -> tuple[float | None, float]:
    """Return (distance of two frames, end of the last frame), from packets or else from all frames."""
    if container["has_timestamps"]:
        return container["frame_seconds"], container["end_seconds"]
    first, last = log.frames[0].pts_seconds, log.frames[-1].pts_seconds
    frame_seconds = (last - first) / (len(log.frames) - 1)
    return frame_seconds or None, last + frame_seconds


def _field_order(stated: str, frames: list[ShownFrame]) -> str:
    """Return the stated order, or that of the frames if the stated order is "progressive" or unknown."""
    fields = {frame.fields for frame in frames}
    if stated in {"unknown", "progressive"}:
        if "T" in fields:
            return "tt"
        if "B" in fields:
            return "bb"
    return stated


def _colour(container: dict[str, Any], log: FrameLog, header: TrackHeader) -> ColourFacts:
    first, profile, compatibility = (
        log.frames[0],
        header.dolby_vision_profile,
        header.dolby_vision_compatibility,
    )
    if log.has_ipt_rpu:  # a remux may have lost the container's record
        profile, compatibility = (10 if container["codec"] == "av1" else 5), 0
    unknown = ("unknown",) * 4
    known = [None if tag in {"unknown", "reserved"} else tag for tag in log.tags or unknown]
    location = first.chroma_location or header.chroma_location
    return ColourFacts(
        pixel_format=first.pixel_format,
        bit_depth=bit_depth(first.pixel_format),
        transfer=known[3],
        primaries=known[2],
        matrix=known[1],
        range=known[0],
        chroma_location=None if location in {"unspecified", "unknown"} else location,
        max_cll_nits=log.max_cll_nits,
        mastering_max_nits=log.mastering_max_nits,
        dolby_vision_profile=profile,
        dolby_vision_compatibility=compatibility,
    )
