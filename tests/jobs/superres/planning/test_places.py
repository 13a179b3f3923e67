"""Each usable clip of a film is in the part of its running time that holds its window."""

from dataclasses import replace

import pytest

from tests.jobs.superres.planning.test_timestamps import members, untrimmed
from tui_gen.jobs.superres.planning.places import FilmPlaces
from tui_gen.jobs.superres.planning.timestamps import timestamp, usable_clips


@pytest.mark.parametrize("count", [1, 7, 120])
def test_each_usable_clip_is_in_the_part_of_its_time(count: int) -> None:
    line = untrimmed(5400.0)
    places = FilmPlaces(line, 1500)
    parts = places.parts(count)
    assert places.seconds == 5400.0
    assert len(parts) == count
    assert sum(parts) == usable_clips(line, 1500)
    for number, part in enumerate(parts):
        for clip in members(part):
            assert number == int(timestamp(clip, 1.0) * count)


def test_trimmed_parts_have_no_clip() -> None:
    line = replace(untrimmed(100.0), start_seconds=20.0, end_seconds=90.0)
    parts = FilmPlaces(line, 50).parts(10)
    assert [bool(part) for part in parts] == [False, False, *[True] * 7, False]
