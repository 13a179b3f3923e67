"""`open_sources` of a configuration in a real run."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Configure, Films
from tests.acceptance.program import entry
from tui_gen.engine.model import events as ev
from tui_gen.engine.storage.recorder import Recorder


def test_a_run_reads_no_more_films_at_once_than_the_configuration_allows(
    films: Films, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work, counts, show = dict[int, str](), list[int](), Recorder.show

    def watched(recorder: Recorder, event: ev.Event) -> None:
        match event:
            case ev.SlotOpened(slot=slot, source=source):
                at_work[slot] = source
                counts.append(len(set(at_work.values())))
            case ev.SlotClosed(slot=slot):
                del at_work[slot]
        show(recorder, event)

    monkeypatch.setattr(Recorder, "show", watched)
    videos = [entry(film, film.stem, {"general": 1.0}) for film in (films.beta, films.delta)]
    data = configure(videos, open_sources=1, max_workers=4, base_frame_limit=2)
    data.complete()
    assert max(counts) == 1
    assert data.count("GT") == 4
