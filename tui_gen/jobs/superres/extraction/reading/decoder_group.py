"""The long-lived children of one stretch: a reader that decodes, and an ffmpeg per shape for colour.

    reader_child ── raw frames, pipe per shape ──> colour ffmpeg ── BGR ──> collect()
         └── answers, one line of JSON each ─────────────────────────────> collect()

Only `collect` reads, so a group without a `collect` call blocks on full pipes and uses no processor.
Invariant: after `close` all processes of the group have ended and its descriptors are closed.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tui_gen.jobs.superres.extraction.reading.clip_frames import Bgr, PixelType
from tui_gen.jobs.superres.extraction.reading.colour_pipe import colour_arguments
from tui_gen.jobs.superres.extraction.reading.frame_sinks import FrameSink
from tui_gen.jobs.superres.extraction.reading.views import KeptPart, Shape, View
from tui_gen.jobs.superres.extraction.reading.window import most_seconds_of
from tui_gen.jobs.superres.extraction.rendering import pixel_type, tone_mapping
from tui_gen.jobs.superres.units import Stretch
from tui_gen.media.decoding.frame_facts import allowed_facts
from tui_gen.media.decoding.planes import aperture_numbers
from tui_gen.media.ffmpeg import FORMATS, MAX_PIXELS, Ffmpeg
from tui_gen.media.tone_mapping.cache import kernel_cache_folder
from tui_gen.processes.children import (
    READ_BYTES,
    TICK_SECONDS,
    Child,
    Command,
    StallLimits,
    TextSink,
    start_child,
)
from tui_gen.processes.closing import REAP_SECONDS, ChildClosedError, last_lines, reap
from tui_gen.processes.keepalive import SIGN, Line
from tui_gen.processes.pipelines import pipe_of_children

READER_CHILD = Path(__file__).with_name("reader_child.py")


@dataclass(frozen=True, slots=True)
class Refusal:
    """The fast reader cannot read a window reliably; a slower reader may."""

    reason: str


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """The frames of a window, one array per kept part, and the reader's answer about them."""

    pixels: tuple[Bgr, ...]
    answer: Mapping[str, Any]


class DecoderGroupError(Exception):
    """A child of the group died, or produced nothing within its time limit."""


@dataclass(frozen=True, slots=True)
class RequestedWindow:
    """One window to read; times are those of the container."""

    target_seconds: float
    views: tuple[View, ...]
    kept: tuple[KeptPart, ...]  # what is kept of the views
    frames: int  # of the clip


@dataclass(slots=True)
class DecoderGroup:
    """The children of one stretch, started."""

    reader: Child
    colours: Mapping[Shape, Child]
    limits: StallLimits
    answers: TextSink
    pixel_type: PixelType
    wake_pipe: tuple[int, int] = field(default_factory=os.pipe)  # a byte in it ends a `collect`
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_closed: bool = False

    def collect(self, window: RequestedWindow) -> ReadWindow | Refusal:
        """Wait for the next window. Blocks. Raises DecoderGroupError, ChildClosedError."""
        kept = [(part, part.memory(window.frames, self.pixel_type)) for part in window.kept]
        sinks = {
            _output(self.colours[shape]): _sink(shape, window, kept, self.pixel_type)
            for shape in dict.fromkeys(view.shape for view in window.views)
        }
        with self._lock:
            if self._is_closed:
                raise ChildClosedError
            answer = _Gathering(self, sinks).run()
        if "refused" in answer:
            return Refusal(str(answer["refused"]))
        return ReadWindow(tuple(pixels for _, pixels in kept), answer)

    @property
    def children(self) -> list[Child]:
        """All children of the group."""
        return [self.reader, *self.colours.values()]

    @property
    def errors(self) -> Mapping[int, Child]:
        """Descriptor of stderr -> child."""
        return {child.errors: child for child in self.children}

    def colour_of(self, descriptor: int) -> Child:
        """Return the colour process that writes to a descriptor."""
        return next(child for child in self.colours.values() if descriptor in child.outputs)

    def close(self) -> None:
        """Kill all children and wait for their exits, at most REAP_SECONDS."""
        if self._is_closed:
            return
        os.write(self.wake_pipe[1], b"!")
        children = self.children
        for child in children:
            child.count()
            child.kill()
        with self._lock:
            self._is_closed = True
            deadline = time.monotonic() + REAP_SECONDS
            for child in children:
                reap(child, max(0.0, deadline - time.monotonic()))
                child.close()
            for descriptor in self.wake_pipe:
                os.close(descriptor)


