"""Lets frames at many places of a film vote on its bars, and decodes no others; run as a child, by its path.

    python -I survey_child.py <order, JSON> <descriptor for the answer>

    few frames   all frames are decoded, evenly spaced frames vote
    many         the key frame before each of many evenly spaced places votes; if the votes do not agree, also
    the key frame before each further place; if there are few key frames, frames after them too. The first
    places can be enough (survey_places.py)

Whether the film is combed is measured at the same places: at every other place, and where a frame's own lines
are combed, the frame is compared with the two frames after it. In large pictures this is done only where the
lines are combed. If a place is combed, all other places are compared too.

Several decoders look at the film in parallel, each at its own places. The answer is {"frames": number of
decoded frames, "votes": [Bars as an object or null, ...], "fields": [[seconds, order or null], ...],
"facts": [[seconds, sample aspect or null, how the colour tags contradict the film's, or null], ...],
"are_enough": whether the first places were enough, "far_keys": [seconds of each key frame, ...], or [] if key
frames are near each other, if the container does not list them, or if all frames were decoded}, or
{"unsure": reason} if ffmpeg has to look at the film instead. Damage at one place only costs the votes of this
place.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

sys.path.insert(0, str(Path(__file__).parents[4]))

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tui_gen.jobs.superres.films.bars import Bars, are_alike, vote
from tui_gen.jobs.superres.films.combing import COMBED, Order, is_suspect, order_of
from tui_gen.jobs.superres.films.survey_places import NextStep, next_step
from tui_gen.media.container_formats import INDEXED
from tui_gen.media.decoding.frame_facts import AllowedFacts, tags_of
from tui_gen.media.decoding.planes import Planes, layout_of
from tui_gen.media.decoding.track import UnsureError, open_film, track_of_known_film
from tui_gen.media.geometry import Size
from tui_gen.processes.keepalive import Signs

if TYPE_CHECKING:
    VideoPacket = Packet[VideoStream]

Place = TypeVar("Place")
Facts = tuple[str | None, str | None]
Skipped = Literal["DEFAULT", "NONREF"]

FIELD_FRAMES = 3
FAR_SECONDS = 2.0
"""The mean distance from which on key frames are far apart: what is decoded before a clip is worth saving."""
FIRST_KEYS = 8
"""After this number of key frames that are near each other no more are listed."""
FIRST_PACKETS = 64
"""The number of packets, from a key frame on, that must produce a picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyOrder:
    """The input of the child. Times are those of the container."""

    path: str
    formats: str
    pixel_format: str
    size: tuple[int, int]
    aperture: tuple[int, int, int, int] | None  # decoded width and height, and the picture's corner in it
    rotation_degrees: int
    places_seconds: list[float]
    further_places_seconds: list[float]
    # `places_seconds` in the order in which they are looked at until the votes are enough; []: all at once.
    rounds_seconds: list[list[float]]
    votes_wanted: int  # that agree, for a picture of any shape
    step: int | None  # every `step`-th of all frames votes; None: look at the places
    most_votes: int
    enough_votes: int
    threads: int
    allowed_tags: dict[str, list[str]]  # that frames may state
    compared_seconds: list[float]  # the places at which the fields are compared, whatever a frame's lines


@dataclass(frozen=True, slots=True)
class Ballot:
    """The number of decoded frames, the votes of those that voted, and the orders of fields by timestamp."""

    frames: int
    votes: list[Bars | None]
    orders: dict[int, Order | None] = field(default_factory=dict)
    facts: dict[int, Facts] = field(default_factory=dict)  # by timestamp


@dataclass(slots=True)
class _KeyFrames:
    """The timestamps of the key frames found so far, by all decoders, and of those in the index."""

    seen: set[int] = field(default_factory=set)
    again: set[int] = field(default_factory=set)
    far_apart: list[int] = field(default_factory=list)  # all key frames, if they are few
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def meet(self, pts: int) -> bool:
        """Add a timestamp; return whether it is new."""
        with self._lock:
            is_new = pts not in self.seen
            (self.seen if is_new else self.again).add(pts)
            return is_new


