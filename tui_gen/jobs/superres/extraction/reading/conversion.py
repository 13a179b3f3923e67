"""Reads one clip by three children: the kernel tone-maps the frames between two runs of ffmpeg.

    ffmpeg ── stored samples ──> converter (numba) ── BT.709 YUV ──> ffmpeg ── BGR, a pipe per size ──> sinks
       └── luma, stderr ─────────────────────────────────────────────────────────────────────────────> sinks

The pixels are those of the group of decoders, which applies the same kernel to views. Data flows one way and
all ends are read at once, so no pipe can block the others for good.

Guards: the children end together. A converter that fails is no fault of the film.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui_gen.jobs.superres.extraction.reading.colour_pipe import scaling_arguments
from tui_gen.jobs.superres.units import Stretch
from tui_gen.media.geometry import Size
from tui_gen.media.tone_mapping.converter import converter_arguments
from tui_gen.media.tone_mapping.mapping import ToneMapping
from tui_gen.processes.children import (
    Child,
    ChildError,
    Command,
    Ended,
    finish_children,
)
from tui_gen.processes.pipelines import pipe_of_children, start_children


@dataclass(frozen=True, slots=True)
class Conversion:
    """What happens to the stored samples of a clip: the kernel, then the sizes to scale to."""

    stretch: Stretch
    mapping: ToneMapping
    sizes: Sequence[Size]

    async def run(self, decoder: Command) -> Ended:
        """Run an ffmpeg whose outputs are `graphs.stored_pictures`; its sinks take each size, and luma.

        Raises ChildError if it or a converter cannot be started, or if a converter fails; what `run_child`
        raises.
        """
        ended, kernel, scaling = await finish_children(self._started(decoder))
        # Each also ends when what it writes to has ended: the last one that failed is the cause.
        for name, other in (("ffmpeg's scaling", scaling), ("the tone-mapping kernel", kernel)):
            if other.status and not other.has_stalled:  # that all have stalled, the first one tells
                is_killed = other.status < 0
                how = f"was killed by {signal.Signals(-other.status).name}" if is_killed else "failed"
                reason = f"{name} {how}"
                raise ChildError(reason, other.tail)
        return ended

    def _started(self, decoder: Command) -> list[Child]:
        """Start all three children or none."""
        *pictures, luma = decoder.sinks
        with contextlib.ExitStack() as ours:
            stored_out, stored_in = pipe_of_children(ours)
            converted_out, converted_in = pipe_of_children(ours)
            kernel = converter_arguments(
                self.mapping, self.stretch.probe.even_upright, source=stored_out, target=converted_in
            )
            limits, niceness = decoder.limits, decoder.niceness
            return start_children(
                [
                    replace(
                        decoder,
                        arguments=lambda pipes: decoder.arguments([stored_in, *pipes]),
                        sinks=[luma],
                        inherits=[stored_in],
                    ),
                    Command(
                        program=sys.executable,
                        arguments=lambda _: kernel,
                        limits=limits,
                        niceness=niceness,
                        inherits=[stored_out, converted_in],
                    ),
                    Command(
                        program=decoder.program,
                        arguments=lambda pipes: scaling_arguments(
                            self.stretch, self.sizes, source=converted_out, targets=pipes
                        ),
                        sinks=pictures,
                        limits=limits,
                        niceness=niceness,
                        inherits=[converted_out],
                    ),
                ]
            )
