"""Asks a child whether damage that ffmpeg reported near a window concerns the window (damage_child.py)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tui_gen.media.ffmpeg import FORMATS
from tui_gen.processes.child_query import ChildQuery, ask
from tui_gen.processes.children import ChildError, StallLimits

DAMAGE_CHILD = Path(__file__).with_name("damage_child.py")


async def is_undamaged(
    path: str,
    wanted_seconds: Sequence[float],
    *,
    seek_seconds: float | None,
    limits: StallLimits,
    niceness: int,
) -> bool:
    """Return whether the packets decoded for some frames are undamaged; times are those of the container.

    A film that the child cannot decode is not known to be undamaged.
    """
    times = ",".join(f"{time:.9f}" for time in wanted_seconds)
    words = (FORMATS, times, "" if seek_seconds is None else f"{seek_seconds:.6f}")
    try:
        answer, _ = await ask(ChildQuery(DAMAGE_CHILD, path, words, "the look at damage", limits, niceness))
    except ChildError:  # data that crash or hang a decoder are damaged
        return False
    return bool(answer["is_clean"])
