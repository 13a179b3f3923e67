"""A clip holds the seven frames around its timestamp, with the pixels of a plain sequential decode."""

import asyncio
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from unittest.mock import AsyncMock

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.superres.sample_films import (
    NUMBERED,
    SETTINGS,
    clips_of,
    make_numbered,
    probed,
    read_all,
    read_film,
    run_ffmpeg,
    shown_numbers,
    stretch_of,
    task,
)
from tui_gen.engine.model.work import Rejected, Retried
from tui_gen.jobs.superres.extraction.reading import clips
from tui_gen.jobs.superres.extraction.reading.clips import read_clips
from tui_gen.jobs.superres.media import Ffmpeg
from tui_gen.media.colour import Rendering, colour_chain
from tui_gen.media.geometry import Size

X264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "12", "-pix_fmt", "yuv420p")
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "constant": ("a.mkv", (*X264, "-g", "24", "-bf", "3")),
    "constant, coarse ticks": ("a.avi", ("-c:v", "mpeg4", "-q:v", "2")),
    "edit list": ("a.mp4", (*X264, "-g", "30", "-bf", "3")),
    "variable": (
        "a.mkv",
        (
            *X264,
            *("-vf", "settb=1/1000,setpts='(N+0.3*mod(N,4))/24/TB'"),
            *("-fps_mode", "passthrough", "-enc_time_base", "1/1000"),
        ),
    ),
    "variable, long gaps": (
        "a.mkv",
        (*X264, "-vf", "setpts='(N+30*floor(N/10))/24/TB'", "-fps_mode", "passthrough"),
    ),
    "non-zero start": ("a.mkv", (*X264, "-g", "20", "-output_ts_offset", "5.3")),
    "open groups": ("a.mkv", (*X264, "-x264-params", "open-gop=1:keyint=24:scenecut=0:bframes=4")),
    "transport stream": ("a.ts", (*X264, "-g", "24", "-bf", "2")),
    "one key frame": ("a.ts", (*X264, "-g", "1000", "-bf", "2")),
    "intra refresh": ("a.mkv", (*X264, "-x264-params", "intra-refresh=1:keyint=40")),
    "open groups in a transport stream": (
        "b.ts",
        (
            *("-c:v", "libx265", "-preset", "ultrafast", "-crf", "12", "-pix_fmt", "yuv420p"),
            *("-x265-params", "log-level=error:open-gop=1:keyint=24:scenecut=0:bframes=4"),
        ),
    ),
    "mpeg-2": ("a.mpg", ("-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-q:v", "2", "-pix_fmt", "yuv420p")),
    "no timestamps": ("a.h264", (*X264, "-g", "24", "-bf", "0")),
}
FRAMES = 200


@dataclass(frozen=True)
class Film:
    path: Path
    pts: list[float]  # of every frame, from the first, by an independent decode


