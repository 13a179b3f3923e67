"""Where repeated frames do not count, a clip has seven frames that differ, whatever the film repeats."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from tests.jobs.superres.extraction.reading.test_reader import compared, complaints, cuts_of, print_of
from tests.jobs.superres.sample_films import (
    NUMBERED,
    SETTINGS,
    clips_of,
    make_numbered,
    probed,
    read_all,
    shown_numbers,
    stretch_of,
    task,
)
from tui_gen.engine.model.work import Rejected
from tui_gen.jobs.superres.clip_shape import USUAL_CLIP, USUAL_WINDOW, WindowShape
from tui_gen.jobs.superres.extraction.reading import clips
from tui_gen.jobs.superres.extraction.reading.luma import LumaPlane
from tui_gen.jobs.superres.extraction.reading.reader import read_clips_fast
from tui_gen.jobs.superres.extraction.reading.repeated import (
    TOO_FEW_DIFFERENT,
    Walk,
    WalkSink,
    chosen_different,
    picked,
)
from tui_gen.jobs.superres.extraction.scoring.scores import default_rule
from tui_gen.jobs.superres.media import Ffmpeg
from tui_gen.jobs.superres.planning.timestamps import Timeline, reach_frames, timeline
from tui_gen.jobs.superres.units import ClipTask, Stretch
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.geometry import Size

COLLAPSING = replace(
    SETTINGS, repeated_frames="collapse", scores={"repeated_frames": default_rule("repeated_frames", "score")}
)
AVC = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "8", "-pix_fmt", "yuv420p")
HEVC_10 = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params")
# name: file, rate of the numbered pictures, what is done with them
KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "doubled from 24 to 48": ("a.mkv", "24", ("-vf", "fps=48", *AVC, "-g", "48", "-bf", "3")),
    "2:3 from 24 to 60": ("a.mkv", "24", ("-vf", "fps=60", *AVC, "-g", "60", "-bf", "3")),
    "on twos": ("a.mp4", "12", ("-vf", "fps=24", *AVC, "-g", "240", "-bf", "3")),
    "on threes": ("a.mkv", "8", ("-vf", "fps=24", *AVC, "-g", "24")),
    "now and then": ("a.mkv", "24", ("-vf", "fps=30", *AVC, "-g", "100000")),
    "on twos in ten bits": (
        "a.mkv",
        "12",
        ("-vf", "fps=24", *HEVC_10, "log-level=error:crf=6:scenecut=0:keyint=24:open-gop=1:bframes=4"),
    ),
    "a variable rate": ("a.mkv", "24", ("-vf", "fps=48,setpts='(N+6*floor(N/10))/48/TB'", *AVC, "-g", "48")),
    "never": ("a.mkv", "24", (*AVC, "-g", "48", "-bf", "3")),
}
SIBLINGS = {
    *("on twos", "doubled from 24 to 48", "on threes", "on twos in ten bits", "now and then"),
    "a variable rate",
}
"""Kinds that run as long tests only: each differs in one respect from another kind."""
PICTURES = 120


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    assert psutil.Process().children(recursive=True) == []


@dataclass(frozen=True)
class Shown:
    """What a film shows by a sequential decode: the times of its frames, and the number on each."""

    times: Sequence[float]
    numbers: Sequence[int]

    def seven(self, target_seconds: float, first: int = -3) -> list[int]:
        """Return the frames that begin the seven pictures around the one at a time."""
        begins = [n for n, pair in enumerate(pairwise([-1, *self.numbers])) if pair[0] != pair[1]]
        near = min(range(len(self.times)), key=lambda n: abs(self.times[n] - target_seconds))
        middle = max(place for place, n in enumerate(begins) if n <= near)
        return begins[middle + first : middle + first + 7]


def shown(path: Path) -> Shown:
    with av.open(str(path)) as container:
        decoded = [
            (frame.time or 0.0, frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)
        ]
    return Shown([time for time, _ in decoded], shown_numbers(np.stack([pixels for _, pixels in decoded])))


def line_of(facts: ProbeFacts) -> Timeline:
    return timeline(facts, COLLAPSING)


def collapsing(path: Path, facts: ProbeFacts, tasks: Sequence[ClipTask]) -> Stretch:
    return replace(stretch_of(path, facts, tasks, settings=COLLAPSING), reach=line_of(facts).reach)


def spread(facts: ProbeFacts, count: int) -> list[float]:
    """Return times from end to end whose windows lie wholly in the film."""
    line = line_of(facts)
    first, last = (
        line.frames_before + 0.6,
        line.duration_seconds / line.frame_seconds - line.frames_after - 0.6,
    )
    return [(first + (last - first) * k / (count - 1)) * line.frame_seconds for k in range(count)]


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.soak) if kind in SIBLINGS else kind for kind in KINDS]
)
async def test_a_clip_shows_seven_pictures_in_a_row(kind: str, embedded_ffmpeg: str, tmp_path: Path) -> None:
    name, rate, arguments = KINDS[kind]
    film = make_numbered(embedded_ffmpeg, tmp_path / name, PICTURES, *arguments, rate=rate)
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    facts, truth = await probed(ffmpeg, film), shown(film)
    assert (len(truth.numbers) > 1.2 * PICTURES) == (kind != "never")
    times = spread(facts, 5)
    stretch = collapsing(film, facts, [task(k, [time], NUMBERED) for k, time in enumerate(times)])
    for reader in (clips.read_clips, read_clips_fast):
        reports = await read_all(ffmpeg, stretch, reader=reader)
        assert len(clips_of(reports)) == len(times), complaints(reports)
        for clip in clips_of(reports):
            wanted = truth.seven(times[clip.index] + facts.first_pts_seconds)
            numbers = shown_numbers(clip.frames[NUMBERED])
            assert numbers == [truth.numbers[n] for n in wanted]
            assert len(set(numbers)) == 7
            assert clip.container_pts_seconds == pytest.approx([truth.times[n] for n in wanted], abs=1e-6)
            assert clip.steps == tuple(after - before for before, after in pairwise(wanted))
            assert clip.repeats == (False,) * 6
    cut = replace(
        stretch, tasks=tuple(ClipTask(k, (time,), cuts_of(facts, k)) for k, time in enumerate(times))
    )
    # At a variable rate the first window may have no frame before it that tells where it begins.
    assert set(await compared(ffmpeg, cut)) <= (
        {"stretch"} if kind != "a variable rate" else {"stretch", "clip"}
    )


async def test_where_nothing_repeats_the_frames_are_those_of_any_clip(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", PICTURES, *AVC, "-g", "24")
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    facts = await probed(ffmpeg, film)
    tasks = [ClipTask(k, (time,), cuts_of(facts, k)) for k, time in enumerate(spread(facts, 5))]
    kept, collapsed = stretch_of(film, facts, tasks, settings=COLLAPSING), collapsing(film, facts, tasks)
    plain = clips_of(await read_all(ffmpeg, kept, reader=read_clips_fast))
    different = clips_of(await read_all(ffmpeg, collapsed, reader=read_clips_fast))
    assert [clip.steps for clip in plain] == [None] * 5
    assert [clip.steps for clip in different] == [(1,) * 6] * 5
    for one, other in zip(plain, different, strict=True):
        assert print_of(one, kept) == print_of(replace(other, steps=None), kept)


async def test_a_clip_at_a_key_frame_goes_on_from_there(embedded_ffmpeg: str, tmp_path: Path) -> None:
    arguments = ("-vf", "fps=48", *AVC, "-g", "31", "-keyint_min", "31", "-sc_threshold", "0", "-bf", "2")
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", PICTURES, *arguments)
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    facts, truth = await probed(ffmpeg, film), shown(film)
    line = timeline(facts, COLLAPSING, starts_seconds=(0.0,))
    keys = [31, 62, 93]  # 31 and 93 show a picture for the second time
    times = [truth.times[key] - facts.first_pts_seconds for key in keys]
    tasks = [task(k, [time], NUMBERED) for k, time in enumerate(times)]
    stretch = replace(
        stretch_of(film, facts, tasks, settings=COLLAPSING), begins_at_window=True, reach=line.reach
    )
    for reader in (clips.read_clips, read_clips_fast):
        made = clips_of(await read_all(ffmpeg, stretch, reader=reader))
        for clip, key in zip(made, keys, strict=True):
            _, *rest = truth.seven(truth.times[key], first=0)
            assert shown_numbers(clip.frames[NUMBERED]) == [truth.numbers[n] for n in (key, *rest)]
            assert clip.container_pts_seconds == pytest.approx(
                [truth.times[n] for n in (key, *rest)], abs=1e-6
            )
            assert clip.picture_types[0] == "I"
    assert {clip.reader for clip in made} == {"stretch"}


async def test_a_picture_that_stands_still_gives_no_clip_and_the_window_moves_on(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    still = (
        "-vf",
        "loop=loop=1440:size=1:start=60,setpts=N/24/TB",
        *AVC,
        "-g",
        "100",
        "-preset",
        "ultrafast",
    )
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", PICTURES, *still)
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    facts = await probed(ffmpeg, film)
    assert facts.duration_seconds == pytest.approx(65, abs=0.1)
    numbers = shown(film).numbers
    assert len(set(numbers[62:1480])) == 1
    # It stands still from 2.5 s on; only two pictures lie between that and 2.4 s.
    tasks = [task(0, [30.0], NUMBERED), task(1, [30.0, 1.5], NUMBERED), task(2, [2.4], NUMBERED)]
    for reader in (clips.read_clips, read_clips_fast):
        reports = await read_all(ffmpeg, collapsing(film, facts, tasks), reader=reader)
        rejected = {report.clip.index: report for report in reports if isinstance(report, Rejected)}
        assert {k: (one.reason, one.detail) for k, one in rejected.items()} == {
            0: (TOO_FEW_DIFFERENT, "1 of 25 frames differ"),
            2: (TOO_FEW_DIFFERENT, f"{len(set(numbers[46:71]))} of 25 frames differ"),
        }
        (clip,) = clips_of(reports)
        assert (clip.index, clip.attempts) == (1, 2)
        assert shown_numbers(clip.frames[NUMBERED]) == list(range(33, 40))


# ---------------------------------------------------------------------------------------- the parts


def test_frames_that_drift_are_held_against_the_last_that_counted() -> None:
    walk = Walk(8)
    base = np.full((16, 16), 100, np.uint8)
    drifting = [base.copy() for _ in range(12)]
    for number, frame in enumerate(drifting):
        frame.reshape(-1)[: 30 * number] += 1  # 30 of 256 pixels more each time: 0.117 in the mean
    assert [walk.take(frame) for frame in drifting] == [number % 4 == 0 for number in range(12)]
    assert walk.firsts == [0, 4, 8]


@pytest.mark.parametrize("depth", [8, 10])
def test_a_sink_walks_through_frames_that_come_in_pieces(depth: int) -> None:
    plane = LumaPlane("extractplanes=y", depth)
    numbers = [0, 0, 1, 1, 1, 2, 0, 0]
    chance = np.random.default_rng(1)
    pictures = chance.integers(0, 2**depth, (3, 20, 30)).astype(plane.dtype)
    raw = b"".join(pictures[number].tobytes() for number in numbers)
    sink = WalkSink(Size(30, 20), plane)
    for place in range(0, len(raw), 701):
        ours, theirs = os.pipe()
        os.write(theirs, raw[place : place + 701])
        os.close(theirs)
        while sink.take(ours):
            pass
        os.close(ours)
    assert sink.walk.firsts == [0, 2, 5, 6]
    assert sink.has_taken(len(numbers))
    assert not sink.has_taken(len(numbers) - 1)


def test_the_picture_at_the_target_is_the_middle_one_and_the_first_seen_is_left_out() -> None:
    pts = [n / 24 for n in range(25)]
    firsts = [0, 2, 5, 7, 10, 12, 15, 17]
    assert chosen_different(pts, firsts, 11 / 24, USUAL_WINDOW) == firsts[1:]
    assert chosen_different(pts, firsts[1:], 9.9 / 24, USUAL_WINDOW) == firsts[1:]
    assert chosen_different(pts, firsts, 9 / 24, USUAL_WINDOW) == []  # 0 began who knows when
    assert chosen_different(pts, firsts[:-1], 11 / 24, USUAL_WINDOW) == []
    assert chosen_different(pts, firsts, 0.0, WindowShape(7, 0)) == firsts[:-1]


def test_picked_frames_are_those_and_no_others() -> None:
    pts = [5 + n / 24 + (n % 3) * 0.004 for n in range(25)]
    places = [1, 2, 5, 9, 10, 20, 24]
    assert picked(pts, places).positions(pts) == places


@pytest.mark.parametrize(("rate", "frames"), [(24, 12), (23.976, 12), (48, 24), (60, 30), (12, 12), (8, 12)])
def test_frames_are_looked_through_for_half_a_second_to_both_sides(rate: float, frames: int) -> None:
    assert reach_frames(1 / rate, USUAL_CLIP) == frames
