"""What a run needs of a job's package. What other commands need is in `capabilities.py`.

    JobModule ── read_config ──> JobConfig ── open ──> OpenedJob      performed by the engine
        └── capabilities             └── capabilities ──> check, verify, split, export, ...

Everything in this package is a value or a protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tui_gen.base.nouns import Nouns
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.capabilities import Capabilities, JobCapabilities
from tui_gen.contract.opened_job import OpenedJob
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord


class JobConfig(Protocol):
    """A configuration that was read and is valid."""

    @property
    def run(self) -> RunConfig:
        """What the configurations of all jobs say about a run."""
        ...

    @property
    def nouns(self) -> Nouns:
        """What the job calls its sources, clips and patches."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What the configuration offers besides a run."""
        ...

    def recovered(self, records: Mapping[str, SourceRecord], at: float) -> tuple[ev.FactsLearned, ...]:
        """Return facts whose ledger lines were damaged, if other lines tell the same facts."""
        ...

    def open(self, records: Mapping[str, SourceRecord], *, may_write_beside: bool = False) -> OpenedJob:
        """Examine the sources and tools. Raises RefusedError; writes nothing."""
        ...


class JobModule(Protocol):
    """What an entry point of the group names: a module with these functions."""

    def read_config(self, path: Path) -> JobConfig:
        """Read a configuration. Raises RefusedError with everything that is wrong with it."""
        ...

    def capabilities(self) -> JobCapabilities:
        """Return what the job offers before a configuration exists."""
        ...

    def nouns(self) -> Nouns:
        """Return what the job calls its sources, clips and patches."""
        ...
