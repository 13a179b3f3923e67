from hypothesis import given
from hypothesis import strategies as st

from tui_gen.jobs.superres.clip_shape import WindowShape
from tui_gen.jobs.superres.extraction.reading.window import (
    Span,
    begins_too_late,
    exact_span,
    expected_span,
    frames_around,
    has_sound_entry,
    is_centred,
    is_damaged,
    nearest,
)
from tui_gen.media.decoding.frame_log import FrameLog, ShownFrame
from tui_gen.media.geometry import Size

AT_FIRST = WindowShape(7, 0)
# Timestamps in milliseconds, as matroska keeps them, at least 2 ms apart.
TIMES = st.lists(st.integers(2, 500), min_size=7, max_size=60).map(
    lambda gaps: [sum(gaps[: i + 1]) / 1000 for i in range(len(gaps))]
)


def log_of(times: list[float], keys: set[int], damage: tuple[int, ...] = ()) -> FrameLog:
    frames = [ShownFrame(t, i in keys, Size(2, 2), "yuv420p", None, (1, 1), "P") for i, t in enumerate(times)]
    return FrameLog(frames=frames, damage=[(shown, "missing reference") for shown in damage])


@given(TIMES, st.floats(0, 1))
def test_the_exact_span_holds_the_seven_frames_around_the_nearest(times: list[float], share: float) -> None:
    target = times[0] + share * (times[-1] - times[0])
    span = exact_span(times, target)
    middle = min(range(len(times)), key=lambda i: (round(abs(times[i] - target), 6), i))
    if span is None:
        assert middle < 3 or middle > len(times) - 4
        assert frames_around(times, target) < 7
        return
    assert span.positions(times) == list(range(middle - 3, middle + 4))
    assert is_centred([times[i] for i in span.positions(times)], target)


@given(st.integers(4, 2000), st.floats(-0.49, 0.49), st.sampled_from([24000 / 1001, 25.0, 30.0, 59.94]))
def test_at_a_constant_rate_the_expected_span_is_right_at_once(middle: int, off: float, rate: float) -> None:
    times = [i / rate for i in range(middle + 10)]
    target = (middle + off) / rate
    span = expected_span(target, 1 / rate)
    assert span.positions(times) == list(range(middle - 3, middle + 4))


@given(TIMES, st.data())
def test_with_the_anchor_first_the_span_begins_at_the_target_s_own_frame(
    times: list[float], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(times) - 1))
    span = exact_span(times, times[first], AT_FIRST)
    if len(times) - first < 7:
        assert span is None
        return
    assert span is not None
    assert span.positions(times) == list(range(first, first + 7))
    assert is_centred(times[first : first + 7], times[first], AT_FIRST)
    # Were it missing, the frames after it would not be taken for the clip.
    assert exact_span(times[first + 1 :], times[first], AT_FIRST) is None
    assert begins_too_late(times[first + 1 :], times[first], AT_FIRST)


def test_a_tie_goes_to_the_earlier_frame() -> None:
    assert nearest([0.0, 0.1, 0.2, 0.3], 0.15) == 1


def test_frames_out_of_order_are_not_centred() -> None:
    assert not is_centred([1, 2, 3, 4, 4, 5, 6], 4)
    assert not is_centred([1, 2, 3, 5, 4, 6, 7], 4)


def test_decoding_must_begin_at_a_key_frame_before_the_span() -> None:
    times = [i / 10 for i in range(20)]
    assert has_sound_entry(log_of(times, {0}), Span(0.55, 1.25))
    assert not has_sound_entry(log_of(times, {6}), Span(0.55, 1.25))
    assert not has_sound_entry(log_of(times[6:], {0}), Span(0.55, 1.25))
    assert not has_sound_entry(log_of(times, {5}), Span(0.55, 1.25), lead_frames=2)
    assert has_sound_entry(log_of(times, {3}), Span(0.55, 1.25), lead_frames=2)


def test_complaints_right_after_a_seek_far_before_the_span_do_not_count() -> None:
    times = [i / 10 for i in range(100)]
    assert not is_damaged(log_of(times, {0}, damage=(0, 1)), Span(5.05, 5.75))
    assert is_damaged(log_of(times, {0}, damage=(49,)), Span(5.05, 5.75))
    assert is_damaged(log_of(times, {0}, damage=(0,)), Span(0.55, 1.25))


def test_missing_frames_before_the_target_ask_for_an_earlier_entry() -> None:
    assert begins_too_late([], 1.0)
    assert begins_too_late([0.9, 1.0, 1.1, 1.2], 1.0)
    assert not begins_too_late([0.7, 0.8, 0.9, 1.0], 1.0)
