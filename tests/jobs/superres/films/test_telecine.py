"""Soft telecine is named and read frame by frame; hard telecine is named and left out unless it is wanted."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.jobs.superres.planning.test_plan import FILM, NO_BARS
from tests.jobs.superres.sample_films import (
    NUMBERED,
    SETTINGS,
    clips_of,
    make_numbered,
    make_soft_telecined,
    probed,
    read_all,
    run_ffmpeg,
    shown_numbers,
    stretch_of,
    task,
)
from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres.clip_shape import USUAL_CLIP
from tui_gen.jobs.superres.extraction.reading.window import nearest
from tui_gen.jobs.superres.extraction.scoring.scores import timing
from tui_gen.jobs.superres.media import Ffmpeg, survey
from tui_gen.jobs.superres.planning.clip_bits import bit_indices
from tui_gen.jobs.superres.planning.film_capacity import fields_refused
from tui_gen.jobs.superres.planning.timestamps import timeline, timestamp, usable_clips
from tui_gen.jobs.superres.units import Survey
from tui_gen.media.film_facts import SurveyFacts
from tui_gen.media.probing.pulldown import field_seconds, is_flagged

FIELD = 1001 / 60000
FRAMES = 240
WOVEN = "telecine=first_field=top:pattern=23"
MPEG2 = ("-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-q:v", "2", "-pix_fmt", "yuv420p")


def gaps(*counts: int, step: float = FIELD, rounding: int | None = None) -> list[float]:
    times = [0.0]
    for count in counts:
        times.append(times[-1] + count * step)
    return [
        after - before
        for before, after in pairwise(times if rounding is None else [round(t, rounding) for t in times])
    ]


@pytest.mark.parametrize("rounding", [None, 3])
@pytest.mark.parametrize("counts", [[2, 3] * 32, [3, 2] * 31 + [3], [2, 3] * 16 + [2, 2] + [3, 2] * 15])
def test_pulldown_is_told_by_the_distances_of_frames(counts: list[int], rounding: int | None) -> None:
    assert field_seconds(gaps(*counts, rounding=rounding)) == pytest.approx(FIELD, rel=0.002)


@pytest.mark.parametrize(
    "counts",
    [
        *([2] * 63, [2, 3] * 3, [1, 2] * 30, [3] * 40, [], [2] * 60 + [3] * 3, [2, 4] * 20),
        [random.Random(5).randint(10, 40) for _ in range(60)],
    ],
)
def test_other_distances_are_no_pulldown(counts: list[int]) -> None:
    assert field_seconds(gaps(*counts)) is None


def test_flags_are_read_from_whole_pictures_alone() -> None:
    extension = b"\0\0\1\xb5\x8f\xff\xf7"
    plain, repeated = extension + b"\x41\x80", extension + b"\x43\x80"
    assert is_flagged([plain, repeated] * 8)
    assert not is_flagged([plain] * 16)
    assert not is_flagged([repeated] * 16)
    assert not is_flagged([b"", b"\0\0\1\xb5", extension, b"\xff" * 64] * 8)
    assert not is_flagged([plain, extension + b"\x43\x00"] * 8)  # two fields of two moments


@pytest.mark.parametrize("container", ["mkv", "vob", "ts"])
async def test_soft_telecine_is_named_and_its_frames_are_read_as_they_were_coded(
    embedded_ffmpeg: str, tmp_path: Path, container: str
) -> None:
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    film = make_soft_telecined(embedded_ffmpeg, tmp_path / f"a.{container}", FRAMES)
    facts = await probed(ffmpeg, film)
    assert facts.is_soft_telecined
    assert facts.frame_seconds == pytest.approx(1001 / 24000, rel=0.002)
    assert facts.duration_seconds == pytest.approx(FRAMES * 1001 / 24000, abs=0.06)
    found = await survey(Survey("v", str(film), "v", SETTINGS, facts, None, ()), ffmpeg=ffmpeg)
    assert isinstance(found, SurveyFacts)
    assert (found.is_interlaced, found.is_telecined) == (False, False)
    times = [0.3, 1.0, 4.321, 7.777, 9.5]
    clips = clips_of(await read_all(ffmpeg, stretch_of(film, facts, [
        task(index, [time], NUMBERED) for index, time in enumerate(times)
    ])))  # fmt: skip
    assert len(clips) == len(times)
    for clip, time in zip(clips, times, strict=True):
        numbers = shown_numbers(clip.frames[NUMBERED])
        assert numbers == list(range(numbers[0], numbers[0] + 7))
        middle = clip.pts_seconds[3]
        assert abs(middle - time) <= 1.5 * FIELD + 0.001  # nearer than half of the longest frame
        assert numbers[3] == pytest.approx(middle / (2.5 * FIELD), abs=0.6)
        assert {round(gap / FIELD) for gap in gaps_of(clip.container_pts_seconds)} == {2, 3}
        assert timing(clip.container_pts_seconds) < 1.5


def gaps_of(times: tuple[float, ...]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


@given(st.floats(8, 20), st.integers(0, 1))
def test_windows_of_a_soft_telecined_film_share_no_frame(duration: float, begins: int) -> None:
    shown = [0.0]
    while shown[-1] < duration:
        shown.append(shown[-1] + (2 + (len(shown) + begins) % 2) * FIELD)
    facts = replace(FILM, duration_seconds=duration, frame_seconds=2.5 * FIELD, is_soft_telecined=True)
    clips = bit_indices(usable_clips(timeline(facts, SETTINGS), 60)).tolist()
    times = [timestamp(k, duration) for k in clips]
    windows = [nearest(shown, time) for time in sorted(times)]
    assert all(after - before >= USUAL_CLIP.span for before, after in pairwise(windows))


@pytest.mark.parametrize("flag", ["setfield=tff", "setfield=prog"])
async def test_hard_telecine_is_named_whatever_the_flags_say(
    embedded_ffmpeg: str, tmp_path: Path, flag: str
) -> None:
    film, ffmpeg = tmp_path / "a.mkv", Ffmpeg(embedded_ffmpeg, "9")
    coding = MPEG2 if flag == "setfield=tff" else ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "10")
    source = ["-f", "lavfi", "-i", "testsrc2=s=352x240:r=24000/1001:d=4", "-vf", f"{WOVEN},{flag}"]
    run_ffmpeg(embedded_ffmpeg, *source, *coding, "-pix_fmt", "yuv420p", str(film))
    facts = await probed(ffmpeg, film)
    assert not facts.is_soft_telecined
    found = await survey(Survey("v", str(film), "v", SETTINGS, facts, None, ()), ffmpeg=ffmpeg)
    assert not isinstance(found, Unusable)
    assert found.is_telecined
    assert found.is_interlaced == (flag == "setfield=tff")
    assert "telecined" in str(fields_refused(SETTINGS, found))
    assert fields_refused(replace(SETTINGS, telecine="keep"), found) is None


async def test_a_film_of_thirty_whole_frames_is_not_telecined(embedded_ffmpeg: str, tmp_path: Path) -> None:
    coding = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-pix_fmt", "yuv420p")
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", 90, *coding, rate="30000/1001")
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    facts = await probed(ffmpeg, film)
    found = await survey(Survey("v", str(film), "v", SETTINGS, facts, None, ()), ffmpeg=ffmpeg)
    assert isinstance(found, SurveyFacts)
    assert (found.is_interlaced, found.is_telecined) == (False, False)


def test_older_facts_say_nothing_of_telecine() -> None:
    assert not FILM.is_soft_telecined
    assert fields_refused(SETTINGS, NO_BARS) is None