@dataclass(slots=True)
class _Gathering:
    """The output for one window so far.

    Read pixels only after the reader reports that the window has begun. A refused window produces no pixels;
    bytes already in the pipe belong to the next window.
    """

    decoders: DecoderGroup
    sinks: Mapping[int, FrameSink]  # by descriptor
    answers: list[dict[str, Any]] = field(default_factory=list)
    ended_colours: list[int] = field(default_factory=list)
    poll: select.poll = field(default_factory=select.poll)
    is_taking: bool = False

    def run(self) -> dict[str, Any]:
        """Fill the sinks and return the last answer about the window."""
        decoders = self.decoders
        for descriptor in (decoders.wake_pipe[0], _output(decoders.reader), *decoders.errors):
            self.poll.register(descriptor, select.POLLIN)
        self._split_answers()
        waited_seconds, last_seconds = 0.0, time.monotonic()
        while not self._is_complete:
            signs = [self._attend(descriptor) for descriptor, _ in self.poll.poll(TICK_SECONDS * 1000)]
            if self._has_begun and self.ended_colours:
                raise _gone(decoders.colour_of(self.ended_colours[0]))
            now_seconds = time.monotonic()
            # A gap much longer than a tick is a suspension of this process, not a wait for the children.
            waited_seconds += min(now_seconds - last_seconds, 2 * TICK_SECONDS)
            last_seconds = now_seconds
            waited_seconds = 0.0 if any(signs) else waited_seconds
            if waited_seconds > decoders.limits.first_seconds:
                reason = f"nothing was given for {decoders.limits.first_seconds:g} s"
                raise DecoderGroupError(reason)
        return self.answers[-1]

    @property
    def _has_begun(self) -> bool:
        return bool(self.answers) and "begun" in self.answers[0]

    @property
    def _is_answered(self) -> bool:
        return bool(self.answers) and "begun" not in self.answers[-1]

    @property
    def _is_complete(self) -> bool:
        """Whether all output for the window has arrived."""
        return self._is_answered and (
            not self._has_begun or all(sink.is_exact for sink in self.sinks.values())
        )

    def _attend(self, descriptor: int) -> bool:
        """Read from one descriptor; return whether the child gave a sign of life."""
        if descriptor == self.decoders.wake_pipe[0]:
            raise ChildClosedError
        if descriptor in self.sinks:
            return self._take_pixels(descriptor)
        if descriptor == _output(self.decoders.reader):
            return self._take_answer(descriptor)
        piece = os.read(descriptor, READ_BYTES)
        if not piece:
            self.poll.unregister(descriptor)
        return self.decoders.errors[descriptor].lines.feed(piece)

    def _take_pixels(self, descriptor: int) -> bool:
        has_taken = self.sinks[descriptor].take(descriptor) > 0
        if not has_taken:
            # A reader that ended without beginning another window ends the colour processes too.
            self.ended_colours.append(descriptor)
        if not has_taken or self.sinks[descriptor].is_exact:
            self.poll.unregister(descriptor)
        return has_taken

    def _take_answer(self, descriptor: int) -> bool:
        has_taken = self.decoders.answers.take(descriptor) > 0
        self._split_answers()
        if not has_taken:
            if not self._is_answered:
                raise _gone(self.decoders.reader)
            self.poll.unregister(descriptor)  # the reader ended after its last window
        return has_taken

    def _split_answers(self) -> None:
        """Take the lines of one window; the reader may already have written lines of the next."""
        heard = self.decoders.answers.data
        while b"\n" in heard and not self._is_answered:
            line, _, rest = bytes(heard).partition(b"\n")
            heard[:] = rest
            self.answers.append(json.loads(line))
        if self._has_begun and not self.is_taking:
            self.is_taking = True
            for descriptor in self.sinks:
                self.poll.register(descriptor, select.POLLIN)


def _sink(
    shape: Shape, window: RequestedWindow, kept: Sequence[tuple[KeptPart, Bgr]], pixel_type: PixelType
) -> FrameSink:
    """Return a sink for the views of one shape, which copies what is kept of them, frame by frame."""
    slots = [number for number, view in enumerate(window.views) if view.shape == shape]
    tiles = np.empty((len(slots), shape.scaled.height, shape.scaled.width, 3), pixel_type)
    copies = [
        (pixels, piece.target, tiles[slots.index(piece.view)][piece.source])
        for part, pixels in kept
        for piece in part.pieces
        if piece.view in slots
    ]

    def keep(position: int) -> None:
        for pixels, target, source in copies:
            pixels[position][target] = source

    return FrameSink(tiles, window.frames, keep)


