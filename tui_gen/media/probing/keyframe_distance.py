"""Measures the distances of a film's key frames, which decide the cost of a clip. Unknown: None.

A child does the measuring (keyframe_distance_child.py), as for everything that opens a film.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tui_gen.media.ffmpeg import FORMATS
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.processes.child_query import ChildQuery, ask
from tui_gen.processes.children import ChildError, StallLimits

KEYS_CHILD = Path(__file__).with_name("keyframe_distance_child.py")
KEYS_LIMITS = StallLimits(first_seconds=120.0, next_seconds=120.0)


@dataclass(frozen=True, slots=True)
class KeyFrames:
    """The distances of the key frames that the container lists."""

    how: Literal["packets", "index", "places"]  # from all packets, the index, or packets after a few places
    key_frames: int
    typical_frames: float | None
    longest_frames: int | None
    typical_seconds: float | None
    longest_seconds: float | None
    frames_before: float | None  # mean number of frames from the last key frame to a frame


async def key_frames(
    path: str, probe: ProbeFacts, places: Sequence[float], *, niceness: int = 19
) -> KeyFrames:
    """Measure the key frames of a film; `places` are seconds from its first PTS. Raises ChildError."""
    wanted = ",".join(f"{probe.first_pts_seconds + place:.6f}" for place in places)
    what = "the look at the key frames"
    answer, tail = await ask(ChildQuery(KEYS_CHILD, path, (FORMATS, wanted), what, KEYS_LIMITS, niceness))
    if "failed" in answer:
        raise ChildError(answer["failed"], tail)
    return _clocked(KeyFrames(**answer), probe.frame_seconds)


def _clocked(found: KeyFrames, frame_seconds: float | None) -> KeyFrames:
    """Return distances in seconds, calculated from frames if the packets have no timestamps."""
    if found.typical_seconds is not None or frame_seconds is None or found.typical_frames is None:
        return found
    longest = found.longest_frames
    return replace(
        found,
        typical_seconds=found.typical_frames * frame_seconds,
        longest_seconds=None if longest is None else longest * frame_seconds,
    )
