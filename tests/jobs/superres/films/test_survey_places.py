"""How many places of a film are looked at, and that fewer places find what all places find."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.jobs.superres.extraction.reading.test_joined import BT709, joined
from tests.jobs.superres.extraction.reading.test_joined import X264 as NO_B_FRAMES
from tests.jobs.superres.films.test_survey import X264
from tests.jobs.superres.sample_films import HDR10_TAGS, SETTINGS, probed, run_ffmpeg
from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres.films import survey as survey_module
from tui_gen.jobs.superres.films import survey_places
from tui_gen.jobs.superres.films.bars import Bars, Steady
from tui_gen.jobs.superres.films.survey_places import PLACES, next_step, places_seconds, rounds, votes_wanted
from tui_gen.jobs.superres.media import Ffmpeg, survey
from tui_gen.jobs.superres.units import Survey
from tui_gen.media.facts_json import probe_from_json, probe_to_json
from tui_gen.media.film_facts import SurveyFacts
from tui_gen.media.geometry import Size

UHD = Size(3840, 2160)
OPEN, SCOPE, FLAT = Bars(), Bars(276, 276), Bars(42, 42)
PADDED = Bars(steady=(Steady(8, 150.0), *(Steady(0, 90.0),) * 3))
BLACK = Bars(276, 276, steady=(Steady(275, 16.0), Steady(276, 16.0), *(Steady(0, 90.0),) * 2))
LETTERBOX = "crop=320:134:0:0,pad=320:180:0:22"
SECONDS = 16


@pytest.mark.parametrize(
    ("votes", "wanted", "step"),
    [
        ([OPEN] * 3, 4, "look at more"),
        ([OPEN] * 4, 4, "enough"),
        ([OPEN] * 4, 8, "look at more"),
        ([OPEN] * 4, PLACES, "look at all"),
        ([FLAT] * 4, PLACES, "look at all"),
        ([SCOPE] * 4, PLACES, "enough"),
        ([BLACK] * 4, PLACES, "enough"),
        ([SCOPE, None, SCOPE, SCOPE], PLACES, "look at more"),
        ([SCOPE, None, SCOPE, SCOPE, Bars(277, 275)], PLACES, "enough"),
        ([SCOPE, OPEN], 4, "look at all"),
        ([OPEN, OPEN, OPEN, Bars(3, 0)], 4, "look at all"),
        ([Bars(276, 276, 300, 300)] * 4, PLACES, "look at all"),
        ([OPEN, OPEN, OPEN, PADDED], 4, "look at all"),
        ([None] * 4, 4, "look at more"),
    ],
)
def test_votes_are_enough_when_four_agree_on_a_wide_picture_or_as_many_as_wanted(
    votes: list[Bars | None], wanted: int, step: str
) -> None:
    assert next_step(votes, UHD, wanted) == step


def test_a_film_that_is_stored_without_its_bars_is_wide_too() -> None:
    assert next_step([OPEN] * 4, Size(3840, 1600), PLACES) == "enough"


@pytest.mark.parametrize(("minutes", "count"), [(1, 4), (60, 4), (61, 8), (120, 8), (121, PLACES)])
def test_neighbouring_places_are_at_most_a_quarter_of_an_hour_apart(minutes: int, count: int) -> None:
    assert votes_wanted(60.0 * minutes) == count
    places = places_seconds(0, 60.0 * minutes, PLACES)
    order = [place for some in rounds(places) for place in some]
    assert sorted(order) == places
    if count < PLACES:
        first = [0.0, *sorted(order[:count]), 60.0 * minutes]
        assert max(after - before for before, after in pairwise(first)) <= 900


def make(program: str, path: Path, filters: str) -> Path:
    source = ["-f", "lavfi", "-i", f"testsrc2=s=320x180:r=12:d={SECONDS}"]
    run_ffmpeg(program, *source, "-vf", filters, *X264, str(path))
    return path


@pytest.fixture(autouse=True)
def every_film_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey_places, "WOVEN_LINES", 0)
    monkeypatch.setattr(survey_module, "PASS_PIXELS", 0.0)


async def by_both_rules(program: str, path: Path) -> tuple[SurveyFacts, SurveyFacts]:
    """Return what few places find, and what all places find as for a film that an older version probed."""
    ffmpeg = Ffmpeg(program, "9")
    facts = await probed(ffmpeg, path)
    older = probe_to_json(facts)
    del older["survey_rule"]
    found = [
        await survey(Survey("v", str(path), "v", SETTINGS, each, None, ()), ffmpeg=ffmpeg)
        for each in (facts, probe_from_json(older))
    ]
    few, all_places = found
    assert not isinstance(few, Unusable), few
    assert not isinstance(all_places, Unusable), all_places
    assert not all_places.are_votes_enough
    assert all_places.bar_votes >= 12
    return few, all_places


async def test_few_places_that_agree_find_what_all_places_find(embedded_ffmpeg: str, tmp_path: Path) -> None:
    few, all_places = await by_both_rules(
        embedded_ffmpeg, make(embedded_ffmpeg, tmp_path / "a.mkv", LETTERBOX)
    )
    assert (few.are_votes_enough, few.bar_votes) == (True, 4)
    assert replace(few, bar_votes=all_places.bar_votes, are_votes_enough=False) == all_places
    assert abs(few.picture.y - 26) <= 2


async def test_a_dark_place_is_replaced_by_the_next_place(embedded_ffmpeg: str, tmp_path: Path) -> None:
    dark = f"{LETTERBOX},split[a][b];[a]lutyuv=y=16[c];[b][c]overlay=enable='between(t,6,7)'"
    few, all_places = await by_both_rules(embedded_ffmpeg, make(embedded_ffmpeg, tmp_path / "a.mkv", dark))
    assert few.are_votes_enough
    assert 4 <= few.bar_votes < 6
    assert few.picture == all_places.picture


async def test_a_part_of_another_shape_is_looked_for_at_all_places(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    part = f"split[a][b];[a]{LETTERBOX}[c];[b][c]overlay=enable='between(t,5,9)'"
    few, all_places = await by_both_rules(embedded_ffmpeg, make(embedded_ffmpeg, tmp_path / "a.mkv", part))
    assert few == all_places
    assert abs(few.picture.y - 26) <= 2


async def test_frames_that_state_other_facts_are_looked_for_at_all_places(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    source = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=4")
    parts = [(*source, *NO_B_FRAMES, *tags) for tags in (BT709, HDR10_TAGS)]
    film = joined(embedded_ffmpeg, tmp_path, ".h264", *parts)
    few, all_places = await by_both_rules(embedded_ffmpeg, film)
    assert few == all_places
    assert len(few.other_parts) == 1
