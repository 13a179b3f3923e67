"""The output arguments of an ffmpeg that reads one clip: filters and pipes. Pure.

    showinfo ─> trim ─┬─> extractplanes ─────────────────────────────> pipe: luma, for the measures
                      └─> [bwdif] ─> tone-mapping ─> split ─┬─> scale ─> pipe: BGR at one frame size
                                                            └─> scale ─> pipe: BGR at another

If the kernel tone-maps the frames, the second branch ends after bwdif: ─> pipe: stored samples.

Guards: luma is branched off before any filter changes a sample, so it is the same for both ways of reading.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui_gen.jobs.superres.extraction.reading.luma import luma_plane
from tui_gen.jobs.superres.extraction.reading.repeated import Picked
from tui_gen.jobs.superres.extraction.reading.window import Span
from tui_gen.jobs.superres.extraction.rendering import rendering
from tui_gen.jobs.superres.units import Stretch
from tui_gen.media.colour import head_filters, stored_filters, tail_filters
from tui_gen.media.ffmpeg import downloaded, null_output, raw_output
from tui_gen.media.geometry import Size

Outputs = Callable[[Sequence[int]], list[str]]
"""A function from the descriptors of the pipes, one per sink, to ffmpeg's output arguments."""


def must_deinterlace(stretch: Stretch) -> bool:
    """Return whether a film must be deinterlaced."""
    return stretch.survey.is_interlaced and stretch.settings.interlaced == "deinterlace"


def timestamps(until_seconds: float) -> Outputs:
    """Return outputs that only print the timestamps of the frames up to a time."""
    arguments = null_output(f"showinfo=checksum=0,trim=end={until_seconds:.6f}")
    return lambda _: arguments


def luma(stretch: Stretch, span: Span, *, device: str | None) -> Outputs:
    """Return outputs with the luma of the frames of a span."""
    plane = luma_plane(stretch.probe.colour).filter
    graph = f"[0:V:0]{_fetched(stretch, device)}showinfo=checksum=0,{span.filters},{plane}[luma]"
    return lambda pipes: ["-filter_complex", graph, *raw_output("[luma]", pipes[0])]


def pictures(
    stretch: Stretch, frames: Span | Picked, sizes: Sequence[Size], *, device: str | None
) -> Outputs:
    """Return outputs with some frames at these sizes, and their luma: one decode and one tone-mapping."""
    deinterlace = f"{_deinterlacer(stretch)}," if must_deinterlace(stretch) else ""
    how = rendering(stretch.settings, peak=stretch.peak)
    head = head_filters(stretch.probe, how)
    split = f"split={len(sizes)}" + "".join(f"[s{number}]" for number in range(len(sizes)))
    tails = [
        f"[s{number}]{tail_filters(stretch.probe, how, frame=size)}[v{number}]"
        for number, size in enumerate(sizes)
    ]
    graph = ";".join(
        [
            *_luma_apart(stretch, frames, device),
            f"[show]{deinterlace}{frames.filters},{head + ',' if head else ''}{split}",
            *tails,
        ]
    )

    def outputs(pipes: Sequence[int]) -> list[str]:
        arguments = ["-filter_complex", graph]
        for number, pipe in enumerate(pipes[:-1]):
            arguments += raw_output(f"[v{number}]", pipe, pixel_format=how.pixel_format)
        return [*arguments, *raw_output("[luma]", pipes[-1])]

    return outputs


def stored_pictures(stretch: Stretch, frames: Span | Picked, *, device: str | None) -> Outputs:
    """Return outputs with the stored samples of some frames, as the tone-mapping takes them, and luma."""
    deinterlacer = _deinterlacer(stretch) if must_deinterlace(stretch) else ""
    shown = ",".join(filter(None, [deinterlacer, frames.filters, stored_filters(stretch.probe)]))
    graph = ";".join([*_luma_apart(stretch, frames, device), f"[show]{shown}[stored]"])

    def outputs(pipes: Sequence[int]) -> list[str]:
        stored = raw_output("[stored]", pipes[0], pixel_format=stretch.probe.colour.pixel_format)
        return ["-filter_complex", graph, *stored, *raw_output("[luma]", pipes[1])]

    return outputs


def _luma_apart(stretch: Stretch, frames: Span | Picked, device: str | None) -> list[str]:
    """Return the graphs that split luma off and leave `[show]`."""
    return [
        f"[0:V:0]{_fetched(stretch, device)}showinfo=checksum=0,split=2[look][show]",
        f"[look]{frames.filters},{luma_plane(stretch.probe.colour).filter}[luma]",
    ]


def _deinterlacer(stretch: Stretch) -> str:
    """Return the filter that deinterlaces; the order of the fields is the frames' own unless measured."""
    first_field = stretch.survey.first_field
    return "bwdif=mode=send_frame" + (f":parity={first_field}" if first_field else "")


def _fetched(stretch: Stretch, device: str | None) -> str:
    """Return the filters that transfer frames from the device, with a comma; "" without a device."""
    pixels = stretch.probe.colour.pixel_format
    return f"{downloaded(pixels)},format={pixels}," if device is not None else ""
