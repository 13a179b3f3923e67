"""A job that is ready to run, as `run` sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tui_gen.engine.executors.ground import ClusterJob
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import Job


class OpenedJob(Protocol):
    """A job whose sources and tools were examined. Nothing is written before `prepare`."""

    @property
    def job(self) -> Job:
        """The job that the engine performs."""
        ...

    @property
    def cluster_job(self) -> ClusterJob | None:
        """The same job for the machines of a cluster; None: only this machine performs it."""
        ...

    @property
    def found(self) -> tuple[ev.Event, ...]:
        """What the run records before the work begins: identities, missing files, notices."""
        ...

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools of the run, a line each: "ffmpeg 9.0.2 (/path)"."""
        ...

    def prepare(self, records: Mapping[str, SourceRecord]) -> None:
        """Make the folders, and remove the temporary files of a run that was killed. Raises OSError."""
        ...

    def tidy(self, records: Mapping[str, SourceRecord]) -> None:
        """Remove temporary files at the end of a run. Raises OSError."""
        ...

    def follow_workers(self, count: int) -> None:
        """Learn the number of workers, so that the workers share the processors."""
        ...
