import pytest

from tui_gen.media.decoding.frame_log import FrameLog, TrackHeader, lasting_reason
from tui_gen.media.decoding.planes import bit_depth
from tui_gen.media.geometry import Size
from tui_gen.processes.keepalive import Line

SHOWN_BY_9 = (
    "[Parsed_showinfo_0 @ 0x7f20] [info] n:   1 pts:  50000 pts_time:0.0416667 duration:  50000 "
    "duration_time:0.0416667 fmt:yuv420p10le cl:topleft sar:0/1 s:1950x816 i:P iskey:0 type:B "
)
SHOWN_BY_5 = (
    "[Parsed_showinfo_0 @ 0x55ec] [info] n:   0 pts:  50000 pts_time:0.0416667 pos:        0 "
    "fmt:yuv420p10le sar:4/3 s:1950x816 i:T iskey:1 type:I checksum:0"
)
SHOWN = "[Parsed_showinfo_0 @ 0x7] [info]"
DISPLAY = "has_primaries:1 has_luminance:1 wp(0.31, 0.33) min_luminance=0.005000, max_luminance=4000.000000"
DOVI = "profile: 5, level: 6, rpu flag: 1, el flag: 0, bl flag: 1, compatibility id: 0"
PQ = "yuv420p10le(tv, bt2020nc/bt2020/smpte2084, progressive, topleft)"
TIME_BASE = "[Parsed_showinfo_0 @ 0x7f20] [info] config in time_base: 1/1200000, frame_rate: 24/1"


def test_frames_are_read_from_what_old_and_new_versions_print() -> None:
    log = FrameLog()
    assert log.take(TIME_BASE) is Line.NOISE
    assert log.take(SHOWN_BY_9) is Line.SIGN
    assert log.take(SHOWN_BY_5) is Line.SIGN
    new, old = log.frames
    assert new.pts_seconds == old.pts_seconds == 50000 / 1200000
    assert (new.chroma_location, new.is_key, new.fields) == ("topleft", False, "P")
    assert (old.chroma_location, old.is_key, old.fields) == (None, True, "T")
    assert old.sample_aspect == (4, 3)
    assert new.size == Size(1950, 816)


def test_damage_is_placed_among_the_frames_and_benign_lines_are_not_damage() -> None:
    log = FrameLog()
    log.take(TIME_BASE)
    log.take("[h264 @ 0x1] [error] mmco: unref short failure")
    log.take(SHOWN_BY_9)
    assert log.take("[hevc @ 0x1] [error] Could not find ref with POC 7") is Line.KEPT
    assert [shown for shown, _ in log.damage] == [1]


@pytest.mark.parametrize(
    "line",
    [
        f"{SHOWN} color_range:tverror while decoding MB 0 0",
        f"{SHOWN} color_range:tv color_space:unknowncorrupt decoded frame",
        f"{SHOWN} color_space:bt709 color_primaries:bt709 color_trc:bt709Missing reference picture",
        f"{SHOWN_BY_9}error while decoding MB 0 0",
    ],
)
def test_damage_that_another_thread_prints_into_a_line_is_damage(line: str) -> None:
    log = FrameLog()
    log.take(TIME_BASE)
    log.take(SHOWN_BY_9)
    log.take(line)
    assert [shown for shown, _ in log.damage] == [len(log.frames)]


@pytest.mark.parametrize(
    ("printed", "transfer"),
    [
        ("unknown", "unknown"),
        ("unknownBroken file, non-keyframe not correctly marked.", "unknown"),
        ("bt2020-10invalid data", "bt2020-10"),
        ("smpte2084", "smpte2084"),
    ],
)
def test_words_of_another_thread_are_no_part_of_a_tag(printed: str, transfer: str) -> None:
    log = FrameLog()
    log.take(TIME_BASE)
    log.take(SHOWN_BY_9)
    log.take(f"{SHOWN} color_range:tv color_space:bt709 color_primaries:bt709 color_trc:{printed}")
    assert log.tags == log.frame_tags[0] == ("tv", "bt709", "bt709", transfer)


def test_light_levels_are_taken_from_the_first_frame() -> None:
    log = FrameLog()
    for line in (
        TIME_BASE,
        SHOWN_BY_9,
        f"{SHOWN}   side data - Mastering display metadata: {DISPLAY}",
        f"{SHOWN}   side data - Content light level metadata: MaxCLL=1000, MaxFALL=400",
        f"{SHOWN} color_range:tv color_space:bt2020nc color_primaries:bt2020 color_trc:smpte2084",
    ):
        log.take(line)
    assert (log.max_cll_nits, log.mastering_max_nits) == (1000.0, 4000.0)
    assert log.tags == ("tv", "bt2020nc", "bt2020", "smpte2084")


def test_the_header_of_another_track_is_passed_over() -> None:
    header = TrackHeader(1)
    for line in (
        "[info]   Stream #0:0: Video: h264, yuv420p(tv, top first), 2x2",
        "[info]       displaymatrix: rotation of 90.00 degrees",
        f"[info]   Stream #0:1: Video: hevc, {PQ}, 2x2",
        "[info]       Display Matrix: rotation of -90.00 degrees",
        f"[info]       DOVI configuration record: version: 1.0, {DOVI}",
        "[info] Stream mapping:",
        "[info]   Stream #0:1: Video: wrapped_avframe, yuv420p(bottom first)",
    ):
        header.take(line)
    assert header.field_order == "progressive"
    assert header.rotation_degrees == 90
    assert header.chroma_location == "topleft"
    assert (header.dolby_vision_profile, header.dolby_vision_compatibility) == (5, 0)


def test_bits_are_read_from_the_pixel_format_s_name() -> None:
    names = ("yuv420p", "yuv420p10le", "p010le", "gray12le", "rgb48le", "yuvj422p", "gbrp10le")
    assert [bit_depth(name) for name in names] == [8, 10, 10, 12, 16, 8, 10]


def test_reasons_that_cannot_change_are_recognised() -> None:
    assert (
        lasting_reason("[AVFilterGraph @ 0x1] [error] No such filter: 'zscale'")
        == "this ffmpeg has no filter zscale"
    )
    assert lasting_reason("code 3074: no path between colorspaces") == "its colours cannot be converted"
    assert lasting_reason("[error] something else") is None
