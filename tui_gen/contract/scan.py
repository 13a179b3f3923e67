"""What `scan` asks of a job: to find sources in folders and to write a configuration for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """Which folders are searched for sources, and which configuration is to be written."""

    folders: tuple[Path, ...]
    target: Path
    may_update: bool = False  # the target may list sources already
    is_probed: bool = True  # files are opened to see how long they are
    least_seconds: float = 60.0  # shorter ones are left out
    keeps_editions: bool = False  # all copies of a source are taken, not only the best
    follows_links: bool = True  # links to folders are followed


@dataclass(frozen=True, slots=True)
class FoundSource:
    """A file that a scan found. All but `key`, `facts` and `why` may be changed before it is saved."""

    key: str
    name: str
    weights: tuple[tuple[str, float], ...]
    priority: int
    is_in: bool
    facts: str  # "2160p 2h 46m 61.0 GB"
    why: str  # 'rule "dune"', "a trailer"; empty if there is nothing to say


class ScanFindings(Protocol):
    """What a scan found. Nothing is written before `save`."""

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that sources may have weights for."""
        ...

    @property
    def sources(self) -> tuple[FoundSource, ...]:
        """The sources that were found and not listed before."""
        ...

    def save(self, sources: Sequence[FoundSource]) -> Sequence[str]:
        """Write a configuration; return what was done, as lines. Raises RefusedError."""
        ...


class Scanner(Protocol):
    """Searches folders for sources."""

    def scan(self, request: ScanRequest, *, progress: Callable[[str, int, int], None]) -> ScanFindings:
        """Search; tell `progress` what is being done, how many are done, and of how many.

        Raises RefusedError.
        """
        ...
