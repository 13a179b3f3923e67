"""What a start records of the films' entries, and which verdicts it drops."""

from __future__ import annotations

from dataclasses import replace

from tests.jobs.superres.films.test_identity import seen, video
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord, StageRecord
from tui_gen.jobs.superres.films.identity import Identified
from tui_gen.jobs.superres.films.source_check import opening_events
from tui_gen.jobs.superres.films.source_verdict import JUDGED
from tui_gen.media.film_facts import ConfiguredTags

BASIS = {"ffmpeg": "9"}


def begun(record: SourceRecord, tags: ConfiguredTags) -> list[ev.Event]:
    """Start with one film whose entry has these tags; apply what is recorded of it."""
    film = replace(video("/films/a.mkv"), tags=tags)
    found = Identified("aa", film, seen("/films/a.mkv", "a"))
    events = list(opening_events((found,), {}, {"aa": record}, BASIS))
    for event in events:
        if isinstance(event, ev.FactsLearned):
            record.facts.update(event.facts)
    return events


def retried(events: list[ev.Event]) -> bool:
    return any(isinstance(event, ev.SourceRetried) for event in events)


def test_a_verdict_is_dropped_when_the_entry_has_other_colour_tags() -> None:
    judged = StageRecord(unusable="its colours cannot be converted")
    record = SourceRecord(facts={JUDGED: BASIS}, stages={"extract": judged})
    none, bt709 = ConfiguredTags(), ConfiguredTags(matrix="bt709")
    assert not retried(begun(record, none))
    assert "tags" not in record.facts["entry"]
    assert retried(begun(record, bt709))
    assert record.facts["entry"]["tags"] == {"matrix": "bt709"}
    assert not retried(begun(record, bt709))
    assert retried(begun(record, none))
