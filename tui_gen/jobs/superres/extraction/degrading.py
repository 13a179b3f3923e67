"""Makes the patches of one clip with the degraded variants of their LR, and writes none of them.

    prepare (thread) ──> variants (threads and ffmpeg) ──> encode (thread) ──> Encoded, for write_all

Children are started by the event loop's thread, so cutting alternates between this thread and others. Files
are written after the last variant of the clip: a cancelled or failed variant leaves no file.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from tui_gen.jobs.superres.dataset.file_kinds import PAIR
from tui_gen.jobs.superres.degradation.chain import Image, StepTools, degraded
from tui_gen.jobs.superres.degradation.choices import SeededDraws, choose
from tui_gen.jobs.superres.degradation.variants import Origin
from tui_gen.jobs.superres.degradation.video import Coding, InThread, Result
from tui_gen.jobs.superres.extraction.cutting import Encoded, Given, Prepared, encode, prepare
from tui_gen.jobs.superres.extraction.kernels import kernel_for, shrink
from tui_gen.jobs.superres.extraction.patches import gt_frames, lr_frames, stacked
from tui_gen.jobs.superres.extraction.reading.clip_frames import ClipFrames
from tui_gen.jobs.superres.extraction.reading.views import reach
from tui_gen.jobs.superres.units import ClipTask, Cut, Stretch
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.media.geometry import Region
from tui_gen.processes.cpu_time import counting

PURPOSE = "lr_variant"


async def in_thread(call: Callable[[], Result]) -> Result:
    """Return the result of a call made in one of the event loop's threads."""
    return await asyncio.get_running_loop().run_in_executor(None, call)


async def encoded_patches(
    unit: Stretch, task: ClipTask, clip: ClipFrames, *, ffmpeg: Ffmpeg, make: InThread = in_thread
) -> tuple[list[Encoded], Given]:
    """Return the patches of a clip, ready to be written, and the rejected categories.

    Raises ChildError if a child failed. Cancelling kills and reaps the child at work.
    """
    given, encoded = Given(), list[Encoded]()
    coding = Coding(ffmpeg, unit.settings.nice, make)
    for cut in task.cuts:
        prepared = await make(partial(prepare, unit, clip, cut, given))
        if prepared is None:
            continue
        if unit.settings.lr_variants:
            prepared = await _with_variants(unit, clip, prepared, coding)
        encoded.append(await make(partial(encode, prepared, unit.settings)))
    return encoded, given


async def _with_variants(unit: Stretch, clip: ClipFrames, prepared: Prepared, coding: Coding) -> Prepared:
    """Return a patch with the images and the record of its variants."""
    settings, cut = unit.settings, prepared.cut
    tools = StepTools(coding, partial(_shrunk, unit, cut))
    frames, records = dict[str, Image](), dict[str, object]()
    starts = dict[str, list[Image]]()  # origin -> frames: the same for all variants
    for variant in settings.lr_variants:
        drawn = SeededDraws(settings.seed, (PURPOSE, unit.source, clip.index, cut.category, variant.name))
        chosen = choose(variant, drawn, gt=cut.format.gt, lr=cut.format.lr)
        if variant.origin not in starts:
            starts[variant.origin] = await coding.in_thread(partial(_start, unit, clip, cut, variant.origin))
        frames[variant.name] = await degraded(np.stack(starts[variant.origin]), chosen.steps, tools)
        records[variant.name] = chosen.record
    arrays = {
        kind: stacked(list(frames[kind.variant]), kind.frames) if kind.variant else prepared.arrays[kind]
        for kind in settings.file_kinds
    }
    arrays |= {kind: image for kind, image in prepared.arrays.items() if kind.variant == PAIR}
    return replace(prepared, arrays=arrays, measured={**prepared.measured, "lr_variants": records})


def _start(unit: Stretch, clip: ClipFrames, cut: Cut, origin: Origin) -> list[Image]:
    """Return the frames of a clip that variants begin with: those of the crop, or their plain LR."""
    settings = unit.settings
    view = clip.view(cut.frame, reach(cut, settings))
    if origin == "gt":
        frames = gt_frames(view.pixels, cut, view.area)
    else:
        frames = lr_frames(view.pixels, cut, settings=settings, area=view.area)
    return [frame.astype(np.uint8, copy=False) for frame in frames]


def _shrunk(unit: Stretch, cut: Cut, frame: Image) -> Image:
    """Shrink a frame of GT by `lr_kernel`, padded at its own edges."""
    whole = Region(0, 0, cut.format.gt.width, cut.format.gt.height)
    return shrink(frame, whole, kernel_for(unit.settings.lr_kernel, cut.format.ratio), bounds=whole)


@dataclass(slots=True)
class _TimedThread:
    """Makes calls in threads, and adds up their processor time."""

    seconds: float = 0.0

    async def __call__(self, call: Callable[[], Result], /) -> Result:
        result, seconds = await asyncio.to_thread(_timed, call)
        self.seconds += seconds
        return result


def _timed(call: Callable[[], Result]) -> tuple[Result, float]:
    began = time.thread_time()
    return call(), time.thread_time() - began


async def cutting_seconds(unit: Stretch, task: ClipTask, clip: ClipFrames, *, ffmpeg: Ffmpeg) -> float | None:
    """Make the patches of a clip without writing them; return the processor time of threads and children.

    None: the time of a child is unknown. Raises as `encoded_patches` does.
    """
    timed = _TimedThread()
    with counting() as spent:
        await encoded_patches(unit, task, clip, ffmpeg=ffmpeg, make=timed)
    return None if spent.seconds is None else timed.seconds + spent.seconds
