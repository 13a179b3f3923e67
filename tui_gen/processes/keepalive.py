"""How a child that works for long tells its parent that it lives: a line on stderr, now and then.

Children load this, and what a parent needs to understand them stands here: nothing heavy is imported.
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
    """What a line of stderr is worth."""

    SIGN = "a sign of life, otherwise dropped"
    NOISE = "dropped"
    KEPT = "part of the tail"


@dataclass(slots=True)
class Signs:
    """Gives a sign at most once a second, however often it is asked to."""

    errors: TextIO = field(default_factory=lambda: sys.stderr)
    last_seconds: float = field(default_factory=time.monotonic)

    def give(self) -> None:
        """Say that reading goes on."""
        if time.monotonic() - self.last_seconds > SIGN_SECONDS:
            self.last_seconds = time.monotonic()
            self.errors.write(f"{SIGN}\n")
            self.errors.flush()
