"""Shards whose videos may not be in the ledger: those of earlier runs, and those of interrupted units.

A shard gets its name before its videos are reported. If the reports end early, by a drain or a kill, the
next unit with these videos takes them from the shard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tui_gen.jobs.videomnist.dataset.shard import shards_by_source, shards_in


@dataclass(slots=True, eq=False)
class EarlierShards:
    """The shards by source, with their first and last index."""

    _found: dict[str, list[tuple[int, int, Path]]] | None = None  # None: the folder is not listed yet
    _reporting: dict[Path, str] = field(default_factory=dict)  # shard -> source

    def with_some_of(self, source: str, indexes: Sequence[int], folder: Path) -> tuple[Path, ...]:
        """Return the shards that may hold videos of a source. The first call lists the folder."""
        if self._found is None:
            self._found = shards_by_source(shards_in(folder))
        waiting = shards_by_source(path for path, name in self._reporting.items() if name == source)
        shards = (*self._found.get(source, ()), *waiting.get(source, ()))
        return tuple(path for first, last, path in shards if first <= indexes[-1] and indexes[0] <= last)

    def begin_reports(self, source: str, shard: Path) -> None:
        """Note that a shard is written, and that its videos are reported now."""
        self._reporting[shard] = source

    def end_reports(self, shard: Path) -> None:
        """Note that all videos of a shard were reported."""
        del self._reporting[shard]
