"""Counts the fields of frames at a few places of a film with ffmpeg's idet, and recognises 3:2 pulldown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tui_gen.media.ffmpeg import Ffmpeg, Input, input_arguments, null_output
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.processes.children import ChildError, Command, StallLimits, run_child
from tui_gen.processes.keepalive import Line

IDET_FRAMES = 60
IDET_PLACES = (0.2, 0.5, 0.8)
TELECINE_SHARES = (0.12, 0.28)  # of the frames; in 3:2 pulldown each field repeats in one fifth

_IDET = re.compile(r"Multi frame detection: TFF: *(\d+) BFF: *(\d+) Progressive: *(\d+)")
_REPEATED = re.compile(r"Repeated Fields: Neither: *(\d+) Top: *(\d+) Bottom: *(\d+)")


@dataclass(slots=True)
class FieldCounts:
    """The counts of idet, in frames."""

    top_first: int = 0
    bottom_first: int = 0
    progressive: int = 0
    fresh: int = 0  # frames in which no field repeats a field of the frame before
    top_repeats: int = 0
    bottom_repeats: int = 0

    def add(self, orders: tuple[int, ...], repeated: tuple[int, ...]) -> None:
        """Add the counts of one place: (top first, bottom first, progressive), (neither, top, bottom)."""
        self.top_first += orders[0]
        self.bottom_first += orders[1]
        self.progressive += orders[2]
        self.fresh += repeated[0]
        self.top_repeats += repeated[1]
        self.bottom_repeats += repeated[2]

    @property
    def are_combed(self) -> bool:
        """Whether the two fields of a frame show different moments."""
        return self.top_first + self.bottom_first > self.progressive

    @property
    def first_field(self) -> str:
        """The field that is first in most combed frames: "tff" or "bff"."""
        return "tff" if self.top_first >= self.bottom_first else "bff"

    @property
    def are_telecined(self) -> bool:
        """Whether both fields repeat in about one of five frames, as in 3:2 pulldown."""
        count = self.fresh + self.top_repeats + self.bottom_repeats
        low, high = (share * count for share in TELECINE_SHARES)
        return (
            all(low <= repeats <= high for repeats in (self.top_repeats, self.bottom_repeats)) and count > 0
        )


async def count_fields(
    path: str, probe: ProbeFacts, *, ffmpeg: Ffmpeg, limits: StallLimits, niceness: int
) -> FieldCounts:
    """Return the counts of a film's fields at several places, independent of the flags. Raises ChildError."""
    found = FieldCounts()
    places = (
        IDET_PLACES if probe.duration_seconds > 10 * len(IDET_PLACES) else (None,)
    )  # a short film: all of it
    for place in places:
        seek = None if place is None else probe.first_pts_seconds + place * probe.duration_seconds
        lines: dict[re.Pattern[str], tuple[int, ...]] = {}
        ended = await run_child(_command(Input(path, seek), lines, ffmpeg, limits, niceness))
        if ended.was_killed:
            reason = "the look at the fields was killed or stalled"
            raise ChildError(reason, ended.tail)
        found.add(lines.get(_IDET, (0, 0, 0)), lines.get(_REPEATED, (0, 0, 0)))
    return found


def _command(
    source: Input,
    lines: dict[re.Pattern[str], tuple[int, ...]],
    ffmpeg: Ffmpeg,
    limits: StallLimits,
    niceness: int,
) -> Command:
    def take(line: str) -> Line:
        for pattern in (_IDET, _REPEATED):
            if match := pattern.search(line):
                lines[pattern] = tuple(map(int, match.groups()))
        return Line.NOISE if "[info]" in line else Line.KEPT

    def arguments(_: object) -> list[str]:
        given = input_arguments(source)
        given.remove("-xerror")
        *output, target = null_output("idet")
        return [*given, *output, "-frames:v", str(IDET_FRAMES), target]

    return Command(program=ffmpeg.path, arguments=arguments, on_line=take, limits=limits, niceness=niceness)
