"""The remarks of `check` on the survey of a film."""

from dataclasses import replace

import pytest

from tests.jobs.superres.planning.test_plan import FILM, NO_BARS
from tests.jobs.superres.sample_films import SETTINGS
from tui_gen.jobs.superres.config.settings import Video
from tui_gen.jobs.superres.films.identity import Identified
from tui_gen.jobs.superres.films.inspection.film_remarks import Looked, remarks
from tui_gen.jobs.superres.planning.film_capacity import Prospect
from tui_gen.media.film_files import NoFile


@pytest.mark.parametrize(
    ("are_enough", "said"), [(True, []), (False, ["bars not told: 4 frames bright enough, 12 needed"])]
)
def test_few_votes_do_not_tell_the_bars_unless_they_were_enough(*, are_enough: bool, said: list[str]) -> None:
    survey = replace(NO_BARS, bar_votes=4, are_votes_enough=are_enough)
    outlook = Prospect(1, 1, {}, room=1, probe=FILM, survey=survey)
    film = Identified("v", Video("V", "/v.mkv", ()), NoFile("/v.mkv", "not found", is_missing=True))
    assert [line for line in remarks(SETTINGS, Looked(film, outlook)) if "bars" in line] == said
