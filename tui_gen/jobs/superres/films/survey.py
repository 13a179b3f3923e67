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
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

import numpy as np

from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres.extraction.reading.luma import LumaPlane, luma_plane
from tui_gen.jobs.superres.extraction.rendering import rendering
from tui_gen.jobs.superres.films.bars import ENOUGH_VOTES, Bars, bars_from_json, picture_inside, vote
from tui_gen.jobs.superres.films.combing import COMBED, Order, judged
from tui_gen.jobs.superres.films.fields import FieldCounts, count_fields
from tui_gen.jobs.superres.units import Survey
from tui_gen.media.colour import colour_chain
from tui_gen.media.decoding.frame_facts import allowed_facts
from tui_gen.media.decoding.frame_log import FrameLog, lasting_reason
from tui_gen.media.decoding.planes import aperture_numbers, planes_of
from tui_gen.media.ffmpeg import (
    FORMATS,
    Ffmpeg,
    Input,
    input_arguments,
    raw_output,
)
from tui_gen.media.film_facts import ASPECT, INTERLACED_ORDERS, OtherPart, ProbeFacts, SurveyFacts
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
# A decoder outputs a picture when it has the next picture, or at the end of its input.
_KEY_FRAME_ALONE = ("-skip_frame", "nokey", "-t", "0.01")
TELECINED_RATE = 30000 / 1001
TELECINED_TOLERANCE = 0.005
WOVEN_LINES = 1088
_Arguments = Callable[[Sequence[int]], list[str]]


async def survey(
    unit: Survey, *, ffmpeg: Ffmpeg, limits: StallLimits = SURVEY_LIMITS
) -> SurveyFacts | Unusable:
    """Return the facts about the film, or why the film is unusable. Raises ChildError."""
    look = _Look(unit, ffmpeg, limits)
    if not await look.ask_child():
        await (look.pass_over() if _is_read_whole(unit.probe) else look.visit())
    if not look.frames_decoded:
        reason = look.lasting_reason or "corrupt: none of its frames can be decoded"
        if look.unlike:
            reason = f"none of its frames looked at has the size of the first, {unit.probe.upright}"
        return Unusable(unit.source, reason, look.tail)
    if refused := await look.refused_colour():
        return Unusable(unit.source, refused, look.tail)
    return replace(await look.found(), other_parts=tuple(look.other_parts()))


def _may_be_woven(probe: ProbeFacts) -> bool:
    """Return whether frames without a flag may be telecined, by their rate and size."""
    lines, frame = min(probe.coded.width, probe.coded.height), probe.frame_seconds
    return (
        lines <= WOVEN_LINES and frame is not None and abs(frame * TELECINED_RATE - 1) < TELECINED_TOLERANCE
    )


