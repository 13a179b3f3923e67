"""Timestamps cover the film evenly, lie inside it, and no two planned windows share a frame."""

import math
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tui_gen.jobs.superres.clip_shape import USUAL_CLIP, ClipShape
from tui_gen.jobs.superres.dataset.split import Block
from tui_gen.jobs.superres.planning.clip_bits import bit_indices
from tui_gen.jobs.superres.planning.retries import Retries
from tui_gen.jobs.superres.planning.timestamps import (
    SLOWEST_FRAME_SECONDS,
    Timeline,
    Windows,
    sides,
    timestamp,
    usable_clips,
)

FPS_25 = 0.04


def untrimmed(duration: float, frame: float = FPS_25) -> Timeline:
    return Timeline(duration, frame, 0.0, duration)


TIMELINES = st.builds(
    lambda frames, frame, start, end, reach, shape: Timeline(
        frames * frame,
        frame,
        start * frames * frame,
        frames * frame * (1 - end),
        reach_frames=reach,
        shape=shape,
    ),
    st.integers(min_value=0, max_value=6000),
    st.sampled_from([1 / 60, 1001 / 24000, FPS_25, 0.1]),
    st.sampled_from([0.0, 0.0, 0.1]),
    st.sampled_from([0.0, 0.0, 0.08]),
    st.sampled_from([None, 12, 30]),
    st.sampled_from([USUAL_CLIP, USUAL_CLIP, ClipShape(15), ClipShape(30, 2), ClipShape(100)]),
)
KEYED = st.builds(
    lambda line, starts: replace(
        line, starts_seconds=tuple(number * line.frame_seconds for number in sorted({0, *starts}))
    ),
    TIMELINES,
    st.sets(st.integers(min_value=0, max_value=6000), max_size=300),
)
RETRIES = st.builds(
    Retries,
    attempts=st.integers(min_value=1, max_value=10),
    skip_seconds=st.sampled_from([0.0, 0.5, 7.0, 60.0]),
)


def members(bits: int) -> list[int]:
    return [int(index) for index in bit_indices(bits)]


def frames_of(line: Timeline, time: float) -> set[int]:
    """Return the frames that a window may take."""
    frames = line.shape.span if line.reach_frames is None else 2 * line.reach_frames + 1
    middle = line.shape.frames // 2 * line.shape.step if line.reach_frames is None else line.reach_frames
    before = 0 if line.starts_seconds else middle
    first = math.floor(time / line.frame_seconds + 0.5) - before
    return set(range(first, first + frames))


@given(TIMELINES | KEYED, st.integers(min_value=0, max_value=120), RETRIES)
def test_windows_lie_inside_the_film_and_outside_the_trim(
    line: Timeline, capacity: int, retries: Retries
) -> None:
    clips = members(usable_clips(line, capacity))
    windows = Windows(line, capacity, retries).of(clips)
    for clip in clips:
        for time in windows[clip]:
            frames = frames_of(line, time)
            assert min(frames) >= 0
            assert (max(frames) + 0.5) * line.frame_seconds <= line.duration_seconds
            assert (min(frames) + 1) * line.frame_seconds >= line.start_seconds
            assert max(frames) * line.frame_seconds <= line.end_seconds + line.frame_seconds


@given(TIMELINES | KEYED, st.integers(min_value=0, max_value=120), RETRIES)
def test_no_two_windows_of_the_planned_clips_share_a_frame(
    line: Timeline, capacity: int, retries: Retries
) -> None:
    planned = members(usable_clips(line, capacity))[:capacity]
    windows = Windows(line, capacity, retries).of(planned)
    seen: set[int] = set()
    for time in sorted(time for clip in planned for time in windows[clip]):
        frames = frames_of(line, time)
        assert not frames & seen
        seen |= frames


@given(TIMELINES | KEYED, st.integers(min_value=0, max_value=60), RETRIES)
def test_stand_ins_keep_clear_of_first_windows_and_of_lower_retries(
    line: Timeline, capacity: int, retries: Retries
) -> None:
    clips = members(usable_clips(line, capacity))
    windows = Windows(line, capacity, retries).of(clips)
    taken = {frame for clip in clips for frame in frames_of(line, windows[clip][0])}
    taken_by_retries: set[int] = set()
    for clip in clips:
        for time in windows[clip][1:]:
            frames = frames_of(line, time)
            is_stand_in = clip in clips[capacity:]
            assert not frames & taken_by_retries
            assert not (is_stand_in and frames & taken)
            taken_by_retries |= frames


@given(TIMELINES | KEYED, st.integers(min_value=1, max_value=100), st.integers(min_value=1, max_value=50))
def test_a_larger_capacity_only_adds_clips(line: Timeline, capacity: int, more: int) -> None:
    smaller, larger = usable_clips(line, capacity), usable_clips(line, capacity + more)
    assert larger & ((1 << 2 * capacity) - 1) == smaller


