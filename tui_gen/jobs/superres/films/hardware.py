"""Tests whether a device decodes a film to exactly the pixels of the processor: `hardware`.

    software   ffmpeg ──────────────────────────────> hashes of seven frames ─┐
    device     ffmpeg -hwaccel ── download, format ──> hashes of seven frames ─┴─ equal, or not used

Invariant: a device is used for a film only if it decoded frames of this film to the same pixels as the
processor. Otherwise the reason is recorded; it does not count as a fault of the film.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tui_gen.jobs.superres.units import Survey
from tui_gen.media.ffmpeg import Ffmpeg, Input, downloaded, input_arguments
from tui_gen.processes.children import ChildError, Command, Ended, StallLimits, TextSink, run_child

DEVICES = ("cuda", "vaapi", "qsv")
"""The order in which "auto" tries the devices."""
_TAGS = re.compile(r"^(?:\[[^]]*\] ?)+")  # "[CUDA @ 0x5639] [error] ": the address differs each time
COMPARED_FRAMES = 7
HARDWARE_LIMITS = StallLimits(first_seconds=60.0, next_seconds=60.0)


@dataclass(frozen=True, slots=True)
class Hardware:
    """The result of a trial."""

    asked: str  # the value of "hwaccel" in the configuration
    device: str | None
    reason: str = ""  # why no device is used


async def hardware(unit: Survey, *, ffmpeg: Ffmpeg, limits: StallLimits = HARDWARE_LIMITS) -> Hardware:
    """Return the first requested device that decodes the film exactly. Raises ChildError."""
    asked = unit.settings.hwaccel
    pixels = unit.probe.colour.pixel_format
    if downloaded(pixels) is None:
        return Hardware(asked, None, f"devices give no frames of the format {pixels}")
    expected, ended = await _hashes(unit, None, ffmpeg=ffmpeg, limits=limits)
    if ended.was_killed:
        reason = "the look at the film was killed or stalled"
        raise ChildError(reason, ended.tail)
    if len(expected) < COMPARED_FRAMES:
        return Hardware(asked, None, "no seven frames to compare could be decoded in its middle")
    refusals = []
    for device in DEVICES if asked == "auto" else (asked,):
        found, ended = await _hashes(unit, device, ffmpeg=ffmpeg, limits=limits)
        if found == expected:
            return Hardware(asked, device)
        refusals.append(f"{device}: {_why_not(found, ended)}")
    return Hardware(asked, None, "; ".join(refusals))


async def _hashes(
    unit: Survey, device: str | None, *, ffmpeg: Ffmpeg, limits: StallLimits
) -> tuple[list[str], Ended]:
    """Return one line per frame (its timestamp and a hash of its pixels), and how ffmpeg ended."""
    probe, sink = unit.probe, TextSink()
    middle_seconds = probe.first_pts_seconds + probe.duration_seconds / 2
    pixels = probe.colour.pixel_format

    def arguments(pipes: Sequence[int]) -> list[str]:
        given = input_arguments(
            Input(unit.path, seek_seconds=middle_seconds, loglevel="error", device=device)
        )
        given.remove("-xerror")  # damage elsewhere in the film does not matter here
        filters = f"{downloaded(pixels)},format={pixels}" if device else f"format={pixels}"
        kind = ["-an", "-sn", "-dn", "-fps_mode", "passthrough", "-frames:v", str(COMPARED_FRAMES)]
        return [*given, "-map", "0:V:0", *kind, "-vf", filters, "-f", "framemd5", f"pipe:{pipes[0]}"]

    ended = await run_child(
        Command(
            program=ffmpeg.path,
            arguments=arguments,
            sinks=[sink],
            limits=limits,
            niceness=unit.settings.nice,
            uses_device=device is not None,
        )
    )
    lines = sink.data.decode("utf-8", "replace").splitlines()
    return [line for line in lines if line and not line.startswith("#")], ended


def _why_not(found: Sequence[str], ended: Ended) -> str:
    if ended.was_killed:
        return "it hung" if ended.has_stalled else "ffmpeg was killed"
    if len(found) == COMPARED_FRAMES:
        return "other pixels than the processor decodes"
    said = [_TAGS.sub("", line) for line in ended.tail.splitlines() if line]
    return said[0][:160] if said else f"only {len(found)} frames came"
