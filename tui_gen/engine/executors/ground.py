"""The machines that perform units, and the interface of jobs that other machines can perform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tui_gen.engine.model.work import Job, Outcome


@dataclass(slots=True)
class WorkerCount:
    """The number of units that a machine performs at the same time. It may change during the run."""

    count: int


@dataclass(frozen=True, slots=True)
class Ground:
    """A machine that performs units of a job."""

    workers: WorkerCount
    # Programs with another path than in the configuration: name -> path.
    tools: Mapping[str, str] = field(default_factory=dict)
    # Folders with another path on this machine: path on the engine's machine -> path on this machine.
    paths: Mapping[str, str] = field(default_factory=dict)

    def here(self, path: str) -> str:
        """Return this machine's path for a path of the engine's machine."""
        return _replaced(path, self.paths)

    def home(self, path: str) -> str:
        """Return the engine's machine's path for a path of this machine."""
        return _replaced(path, {here: home for home, here in self.paths.items()})


def _replaced(path: str, prefixes: Mapping[str, str]) -> str:
    """Replace the longest prefix that consists of whole path components."""
    for prefix in sorted(prefixes, key=len, reverse=True):
        bare = prefix.rstrip("/")
        if path == bare or path.startswith(f"{bare}/"):
            return prefixes[prefix].rstrip("/") + path[len(bare) :]
    return path


MTIME_TOLERANCE_SECONDS = 2
"""The most by which the modification time of a file differs between two machines: SMB and FAT round it."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A source file as the engine's machine sees it."""

    path: str
    size_bytes: int
    mtime: float  # seconds since 1970


class PortableJob(Job, Protocol):
    """A job whose units another process or machine may perform. The job and its units can be pickled.

    Errors of its stages contain paths of this machine; the unit runner translates them.
    """

    def at(self, ground: Ground) -> PortableJob:
        """Return the job for the programs, threads and paths of a machine. Raises RefusedError."""
        ...


class ClusterJob(PortableJob, Protocol):
    """A job whose units other machines may perform."""

    def at(self, ground: Ground) -> ClusterJob:
        """Return the job for the programs, threads and paths of a machine. Raises RefusedError."""
        ...

    def proof(self) -> str:
        """Return a hash of the bytes that this machine makes of fixed input. It takes under a second."""
        ...

    def known_files(self) -> Sequence[KnownFile]:
        """Return up to three source files that every machine must see with these sizes and times."""
        ...

    def files_of(self, outcome: Outcome) -> Sequence[str]:
        """Return the absolute paths of the files that a clip left in the output folder."""
        ...
