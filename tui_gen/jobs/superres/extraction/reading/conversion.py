"""Reads one clip by three processes: the kernel tone-maps the frames between two runs of ffmpeg.

    ffmpeg ── stored samples ──> kernel process ── BT.709 YUV ──> ffmpeg ── BGR, a pipe per size ──> sinks
       └── luma, stderr ──────────────────────────────────────────────────────────────────────────> sinks

The pixels are those of the group of decoders, which applies the same kernel to views. Data flows one way and
all ends are read at once, so no pipe can block the others for good. If nothing is given for too long, all
three are killed.

Guards: both runs of ffmpeg have ended when `run` returns or raises. A kernel or a scaling ffmpeg that
fails is no fault of the film.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui_gen.jobs.superres.extraction.reading.colour_pipe import scaling_arguments
from tui_gen.jobs.superres.extraction.reading.kernel_process import KernelProcess
from tui_gen.jobs.superres.units import Stretch
from tui_gen.media.geometry import Size
from tui_gen.processes.children import Child, ChildError, Command, Ended, finish_children
from tui_gen.processes.pipelines import pipe_of_children, start_children


@dataclass(frozen=True, slots=True)
class Conversion:
    """What happens to the stored samples of a clip: the kernel, then the sizes to scale to."""

    stretch: Stretch
    kernel: KernelProcess
    sizes: Sequence[Size]

    async def run(self, decoder: Command) -> Ended:
        """Run an ffmpeg whose outputs are `graphs.stored_pictures`; its sinks take each size, and luma.

        Raises what `run_child` raises, and ChildError if the kernel or the scaling fails.
        """
        try:
            ended, scaling = await finish_children(self._started(decoder))
            if ended.has_stalled:  # whichever of the three it was
                await self.kernel.end()
            else:
                await self.kernel.finish()
        except BaseException:
            await self.kernel.end()
            raise
        if scaling.status and not scaling.has_stalled:
            is_killed = scaling.status < 0
            how = f"was killed by {signal.Signals(-scaling.status).name}" if is_killed else "failed"
            reason = f"the ffmpeg that scales {how}"
            raise ChildError(reason, scaling.tail)
        return ended

    def _started(self, decoder: Command) -> list[Child]:
        """Start both runs of ffmpeg or none, with the kernel between them."""
        *pictures, luma = decoder.sinks
        with contextlib.ExitStack() as ours:
            stored_out, stored_in = pipe_of_children(ours)
            converted_out, converted_in = pipe_of_children(ours)
            self.kernel.convert(stored_out, converted_in)
            return start_children(
                [
                    replace(
                        decoder,
                        arguments=lambda pipes: decoder.arguments([stored_in, *pipes]),
                        sinks=[luma],
                        inherits=[stored_in],
                    ),
                    Command(
                        program=decoder.program,
                        arguments=lambda pipes: scaling_arguments(
                            self.stretch, self.sizes, source=converted_out, targets=pipes
                        ),
                        sinks=pictures,
                        limits=decoder.limits,
                        niceness=decoder.niceness,
                        inherits=[converted_out],
                    ),
                ]
            )
