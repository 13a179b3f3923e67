"""Looks at a film before its first stretch: bars, interlacing, and whether the film can be decoded.

short films   one pass over all frames; evenly spaced frames vote
long films    a key frame at each of evenly spaced places votes

One child with its own decoders does this (survey_child.py). If the child cannot decode the film, ffmpeg
decodes it, one process for each place; its messages also state why a film is unusable.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres.extraction.reading.luma import LumaPlane, luma_plane
from tui_gen.jobs.superres.extraction.rendering import rendering
from tui_gen.jobs.superres.films.bars import ENOUGH_VOTES, Bars, picture_inside, vote
from tui_gen.jobs.superres.units import Survey
from tui_gen.media.colour import colour_chain
from tui_gen.media.decoding.frame_log import FrameLog, lasting_reason
from tui_gen.media.decoding.planes import planes_of
from tui_gen.media.ffmpeg import (
    FORMATS,
    Ffmpeg,
    Input,
    input_arguments,
    null_output,
    raw_output,
)
from tui_gen.media.film_facts import ProbeFacts, SurveyFacts
from tui_gen.media.geometry import Size
from tui_gen.processes.children import (
    ChildError,
    Command,
    Ended,
    ExactSink,
    Sink,
    StallLimits,
    TextSink,
    run_child,
)
from tui_gen.processes.keepalive import SIGN, Line

SURVEY_CHILD = Path(__file__).with_name("survey_child.py")
SURVEY_LIMITS = StallLimits(first_seconds=120.0, next_seconds=60.0)
PLACES = 16
"""The number of places looked at, and of further places if the votes of the first do not agree."""
SAMPLES = 24
PASS_PIXELS = 2.5e8  # a film with fewer pixels in all its frames is decoded completely
PLACES_AT_ONCE = 4
"""The number of decoders that look at a film in parallel, limited by the number of cores: the other work on
the film has to wait for the survey."""
TRIES = 2
STEP_BEHIND = 2  # reference frames from one vote to the next: about five frames
IDET_FRAMES = 60
IDET_PLACES = (0.2, 0.5, 0.8)
# A decoder outputs a picture when it has the next picture, or at the end of its input.
_KEY_FRAME_ALONE = ("-skip_frame", "nokey", "-t", "0.01")
TELECINE_SHARES = (0.12, 0.28)  # of the frames; in 3:2 pulldown each field repeats in one fifth
TELECINED_RATE = 30000 / 1001
TELECINED_TOLERANCE = 0.005
WOVEN_LINES = 1088
_Arguments = Callable[[Sequence[int]], list[str]]
INTERLACED_ORDERS = frozenset({"tt", "bb", "tb", "bt"})


async def survey(
    unit: Survey, *, ffmpeg: Ffmpeg, limits: StallLimits = SURVEY_LIMITS
) -> SurveyFacts | Unusable:
    """Return the facts about the film, or why the film is unusable. Raises ChildError."""
    look = _Look(unit, ffmpeg, limits)
    if not await look.ask_child():
        await (look.pass_over() if _is_short(unit.probe) else look.visit())
    if not look.frames_decoded:
        reason = look.lasting_reason or "corrupt: none of its frames can be decoded"
        return Unusable(unit.source, reason, look.tail)
    if refused := await look.refused_colour():
        return Unusable(unit.source, refused, look.tail)
    is_flagged = unit.probe.field_order in INTERLACED_ORDERS
    fields = await look.fields() if is_flagged or _may_be_woven(unit.probe) else _Fields()
    return SurveyFacts(
        picture_inside(look.votes, unit.probe.upright),
        len(look.votes),
        is_flagged and fields.are_combed,
        is_telecined=fields.are_telecined,
    )


def _may_be_woven(probe: ProbeFacts) -> bool:
    """Return whether frames without a flag may be telecined, by their rate and size."""
    lines, frame = min(probe.coded.width, probe.coded.height), probe.frame_seconds
    return (
        lines <= WOVEN_LINES and frame is not None and abs(frame * TELECINED_RATE - 1) < TELECINED_TOLERANCE
    )


def _is_short(probe: ProbeFacts) -> bool:
    return _frames(probe) * probe.coded.width * probe.coded.height <= PASS_PIXELS


def _frames(probe: ProbeFacts) -> float:
    return probe.duration_seconds / (probe.frame_seconds or 0.04)


def _step(probe: ProbeFacts) -> int:
    """Return the distance of two votes in frames, for a pass over all frames."""
    return max(1, int(_frames(probe) // SAMPLES))


def _places_seconds(probe: ProbeFacts, count: int) -> list[float]:
    """Return evenly spaced places in seconds, in the container's clock."""
    share = probe.duration_seconds / count
    return [probe.first_pts_seconds + (number + 0.5) * share for number in range(count)]