@dataclass(slots=True)
class _Film:
    """The film, opened by one decoder."""

    container: InputContainer
    order: SurveyOrder
    signs: Signs
    stream: VideoStream = field(init=False)
    _layout: Planes = field(init=False)
    _allowed: AllowedFacts = field(init=False)

    def __post_init__(self) -> None:
        self.stream = track_of_known_film(self.container)
        context = self.stream.codec_context
        context.thread_type, context.thread_count = "NONE", 1
        layout = layout_of(self.order.pixel_format, self.order.size, self.order.aperture)
        if layout is None:
            reason = f"pixels of the format {self.order.pixel_format}"
            raise UnsureError(reason)
        self._layout = layout
        self._allowed = AllowedFacts(self.order.allowed_tags)

    def key_frame(self, seconds: float, met: _KeyFrames) -> Ballot:
        """Let the key frame before a place vote, unless it voted before."""
        if self.stream.time_base is None:
            reason = "a track without a clock"
            raise UnsureError(reason)
        packets = self._from(int(seconds / self.stream.time_base))
        first = next((packet for packet in packets if packet.is_keyframe), None)
        if first is None or not met.meet(_pts(first)):
            return Ballot(0, [])
        # A key frame needs no other packet. Field pictures and recovery points do: decode more packets for
        # these.
        frames = list(islice(self._decoded([first]), 1))
        rest = islice(packets, FIRST_PACKETS)
        frames = frames or list(islice(self._decoded(chain([first], rest)), 1))
        ballot, pts = self._ballot(iter(frames)), _pts(first)
        ballot.facts.update((pts, self._facts(frame)) for frame in frames)
        is_compared = seconds in self.order.compared_seconds
        if any(is_compared or self._is_suspect(frame) for frame in frames):
            ballot.orders[pts] = self.order_behind(pts)
        return ballot

    def far_keys(self) -> list[int]:
        """Return the timestamps in the container's index if key frames are far apart. Call after a seek."""
        if self.stream.time_base is None or not self.container.format.name.startswith(INDEXED):
            return []
        entries, found = self.stream.index_entries, list[int]()
        far = round(FAR_SECONDS / self.stream.time_base)

        def are_near() -> bool:
            return found[-1] - found[0] < far * (len(found) - 1)

        position = entries.search_timestamp(-(1 << 62), backward=False)
        while position >= 0:
            found.append(entries[position].timestamp)
            if len(found) > FIRST_KEYS and are_near():
                return []
            position = entries.search_timestamp(found[-1] + 1, backward=False)
        return [] if found and are_near() else found

    def order_behind(self, pts: int) -> Order | None:
        """Return the order of the fields in the frames from a key frame on."""
        frames = (frame for frame in self._decoded(self._from(pts)) if frame.pts is None or frame.pts >= pts)
        return self._order_of(list(islice(frames, FIELD_FRAMES)))

    def behind(self, pts: int, count: int) -> Ballot:
        """Let up to `count` reference frames after a key frame vote."""
        frames = self._decoded(self._from(pts), skipped="NONREF")
        return self._ballot(islice(frames, 1, count + 1))

    def all(self, step: int) -> Ballot:
        """Decode all frames; every `step`-th frame votes."""
        most, last = self.order.most_votes, deque[VideoFrame](maxlen=FIELD_FRAMES)
        ballot, decoded = Ballot(0, []), 0
        for frame in self._decoded(self._packets()):
            last.append(frame)
            if decoded % step == 0 and len(ballot.votes) < most and self._is_as_expected(frame):
                ballot.votes.append(self._vote(frame))
            if decoded % max(step, FIELD_FRAMES) == FIELD_FRAMES - 1:
                ballot.orders[frame.pts or 0] = self._order_of(list(last))
            if decoded % step == 0 and frame.pts is not None:
                ballot.facts[frame.pts] = self._facts(frame)
            decoded += 1
        return Ballot(decoded, ballot.votes, ballot.orders, ballot.facts)

    def _from(self, pts: int) -> Iterator[VideoPacket]:
        self.container.seek(pts, stream=self.stream)
        return self._packets()

    def _packets(self) -> Iterator[VideoPacket]:
        with suppress(av.error.InvalidDataError):  # the rest is damaged: treat it as the end of the track
            for packet in self.container.demux(self.stream):
                self.signs.give()
                if packet.size:  # an empty packet only flushes a decoder
                    yield packet

    def _decoded(
        self, packets: Iterable[VideoPacket], *, skipped: Skipped = "DEFAULT"
    ) -> Iterator[VideoFrame]:
        context = self.stream.codec_context
        context.flush_buffers()
        context.skip_frame = skipped
        everything: Iterable[VideoPacket | None] = chain(packets, [None])
        for packet in everything:
            with suppress(av.error.InvalidDataError):  # the next packet may be undamaged
                yield from context.decode(packet)

    def _ballot(self, frames: Iterator[VideoFrame]) -> Ballot:
        votes, decoded = list[Bars | None](), 0
        for frame in frames:
            decoded += 1
            votes += [self._vote(frame)] if self._is_as_expected(frame) else []
        return Ballot(decoded, votes)

    def _facts(self, frame: VideoFrame) -> Facts:
        """Return the sample aspect that the decoder states, and how the tags contradict those of the film."""
        aspect = self.stream.codec_context.sample_aspect_ratio
        stated = f"{aspect.numerator}:{aspect.denominator}" if aspect else None
        return stated, self._allowed.contradiction(tags_of(frame))

    def _is_suspect(self, frame: VideoFrame) -> bool:
        if not self._is_as_expected(frame):
            return False
        return is_suspect(self._layout.luma(frame)[0], depth=self._layout.bit_depth)

    def _order_of(self, frames: Sequence[VideoFrame]) -> Order | None:
        if len(frames) < FIELD_FRAMES or not all(map(self._is_as_expected, frames)):
            return None
        return order_of([self._layout.luma(frame)[0] for frame in frames], depth=self._layout.bit_depth)

    def _is_as_expected(self, frame: VideoFrame) -> bool:
        return self._layout.is_of(frame)

    def _vote(self, frame: VideoFrame) -> Bars | None:
        upright = np.rot90(self._layout.luma(frame)[0], -self.order.rotation_degrees // 90)
        return vote(upright, depth=self._layout.bit_depth)


def main() -> None:
    """Write the ballot, or why there is none, to the descriptor in the arguments."""
    order = SurveyOrder(**json.loads(sys.argv[1]))
    try:
        answer = _counted(order)
    except UnsureError as error:
        answer = {"unsure": str(error)}
    except (av.error.FFmpegError, OSError) as error:
        answer = {"unsure": f"{error.strerror or error}"}
    with open(int(sys.argv[2]), "w") as pipe:  # noqa: PTH123 - a descriptor
        json.dump(answer, pipe)


def _counted(order: SurveyOrder) -> dict[str, Any]:
    signs = Signs()
    with open_film(order.path, order.formats) as container:
        tick = track_of_known_film(container).time_base or 0
        whole = None if order.step is None else _Film(container, order, signs).all(order.step)
    met = _KeyFrames()
    ballots, is_enough = ([whole], False) if whole is not None else _at_places(order, signs, met)
    votes = [vote for ballot in ballots for vote in ballot.votes]
    if not votes and any(ballot.frames for ballot in ballots):
        return {"unsure": f"no frame is as the first: {order.size[0]}x{order.size[1]}, {order.pixel_format}"}
    orders = {pts: found for ballot in ballots for pts, found in ballot.orders.items()}
    facts = {pts: found for ballot in ballots for pts, found in ballot.facts.items()}
    return {
        "frames": sum(ballot.frames for ballot in ballots),
        "votes": [None if bars is None else asdict(bars) for bars in votes],
        "fields": [[float(pts * tick), orders[pts]] for pts in sorted(orders)],
        "facts": [[float(pts * tick), *facts[pts]] for pts in sorted(facts)],
        "are_enough": is_enough,
        "far_keys": [float(pts * tick) for pts in met.far_apart],
    }


def _at_places(order: SurveyOrder, signs: Signs, met: _KeyFrames) -> tuple[list[Ballot], bool]:
    """Return the ballots of the places looked at, and whether the first places were enough."""

    def visit(places: list[float]) -> list[Ballot]:
        with open_film(order.path, order.formats) as container:
            film = _Film(container, order, signs)
            found = [film.key_frame(place, met) for place in places]
            met.far_apart = met.far_apart or film.far_keys()
            return found

    ballots, looked_at = list[Ballot](), set[float]()
    for places in order.rounds_seconds:
        ballots += _at_once(visit, sorted(places), order.threads)
        looked_at.update(places)
        step = _next_step(order, ballots)
        if step == "enough":
            return ballots, True
        if step == "look at all":
            break
    if left := [place for place in order.places_seconds if place not in looked_at]:
        ballots += _at_once(visit, left, order.threads)
    if not are_alike([vote for ballot in ballots for vote in ballot.votes]):
        ballots += _at_once(visit, order.further_places_seconds, order.threads)
    ballots += _orders_elsewhere(order, signs, ballots, met)
    wanted = order.enough_votes - len(met.seen)
    if wanted <= 0 or not met.again:
        return ballots, False
    count = -(-wanted // len(met.again))

    def look_behind(key_frames: list[int]) -> list[Ballot]:
        with open_film(order.path, order.formats) as container:
            film = _Film(container, order, signs)
            return [film.behind(pts, count) for pts in key_frames]

    return ballots + _at_once(look_behind, sorted(met.again), order.threads), False


def _next_step(order: SurveyOrder, ballots: Sequence[Ballot]) -> NextStep:
    """Return whether the places looked at are enough: by their votes, if all frames are of one kind."""
    facts = [found for ballot in ballots for found in ballot.facts.values()]
    is_one_kind = len(set(facts)) <= 1 and all(contradiction is None for _, contradiction in facts)
    if not is_one_kind or any(ballot.orders for ballot in ballots):
        return "look at all"
    votes = [vote for ballot in ballots for vote in ballot.votes]
    width, height = order.size
    is_turned = order.rotation_degrees in {90, 270}
    upright = Size(height, width) if is_turned else Size(width, height)
    return next_step(votes, upright, order.votes_wanted)


def _orders_elsewhere(
    order: SurveyOrder, signs: Signs, ballots: Sequence[Ballot], met: _KeyFrames
) -> list[Ballot]:
    """Compare the fields at the places that seem progressive too, if some other place is combed."""
    orders = {pts: found for ballot in ballots for pts, found in ballot.orders.items()}
    if COMBED.isdisjoint(orders.values()):
        return []

    def compare(key_frames: list[int]) -> list[Ballot]:
        with open_film(order.path, order.formats) as container:
            film = _Film(container, order, signs)
            return [Ballot(0, [], {pts: film.order_behind(pts)}) for pts in key_frames]

    left = sorted(met.seen - orders.keys())
    return _at_once(compare, left, order.threads) if left else []


def _at_once(
    look: Callable[[list[Place]], list[Ballot]], places: Sequence[Place], threads: int
) -> list[Ballot]:
    """Give each thread a run of neighbouring places: they may have a key frame in common."""
    count = min(threads, len(places))
    shares = [list(places[n * len(places) // count : (n + 1) * len(places) // count]) for n in range(count)]
    with ThreadPoolExecutor(count) as pool:
        return [ballot for ballots in pool.map(look, shares) for ballot in ballots]


def _pts(packet: VideoPacket) -> int:
    if packet.pts is None:
        reason = "a packet without a timestamp"
        raise UnsureError(reason)
    return packet.pts


if __name__ == "__main__":
    main()
