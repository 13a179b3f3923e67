"""What a child process is asked to do: values that can be pickled. Answers are JSON, a line each.

{"done": {...}}   {"sign": true}   {"obstructed": text}   {"failed": text, "detail": traceback}
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_gen.jobs.videomnist.config.settings import Settings
    from tui_gen.jobs.videomnist.digits.pool import DigitPool
    from tui_gen.jobs.videomnist.model import Split

SIGN_SECONDS = 1.0
LENGTH_BYTES = 4
"""Before each order stands its length, little-endian."""


@dataclass(frozen=True, slots=True)
class Context:
    """What all orders of a run have in common; a child keeps what it makes of the first one."""

    settings: Settings
    pool: DigitPool
    recipe: bytes  # 16 bytes


@dataclass(frozen=True, slots=True)
class RenderOrder:
    """Render the videos that no earlier shard holds whole into a shard."""

    split: Split
    digit: int
    indexes: tuple[int, ...]
    folder: Path  # of the shards
    earlier: tuple[Path, ...] = ()  # shards of earlier runs that may hold some of the videos


@dataclass(frozen=True, slots=True)
class AssembleOrder:
    """Put the HDF5 file together."""

    made: dict[str, int]  # source -> bit set of the videos
    has_earlier: bool = False  # the ledger records an assembly that is superseded, maybe of another file


@dataclass(frozen=True, slots=True)
class SamplesOrder:
    """Draw the samples of the HDF5 file."""


Order = RenderOrder | AssembleOrder | SamplesOrder


@dataclass(slots=True)
class Signs:
    """Signs of life of work that takes long: at most one a second, however often it is asked for."""

    say: Callable[[dict[str, Any]], None]
    last_seconds: float = field(default_factory=time.monotonic)

    def give(self, *_: object) -> None:
        """Say that the work goes on."""
        if time.monotonic() - self.last_seconds > SIGN_SECONDS:
            self.last_seconds = time.monotonic()
            self.say({"sign": True})