@dataclass(slots=True)
class _Look:
    """One survey in progress."""

    unit: Survey
    ffmpeg: Ffmpeg
    limits: StallLimits
    votes: list[Bars] = field(default_factory=list)
    frames_decoded: int = 0
    lasting_reason: str | None = None
    tail: str = ""
    seen_pts: set[float] = field(default_factory=set)
    # Timestamp of a key frame found a second time -> the place from which it was found.
    met_again: dict[float, Input] = field(default_factory=dict)

    async def ask_child(self) -> bool:
        """Let a child do the survey; return whether it could."""
        probe, sink = self.unit.probe, TextSink()
        if planes_of(probe.colour.pixel_format, probe.coded) is None:
            return False
        order = self._order()

        def arguments(pipes: Sequence[int]) -> list[str]:
            return ["-I", str(SURVEY_CHILD), order, str(pipes[0])]

        def take(line: str) -> Line:
            return Line.SIGN if line == SIGN else Line.KEPT

        ended = await run_child(self._command(sys.executable, arguments, [sink], take))
        if ended.has_stalled:
            reason = "the look at the film stalled"
            raise ChildError(reason, ended.tail)
        if ended.was_killed:  # a header that crashes the library may not crash ffmpeg
            return False
        if ended.status or not sink.data:
            reason = "the look at the film failed"
            raise ChildError(reason, ended.tail)
        answer = json.loads(sink.data)
        self.tail = answer.get("unsure", "")
        if not answer.get("frames"):
            return False
        self.frames_decoded = answer["frames"]
        self.votes = [Bars(*bars) for bars in answer["votes"] if bars is not None]
        return True

    def _order(self) -> str:
        probe = self.unit.probe
        places = _places_seconds(probe, 2 * PLACES)
        order = {
            "path": os.path.abspath(self.unit.path),  # noqa: PTH100 - may not be UTF-8
            "formats": FORMATS,
            "pixel_format": probe.colour.pixel_format,
            "size": [probe.coded.width, probe.coded.height],
            "rotation_degrees": probe.rotation_degrees,
            "places_seconds": places[::2],
            "further_places_seconds": places[1::2],
            "step": _step(probe) if _is_short(probe) else None,
            "most_votes": SAMPLES,
            "enough_votes": ENOUGH_VOTES,
            "threads": min(os.cpu_count() or 1, PLACES_AT_ONCE),
        }
        return json.dumps(order)

    async def pass_over(self) -> None:
        """Decode a short film from end to end; every n-th frame votes."""
        frames, step = _frames(self.unit.probe), _step(self.unit.probe)
        filters = f"showinfo=checksum=0,select='not(mod(n\\,{step}))'"
        await self._sample(Input(self.unit.path), filters, count=min(SAMPLES, max(1, int(frames // step))))

    async def visit(self) -> None:
        """Let the key frame before each place vote, and if they are few, also some frames after each."""
        for place in _places_seconds(self.unit.probe, SAMPLES):
            source = Input(self.unit.path, place)
            if not await self._sample(source, "showinfo=checksum=0", count=1, skipped="nokey"):
                await self._sample(source, "showinfo=checksum=0", count=1)
        wanted = ENOUGH_VOTES - len(self.seen_pts)
        if wanted > 0 and self.met_again:
            count = -(-wanted // len(self.met_again))
            filters = f"showinfo=checksum=0,select='gt(n,0)*not(mod(n,{STEP_BEHIND}))'"
            for source in self.met_again.values():
                await self._sample(source, filters, count=count, skipped="noref")

    async def _sample(self, source: Input, filters: str, *, count: int, skipped: str = "default") -> bool:
        """Let `count` frames vote; return whether any frame was decoded. A frame found twice votes once.

        `skipped` is the value of ffmpeg's `skip_frame`: the frames that are not decoded.
        """
        plane, upright = luma_plane(self.unit.probe.colour), self.unit.probe.upright
        luma = np.zeros((count, upright.height, upright.width), plane.dtype)
        sink, log = ExactSink(memoryview(luma.data).cast("B")), FrameLog()
        graph = f"[0:V:0]{filters},{plane.filter}[luma]"

        def arguments(pipes: Sequence[int]) -> list[str]:
            given = input_arguments(source)
            given.remove("-xerror")  # damage at one place does not make the film unusable
            given[-2:-2] = _KEY_FRAME_ALONE if skipped == "nokey" else ["-skip_frame", skipped]
            output = raw_output("[luma]", pipes[0])
            return [*given, "-filter_complex", graph, *output[:-1], "-frames:v", str(count), output[-1]]

        ended = await self._run(arguments, sink, log)
        self.tail = ended.tail or self.tail
        self.lasting_reason = self.lasting_reason or lasting_reason(ended.tail)
        whole = luma[: sink.filled // luma[0].nbytes]
        self.frames_decoded += len(whole)
        if count == 1 and log.frames:
            pts = log.frames[0].pts_seconds
            if pts in self.seen_pts:
                self.met_again.setdefault(pts, source)
                return True
            self.seen_pts.add(pts)
        self.votes += [bars for bars in await asyncio.to_thread(_votes, whole, plane) if bars is not None]
        return bool(len(whole))

    async def refused_colour(self) -> str | None:
        """Return why the colour chain cannot convert this film, or None if it can."""
        # Decode the first key frame alone: it costs a tenth of what a decoder otherwise reads.
        for skipped in (_KEY_FRAME_ALONE, ()):
            ended, is_converted = await self._converted(skipped)
            if is_converted:
                return None
        self.tail = ended.tail
        return lasting_reason(ended.tail) or "its colours cannot be converted"

    async def _converted(self, skipped: Sequence[str]) -> tuple[Ended, bool]:
        frame = Size(64, 36)
        chain = colour_chain(self.unit.probe, rendering(self.unit.settings), frame=frame)
        sink, log = ExactSink(memoryview(bytearray(frame.width * frame.height * 3))), FrameLog()
        # Convert a corner only: the whole frame takes half a second.
        corner = "crop=w=min(iw\\,64):h=min(ih\\,64):x=0:y=0"

        def arguments(pipes: Sequence[int]) -> list[str]:
            given = input_arguments(Input(self.unit.path))
            given.remove("-xerror")
            given[-2:-2] = skipped
            output = raw_output("0:V:0", pipes[0], pixel_format="bgr24")
            return [*given, *output[:-1], "-frames:v", "1", "-vf", f"{corner},{chain}", output[-1]]

        ended = await self._run(arguments, sink, log)
        return ended, sink.is_exact

    async def _run(self, arguments: _Arguments, sink: ExactSink, log: FrameLog) -> Ended:
        """Run ffmpeg, and once more if it was killed, stalled or met an I/O error."""
        for left in reversed(range(TRIES)):
            sink.filled = sink.extra = 0
            ended = await run_child(self._command(self.ffmpeg.path, arguments, [sink], log.take))
            if not ended.was_killed and not log.has_passing_error:
                return ended
            if not left:
                reason = (
                    "the look at the film was killed or stalled" if ended.was_killed else "reading failed"
                )
                raise ChildError(reason, ended.tail)
            log.has_passing_error = False
            log.frames.clear()
        return ended

    def _command(
        self, program: str, arguments: _Arguments, sinks: Sequence[Sink], on_line: Callable[[str], Line]
    ) -> Command:
        return Command(
            program=program,
            arguments=arguments,
            sinks=sinks,
            on_line=on_line,
            limits=self.limits,
            niceness=self.unit.settings.nice,
        )

    async def fields(self) -> _Fields:
        """Return the counts of the fields of frames at several places, independent of the flags."""
        found, probe = _Fields(), self.unit.probe
        places = (
            IDET_PLACES if probe.duration_seconds > 10 * len(IDET_PLACES) else (None,)
        )  # a short film: all of it
        for place in places:
            seek = None if place is None else probe.first_pts_seconds + place * probe.duration_seconds
            await self._look_at_fields(Input(self.unit.path, seek), found)
        return found

    async def _look_at_fields(self, source: Input, found: _Fields) -> None:
        """Add the counts of idet from one place on."""
        lines: dict[re.Pattern[str], tuple[int, ...]] = {}

        def take(line: str) -> Line:
            for pattern in (_IDET, _REPEATED):
                if match := pattern.search(line):
                    lines[pattern] = tuple(map(int, match.groups()))
            return Line.NOISE if "[info]" in line else Line.KEPT

        def arguments(_: object) -> list[str]:
            given = input_arguments(source)
            given.remove("-xerror")
            *output, target = null_output("idet")
            return [*given, *output, "-frames:v", str(IDET_FRAMES), target]

        ended = await run_child(self._command(self.ffmpeg.path, arguments, (), take))
        if ended.was_killed:
            reason = "the look at the fields was killed or stalled"
            raise ChildError(reason, ended.tail)
        found.add(lines.get(_IDET, (0, 0, 0)), lines.get(_REPEATED, (0, 0, 0)))


_IDET = re.compile(r"Multi frame detection: TFF: *(\d+) BFF: *(\d+) Progressive: *(\d+)")
_REPEATED = re.compile(r"Repeated Fields: Neither: *(\d+) Top: *(\d+) Bottom: *(\d+)")


@dataclass(slots=True)
class _Fields:
    """The counts of idet, in frames."""

    interlaced: int = 0
    progressive: int = 0
    fresh: int = 0  # frames in which no field repeats a field of the frame before
    top_repeats: int = 0
    bottom_repeats: int = 0

    def add(self, orders: tuple[int, ...], repeated: tuple[int, ...]) -> None:
        """Add the counts of one place: (top first, bottom first, progressive), (neither, top, bottom)."""
        self.interlaced += orders[0] + orders[1]
        self.progressive += orders[2]
        self.fresh += repeated[0]
        self.top_repeats += repeated[1]
        self.bottom_repeats += repeated[2]

    @property
    def are_combed(self) -> bool:
        """Whether the two fields of a frame show different moments."""
        return self.interlaced > self.progressive

    @property
    def are_telecined(self) -> bool:
        """Whether both fields repeat in about one of five frames, as in 3:2 pulldown."""
        count = self.fresh + self.top_repeats + self.bottom_repeats
        low, high = (share * count for share in TELECINE_SHARES)
        return (
            all(low <= repeats <= high for repeats in (self.top_repeats, self.bottom_repeats)) and count > 0
        )


def _votes(
    frames: np.ndarray[tuple[int, ...], np.dtype[np.uint8 | np.uint16]], plane: LumaPlane
) -> list[Bars | None]:
    return [vote(frame, depth=plane.bit_depth) for frame in frames]
