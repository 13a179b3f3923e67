"""Records the findings for the run: in the ledger, as the engine would have written them.

Invariant: findings are written under the engine's lock, and only for sources whose record has not changed
since they were inspected. No folder above the output folder is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_gen.contract.inspect import Inspected
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import Learned
from tui_gen.engine.run.session import LEDGER_NAME, Session
from tui_gen.engine.storage.lock import LockedError


@dataclass(frozen=True, slots=True)
class Kept:
    """The result of recording the findings."""

    is_kept: bool
    says: str


News = Sequence[ev.FactsLearned | ev.SourceFoundUnusable | ev.SourceRetried]


def news_of(found: Iterable[ev.Event], looked: Iterable[Inspected], now: float) -> News:
    """Return the events that a run would have recorded for the findings."""
    events = [e for e in found if isinstance(e, ev.FactsLearned | ev.SourceFoundUnusable | ev.SourceRetried)]
    for source in looked:
        for stage, report in source.learned:
            if isinstance(report, Learned):
                facts, warnings = report.facts, report.warnings
                events.append(ev.FactsLearned(now, stage, report.source, facts, warnings))
            else:
                reason, detail = report.reason, report.detail
                events.append(ev.SourceFoundUnusable(now, stage, report.source, reason, detail))
    return events


def keep(run_folder: Path, news: News, *, before: Mapping[str, SourceRecord]) -> Kept:
    """Append news to the ledger; `before` are the records that the sources had when inspected."""
    output, ledger = run_folder.parent, run_folder / LEDGER_NAME
    if not news:
        return Kept(is_kept=True, says="")
    if not output.parent.is_dir():
        return _lost(f"{output} is not there, nor is the folder it would stand in")
    try:
        session = Session(run_folder)
    except LockedError:
        return _lost("an engine is at work here")
    except OSError as error:
        return _lost(f"{error.filename or run_folder}: {error.strerror}")
    try:
        now = session.state.records
        # Select all before the first is written: writing an event changes its source's record.
        same = [event for event in news if now.get(event.source) == before.get(event.source)]
        session.note(same)
    except OSError as error:
        return _lost(f"{ledger}: {error.strerror}")
    finally:
        session.close()
    return Kept(is_kept=True, says=f"What was found is kept for the run, in {ledger}.")


def _lost(reason: str) -> Kept:
    return Kept(is_kept=False, says=f"What was found is not kept for the run: {reason}.")
