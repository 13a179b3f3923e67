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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

import numpy as np

from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres.extraction.reading.luma import LumaPlane, luma_plane
from tui_gen.jobs.superres.films.bars import ENOUGH_VOTES, Bars, bars_from_json, picture_inside, vote
from tui_gen.jobs.superres.films.colour_trial import refused_colour
from tui_gen.jobs.superres.films.combing import COMBED, Order, judged
from tui_gen.jobs.superres.films.fields import FieldCounts, count_fields
from tui_gen.jobs.superres.films.survey_places import (
    FEWEST_VOTES,
    PLACES,
    is_large,
    places_seconds,
    rounds,
    votes_wanted,
)
from tui_gen.jobs.superres.films.survey_runs import KEY_FRAME_ALONE, SurveyRuns
from tui_gen.jobs.superres.units import Survey
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
from tui_gen.media.film_facts import (
    ASPECT,
    INTERLACED_ORDERS,
    SURVEY_RULE,
    OtherPart,
    ProbeFacts,
    SurveyFacts,
)
from tui_gen.media.geometry import Region
from tui_gen.processes.children import (
    ChildError,
    ExactSink,
    StallLimits,
    TextSink,
    run_child,
)
from tui_gen.processes.keepalive import SIGN, Line

SURVEY_CHILD = Path(__file__).with_name("survey_child.py")
SURVEY_LIMITS = StallLimits(first_seconds=120.0, next_seconds=60.0)
SAMPLES = 24
PASS_PIXELS = 2.5e8  # a film with fewer pixels in all its frames is decoded completely
PLACES_AT_ONCE = 4
"""The number of decoders that look at a film in parallel, limited by the number of cores: the other work on
the film has to wait for the survey."""
STEP_BEHIND = 2  # reference frames from one vote to the next: about five frames
TELECINED_RATE = 30000 / 1001
TELECINED_TOLERANCE = 0.005


async def survey(
    unit: Survey, *, ffmpeg: Ffmpeg, limits: StallLimits = SURVEY_LIMITS
) -> SurveyFacts | Unusable:
    """Return the facts about the film, or why the film is unusable. Raises ChildError."""
    runs = SurveyRuns(unit, ffmpeg, limits)
    look = _Look(unit, runs)
    if not await look.ask_child():
        await (look.pass_over() if _is_read_whole(unit.probe) else look.visit())
    if not look.frames_decoded:
        reason = look.lasting_reason or "corrupt: none of its frames can be decoded"
        if look.unlike:
            reason = f"none of its frames looked at has the size of the first, {unit.probe.upright}"
        return Unusable(unit.source, reason, look.tail)
    if refused := await refused_colour(runs):
        return Unusable(unit.source, *refused)
    found, other_parts = await look.found(), tuple(look.other_parts())
    return replace(
        found,
        other_parts=other_parts,
        are_votes_enough=look.are_votes_enough,
        far_keys_seconds=tuple(look.far_keys_seconds),
    )


def _may_be_woven(probe: ProbeFacts) -> bool:
    """Return whether frames without a flag may be telecined, by their rate and size."""
    frame = probe.frame_seconds
    return not is_large(probe) and frame is not None and abs(frame * TELECINED_RATE - 1) < TELECINED_TOLERANCE


def _is_read_whole(probe: ProbeFacts) -> bool:
    return probe.is_elementary or _frames(probe) * probe.coded.width * probe.coded.height <= PASS_PIXELS


def _frames(probe: ProbeFacts) -> float:
    return probe.duration_seconds / (probe.frame_seconds or 0.04)


def _step(probe: ProbeFacts) -> int:
    """Return the distance of two votes in frames, for a pass over all frames."""
    return max(1, int(_frames(probe) // SAMPLES))


def _places(probe: ProbeFacts, count: int) -> list[float]:
    return places_seconds(probe.first_pts_seconds, probe.duration_seconds, count)


def _may_stop_early(probe: ProbeFacts) -> bool:
    return probe.survey_rule >= SURVEY_RULE and is_large(probe) and probe.field_order not in INTERLACED_ORDERS


@dataclass(slots=True)
class _Look:
    """One survey in progress."""

    unit: Survey
    runs: SurveyRuns
    votes: list[Bars] = field(default_factory=list)
    are_votes_enough: bool = False  # the first votes agreed, and no other place was looked at
    # The key frames, in seconds from the first PTS, if the index lists them and they are far apart.
    far_keys_seconds: list[float] = field(default_factory=list)
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
        picture, is_flagged = self._picture(), probe.field_order in INTERLACED_ORDERS
        orders = [order for _, order in self.orders or ()]
        fields, is_suspect = judged(orders), self.orders is None or not COMBED.isdisjoint(orders)
        counts = FieldCounts()
        if _may_be_woven(probe) or (not fields.is_known and (is_flagged or is_suspect)):
            counts = await count_fields(
                self.unit.path,
                probe,
                ffmpeg=self.runs.ffmpeg,
                limits=self.runs.limits,
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

    def _picture(self) -> Region:
        """Return the region inside the bars."""
        upright = self.unit.probe.upright
        if self.are_votes_enough:
            return picture_inside(self.votes, upright, enough_votes=FEWEST_VOTES)
        return picture_inside(self.votes, upright)

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

        ended = await run_child(self.runs.command(sys.executable, arguments, [sink], take))
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
        self.are_votes_enough = answer["are_enough"]
        first = probe.first_pts_seconds
        self.far_keys_seconds = [round(seconds - first, 3) for seconds in answer["far_keys"]]
        return True

    def _order(self) -> str:
        probe = self.unit.probe
        places = _places(probe, 2 * PLACES)
        order = {
            "path": os.path.abspath(self.unit.path),  # noqa: PTH100 - may not be UTF-8
            "formats": FORMATS,
            "pixel_format": probe.colour.pixel_format,
            "size": [probe.coded.width, probe.coded.height],
            "aperture": aperture_numbers(probe.aperture),
            "rotation_degrees": probe.rotation_degrees,
            "places_seconds": places[::2],
            "further_places_seconds": places[1::2],
            "rounds_seconds": rounds(places[::2]) if _may_stop_early(probe) else [],
            "votes_wanted": votes_wanted(probe.duration_seconds),
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
        if self.unit.probe.field_order in INTERLACED_ORDERS:
            return places
        return [] if is_large(self.unit.probe) else places[::2]

    async def pass_over(self) -> None:
        """Decode a short film from end to end; every n-th frame votes."""
        frames, step = _frames(self.unit.probe), _step(self.unit.probe)
        filters = f"showinfo=checksum=0,select='not(mod(n\\,{step}))'"
        await self._sample(Input(self.unit.path), filters, count=min(SAMPLES, max(1, int(frames // step))))

    async def visit(self) -> None:
        """Let the key frame before each place vote, and if they are few, also some frames after each."""
        for place in _places(self.unit.probe, SAMPLES):
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
            given[-2:-2] = KEY_FRAME_ALONE if skipped == "nokey" else ["-skip_frame", skipped]
            output = raw_output("[luma]", pipes[0])
            return [*given, "-filter_complex", graph, *output[:-1], "-frames:v", str(count), output[-1]]

        ended = await self.runs.ffmpeg_run(arguments, sink, log)
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
