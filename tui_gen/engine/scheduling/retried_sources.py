"""The retried sources that no worker has looked at yet: their next unit comes before all other work.

    retry ──> waiting ──> one worker ends after its current pull ──> takes a unit of the source ──> done

Without this, a retried source would wait for all sources before it, and count meanwhile as if it could give
its whole quota.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tui_gen.engine.model.work import Unit
from tui_gen.engine.scheduling.stage_run import StageRun


class RetriedSources:
    """The sources whose next unit is handed out first."""

    def __init__(self) -> None:
        """Begin without sources."""
        self._waiting = list[str]()

    def add(self, source: str) -> None:
        """Hand out the next unit of a source first."""
        if source not in self._waiting:
            self._waiting.append(source)

    def discard(self, source: str) -> None:
        """Handle a source like all others from now on."""
        if source in self._waiting:
            self._waiting.remove(source)

    def waiting(self, runs: Sequence[StageRun]) -> Collection[str]:
        """Return the sources that have a unit to hand out, and forget the others."""
        self._waiting = [
            source
            for source in self._waiting
            if any(source in run.queues and run.queues[source].has_unit for run in runs)
        ]
        return self._waiting

    def needs_worker(self, runs: Sequence[StageRun], units: Collection[Unit]) -> bool:
        """Return whether one of the workers must end early; `units` are those that the workers perform.

        A unit without clips is short and would begin anew, so its worker is not ended: its end is waited for.
        """
        return bool(units) and all(unit.clips for unit in units) and bool(self.waiting(runs))
