"""What a crew gives for a window is that window's, however far its children are ahead."""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import cast

import numpy as np
import pytest

from tui_gen.jobs.superres.extraction.reading.decoder_group import DecoderGroup, ReadWindow, Refusal
from tui_gen.jobs.superres.extraction.reading.views import View
from tui_gen.jobs.superres.units import CLIP_FRAMES
from tui_gen.media.decoding.decoder_errors import listen
from tui_gen.media.geometry import Region, Size
from tui_gen.processes.children import Child, StallLimits, TextSink

SIZE = Size(4, 2)
VIEW = View(SIZE, Region(0, 0, 4, 2), Region(0, 0, 4, 2))
BYTES = np.dtype(np.uint8)
LIMITS = StallLimits(first_seconds=5.0, next_seconds=5.0)


class Pipes:
    """A child that is not there: what it gives is written by the test, what it takes is nothing."""

    def __init__(self) -> None:
        self.source, self.target = os.pipe()
        self.errors, self.complaining = os.pipe()

    def child(self) -> Child:
        return cast("Child", self)

    @property
    def outputs(self) -> dict[int, None]:
        return {self.source: None}

    def close(self) -> None:
        for descriptor in (self.source, self.target, self.errors, self.complaining):
            os.close(descriptor)


@pytest.fixture
def pipes() -> Iterator[tuple[Pipes, Pipes]]:
    both = Pipes(), Pipes()
    yield both
    for each in both:
        each.close()


def test_pixels_of_the_next_window_are_not_taken_for_those_of_one_that_is_refused(
    pipes: tuple[Pipes, Pipes],
) -> None:
    reader, colour = pipes
    decoders = DecoderGroup(
        reader.child(), {VIEW.shape: colour.child()}, LIMITS, TextSink(), np.dtype(np.uint8)
    )
    frames = np.arange(CLIP_FRAMES * 2 * 4 * 3, dtype=np.uint8)
    # The reader is a window ahead: its pixels wait already, before anything of this one was heard.
    os.write(colour.target, frames.tobytes())

    def answer() -> None:
        os.write(reader.target, b'{"refused": "damage"}\n{"begun": true}\n{"pts": []}\n')

    later = threading.Timer(0.2, answer)
    later.start()
    refused, read = decoders.collect([VIEW]), decoders.collect([VIEW])
    later.join()
    assert refused == Refusal("damage")
    assert isinstance(read, ReadWindow)
    assert read.pixels[0].ravel().tolist() == frames.tolist()


def test_complaints_of_the_library_are_heard_where_no_file_may_be_written() -> None:
    child = os.fork()
    if child == 0:
        _complain_without_files()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def _complain_without_files() -> None:
    import resource

    code = 1
    with suppress(BaseException):
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        complaints = listen()
        os.write(2, b"[h264 @ 0x1] mmco: unref short failure\n[h264 @ 0x1] concealing\n")
        code = 0 if complaints.heard() == ["[h264 @ 0x1] concealing"] else 2
        complaints.forget()
        code = code or 3 * bool(complaints.heard())
    os._exit(code)
