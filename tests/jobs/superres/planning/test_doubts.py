"""A plan warns of films that may not be what they are read as, or of which a part cannot be found."""

from __future__ import annotations

from dataclasses import replace

from tests.jobs.superres.planning.test_plan import FILM, NO_BARS, extract, facts, settings, video
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.media.film_facts import ConfiguredTags, ProbeFacts

UNTAGGED = replace(
    FILM,
    colour=replace(FILM.colour, transfer=None, primaries="bt2020", matrix="bt2020nc", bit_depth=10),
    hdr_class="sdr",
)


def warnings(probe: ProbeFacts, tags: ConfiguredTags | None = None) -> tuple[str, ...]:
    keys = {} if tags is None else {"tags": tags}
    sources = (video("aa", {"general": 1.0}, **keys),)
    records = {"aa": SourceRecord(facts=facts(probe, NO_BARS, slug="film"))}
    return tuple(extract(settings({"general": 1}), sources, records).warnings)


def test_a_film_that_may_be_hdr_is_told_until_its_transfer_is_configured() -> None:
    (warning,) = warnings(UNTAGGED)
    assert "HDR? (" in warning
    assert 'give its entry "transfer"' in warning
    assert warnings(UNTAGGED, ConfiguredTags(transfer="bt709")) == ()
    assert warnings(FILM) == ()


def test_a_film_whose_timestamps_jump_is_told() -> None:
    (warning,) = warnings(replace(FILM, parts_seconds=((0.0, 20.0), (0.0, 20.0))))
    assert warning.endswith("its timestamps jump once: of 40 s, 20 s can be found")
