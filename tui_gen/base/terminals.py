"""Whether there is a terminal that a screen can be drawn on; without one, lines are written instead."""

from __future__ import annotations

import os
from collections.abc import Mapping

UNABLE = frozenset({"", "dumb", "unknown"})
"""Values of TERM that promise no more than a typewriter."""


def can_draw(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a screen can be drawn (on 2, as Textual does) and keys be read (from 0)."""
    return os.isatty(0) and os.isatty(2) and environ.get("TERM", "") not in UNABLE