@given(TIMELINES, st.integers(min_value=1, max_value=100))
def test_clips_are_left_out_by_the_plain_rule(line: Timeline, capacity: int) -> None:
    kept: list[int] = []
    frames = round(line.duration_seconds / line.frame_seconds)
    for clip in range(2 * capacity):
        time = timestamp(clip, line.duration_seconds)
        before = after = line.reach_frames
        if before is None or after is None:
            before = line.shape.frames // 2 * line.shape.step
            after = line.shape.span - 1 - before
        is_inside = before - 0.5 <= time / line.frame_seconds < frames - 0.5 - after
        others = [timestamp(other, line.duration_seconds) for other in kept]
        if is_inside and all(abs(time - other) >= line.apart_seconds for other in others):
            kept.append(clip)
    whole = replace(line, start_seconds=0.0, end_seconds=line.duration_seconds)
    assert members(usable_clips(whole, capacity)) == kept
    assert set(members(usable_clips(line, capacity))) <= set(kept)


@given(KEYED, st.integers(min_value=1, max_value=100), RETRIES)
def test_a_clip_begins_at_the_nearest_key_frame_or_is_left_out(
    line: Timeline, capacity: int, retries: Retries
) -> None:
    starts = line.starts_seconds or ()
    kept: dict[int, float] = {}
    frames = round(line.duration_seconds / line.frame_seconds)
    for clip in range(2 * capacity):
        time = timestamp(clip, line.duration_seconds)
        _, start = min((abs(start - time), start) for start in starts)
        needed = line.shape.span if line.reach_frames is None else 2 * line.reach_frames + 1
        is_inside = round(start / line.frame_seconds) + needed <= frames
        if is_inside and all(abs(start - other) >= line.apart_seconds for other in kept.values()):
            kept[clip] = start
    whole = replace(line, start_seconds=0.0, end_seconds=line.duration_seconds)
    clips = members(usable_clips(whole, capacity))
    assert clips == list(kept)
    windows = Windows(whole, capacity, retries).of(clips)
    assert [windows[clip][0] for clip in clips] == list(kept.values())
    assert all(time in starts for clip in clips for time in windows[clip])


def test_a_film_of_seven_frames_has_one_centre() -> None:
    line = untrimmed(7 * FPS_25)
    clips = members(usable_clips(line, 100))
    assert len(clips) == 1
    assert frames_of(line, timestamp(clips[0], line.duration_seconds)) == set(range(7))


def test_the_edges_of_a_long_clip_are_those_of_its_first_and_last_frame() -> None:
    shape = ClipShape(100, 3)
    line = Timeline(3000.0, FPS_25, 0.0, 3000.0, block=Block(1000.0, 1200.0), shape=shape)
    found = sides(line, 400)
    for clip in members(found.outside):
        frames = frames_of(line, timestamp(clip, 3000.0))
        assert len(frames) == 298
        assert max(frames) * FPS_25 <= 990.0 or min(frames) * FPS_25 >= 1210.0
    inside = [frames_of(line, timestamp(clip, 3000.0)) for clip in members(found.inside)]
    assert inside
    assert all(min(each) * FPS_25 >= 1000.0 and max(each) * FPS_25 <= 1200.0 for each in inside)


def test_a_film_of_six_frames_has_none() -> None:
    assert usable_clips(untrimmed(6 * FPS_25), 1000) == 0


def test_a_long_film_has_room_for_every_clip_and_ten_attempts_for_the_first() -> None:
    line = untrimmed(7200.0, 1001 / 24000)
    clips = members(usable_clips(line, 3000))
    assert len(clips) > 5990
    windows = Windows(line, 3000, Retries(10, 60.0))
    first = windows.of([0])[0]
    assert len(first) == 10


@given(TIMELINES | KEYED, st.integers(min_value=1, max_value=60), RETRIES, st.data())
def test_windows_do_not_depend_on_higher_clips_asked_for(
    line: Timeline, capacity: int, retries: Retries, data: st.DataObject
) -> None:
    clips = members(usable_clips(line, capacity))
    if not clips:
        return
    clip = data.draw(st.sampled_from(clips))
    windows = Windows(line, capacity, retries)
    assert windows.of([clip])[clip] == windows.of(clips)[clip]


def test_a_retry_moves_sixty_seconds_and_wraps() -> None:
    line = untrimmed(600.0)
    assert [round(t, 3) for t in Windows(line, 1, Retries(10, 60.0)).of([0])[0]] == [
        round((0.5 * 0.6180339887498949 * 600 + 60 * turn) % 600, 3) for turn in range(10)
    ]


def test_a_retry_moves_by_a_share_of_a_short_film() -> None:
    line = untrimmed(100.0)
    first, second, *_ = Windows(line, 1, Retries(10, 60.0)).of([0])[0]
    assert math.isclose((second - first) % 100.0, 38.2)


def test_an_unknown_rate_keeps_windows_as_far_apart_as_the_slowest_film_needs() -> None:
    line = untrimmed(20.0, SLOWEST_FRAME_SECONDS)
    times = sorted(timestamp(clip, 20.0) for clip in members(usable_clips(line, 100)))
    assert min(later - earlier for earlier, later in pairwise(times)) >= 1.0


def test_an_absurd_duration_needs_no_absurd_memory() -> None:
    assert len(Windows(untrimmed(1e12), 50, Retries(10, 60.0)).of([0])[0]) == 10
