"""Signs of life of a child that works for long: a line on its stderr at intervals.

Children import this, and it defines what a parent needs to parse the lines: it imports nothing heavy.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from enum import Enum
from typing import TextIO

SIGN_SECONDS = 1.0
SIGN = "reading"


class Line(Enum):
    """The kind of a line of stderr."""

    SIGN = "a sign of life, otherwise dropped"
    NOISE = "dropped"
    KEPT = "part of the tail"


@dataclass(slots=True)
class Signs:
    """Writes a sign of life at most once a second."""

    errors: TextIO = field(default_factory=lambda: sys.stderr)
    last_seconds: float = field(default_factory=time.monotonic)

    def give(self) -> None:
        """Write a sign of life, unless the last one is recent."""
        if time.monotonic() - self.last_seconds > SIGN_SECONDS:
            self.last_seconds = time.monotonic()
            self.errors.write(f"{SIGN}\n")
            self.errors.flush()
