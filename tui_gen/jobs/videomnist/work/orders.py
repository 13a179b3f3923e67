"""The orders of this job: what a child process is asked to do. Heavy modules are imported where they work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_gen.processes.orders.messages import Signs

if TYPE_CHECKING:
    from tui_gen.jobs.videomnist.config.settings import Settings
    from tui_gen.jobs.videomnist.digits.pool import DigitPool
    from tui_gen.jobs.videomnist.model import Split


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

    def carry_out(self, context: Context, signs: Signs) -> object:
        """Render; return what is told of each video."""
        from tui_gen.jobs.videomnist.work.rendering import rendered

        del signs
        return rendered(context, self)


@dataclass(frozen=True, slots=True)
class AssembleOrder:
    """Put the HDF5 file together."""

    made: dict[str, int]  # source -> bit set of the videos
    has_earlier: bool = False  # the ledger records an assembly that is superseded, maybe of another file

    def carry_out(self, context: Context, signs: Signs) -> object:
        """Write the file; return what is told of it."""
        from tui_gen.jobs.videomnist.work.assembling import assembled

        return assembled(context, self, signs)


@dataclass(frozen=True, slots=True)
class SamplesOrder:
    """Draw the samples of the HDF5 file."""

    def carry_out(self, context: Context, signs: Signs) -> object:
        """Draw; return what is told of the samples."""
        from tui_gen.jobs.videomnist.work.sampling import sampled

        return sampled(context, signs)