def _output(child: Child) -> int:
    return next(iter(child.outputs))


def _gone(child: Child) -> DecoderGroupError:
    """Return an error about a child that ended, with its last lines."""
    return DecoderGroupError(
        f"a child of the reader ended: {' / '.join(last_lines(child)) or 'it says nothing'}"
    )


# --------------------------------------------------------------------------------------- the start


def _sign(line: str) -> Line:
    return Line.SIGN if line == SIGN else Line.KEPT


def start(
    stretch: Stretch, windows: Sequence[RequestedWindow], *, ffmpeg: Ffmpeg, threads: int, limits: StallLimits
) -> DecoderGroup:
    """Start the children of a stretch; they end when the calling thread ends. Raises ChildError."""
    shapes = sorted({view.shape for window in windows for view in window.views})
    started: list[Child] = []
    with contextlib.ExitStack() as ours:
        pipes = {shape: pipe_of_children(ours) for shape in shapes}
        try:
            colours = {}
            for shape in shapes:
                colours[shape] = start_child(
                    _colour_command(stretch, shape, pipes[shape][0], ffmpeg=ffmpeg, limits=limits)
                )
                started.append(colours[shape])
            targets = {shape: pipe[1] for shape, pipe in pipes.items()}
            paper = _written(_order(stretch, windows, targets, threads), ours)
            answers = TextSink()
            command = _reader_command(stretch, [paper, *targets.values()], answers, limits)
            reader = start_child(command)
        except BaseException:
            for child in started:
                child.kill()
                reap(child, REAP_SECONDS)
                child.close()
            raise
    return DecoderGroup(reader, colours, limits, answers, pixel_type(stretch.settings))


def _colour_command(
    stretch: Stretch, shape: Shape, source: int, *, ffmpeg: Ffmpeg, limits: StallLimits
) -> Command:
    return Command(
        program=ffmpeg.path,
        arguments=lambda pipes: colour_arguments(stretch, shape, source=source, target=pipes[0]),
        sinks=[TextSink()],
        limits=limits,
        niceness=stretch.settings.nice,
        inherits=[source],
    )


def _written(order: bytes, ours: contextlib.ExitStack) -> int:
    """Return a descriptor of a file in memory with the order: writing to it never blocks."""
    paper = os.memfd_create("order")
    ours.callback(os.close, paper)
    os.write(paper, order)
    os.lseek(paper, 0, os.SEEK_SET)
    return paper


def _reader_command(
    stretch: Stretch, inherits: Sequence[int], answers: TextSink, limits: StallLimits
) -> Command:
    """Return the command that starts the reader; the first descriptor it inherits has its order."""
    return Command(
        program=sys.executable,
        arguments=lambda pipes: ["-I", str(READER_CHILD), str(inherits[0]), str(pipes[0])],
        sinks=[answers],
        on_line=_sign,
        limits=limits,
        niceness=stretch.settings.nice,
        inherits=inherits,
    )


def _order(
    stretch: Stretch, windows: Sequence[RequestedWindow], targets: Mapping[Shape, int], threads: int
) -> bytes:
    probe = stretch.probe
    mapping = tone_mapping(probe, stretch.settings, peak=stretch.peak)
    order = {
        "path": os.path.abspath(stretch.path),  # noqa: PTH100 - may not be UTF-8
        "formats": FORMATS,
        "max_pixels": MAX_PIXELS,
        "threads": threads,
        "pixel_format": probe.colour.pixel_format,
        "size": [probe.coded.width, probe.coded.height],
        "aperture": aperture_numbers(probe.aperture),
        "frame_seconds": probe.frame_seconds,
        "allowed_tags": allowed_facts(probe).tags,
        "window": astuple(stretch.window),
        "most_seconds": most_seconds_of(probe, stretch.window),
        "reach": None if stretch.reach is None else astuple(stretch.reach),
        "wants_repeats": stretch.settings.needs_repeats,
        "tone_mapping": None if mapping is None else mapping.to_json(),
        "kernel_cache": kernel_cache_folder(),
        "windows": [
            {
                "target": window.target_seconds,
                "views": [
                    [targets[view.shape], view.stored.x, view.stored.y, view.stored.width, view.stored.height]
                    for view in window.views
                ],
            }
            for window in windows
        ],
    }
    return json.dumps(order).encode()
