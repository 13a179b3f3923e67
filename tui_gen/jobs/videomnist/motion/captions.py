"""What a video shows, in words: one clause a digit, as Sync-DRAW describes its Moving MNIST."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import numpy as np

from tui_gen.jobs.videomnist.motion.trajectories import PARAMETER_NAMES, Track


def caption(digits: Iterable[tuple[int, str, Track]]) -> str:
    """Describe the digits of a video: class, motion and track of each."""
    return " and ".join(f"digit {digit} is {CLAUSES[motion](track)}" for digit, motion, track in digits)


def _bouncing(track: Track) -> str:
    """Name the side to which the digit moves in most frames, or its first direction in a tie."""
    ahead = float(np.sign(np.diff(track.x)).sum()) or _named("bounce", track, "direction")
    return f"bouncing to the {'right' if ahead > 0 else 'left'}"


def _in_a_circle(track: Track) -> str:
    way = "clockwise" if _named("circular", track, "direction") > 0 else "counter-clockwise"
    return f"moving in a circle {way}"


def _in_a_line(track: Track) -> str:
    across, down = float(track.x[-1] - track.x[0]), float(track.y[-1] - track.y[0])
    if abs(across) >= abs(down):
        return f"moving in a straight line to the {'right' if across >= 0 else 'left'}"
    return f"moving in a straight line {'downwards' if down > 0 else 'upwards'}"


def _spiralling(track: Track) -> str:
    return f"spiralling {'outwards' if _named('spiral', track, 'outwards') else 'inwards'}"


CLAUSES: Mapping[str, Callable[[Track], str]] = MappingProxyType(
    {
        "bounce": _bouncing,
        "circular": _in_a_circle,
        "linear": _in_a_line,
        "spiral": _spiralling,
        "reflect": lambda _: "bouncing off the walls",
        "stochastic": lambda _: "bouncing off the walls at random",
        "vertical": lambda _: "moving up and down",
        "horizontal": lambda _: "moving left and right",
    }
)


def _named(motion: str, track: Track, name: str) -> float:
    return track.params[PARAMETER_NAMES[motion].index(name)]
