"""Of a film with a variable frame rate, no two windows share a frame, and none crosses a hold."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.jobs.superres.sample_films import clips_of, probed, read_all, run_ffmpeg, stretch_of, task
from tui_gen.engine.model.work import Rejected
from tui_gen.jobs.superres.extraction.reading.clips import TOO_FAR_APART
from tui_gen.jobs.superres.extraction.reading.reader import read_clips_fast
from tui_gen.jobs.superres.extraction.scoring.scores import timing
from tui_gen.jobs.superres.films.inspection.trial import trial_places
from tui_gen.jobs.superres.media import Ffmpeg
from tui_gen.jobs.superres.planning.clip_bits import bit_indices
from tui_gen.jobs.superres.planning.real_frames import RealFrames
from tui_gen.jobs.superres.planning.retries import Retries
from tui_gen.jobs.superres.planning.timestamps import Timeline, Windows, usable_clips
from tui_gen.media.facts_json import probe_from_json, probe_to_json
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.probing.frame_times import may_vary, varied

HOLDS = "settb=1/1000,setpts='round(1000*(N/60+if(lt(N,60),0,if(lt(N,120),9,14))))'"
"""Of 180 frames, 60 a second: the second sixty after 9 s more, the third after 5 s more."""


def line_of(times: list[float], frame_seconds: float = 1 / 60) -> Timeline:
    duration = times[-1] + frame_seconds
    return Timeline(duration, frame_seconds, 0.0, duration, frames=RealFrames(np.array(times)))


GAPS = st.lists(st.sampled_from([1 / 60, 1 / 60, 1 / 60, 1 / 25, 0.6, 9.0]), min_size=8, max_size=400)


@given(GAPS, st.integers(min_value=1, max_value=40))
def test_no_two_windows_share_a_frame_and_none_crosses_a_hold(gaps: list[float], capacity: int) -> None:
    times = [0.0, *np.cumsum(gaps).tolist()]
    line = line_of(times)
    clips = [int(index) for index in bit_indices(usable_clips(line, capacity))]
    windows = Windows(line, capacity, Retries(3, 1.0)).of(clips)
    taken = [time for clip in clips[:capacity] for time in windows[clip]]
    indices = sorted(times.index(time) for time in taken)  # every window is at a frame
    assert all(after - before >= 7 for before, after in pairwise(indices))
    for index in indices:
        assert 3 <= index < len(times) - 3
        inside = np.diff(times[index - 3 : index + 4])
        assert inside.max() <= max(0.5, 4 * np.median(inside))


def test_the_room_is_that_of_the_real_frames() -> None:
    held = [*(n / 60 for n in range(60)), *(10 + n / 60 for n in range(60))]
    clips = bit_indices(usable_clips(line_of(held), 100))
    assert 8 <= len(clips) <= 120 // 7
    assert len(trial_places(line_of(held))) == 3


def test_a_constant_rate_with_some_dropped_frames_is_no_variable_rate() -> None:
    steady = [round(n * 1000 / 24) for n in range(2000)]
    assert varied(steady, 0.001) is None
    assert varied([*steady[:700], *steady[703:]], 0.001) is None
    assert varied([*steady, *steady], 0.001) is None  # the clock begins again: two films joined
    assert varied([0, 41, 5000], 0.001) is None
    assert varied([0, 17, 33, 9000, 9017, 9033, 9050, 9067], 0.001) is not None
    reordered = [0, 42, 83, 125, 167, 30000, 208, 250, 30042, 30083]
    assert varied(reordered, 0.001) == tuple(sorted(reordered))
    mixed = [*range(0, 1700, 17), *range(1717, 4000, 41)]
    assert varied(mixed, 0.001) == tuple(mixed)


def test_the_rate_is_looked_at_all_over_the_film() -> None:
    def read_at(rate: float) -> list[float]:
        return [n / rate for n in range(100)]

    assert not may_vary(lambda _: read_at(24), 0.0, 4.0, 1 / 24)
    assert may_vary(lambda place: read_at(24 if place < 2 else 60), 0.0, 4.0, 1 / 24)


def test_slides_are_out_of_time() -> None:
    assert timing([n / 24 for n in range(7)]) == pytest.approx(1.0)
    assert timing([3.0 * n for n in range(7)]) == pytest.approx(6.0)


def with_holds(program: str, path: Path) -> Path:
    source = ["-f", "lavfi", "-i", "testsrc2=s=192x108:r=60:d=3", "-vf", HOLDS, "-fps_mode", "passthrough"]
    coding = ["-enc_time_base", "1/1000", "-c:v", "libx264", "-preset", "ultrafast", "-g", "20"]
    run_ffmpeg(program, *source, *coding, str(path))
    return path


def test_the_clips_of_a_film_with_holds_have_frames_of_their_own(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    film = with_holds(embedded_ffmpeg, tmp_path / "a.mkv")

    async def read() -> tuple[ProbeFacts, list[tuple[float, ...]]]:
        facts = await probed(ffmpeg, film)
        assert facts.frame_times is not None
        line = line_of(list(facts.frame_times.times_seconds(facts.first_pts_seconds)))
        clips = [int(index) for index in bit_indices(usable_clips(line, 6))][:6]
        windows = Windows(line, 6, Retries(1, 1.0)).of(clips)
        tasks = [task(number, windows[clip], facts.upright) for number, clip in enumerate(clips)]
        tasks.sort(key=lambda each: each.windows)
        stretch = stretch_of(film, facts, tasks)
        found = clips_of(await read_all(ffmpeg, stretch, reader=read_clips_fast))
        assert {clip.reader for clip in found} == {"stretch"}
        slow = clips_of(await read_all(ffmpeg, stretch))
        assert [clip.pts_seconds for clip in slow] == [clip.pts_seconds for clip in found]
        return facts, [clip.pts_seconds for clip in found]

    facts, shown = asyncio.run(read())
    assert len(shown) == 6
    frames = [time for times in shown for time in times]
    assert len(set(frames)) == len(frames)
    assert all(times[-1] - times[0] < 0.25 for times in shown)
    assert probe_from_json(probe_to_json(facts)) == facts


def test_a_window_with_frames_farther_apart_than_planned_is_rejected(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    film = with_holds(embedded_ffmpeg, tmp_path / "a.mkv")

    async def read() -> list[str]:
        facts = replace(await probed(ffmpeg, film), frame_times=None)
        stretch = stretch_of(film, facts, [task(0, [1.0], facts.upright), task(1, [5.0], facts.upright)])
        reports = await read_all(ffmpeg, stretch, reader=read_clips_fast)
        return [report.reason for report in reports if isinstance(report, Rejected)]

    assert asyncio.run(read()) == [TOO_FAR_APART, TOO_FAR_APART]
