"""Recovers names of files whose ledger line was lost, from the patches with these names.

Without its recorded name a film would get another name, although it has patches under the old name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.work import Made
from tui_gen.engine.storage.ledger import read_events
from tui_gen.jobs.superres.dataset.split import whole_name
from tui_gen.jobs.superres.units import EXTRACT

PATCH_FILE = re.compile(r"patch_(?P<slug>.+)_idx(?P<index>\d{4,})(?P<suffix>.*)\.(?:png|webp)")


def lost_names(ledger: Path, records: Mapping[str, SourceRecord], at: float) -> tuple[ev.FactsLearned, ...]:
    """Return events with the names of films that have patches in a category but no recorded name there."""
    lost = {
        (source, whole_name(part))
        for source, record in records.items()
        for part, clips in record.stage(EXTRACT).made.items()
        if clips and f"slug:{whole_name(part)}" not in record.facts
    }
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    events = read_events(ledger, on_damage=[])
    while lost and (event := next(events, None)) is not None:
        if not isinstance(event, ev.ClipEnded) or not isinstance(event.outcome, Made):
            continue
        source = event.outcome.clip.source
        for patch in event.outcome.patches:
            category = whole_name(patch.category)
            if (source, category) in lost and (slug := _slug_of(patch.record)):
                found[source][f"slug:{category}"] = slug
                lost.discard((source, category))
    return tuple(ev.FactsLearned(at, "extract", source, facts) for source, facts in found.items())


def _slug_of(patch: Mapping[str, Mapping[str, str]]) -> str | None:
    match = PATCH_FILE.fullmatch(patch["files"]["gt"].rpartition("/")[2])
    return match["slug"] if match else None
