"""Decodes the windows of one stretch and writes raw frames to colour processes; run as a child, by its path.

    python -I reader_child.py <descriptor of the order> <descriptor for answers>

    order (JSON) ──> window 1 ──> {"begun": true} ── n frames x views, into their pipes ───────> {"pts": ...}
                     window 2 ──> {"refused": "why"}                            no frames follow

Each answer is one line of JSON. After "begun", all frames of a clip follow, so that the colour processes stay
in step; the second answer then states whether the frames are valid.

A full pipe blocks this program: it decodes at most one window ahead of its parent.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[5]))

from av.video.frame import PictureType, VideoFrame

from tui_gen.jobs.superres.clip_shape import Reach, WindowShape
from tui_gen.jobs.superres.extraction.reading.film_order import FilmOrder
from tui_gen.jobs.superres.extraction.reading.luma import ClipMeter
from tui_gen.jobs.superres.extraction.reading.repeated import Walk
from tui_gen.jobs.superres.extraction.reading.view_writer import ViewOrder, ViewWriter
from tui_gen.jobs.superres.extraction.reading.window_decoder import WindowDecoder
from tui_gen.media.decoding.decoder_errors import Complaints, listen
from tui_gen.media.decoding.frame_facts import AllowedFacts, tags_of
from tui_gen.media.decoding.planes import Planes, layout_of
from tui_gen.media.decoding.track import UnsureError, open_film
from tui_gen.media.geometry import Region
from tui_gen.media.tone_mapping.cache import VARIABLE
from tui_gen.media.tone_mapping.mapping import tone_mapping_from_json
from tui_gen.processes.keepalive import Signs

PICTURE_TYPES = {
    PictureType.I: "I",
    PictureType.P: "P",
    PictureType.B: "B",
    PictureType.S: "S",
    PictureType.SI: "i",
    PictureType.SP: "p",
    PictureType.BI: "b",
}
"""Picture type -> the letter that ffmpeg prints."""


Check = Callable[[VideoFrame], None]


@dataclass(frozen=True, slots=True)
class WindowOrder:
    """One window to read."""

    target_seconds: float
    views: tuple[ViewOrder, ...]


def main() -> None:
    """Carry out the order in the arguments."""
    with open(int(sys.argv[1])) as pipe:  # noqa: PTH123 - a descriptor
        order: dict[str, Any] = json.load(pipe)
    answers = open(int(sys.argv[2]), "w")  # noqa: PTH123, SIM115 - a descriptor, open to the end
    sys.stderr = os.fdopen(os.dup(2), "w")
    complaints = listen()
    try:
        for answer in _read(order, complaints, Signs()):
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
    except BrokenPipeError:
        sys.exit(1)  # the parent has closed the pipe


def _read(order: dict[str, Any], complaints: Complaints, signs: Signs) -> Iterator[dict[str, Any]]:
    windows = [
        WindowOrder(
            window["target"], tuple(ViewOrder(view[0], Region(*view[1:])) for view in window["views"])
        )
        for window in order["windows"]
    ]
    film = FilmOrder(
        path=order["path"],
        formats=order["formats"],
        max_pixels=order["max_pixels"],
        threads=order["threads"],
        frame_seconds=order["frame_seconds"],
        window=WindowShape(*order["window"]),
        most_seconds=order["most_seconds"],
        reach=None if order["reach"] is None else Reach(*order["reach"]),
        targets_seconds=tuple(sorted(window.target_seconds for window in windows)),
    )
    layout = layout_of(order["pixel_format"], order["size"], order["aperture"])
    if layout is None:
        message = f"no frames of the format {order['pixel_format']} are read here"
        raise ValueError(message)
    mapping = order["tone_mapping"]
    os.environ[VARIABLE] = order["kernel_cache"]
    writer = ViewWriter(layout, None if mapping is None else tone_mapping_from_json(mapping))
    with open_film(film.path, film.formats) as container:
        decoder = WindowDecoder(container, film, complaints, signs.give)
        allowed = AllowedFacts(order["allowed_tags"])

        def check(frame: VideoFrame) -> None:
            """Raise UnsureError for a frame that is not what the film's first frame is."""
            _check(layout.rejection_reason_of(frame))
            _check(allowed.contradiction(tags_of(frame)))

        for window in windows:
            meter = ClipMeter(
                film.window.clip_frames // 2, layout.bit_depth, wants_repeats=order["wants_repeats"]
            )
            yield from _window(decoder, window, writer, check, meter)


def _window(
    decoder: WindowDecoder, window: WindowOrder, writer: ViewWriter, check: Check, meter: ClipMeter
) -> Iterator[dict[str, Any]]:
    """Read one window and write its frames as they are decoded; yield the answers."""
    pts, types, places, layout = list[float](), "", list[int](), writer.layout
    try:
        for place, frame in _frames(decoder, window.target_seconds, layout, check):
            places.append(place)
            if not pts:
                yield {"begun": True}
            writer.send(layout.of(frame), window.views)
            pts.append(decoder.seconds(frame.pts or 0))
            types += PICTURE_TYPES.get(PictureType(frame.pict_type), "?")
            meter.take(layout.luma(frame)[0])
    except UnsureError as error:
        if pts:
            writer.send_blanks(window.views, decoder.order.window.clip_frames - len(pts))
        yield {"refused": str(error)}
        return
    steps = [after - before for before, after in pairwise(places)]
    repeated = meter.repeated if meter.wants_repeats else None
    yield {"pts": pts, "types": types, "steps": steps, "repeats": repeated, **asdict(meter.measures())}


def _frames(
    decoder: WindowDecoder, target_seconds: float, layout: Planes, check: Check
) -> Iterator[tuple[int, VideoFrame]]:
    """Yield the frames of a window as they are decoded, or after the choice if only different ones count."""
    if decoder.order.reach is None:
        for place, frame in enumerate(decoder.frames(target_seconds)):
            check(frame)
            yield place, frame
        return
    walk = Walk(layout.bit_depth)

    def counts(frame: VideoFrame) -> bool:
        check(frame)
        return walk.take(layout.luma(frame)[0])

    yield from decoder.different_frames(target_seconds, counts)


def _check(rejection_reason: str | None) -> None:
    if rejection_reason is not None:
        raise UnsureError(rejection_reason)


if __name__ == "__main__":
    main()
