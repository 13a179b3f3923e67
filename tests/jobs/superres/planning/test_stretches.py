"""Stretches of a film with few key frames begin after one of them, so that no two workers decode the same."""

from bisect import bisect
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.jobs.superres.sample_films import SETTINGS, probed, run_ffmpeg
from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres.films import survey as survey_module
from tui_gen.jobs.superres.media import Ffmpeg, survey
from tui_gen.jobs.superres.planning.stretches import MOVED_CLIPS, STRETCH_CLIPS, runs, runs_from_keys
from tui_gen.jobs.superres.units import Survey
from tui_gen.media.facts_json import survey_from_json, survey_to_json

LEAD_SECONDS = 0.3
TIMES = st.lists(st.integers(0, 5000).map(lambda tenths: tenths / 10), min_size=1, max_size=300).map(sorted)
KEYS = st.lists(st.integers(0, 5000).map(lambda tenths: tenths / 10), min_size=1, max_size=100).map(sorted)


def has_key(times: list[float], position: int, keys: list[float]) -> bool:
    return bisect(keys, times[position] - LEAD_SECONDS) > bisect(keys, times[position - 1])


@given(times=TIMES, keys=KEYS)
def test_runs_hold_all_clips_in_order_and_begin_after_the_nearest_key_frame(
    times: list[float], keys: list[float]
) -> None:
    clips = list(range(len(times)))
    found = [list(run) for run in runs_from_keys(clips, times, keys, lead_seconds=LEAD_SECONDS)]
    assert [clip for run in found for clip in run] == clips
    assert all(0 < len(run) <= STRETCH_CLIPS for run in found)
    even = [run[0] for run in runs(clips, STRETCH_CLIPS - 2 * MOVED_CLIPS)]
    assert len(found) == len(even)
    for run, begin in zip(found[1:], even[1:], strict=True):
        near = range(begin - MOVED_CLIPS, min(begin + MOVED_CLIPS + 1, len(clips)))
        with_key = [place for place in near if has_key(times, place, keys)]
        nearest = min((abs(place - begin) for place in with_key), default=0)
        assert abs(run[0] - begin) == nearest


def test_without_key_frames_the_runs_are_even() -> None:
    found = runs_from_keys(range(40), [float(n) for n in range(40)], (), lead_seconds=LEAD_SECONDS)
    assert [len(run) for run in found] == [13, 13, 14]


KEY_SECONDS = 3.0
FAR = ("-g", "36", "-keyint_min", "36", "-sc_threshold", "0", "-bf", "2")
NEAR = ("-g", "12", "-keyint_min", "12", "-sc_threshold", "0")


@pytest.fixture
def _no_film_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey_module, "PASS_PIXELS", 0.0)


@pytest.mark.usefixtures("_no_film_is_read_whole")
@pytest.mark.parametrize(
    ("name", "arguments", "found"),
    [("a.mkv", FAR, True), ("a.mp4", FAR, True), ("a.mkv", NEAR, False), ("a.ts", FAR, False)],
)
async def test_the_survey_lists_key_frames_that_are_far_apart(
    name: str, arguments: tuple[str, ...], *, found: bool, embedded_ffmpeg: str, tmp_path: Path
) -> None:
    source = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=12:d=40"]
    path = tmp_path / name
    run_ffmpeg(embedded_ffmpeg, *source, "-c:v", "libx264", "-pix_fmt", "yuv420p", *arguments, str(path))
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    unit = Survey("v", str(path), "v", SETTINGS, await probed(ffmpeg, path), None, ())
    facts = await survey(unit, ffmpeg=ffmpeg)
    assert not isinstance(facts, Unusable)
    # The index of MP4 has decoding times: with two B-frames a key frame is decoded two frames earlier.
    expected = [KEY_SECONDS * n for n in range(14)] if found else []
    assert facts.far_keys_seconds == pytest.approx(expected, abs=2.5 / 12)
    assert survey_from_json(survey_to_json(facts)) == facts