def _is_read_whole(probe: ProbeFacts) -> bool:
    return probe.is_elementary or _frames(probe) * probe.coded.width * probe.coded.height <= PASS_PIXELS


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
    unlike: int = 0  # looks of ffmpeg at frames of another size than the first
    lasting_reason: str | None = None
    tail: str = ""
    seen_pts: set[float] = field(default_factory=set)
    # Timestamp of a key frame found a second time -> the place from which it was found.
    met_again: dict[float, Input] = field(default_factory=dict)
    # The order of the fields at each place that was compared; None: only ffmpeg looked at the film.
    orders: list[tuple[float, Order | None]] | None = None
    # How the frame at each place is not what the film's first frame is; None: it is.
    unlike_at: list[tuple[float, str | None]] = field(default_factory=list)

    async def found(self) -> SurveyFacts:
        """Return the facts from the votes and the fields."""
        probe = self.unit.probe
        picture, is_flagged = (
            picture_inside(self.votes, probe.upright),
            probe.field_order in INTERLACED_ORDERS,
        )
        orders = [order for _, order in self.orders or ()]
        fields, is_suspect = judged(orders), self.orders is None or not COMBED.isdisjoint(orders)
        counts = FieldCounts()
        if _may_be_woven(probe) or (not fields.is_known and (is_flagged or is_suspect)):
            counts = await count_fields(
                self.unit.path,
                probe,
                ffmpeg=self.ffmpeg,
                limits=self.limits,
                niceness=self.unit.settings.nice,
            )
        if counts.are_telecined or not fields.is_known:
            is_combed = counts.are_combed and (is_flagged or (is_suspect and not counts.are_telecined))
            first_field = counts.first_field if is_combed and not is_flagged else None
            return SurveyFacts(picture, len(self.votes), is_combed, counts.are_telecined, first_field)
        return SurveyFacts(
            picture,
            len(self.votes),
            is_interlaced=fields.order is not None and not fields.is_in_parts,
            first_field=None if is_flagged or fields.is_in_parts else fields.order,
            combed_parts=tuple(self._combed_parts()) if fields.is_in_parts else (),
        )

    def other_parts(self) -> Iterator[OtherPart]:
        """Yield the parts that are not what the film's first frame is, up to the nearest like places."""
        probe, told = self.unit.probe, self.unlike_at
        runs = [(unlike, list(run)) for unlike, run in groupby(told, key=lambda place: place[1])]
        ends = [run[-1][0] - probe.first_pts_seconds for _, run in runs]
        begins = [run[0][0] - probe.first_pts_seconds for _, run in runs]
        for (unlike, _), begin, end in zip(
            runs, [0.0, *ends], [*begins[1:], probe.duration_seconds], strict=False
        ):
            if unlike is not None:
                yield OtherPart(begin, end, unlike)

    def _combed_parts(self) -> Iterator[tuple[float, float]]:
        """Yield the runs of places that are combed, from the first to the last place of each run."""
        told = [(at, order) for at, order in self.orders or () if order is not None]
        for is_combed, run in groupby(told, key=lambda place: place[1] in COMBED):
            places = [at - self.unit.probe.first_pts_seconds for at, _ in run]
            if is_combed:
                yield places[0], places[-1]

    async def ask_child(self) -> bool:
        """Let a child do the survey; return whether it could."""
        probe, sink = self.unit.probe, TextSink()
        if planes_of(probe.colour.pixel_format, probe.coded, probe.aperture) is None:
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
        self.votes = [bars_from_json(bars) for bars in answer["votes"] if bars is not None]
        self.orders = [(at, order) for at, order in answer["fields"]]
        self.unlike_at = list(unlike_places(answer["facts"]))
        return True

    def _order(self) -> str:
        probe = self.unit.probe
        places = _places_seconds(probe, 2 * PLACES)
        order = {
            "path": os.path.abspath(self.unit.path),  # noqa: PTH100 - may not be UTF-8
            "formats": FORMATS,
            "pixel_format": probe.colour.pixel_format,
            "size": [probe.coded.width, probe.coded.height],
            "aperture": aperture_numbers(probe.aperture),
            "rotation_degrees": probe.rotation_degrees,
            "places_seconds": places[::2],
            "further_places_seconds": places[1::2],
            "step": _step(probe) if _is_read_whole(probe) else None,
            "most_votes": SAMPLES,
            "enough_votes": ENOUGH_VOTES,
            "threads": min(os.cpu_count() or 1, PLACES_AT_ONCE),
            "allowed_tags": allowed_facts(probe).tags,
            "compared_seconds": self._compared(places[::2]),
        }
        return json.dumps(order)

    def _compared(self, places: list[float]) -> list[float]:
        """Return the places at which the fields are compared in any case."""
        coded = self.unit.probe.coded
        if self.unit.probe.field_order in INTERLACED_ORDERS:
            return places
        return places[::2] if min(coded.width, coded.height) <= WOVEN_LINES else []

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
        if any(frame.size != upright for frame in log.frames):
            self.unlike += 1  # its raw frames cannot be told apart
            return False
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
        how = rendering(self.unit.settings)
        chain = colour_chain(self.unit.probe, how, frame=frame)
        sink = ExactSink(memoryview(bytearray(frame.width * frame.height * how.pixel_bytes)))
        log = FrameLog()
        # Convert a corner only: the whole frame takes half a second.
        corner = "crop=w=min(iw\\,64):h=min(ih\\,64):x=0:y=0"

        def arguments(pipes: Sequence[int]) -> list[str]:
            given = input_arguments(Input(self.unit.path))
            given.remove("-xerror")
            given[-2:-2] = skipped
            output = raw_output("0:V:0", pipes[0], pixel_format=how.pixel_format)
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


def _votes(
    frames: np.ndarray[tuple[int, ...], np.dtype[np.uint8 | np.uint16]], plane: LumaPlane
) -> list[Bars | None]:
    return [vote(frame, depth=plane.bit_depth) for frame in frames]


def unlike_places(
    facts: Sequence[tuple[float, str | None, str | None]],
) -> Iterator[tuple[float, str | None]]:
    """Yield for each place how its frame is not what the first is: by its sample aspect or its tags, or None.

    ffmpeg keeps the sample aspect of the track's beginning, so only a decoder tells that it changes.
    """
    first = next((aspect for _, aspect, _ in facts if aspect is not None), None)
    for at, aspect, contradiction in facts:
        is_other = aspect is not None and aspect != first
        yield at, f"{ASPECT} {aspect}, not {first}" if is_other else contradiction
