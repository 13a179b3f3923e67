"""Looks at a film before its first stretch: bars, interlacing, and whether it can be decoded at all.

short films   one pass over all frames, samples taken evenly from it
long films    a key frame at each of evenly spaced places, one short ffmpeg each
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tui_gen.engine.work import Unusable
from tui_gen.jobs.superres.bars import ENOUGH_VOTES, Bars, picture_inside, vote
from tui_gen.jobs.superres.child import ChildError, Command, Ended, ExactSink, Line, StallLimits, run_child
from tui_gen.jobs.superres.colour import colour_chain, rendering
from tui_gen.jobs.superres.ffmpeg import Ffmpeg, Input, input_arguments, null_output, raw_output
from tui_gen.jobs.superres.film import ProbeFacts, SurveyFacts
from tui_gen.jobs.superres.frame_log import FrameLog, lasting_reason
from tui_gen.jobs.superres.geometry import Size
from tui_gen.jobs.superres.luma import LumaPlane, luma_plane
from tui_gen.jobs.superres.stretch import Survey

SURVEY_LIMITS = StallLimits(first_seconds=120.0, next_seconds=60.0)
SAMPLES = 24
PASS_PIXELS = 1.5e9  # a film with fewer in all its frames is decoded whole
TRIES = 2
STEP_BEHIND = 2  # reference frames from one vote to the next: some five frames
IDET_FRAMES = 60
IDET_PLACES = (0.2, 0.5, 0.8)
_Arguments = Callable[[Sequence[int]], list[str]]
INTERLACED_ORDERS = frozenset({"tt", "bb", "tb", "bt"})


async def survey(
    unit: Survey, *, ffmpeg: Ffmpeg, limits: StallLimits = SURVEY_LIMITS
) -> SurveyFacts | Unusable:
    """Return what a look at the film shows, or why it can give nothing. Raises ChildError."""
    look = _Look(unit, ffmpeg, limits)
    await (look.pass_over() if _is_short(unit.probe) else look.visit())
    if not look.frames_decoded:
        reason = look.lasting_reason or "corrupt: none of its frames can be decoded"
        return Unusable(unit.source, reason, look.tail)
    if refused := await look.refused_colour():
        return Unusable(unit.source, refused, look.tail)
    is_interlaced = unit.probe.field_order in INTERLACED_ORDERS and await look.is_combed()
    if is_interlaced and unit.settings.interlaced == "refuse":
        return Unusable(unit.source, "interlaced, and the settings refuse such films")
    return SurveyFacts(picture_inside(look.votes, unit.probe.upright), len(look.votes), is_interlaced)


def _is_short(probe: ProbeFacts) -> bool:
    frames = probe.duration_seconds / (probe.frame_seconds or 0.04)
    return frames * probe.coded.width * probe.coded.height <= PASS_PIXELS


@dataclass(slots=True)
class _Look:
    """One survey under way."""

    unit: Survey
    ffmpeg: Ffmpeg
    limits: StallLimits
    votes: list[Bars] = field(default_factory=list)
    frames_decoded: int = 0
    lasting_reason: str | None = None
    tail: str = ""
    seen_pts: set[float] = field(default_factory=set)
    # By the timestamp of a frame that was met again: where it was looked for.
    met_again: dict[float, Input] = field(default_factory=dict)

    async def pass_over(self) -> None:
        """Decode a short film from end to end and take every n-th frame."""
        probe = self.unit.probe
        frames = probe.duration_seconds / (probe.frame_seconds or 0.04)
        step = max(1, int(frames // SAMPLES))
        filters = f"showinfo=checksum=0,select='not(mod(n\\,{step}))'"
        await self._sample(Input(self.unit.path), filters, count=min(SAMPLES, max(1, int(frames // step))))

    async def visit(self) -> None:
        """Take the key frame before each of many even places; of films with few, some frames behind each."""
        probe = self.unit.probe
        places = [(number + 0.5) / SAMPLES * probe.duration_seconds for number in range(SAMPLES)]
        for place in places:
            source = Input(self.unit.path, probe.first_pts_seconds + place)
            if not await self._sample(source, "showinfo=checksum=0", count=1, skipped="nokey"):
                await self._sample(source, "showinfo=checksum=0", count=1)
        wanted = ENOUGH_VOTES - len(self.seen_pts)
        if wanted > 0 and self.met_again:
            count = -(-wanted // len(self.met_again))
            filters = f"showinfo=checksum=0,select='gt(n,0)*not(mod(n,{STEP_BEHIND}))'"
            for source in self.met_again.values():
                await self._sample(source, filters, count=count, skipped="noref")

    async def _sample(self, source: Input, filters: str, *, count: int, skipped: str = "default") -> bool:
        """Let some frames vote; return whether there were any. A single one votes once.

        `skipped` says which frames are not decoded, in the words of ffmpeg's `skip_frame`.
        """
        plane, upright = luma_plane(self.unit.probe.colour), self.unit.probe.upright
        luma = np.zeros((count, upright.height, upright.width), plane.dtype)
        sink, log = ExactSink(memoryview(luma.data).cast("B")), FrameLog()
        graph = f"[0:V:0]{filters},{plane.filter}[luma]"

        def arguments(pipes: Sequence[int]) -> list[str]:
            given = input_arguments(source)
            given.remove("-xerror")  # damage somewhere in a film does not make the film unusable
            given[-2:-2] = ["-skip_frame", skipped]
            if skipped == "nokey":
                # A decoder shows a picture when it has the next one, or when there is none.
                given[-2:-2] = ["-t", "0.01"]
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
        """Return why the colour chain gives no picture of this film, or None when it gives one."""
        frame = Size(64, 36)
        chain = colour_chain(self.unit.probe, rendering(self.unit.settings), frame=frame)
        sink, log = ExactSink(memoryview(bytearray(frame.width * frame.height * 3))), FrameLog()
        source = Input(self.unit.path)

        def arguments(pipes: Sequence[int]) -> list[str]:
            given = input_arguments(source)
            given.remove("-xerror")
            output = raw_output("0:V:0", pipes[0], pixel_format="bgr24")
            return [*given, *output[:-1], "-frames:v", "1", "-vf", chain, output[-1]]

        ended = await self._run(arguments, sink, log)
        if sink.is_exact:
            return None
        self.tail = ended.tail
        return lasting_reason(ended.tail) or "its colours cannot be converted"

    async def _run(self, arguments: _Arguments, sink: ExactSink, log: FrameLog) -> Ended:
        """Run ffmpeg once more if it was killed, stalled or met an I/O error."""
        for left in reversed(range(TRIES)):
            sink.filled = sink.extra = 0
            ended = await run_child(self._command(arguments, [sink], log.take))
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
        self, arguments: _Arguments, sinks: Sequence[ExactSink], on_line: Callable[[str], Line]
    ) -> Command:
        return Command(
            program=self.ffmpeg.path,
            arguments=arguments,
            sinks=sinks,
            on_line=on_line,
            limits=self.limits,
            niceness=self.unit.settings.nice,
        )

    async def is_combed(self) -> bool:
        """Return whether the fields of a frame show different times, as its flags say."""
        interlaced = progressive = 0
        probe = self.unit.probe
        places = (
            IDET_PLACES if probe.duration_seconds > 10 * len(IDET_PLACES) else (None,)
        )  # a short one: whole
        for place in places:
            seek = None if place is None else probe.first_pts_seconds + place * probe.duration_seconds
            counts = await self._fields(Input(self.unit.path, seek))
            interlaced, progressive = interlaced + counts[0], progressive + counts[1]
        return interlaced > progressive

    async def _fields(self, source: Input) -> tuple[int, int]:
        """Return (interlaced, progressive) frames by idet."""
        counts = [0, 0]

        def take(line: str) -> Line:
            if match := _IDET.search(line):
                counts[:] = [int(match[1]) + int(match[2]), int(match[3])]
            return Line.NOISE if "[info]" in line else Line.KEPT

        def arguments(_: object) -> list[str]:
            given = input_arguments(source)
            given.remove("-xerror")
            *output, target = null_output("idet")
            return [*given, *output, "-frames:v", str(IDET_FRAMES), target]

        ended = await run_child(self._command(arguments, (), take))
        if ended.was_killed:
            reason = "the look at the fields was killed or stalled"
            raise ChildError(reason, ended.tail)
        return counts[0], counts[1]


_IDET = re.compile(r"Multi frame detection: TFF: *(\d+) BFF: *(\d+) Progressive: *(\d+)")


def _votes(
    frames: np.ndarray[tuple[int, ...], np.dtype[np.uint8 | np.uint16]], plane: LumaPlane
) -> list[Bars | None]:
    scale = np.float32(1 / 2.0 ** (plane.bit_depth - 8))
    return [vote(frame.astype(np.float32) * scale) for frame in frames]