def independent_pts(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        times = [
            float(frame.pts * (frame.time_base or 1))
            for frame in container.decode(stream)
            if frame.pts is not None
        ]
    return [time - times[0] for time in times]


@pytest.fixture(scope="module", params=list(KINDS))
def film(
    request: pytest.FixtureRequest, embedded_ffmpeg: str, tmp_path_factory: pytest.TempPathFactory
) -> Film:
    name, arguments = KINDS[request.param]
    path = make_numbered(embedded_ffmpeg, tmp_path_factory.mktemp("film") / name, FRAMES, *arguments)
    pts = independent_pts(path) if path.suffix != ".h264" else [i / 24 for i in range(FRAMES)]
    assert len(pts) == FRAMES
    return Film(path, pts)


def test_the_middle_frame_is_the_nearest_and_the_others_its_neighbours(
    film: Film, embedded_ffmpeg: str
) -> None:
    times = [film.pts[3], film.pts[-4], *(share * film.pts[-4] + 0.0137 for share in (0.31, 0.5, 0.78))]
    clips = read_film(Ffmpeg(embedded_ffmpeg, "9"), film.path, times)
    for time, clip in zip(times, clips, strict=True):
        middle = int(np.argmin([round(abs(pts - time), 5) for pts in film.pts]))
        assert shown_numbers(clip.frames[NUMBERED]) == list(range(middle - 3, middle + 4))
        # Raw streams are timed by ffmpeg itself, by guess.
        if film.path.suffix != ".h264":
            assert clip.pts_seconds == pytest.approx(film.pts[middle - 3 : middle + 4], abs=2e-3)


def test_pixels_are_those_of_a_sequential_decode_at_every_size(film: Film, embedded_ffmpeg: str) -> None:
    ffmpeg, sizes = Ffmpeg(embedded_ffmpeg, "9"), (NUMBERED, Size(64, 48))
    clip = read_film(ffmpeg, film.path, [film.pts[FRAMES // 2] + 0.001], *sizes)[0]
    first = shown_numbers(clip.frames[NUMBERED])[0]
    facts = asyncio.run(probed(ffmpeg, film.path))
    for size in sizes:
        chain = colour_chain(facts, Rendering(), frame=size)
        by_hand = decode_by_hand(embedded_ffmpeg, film.path, chain, size)
        assert np.array_equal(clip.frames[size], by_hand[first : first + 7])


def decode_by_hand(program: str, path: Path, chain: str, size: Size) -> NDArray[np.uint8]:
    threads = ["-filter_threads", "1", "-threads", "1"]
    picture = [
        "-map",
        "0:V:0",
        "-fps_mode",
        "passthrough",
        "-vf",
        chain,
        "-f",
        "rawvideo",
        "-pix_fmt",
        "bgr24",
        "-",
    ]
    raw = run_ffmpeg(program, *threads, "-i", str(path), *picture)
    return np.frombuffer(raw, np.uint8).reshape(-1, size.height, size.width, 3)


def test_bad_data_moves_the_window_and_says_why(embedded_ffmpeg: str, tmp_path: Path) -> None:
    async def read() -> None:
        ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
        film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", 60, *X264)
        facts = await probed(ffmpeg, film)
        moved, nowhere = task(0, [2.46, 1.0], NUMBERED), task(1, [2.46, 2.48], NUMBERED)
        reports = await read_all(ffmpeg, stretch_of(film, facts, [moved, nowhere]))
        retries = [report for report in reports if isinstance(report, Retried)]
        assert [(r.clip.index, r.attempt, r.reason) for r in retries] == [
            (0, 1, "only 4 frames, need 7"),
            (1, 1, "only 4 frames, need 7"),
        ]
        clip = clips_of(reports)[0]
        assert clip.attempts == 2
        assert shown_numbers(clip.frames[NUMBERED])[3] == 24
        assert isinstance(reports[-1], Rejected)
        assert (reports[-1].reason, reports[-1].attempts) == ("only 4 frames, need 7", 2)

    asyncio.run(read())


def test_a_blank_picture_is_bad_data(embedded_ffmpeg: str, tmp_path: Path) -> None:
    async def read() -> None:
        ffmpeg, film = Ffmpeg(embedded_ffmpeg, "9"), tmp_path / "a.mkv"
        run_ffmpeg(embedded_ffmpeg, "-f", "lavfi", "-i", "color=black:s=96x96:r=24:d=1", *X264, str(film))
        facts = await probed(ffmpeg, film)
        reports = await read_all(ffmpeg, stretch_of(film, facts, [task(0, [0.5], facts.upright)]))
        assert isinstance(reports[-1], Rejected)
        assert reports[-1].reason == "blank picture"

    asyncio.run(read())


def test_damage_inside_the_film_never_becomes_a_clip(embedded_ffmpeg: str, tmp_path: Path) -> None:
    async def read() -> None:
        ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
        film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", FRAMES, *X264, "-g", "200", "-crf", "1")
        facts = await probed(ffmpeg, film)
        whole = read_all(
            ffmpeg, stretch_of(film, facts, [task(0, [1.0], NUMBERED), task(1, [7.0], NUMBERED)])
        )
        before = clips_of(await whole)
        assert len(before) == 2
        data = bytearray(film.read_bytes())
        middle = len(data) // 2
        data[middle : middle + 3000] = bytes(3000)
        film.write_bytes(data)
        reports = await read_all(
            ffmpeg, stretch_of(film, facts, [task(0, [1.0], NUMBERED), task(1, [7.0], NUMBERED)])
        )
        after = {clip.index: clip for clip in clips_of(reports)}
        assert np.array_equal(after[0].frames[NUMBERED], before[0].frames[NUMBERED])
        # Everything behind the damage refers to it.
        assert 1 not in after
        assert isinstance(reports[-1], Rejected)

    asyncio.run(read())


def test_complaints_count_near_the_window_and_not_right_after_a_seek_far_from_it(
    embedded_ffmpeg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Versions differ in what they do with a lost reference; the line is the same, and so is status 0.
    line = "[hevc @ 0x1] [error] Could not find ref with POC 7"
    complaining = tmp_path / "ffmpeg"
    complaining.write_text(f'#!/bin/sh\necho "{line}" >&2\nexec "{embedded_ffmpeg}" "$@"\n')
    complaining.chmod(0o755)

    async def read() -> None:
        film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", FRAMES, *X264, "-g", "100")
        facts = await probed(Ffmpeg(embedded_ffmpeg, "9"), film)
        tasks = [task(0, [0.5], NUMBERED), task(1, [80 / 24], NUMBERED)]
        stretch = stretch_of(film, facts, tasks)
        # No packet of the window confirms the complaint.
        reports = await read_all(Ffmpeg(str(complaining), "9"), stretch, reader=read_clips)
        assert [clip.index for clip in clips_of(reports)] == [0, 1]
        monkeypatch.setattr(clips, "is_undamaged", AsyncMock(return_value=False))
        reports = await read_all(Ffmpeg(str(complaining), "9"), stretch, reader=read_clips)
        assert [clip.index for clip in clips_of(reports)] == [1]
        rejected = next(report for report in reports if isinstance(report, Rejected))
        assert (rejected.reason, rejected.detail) == ("broken references", line)

    asyncio.run(read())


@pytest.mark.parametrize("order", ["tff", "bff"])
def test_an_interlaced_film_comes_out_without_combing_as_by_hand(
    embedded_ffmpeg: str, tmp_path: Path, order: str
) -> None:
    from tui_gen.engine.model.work import Unusable
    from tui_gen.jobs.superres.media import survey
    from tui_gen.jobs.superres.units import Survey

    film = tmp_path / "a.mkv"
    weave = "interleave_top" if order == "tff" else "interleave_bottom"
    moving = ["-f", "lavfi", "-i", "testsrc2=s=192x144:r=50:d=3"]
    coding = ["-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-q:v", "2", "-g", "12", "-pix_fmt", "yuv420p"]
    run_ffmpeg(
        embedded_ffmpeg, *moving, "-vf", f"tinterlace=mode={weave},fieldorder={order}", *coding, str(film)
    )

    async def read() -> None:
        ffmpeg, size = Ffmpeg(embedded_ffmpeg, "9"), Size(192, 144)
        facts = await probed(ffmpeg, film)
        look = Survey("v", str(film), "v", SETTINGS, facts, None, ())
        found = await survey(look, ffmpeg=ffmpeg)
        assert not isinstance(found, Unusable)
        assert found.is_interlaced
        refused = await survey(replace(look, settings=replace(SETTINGS, interlaced="refuse")), ffmpeg=ffmpeg)
        assert refused == found
        times = [0.12, 1.0, 2.0]
        stretch = stretch_of(
            film, facts, [task(i, [t], size) for i, t in enumerate(times)], is_interlaced=True
        )
        clips = clips_of(await read_all(ffmpeg, stretch))
        assert len(clips) == 3
        chain = colour_chain(facts, Rendering(), frame=size)
        by_hand = decode_by_hand(embedded_ffmpeg, film, f"bwdif=mode=send_frame,{chain}", size)
        for clip, time in zip(clips, times, strict=True):
            first = round(time * 25) - 3
            assert np.array_equal(clip.frames[size], by_hand[first : first + 7])

    asyncio.run(read())


def test_a_rotated_anamorphic_film_comes_out_upright(embedded_ffmpeg: str, tmp_path: Path) -> None:
    flat, film = tmp_path / "flat.mp4", tmp_path / "turned.mp4"
    make_numbered(embedded_ffmpeg, flat, 40, *X264, "-vf", "setsar=4/3")
    run_ffmpeg(embedded_ffmpeg, "-display_rotation", "-90", "-i", str(flat), "-c", "copy", str(film))

    async def read() -> None:
        ffmpeg, upright = Ffmpeg(embedded_ffmpeg, "9"), Size(NUMBERED.height, NUMBERED.width)
        facts = await probed(ffmpeg, film)
        assert (facts.coded, facts.upright, facts.rotation_degrees) == (NUMBERED, upright, 90)
        assert (facts.sample_aspect, facts.upright_aspect) == (Fraction(4, 3), Fraction(3, 4))
        clips = clips_of(await read_all(ffmpeg, stretch_of(film, facts, [task(0, [0.8], upright)])))
        # Turned clockwise: what stood at the left stands on top.
        back = np.rot90(clips[0].frames[upright], axes=(1, 2))
        assert shown_numbers(np.ascontiguousarray(back))[3] == round(0.8 * 24)

    asyncio.run(read())


def test_the_differences_are_those_of_the_decoded_luma(embedded_ffmpeg: str, tmp_path: Path) -> None:
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", 40, "-c:v", "ffv1", "-pix_fmt", "yuv420p10le")
    clip = read_film(Ffmpeg(embedded_ffmpeg, "9"), film, [0.8])[0]
    first = shown_numbers(clip.frames[NUMBERED])[0]
    raw = run_ffmpeg(embedded_ffmpeg, "-i", str(film), "-vf", "extractplanes=y", "-f", "rawvideo", "-")
    luma = np.frombuffer(raw, "<u2").reshape(-1, NUMBERED.height, NUMBERED.width)[first : first + 7] / 4
    means = luma.reshape(7, NUMBERED.height // 8, 8, NUMBERED.width // 8, 8).mean(axis=(2, 4))
    assert clip.measures.scene_difference == pytest.approx(np.abs(means[6] - means[0]).mean())
    assert clip.measures.pair_differences == pytest.approx([np.abs(b - a).mean() for a, b in pairwise(means)])
