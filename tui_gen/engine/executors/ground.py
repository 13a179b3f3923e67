"""What a machine lends to a job whose units it performs, and what a job needs to be performed elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tui_gen.engine.model.work import Job


@dataclass(slots=True)
class WorkerCount:
    """How many units a machine performs at once. It may change while units are performed."""

    count: int


@dataclass(frozen=True, slots=True)
class Ground:
    """One machine, as a job sees it."""

    workers: WorkerCount
    # Programs that differ from those of the configuration: name -> path.
    tools: Mapping[str, str] = field(default_factory=dict)
    # Folders that have another path here: path on the engine's machine -> path on this machine.
    paths: Mapping[str, str] = field(default_factory=dict)

    def here(self, path: str) -> str:
        """Return the path on this machine of what the engine knows by `path`."""
        return _replaced(path, self.paths)

    def home(self, path: str) -> str:
        """Return the path on the engine's machine of what this machine knows by `path`."""
        return _replaced(path, {here: home for home, here in self.paths.items()})


def _replaced(path: str, prefixes: Mapping[str, str]) -> str:
    """Replace the longest prefix of whole parts."""
    for prefix in sorted(prefixes, key=len, reverse=True):
        bare = prefix.rstrip("/")
        if path == bare or path.startswith(f"{bare}/"):
            return prefixes[prefix].rstrip("/") + path[len(bare) :]
    return path


class PortableJob(Job, Protocol):
    """A job whose units may be performed by another process or machine. The job and its units can be pickled.

    Its stages raise errors that name paths as this machine knows them; the unit runner translates them.
    """

    def at(self, ground: Ground) -> PortableJob:
        """Return the same job with the programs, threads and paths of a machine. Raises RefusedError."""
        ...
