"""A trial reads three places as a run would: it tells good from bad and from black, and counts the cost."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.superres.sample_films import SETTINGS, TINY, make_numbered, probed, run_ffmpeg
from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.superres.config.settings import Category, Video
from tui_gen.jobs.superres.films.inspection.trial import Trial, trial, trial_places
from tui_gen.jobs.superres.media import Ffmpeg
from tui_gen.jobs.superres.planning.film_capacity import prospect
from tui_gen.jobs.superres.planning.timestamps import Timeline
from tui_gen.media.facts_json import probe_to_json, survey_to_json
from tui_gen.media.film_facts import SurveyFacts
from tui_gen.media.geometry import whole
from tui_gen.processes.cpu_time import Spent, counting, current, processor_seconds

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "12")
CATEGORY = Category("general", "General", None, ((TINY, 1.0),))
WANTED = replace(SETTINGS, categories={"general": CATEGORY}, base_frame_limit=4)


@pytest.fixture
def ffmpeg(embedded_ffmpeg: str) -> Ffmpeg:
    return Ffmpeg(embedded_ffmpeg, "9")


async def tried(ffmpeg: Ffmpeg, path: Path, known: JsonObject | None = None) -> Trial:
    video = Video("v", str(path), (("general", 1.0),))
    facts = known or await facts_of(ffmpeg, path)
    found = await trial(WANTED, "v", video, prospect(WANTED, "v", video, facts), ffmpeg=ffmpeg)
    assert found is not None
    return found


async def facts_of(ffmpeg: Ffmpeg, path: Path) -> JsonObject:
    probe = await probed(ffmpeg, path)
    return {
        "probe": probe_to_json(probe),
        "survey": survey_to_json(SurveyFacts(whole(probe.upright), 0, is_interlaced=False)),
    }


@pytest.mark.parametrize("frames", [7, 8, 12, 300])
def test_places_hold_seven_frames_each(frames: int) -> None:
    line = Timeline(frames / 25, 1 / 25, 0.0, frames / 25)
    places = trial_places(line)
    assert len(places) == (1 if frames == 7 else 2 if frames == 8 else 3)
    for place in places:
        assert 2.5 <= place * 25 < frames - 3.5


def test_places_keep_out_of_what_is_trimmed() -> None:
    line = Timeline(1000.0, 0.04, 100.0, 200.0)
    places = trial_places(line)
    assert len(places) == 3
    assert all(100.0 < place - 0.16 < place + 0.16 < 200.0 for place in places)


def test_a_film_without_room_is_not_tried() -> None:
    assert trial_places(Timeline(0.2, 0.04, 0.0, 0.2)) == ()


def test_a_good_film_reads_at_all_places_and_costs_something(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    path = make_numbered(ffmpeg.path, tmp_path / "film.mkv", 96, *X264)
    found = asyncio.run(tried(ffmpeg, path))
    assert [place.result for place in found.places] == ["good"] * 3
    assert not found.bad
    assert found.seconds_per_clip is not None
    assert 0.01 < found.seconds_per_clip < 5
    cost = found.cost
    assert cost is not None
    # The system counts processor time in ticks of 10 ms: a further clip of a film this small may take none.
    assert cost.start_seconds > 2 * cost.clip_seconds >= 0, (
        "the start of children is not charged to each clip"
    )
    assert cost.of(1, 1) > 0
    assert cost.of(160, 160) < 160 * cost.of(1, 1) / 2


def test_a_film_that_is_cut_short_is_bad_where_nothing_is(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    path = make_numbered(ffmpeg.path, tmp_path / "film.mkv", 240, *X264)
    known = asyncio.run(facts_of(ffmpeg, path))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    found = asyncio.run(tried(ffmpeg, path, known))
    assert [place.result for place in found.places] == ["good", "bad", "bad"]
    assert all(place.reason for place in found.bad)


def test_black_places_are_no_damage(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    path = tmp_path / "black.mkv"
    run_ffmpeg(ffmpeg.path, "-f", "lavfi", "-i", "color=black:s=128x96:r=24:d=4", *X264, str(path))
    found = asyncio.run(tried(ffmpeg, path))
    assert [place.result for place in found.places] == ["black"] * 3
    assert found.is_black
    assert not found.bad
    assert found.seconds_per_clip is not None
    assert found.seconds_per_clip > 0.01


def test_only_children_of_the_context_are_counted() -> None:
    assert current() is None
    with counting() as outer:
        with counting() as inner:
            assert current() is inner
        assert current() is outer
    assert current() is None


def test_a_childs_time_is_read_before_it_is_reaped() -> None:
    busy = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass\nprint()"
    with subprocess.Popen([sys.executable, "-S", "-c", busy], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read()
        spent = Spent()
        spent.add(process.pid)
    assert spent.seconds == pytest.approx(0.25, abs=0.1)
    assert processor_seconds(process.pid) is None


def test_a_time_that_is_not_known_makes_the_sum_unknown() -> None:
    spent = Spent()
    spent.add(None)
    assert spent.seconds is None
