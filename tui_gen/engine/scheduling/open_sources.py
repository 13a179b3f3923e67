"""Limits how many sources are open at once: a spinning disk that reads many files at a time reads none fast.

    in order:   a (units left)         b (all units in hand)   c   d        at most 2 open
                takes further units    keeps its place         wait

A source is open while a worker performs a unit of it in a stage that reads sources. After a unit that learned
something of it, the source stays open until the stages are planned again: its clips follow its survey.
Invariant: with a unit that is handed out, no more sources are open than allowed. The first sources in order
have the places: an open source that comes after them gets no further units.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tui_gen.engine.model.work import DATASET, Stage
from tui_gen.engine.scheduling.stage_run import Place
from tui_gen.engine.scheduling.worker import Worker


@dataclass(frozen=True, slots=True)
class Admitted:
    """The places of which a unit may be taken now, and the sources that have a place."""

    places: Iterable[Place]  # in order
    sources: frozenset[str] | None  # None: all


class OpenSources:
    """The sources that are open, and those that may be opened."""

    def __init__(self, most: int | None) -> None:
        """Allow `most` open sources; None: any number."""
        self._most = most
        self._kept = set[str]()  # learned of, and not planned since

    def keep(self, source: str, stage: Stage) -> None:
        """Keep a source open until the next plan, if the stage that learned of it makes something of it."""
        if _reads(stage, source) and not stage.is_discovery:
            self._kept.add(source)

    def release(self) -> None:
        """Keep no source open that no worker reads: the stages were planned."""
        self._kept.clear()

    def are_full(self, workers: Iterable[Worker]) -> bool:
        """Return whether no other source may be opened."""
        return self._most is not None and len(self._open(workers)) >= self._most

    def admitted(self, places: Iterable[Place], workers: Iterable[Worker]) -> Admitted:
        """Return those of the places, in order, of which a unit may be taken now."""
        most = self._most
        if most is None:
            return Admitted(places, None)
        open_now, ranked, found = self._open(workers), set[str](), list[Place]()
        for run, source in places:
            is_counted = _reads(run.stage, source)
            if is_counted and source not in ranked:
                if len(ranked) >= most or not (source in open_now or run.queues[source].has_unit):
                    continue
                ranked.add(source)
            if not is_counted or source in open_now or len(open_now) < most:
                found.append((run, source))
        return Admitted(found, frozenset(source for _, source in found) | ranked)

    def _open(self, workers: Iterable[Worker]) -> set[str]:
        return self._kept.union(w.unit.source for w in workers if _reads(w.stage, w.unit.source))


def _reads(stage: Stage, source: str) -> bool:
    return stage.reads_sources and source != DATASET
