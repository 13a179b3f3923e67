"""Clips that begin at key frames: where these are and what is read there, held against other readings."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.jobs.superres.sample_films import (
    NUMBERED,
    SETTINGS,
    clips_of,
    make_numbered,
    probed,
    read_all,
    run_ffmpeg,
    shown_numbers,
    stretch_of,
    task,
)
from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres.clip_shape import USUAL_CLIP
from tui_gen.jobs.superres.extraction.reading import clips
from tui_gen.jobs.superres.extraction.reading.reader import read_clips_fast
from tui_gen.jobs.superres.media import Ffmpeg, keyframe_index, probe
from tui_gen.jobs.superres.units import PROBED_FRAMES, Probe
from tui_gen.media.facts_json import keyframe_index_from_json, keyframe_index_to_json
from tui_gen.media.film_facts import KeyframeIndex

FRAMES = 150
AVC = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-crf", "12")
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params")
OPEN = "log-level=error:keyint=30:min-keyint=20:open-gop=1:bframes=6:rc-lookahead=20:crf=12"

INDEXED: dict[str, tuple[str, tuple[str, ...]]] = {
    "matroska": ("a.mkv", (*AVC, "-g", "24", "-bf", "3")),
    "matroska, open groups": ("a.mkv", (*HEVC, OPEN)),
    "matroska, later start": ("a.mkv", (*AVC, "-g", "24", "-output_ts_offset", "5.3")),
    "matroska, variable rate": ("a.mkv", (*AVC, "-g", "24", "-vf", "setpts='(N+30*floor(N/10))/24/TB'")),
    "matroska, no frame but key frames": ("a.mkv", (*AVC, "-g", "1")),
    "mp4": ("a.mp4", (*AVC, "-g", "24", "-bf", "3")),
    "mp4, open groups": ("a.mp4", (*HEVC, OPEN)),
    "mp4, nothing shown later than decoded": ("a.mp4", (*AVC, "-g", "24", "-bf", "0")),
}
UNKNOWN = {
    "transport stream": ("a.ts", (*AVC, "-g", "24"), "no index of key frames in mpegts"),
    "no cues": (
        "a.mkv",
        (*AVC, "-g", "24", "-live", "1"),
        "its index lists 2 key frames, the last at 1.0 s of",
    ),
    "fragments": (
        "a.mp4",
        (*AVC, "-g", "24", "-movflags", "frag_keyframe+empty_moov"),
        "its index does not say when key frames are shown",
    ),
    "one group": ("a.mkv", (*AVC, "-g", "1000"), "its index lists 1 key frame, the last at 0.0 s of"),
}


def shown(path: Path) -> tuple[list[float], list[float]]:
    """Return the times of all frames and of the key frames among them, by decoding everything."""
    with av.open(str(path)) as container:
        frames = [(frame.time, frame.key_frame) for frame in container.decode(video=0)]
    every = [time for time, _ in frames if time is not None]
    return every, [time for time, is_key in frames if is_key and time is not None]


async def indexed(ffmpeg: Ffmpeg, path: Path) -> KeyframeIndex:
    return await keyframe_index(Probe("v", str(path), SETTINGS).file, await probed(ffmpeg, path))


@pytest.mark.parametrize("kind", list(INDEXED))
async def test_a_clip_is_a_key_frame_and_the_six_frames_after_it(
    kind: str, embedded_ffmpeg: str, tmp_path: Path
) -> None:
    name, arguments = INDEXED[kind]
    film = make_numbered(embedded_ffmpeg, tmp_path / name, FRAMES, *arguments)
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    every, keys = shown(film)
    facts = await probed(ffmpeg, film)
    found = await keyframe_index(Probe("v", str(film), SETTINGS).file, facts)
    times = found.times_seconds(facts.first_pts_seconds)
    assert [round(time + facts.first_pts_seconds, 6) for time in times] == [round(key, 6) for key in keys]
    whole = [
        (time, key)
        for time, key in zip(times, keys, strict=True)
        if every.index(key) + USUAL_CLIP.span <= FRAMES
    ]
    wanted = whole[:: max(1, len(whole) // 2)]
    tasks = [task(index, [time], NUMBERED) for index, (time, _) in enumerate(wanted)]
    stretch = replace(stretch_of(film, facts, tasks), begins_at_window=True)
    for reader in (clips.read_clips, read_clips_fast):
        made = clips_of(await read_all(ffmpeg, stretch, reader=reader))
        assert [clip.attempts for clip in made] == [1] * len(wanted)
        for clip, (_, key) in zip(made, wanted, strict=True):
            first = every.index(key)
            assert shown_numbers(clip.frames[NUMBERED]) == list(range(first, first + USUAL_CLIP.span))
            assert clip.picture_types[0] == "I"
    assert {clip.reader for clip in made} == {"stretch"}


async def test_what_an_edit_list_cuts_off_is_no_place_for_a_clip(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    whole = make_numbered(embedded_ffmpeg, tmp_path / "whole.mp4", FRAMES, *AVC, "-g", "24", "-bf", "3")
    film = tmp_path / "cut.mp4"
    run_ffmpeg(embedded_ffmpeg, "-ss", "1.7", "-i", str(whole), "-c", "copy", str(film))
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    _, keys = shown(film)
    facts = await probed(ffmpeg, film)
    times = (await indexed(ffmpeg, film)).times_seconds(facts.first_pts_seconds)
    assert [round(time + facts.first_pts_seconds, 6) for time in times] == [round(key, 6) for key in keys]


@pytest.mark.parametrize("kind", list(UNKNOWN))
async def test_a_film_whose_index_does_not_tell_has_a_reason_and_no_key_frames(
    kind: str, embedded_ffmpeg: str, tmp_path: Path
) -> None:
    name, arguments, reason = UNKNOWN[kind]
    film = make_numbered(embedded_ffmpeg, tmp_path / name, FRAMES, *arguments)
    found = await indexed(Ffmpeg(embedded_ffmpeg, "9"), film)
    assert found.unknown is not None
    assert found.unknown.startswith(reason)
    assert found.pts == ()


@pytest.mark.parametrize("place", ["ctts", "stsz", "tkhd"])
async def test_a_damaged_table_is_a_reason_too(place: str, embedded_ffmpeg: str, tmp_path: Path) -> None:
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mp4", FRAMES, *AVC, "-g", "24", "-bf", "3")
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    facts = await probed(ffmpeg, film)
    data = bytearray(film.read_bytes())
    found = data.index(place.encode())
    data[found - 4 : found + 24] = (12).to_bytes(4, "big") + place.encode() + bytes(20)
    film.write_bytes(data)
    assert (await keyframe_index(Probe("v", str(film), SETTINGS).file, facts)).unknown is not None


async def test_key_frames_of_the_real_films_are_those_of_their_packets(
    media: Path, embedded_ffmpeg: str
) -> None:
    ffmpeg, compared = Ffmpeg(embedded_ffmpeg, "9"), 0
    for name in ("*/*bbb*pyramid*.mp4", "*/bear*multi*.webm", "*/regular.mkv"):
        for film in sorted(media.glob(name)):
            facts = await probe(
                Probe("v", str(film), SETTINGS).file, least_frames=PROBED_FRAMES, ffmpeg=ffmpeg
            )
            if isinstance(facts, Unusable):
                continue
            found = await keyframe_index(Probe("v", str(film), SETTINGS).file, facts)
            if found.unknown is None:
                tick = float(found.tick_seconds)
                _, keys = shown(film)
                assert {round(pts * tick, 6) for pts in found.pts} <= {round(key, 6) for key in keys}, film
                compared += len(found.pts)
    assert compared >= 8


def test_key_frames_are_read_back_as_they_were_written() -> None:
    for found in (KeyframeIndex(Fraction(1001, 24000), (-3, 0, 40, 41)), KeyframeIndex(unknown="no index")):
        assert keyframe_index_from_json(keyframe_index_to_json(found)) == found
