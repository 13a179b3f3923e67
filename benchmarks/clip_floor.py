"""The floor of what a clip can cost: its parts, each done by itself over the very patches of a run.

    reader     one decoder over the windows, its frames going nowhere
    colour     the pixels of the patches alone, no margin around them, from and to nowhere
    encoding   the PNG of the same patches

What holds the parts together (planning, pipes, shrinking, hashing, writing) is not in it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.clip_approaches import PROGRAM, configuration, run_program
from benchmarks.clip_meter import Meter
from benchmarks.clip_samples import FRAMES, Sample
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.run.session import replay
from tui_gen.jobs.superres.config.load import load_settings
from tui_gen.jobs.superres.extraction.png import encode_png
from tui_gen.jobs.superres.extraction.reading.clips import CLIP_LIMITS
from tui_gen.jobs.superres.extraction.reading.colour_pipe import colour_arguments
from tui_gen.jobs.superres.extraction.reading.decoder_group import Refusal, RequestedWindow, start
from tui_gen.jobs.superres.extraction.reading.views import Shape
from tui_gen.jobs.superres.planning.plan import plan_extract
from tui_gen.jobs.superres.units import ClipTask, Stretch
from tui_gen.media.decoding.planes import Planes, planes_of
from tui_gen.media.ffmpeg import Ffmpeg, find_ffmpeg
from tui_gen.media.geometry import Region, Size, contains


def floor(sample: Sample, clips: int, output: Path, meter: Meter) -> None:
    """Measure the parts of what the program did, which is run for that if it was not."""
    output = output.parent / PROGRAM
    config = configuration(sample, clips, output)
    if not output.exists():
        output.mkdir()
        run_program(config, clips)
    stretch = _whole_stretch(config)
    ffmpeg = find_ffmpeg(None, os.environ)
    images = [
        np.asarray(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR), np.uint8)
        for path in sorted(output.rglob("*.png"))
    ]
    with meter.part("reader"):
        asyncio.run(_read(stretch, ffmpeg))
    shapes = Counter(shape for task in stretch.tasks for shape in _shapes(stretch, task))
    layout, frames = _decoded(stretch)
    raw = {shape: [_raw(layout, frame, shape.stored) for frame in frames] for shape in shapes}
    with meter.part("colour", of_children=True):
        for shape, count in shapes.items():
            _convert(colour_arguments(stretch, shape, source=0, target=1), ffmpeg, raw[shape] * count)
    with meter.part("encoding"):
        for image in images:
            encode_png(image, stretch.settings.png_compression)


def _whole_stretch(config: Path) -> Stretch:
    """Return all clips of the run as one stretch, as the program planned them."""
    settings = load_settings(config)
    state, _ = replay(settings.run_folder)
    records = {source: SourceRecord(facts=record.facts) for source, record in state.records.items()}
    sources = tuple(zip(records, settings.videos, strict=True))
    plan = plan_extract(settings, sources, records=records, missing=())
    stretches = [unit for unit in plan.sources[0].units if isinstance(unit, Stretch)]
    return replace(stretches[0], tasks=tuple(task for stretch in stretches for task in stretch.tasks))


async def _read(stretch: Stretch, ffmpeg: Ffmpeg) -> None:
    first = stretch.probe.first_pts_seconds
    windows = [RequestedWindow(first + task.windows[0], ()) for task in stretch.tasks]
    decoders = start(stretch, windows, ffmpeg=ffmpeg, threads=1, limits=CLIP_LIMITS)
    for _ in windows:
        found = await asyncio.to_thread(decoders.collect, ())
        if isinstance(found, Refusal):
            raise TypeError(found.reason)
    decoders.close()


def _shapes(stretch: Stretch, task: ClipTask) -> Iterator[Shape]:
    """Yield what is to be converted for a clip: its patches, less those that lie within others."""
    regions = sorted((cut.region for cut in task.cuts), key=lambda region: -region.width * region.height)
    kept: list[Region] = []
    for region in regions:
        if not any(contains(other, region) for other in kept):
            kept.append(region)
    ratio = stretch.probe.coded.width // task.cuts[0].frame.width
    for region in kept:
        # Pixels that share chroma come in pairs.
        scaled = Size(region.width + region.width % 2, region.height + region.height % 2)
        yield Shape(Size(scaled.width * ratio, scaled.height * ratio), scaled)


def _decoded(stretch: Stretch) -> tuple[Planes, list[list[NDArray[np.uint8]]]]:
    """Return the planes of seven frames of the film: what they show makes no difference to colour."""
    layout = planes_of(stretch.probe.colour.pixel_format, stretch.probe.coded)
    if layout is None:
        raise TypeError(stretch.probe.colour.pixel_format)
    with av.open(stretch.path) as container:
        frames = container.decode(video=0)
        return layout, [[plane.copy() for plane in layout.of(next(frames))] for _ in range(FRAMES)]


def _raw(layout: Planes, frame: list[NDArray[np.uint8]], size: Size) -> bytes:
    parts = layout.parts(Region(0, 0, size.width, size.height))
    return b"".join(plane[part].tobytes() for plane, part in zip(frame, parts, strict=True))


def _convert(arguments: Sequence[str], ffmpeg: Ffmpeg, frames: list[bytes]) -> None:
    command = [ffmpeg.path, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
        if child.stdin is not None:
            child.stdin.writelines(frames)
    if child.returncode:
        message = f"{command} ended with {child.returncode}"
        raise RuntimeError(message)
