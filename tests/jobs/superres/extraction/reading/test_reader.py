"""One decoder for a whole stretch gives the bytes of one decoder per clip, whatever the film is like."""

import asyncio
import hashlib
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from tests.jobs.superres.sample_films import (
    HDR10_TAGS,
    SETTINGS,
    TINY,
    clips_of,
    probed,
    read_all,
    run_ffmpeg,
    stretch_of,
)
from tui_gen.engine.model.work import Rejected, Retried
from tui_gen.jobs.superres.extraction.patches import cut_patch
from tui_gen.jobs.superres.extraction.reading import clips, views
from tui_gen.jobs.superres.extraction.reading.clip_frames import ClipFrames, Reading
from tui_gen.jobs.superres.extraction.reading.reader import read_clips_fast
from tui_gen.jobs.superres.extraction.reading.views import reach
from tui_gen.jobs.superres.extraction.rendering import rendering
from tui_gen.jobs.superres.extraction.scoring.scores import default_rule
from tui_gen.jobs.superres.media import Ffmpeg, colour_fingerprint
from tui_gen.jobs.superres.units import ClipTask, Cut, Stretch
from tui_gen.media.colour import Chroma, HdrChain, Output
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.geometry import Region, Size, whole
from tui_gen.processes.children import StallLimits

RULES = {"repeated_frames": default_rule("repeated_frames", "score")}
NOISE = ("-f", "lavfi", "-i", "testsrc2=s=448x256:r=24:d=5,noise=alls=40:allf=t")
AVC = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params")
HEVC_10 = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params")
LEAN = "log-level=error:scenecut=0"
PQ = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"

KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "h264": ("a.mkv", (*AVC, "-g", "24", "-bf", "3")),
    "h264, long groups": ("a.mp4", (*AVC, "-g", "240", "-bf", "3")),
    "h264, one key frame": ("a.mkv", (*AVC, "-g", "100000", "-bf", "3")),
    "h264, open groups": (
        "a.mkv",
        (*AVC, "-x264-params", "open-gop=1:keyint=24:scenecut=0:b-pyramid=normal"),
    ),
    "h264, intra refresh": ("a.mkv", (*AVC, "-x264-params", "intra-refresh=1:keyint=40")),
    "h264, 4:2:2 of 10 bits": ("a.mkv", (*AVC[:-1], "yuv422p10le", "-g", "48")),
    "h264, full range": ("a.mp4", (*AVC[:-1], "yuvj420p", "-g", "48")),
    "hevc": ("a.mkv", (*HEVC, f"{LEAN}:keyint=24:open-gop=0:bframes=4")),
    "hevc, open groups": ("a.mkv", (*HEVC, f"{LEAN}:keyint=24:open-gop=1:bframes=4")),
    "hevc, open groups, mp4": ("a.mp4", (*HEVC, f"{LEAN}:keyint=48:open-gop=1:bframes=8:rc-lookahead=20")),
    "hevc, temporal layers": (
        "a.mkv",
        (*HEVC, f"{LEAN}:keyint=48:temporal-layers=3:bframes=7:b-adapt=0:rc-lookahead=20"),
    ),
    "hdr10, left": ("a.mkv", (*HEVC_10, f"{LEAN}:keyint=48:chromaloc=0", "-vf", PQ, *HDR10_TAGS)),
    "hdr10, top left": (
        "a.mkv",
        (*HEVC_10, f"{LEAN}:keyint=48:chromaloc=2", "-vf", f"{PQ}:chroma_location=topleft", *HDR10_TAGS),
    ),
    "variable rate": ("a.mkv", (*AVC, "-g", "24", "-vf", "setpts='(N+30*floor(N/10))/24/TB'")),
    "later start": ("a.mkv", (*AVC, "-g", "24", "-output_ts_offset", "5.3")),
    "edit list": ("a.mp4", (*AVC, "-g", "30", "-bf", "3")),
    "fragments": ("a.mp4", (*AVC, "-g", "24", "-movflags", "frag_keyframe+empty_moov")),
    "no cues": ("a.mkv", (*AVC, "-g", "48", "-live", "1")),
    "odd sizes": ("a.mkv", (*AVC[:-1], "yuv444p", "-vf", "crop=447:255")),
}
RARER = {
    *("h264, 4:2:2 of 10 bits", "edit list", "not defined to the bit", "transport stream"),
    *("hevc, temporal layers", "h264, open groups"),
    *("h264, long groups", "h264, one key frame", "h264, intra refresh", "h264, full range", "hevc"),
    *("hevc, open groups, mp4", "hdr10, left", "later start", "fragments", "no cues"),
}
"""Kinds that are like others to the reader: they are read in long runs of the tests."""


def _of(kind: str) -> object:
    return pytest.param(kind, marks=pytest.mark.soak) if kind in RARER else kind


HDR_CHAINS: tuple[HdrChain, ...] = ("exact", "fast")
HLG = "setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc:range=tv"
FAST_KINDS = {
    kind: KINDS.get(kind, ("a.mkv", (*AVC[:-1], "yuv422p10le", "-g", "48", "-vf", HLG)))
    for kind in ("hdr10, left", "hdr10, top left", "hlg, 4:2:2")
}
BY_CLIP: dict[str, tuple[str, tuple[str, ...]]] = {
    "transport stream": ("a.ts", (*AVC, "-g", "24")),
    "not defined to the bit": ("a.avi", ("-c:v", "mpeg4", "-q:v", "2")),
    "timestamps out of order": (
        "a.mkv",
        (
            *(*AVC, "-vf", "settb=1/1000,setpts='(N+0.45*mod(N,4))/24/TB'"),
            *("-fps_mode", "passthrough", "-enc_time_base", "1/1000"),
        ),
    ),
}


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    assert psutil.Process().children(recursive=True) == []


def cuts_of(facts: ProbeFacts, seed: int) -> tuple[Cut, ...]:
    """Return seeded cuts from frames at full, half and a third of the size."""
    size, draw = facts.upright, random.Random(seed)
    frames = [size, Size(size.width // 3 // 2 * 2, size.height // 3 // 2 * 2)]
    frames += [Size(size.width // 2, size.height // 2)] if size.width % 4 == size.height % 4 == 0 else []
    cuts = []
    for frame in (*frames, frames[-1]):
        gt = Size(min(TINY.gt.width, frame.width // 3 * 3), min(TINY.gt.height, frame.height // 3 * 3))
        x, y = draw.randint(0, frame.width - gt.width), draw.randint(0, frame.height - gt.height)
        shape = replace(TINY, gt=gt, lr=Size(gt.width // 3, gt.height // 3))
        cuts.append(Cut("c", "C", shape, frame, Region(x, y, gt.width, gt.height), whole(frame), "x"))
    last = cuts[-1]
    x, y = draw.randint(0, last.frame.width - gt.width), draw.randint(0, last.frame.height - gt.height)
    cuts[-1] = replace(last, rivals=(Region(x, y, gt.width, gt.height),))
    return tuple(cuts)


async def spread(ffmpeg: Ffmpeg, path: Path, count: int = 3) -> Stretch:
    """Return a stretch of clips spread over a film from end to end."""
    facts = await probed(ffmpeg, path)
    rim = 3.6 * (facts.frame_seconds or 0.04)
    step = (facts.duration_seconds - 2.1 * rim) / max(1, count - 1)
    tasks = [ClipTask(k, (rim + k * step,), cuts_of(facts, k)) for k in range(count)]
    return stretch_of(path, facts, tasks, settings=replace(SETTINGS, lr_border="picture", scores=RULES))


@dataclass(frozen=True)
class Print:
    """What must be equal of a clip."""

    pts_seconds: tuple[float, ...]
    measures: tuple[object, ...]
    patches: tuple[str, ...]


def print_of(clip: ClipFrames, stretch: Stretch) -> Print:
    hashes = []
    task = next(task for task in stretch.tasks if task.index == clip.index)
    for cut in (choice for planned in task.cuts for choice in planned.choices):
        view = clip.view(cut.frame, reach(cut, stretch.settings))
        arrays = cut_patch(view.pixels, cut, settings=stretch.settings, area=view.area)
        hashes += [
            f"{image.shape} {hashlib.sha256(image.tobytes()).hexdigest()}" for image in arrays.values()
        ]
    measures = clip.measures
    differences = (measures.scene_difference, *measures.pair_differences, measures.luma_change)
    return Print(
        clip.container_pts_seconds,
        (*differences, clip.picture_types, clip.repeats, clip.steps),
        tuple(hashes),
    )


def prints(reports: Sequence[Reading], stretch: Stretch) -> dict[int, Print]:
    return {clip.index: print_of(clip, stretch) for clip in clips_of(reports)}


def complaints(reports: Sequence[Reading]) -> list[tuple[int, str, int]]:
    """Return what went wrong, without the addresses that are in the details."""
    kinds = (r for r in reports if isinstance(r, Rejected | Retried))
    return [(r.clip.index, r.reason, r.attempts if isinstance(r, Rejected) else r.attempt) for r in kinds]


async def compared(ffmpeg: Ffmpeg, stretch: Stretch) -> list[str]:
    """Read a stretch both ways, which must agree, and return what read each clip."""
    slow = await read_all(ffmpeg, stretch, reader=clips.read_clips)
    fast = await read_all(ffmpeg, stretch, reader=read_clips_fast)
    assert prints(fast, stretch) == prints(slow, stretch)
    assert complaints(fast) == complaints(slow)
    return [clip.reader for clip in clips_of(fast)]


@pytest.mark.parametrize("kind", [_of(kind) for kind in KINDS])
async def test_the_bytes_are_those_of_one_decoder_per_clip(
    kind: str, embedded_ffmpeg: str, tmp_path: Path
) -> None:
    name, arguments = KINDS[kind]
    run_ffmpeg(embedded_ffmpeg, *NOISE, *arguments, str(tmp_path / name))
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    readers = await compared(ffmpeg, await spread(ffmpeg, tmp_path / name))
    assert readers == ["stretch"] * 3


@pytest.mark.parametrize("kind", [_of(kind) for kind in BY_CLIP])
async def test_what_it_cannot_vouch_for_is_read_clip_by_clip(
    kind: str, embedded_ffmpeg: str, tmp_path: Path
) -> None:
    name, arguments = BY_CLIP[kind]
    run_ffmpeg(embedded_ffmpeg, *NOISE, *arguments, str(tmp_path / name))
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    readers = await compared(ffmpeg, await spread(ffmpeg, tmp_path / name))
    assert set(readers) == {"clip"}


@pytest.mark.parametrize(
    ("kind", "output"),
    [
        pytest.param("hdr10, top left", "pq16", marks=pytest.mark.soak),
        pytest.param("hdr10, left", "linear16", marks=pytest.mark.soak),
        ("h264", "pq16"),
    ],
)
async def test_16_bit_frames_too_are_those_of_one_decoder_per_clip(
    kind: str, output: Output, embedded_ffmpeg: str, tmp_path: Path
) -> None:
    name, arguments = KINDS[kind]
    run_ffmpeg(embedded_ffmpeg, *NOISE, *arguments, str(tmp_path / name))
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    stretch = await spread(ffmpeg, tmp_path / name)
    wide = replace(stretch, settings=replace(stretch.settings, colour_output=output))
    assert await compared(ffmpeg, wide) == ["stretch"] * 3


async def test_clips_side_by_side_share_what_was_decoded(embedded_ffmpeg: str, tmp_path: Path) -> None:
    film = tmp_path / "a.mkv"
    run_ffmpeg(embedded_ffmpeg, *NOISE, *AVC, "-g", "48", "-bf", "3", str(film))
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    stretch = await spread(ffmpeg, film, count=1)
    tasks = [replace(stretch.tasks[0], index=k, windows=((4 + 8 * k) / 24,)) for k in range(13)]
    readers = await compared(ffmpeg, replace(stretch, tasks=tuple(tasks)))
    assert readers == ["stretch"] * 13


@pytest.mark.soak
async def test_of_a_damaged_film_no_less_is_had_and_nothing_that_is_not_so(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    film, ffmpeg = tmp_path / "a.mkv", Ffmpeg(embedded_ffmpeg, "9")
    run_ffmpeg(embedded_ffmpeg, *NOISE, *AVC, "-g", "24", "-bf", "3", str(film))
    stretch = await spread(ffmpeg, film, count=10)
    undamaged = prints(await read_all(ffmpeg, stretch, reader=read_clips_fast), stretch)
    data = bytearray(film.read_bytes())
    for share in (0.3, 0.7):
        place = int(len(data) * share)
        data[place : place + 3000] = random.Random(1).randbytes(3000)
    film.write_bytes(data)
    slow = prints(await read_all(ffmpeg, stretch, reader=clips.read_clips), stretch)
    fast = prints(await read_all(ffmpeg, stretch, reader=read_clips_fast), stretch)
    assert len(slow) < len(undamaged)
    # Decoding from the last key frame and no further, it meets less of the damage.
    assert {**fast, **slow} == fast
    assert all(fast[index] == undamaged[index] for index in fast.keys() - slow.keys())
    # What a clip gives does not depend on the clips before it.
    alone = replace(stretch, tasks=stretch.tasks[-4:])
    again = prints(await read_all(ffmpeg, alone, reader=read_clips_fast), alone)
    assert again == {task.index: fast[task.index] for task in alone.tasks if task.index in fast}


@pytest.mark.parametrize("kind", ["h264, 4:2:2 of 10 bits", "hdr10, top left"])
async def test_strips_join_to_the_pixels_of_the_whole(
    kind: str, embedded_ffmpeg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_PIXELS", 15_000)
    name, arguments = KINDS[kind]
    run_ffmpeg(embedded_ffmpeg, *NOISE, "-t", "1", *arguments, str(tmp_path / name))
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    stretch = await spread(ffmpeg, tmp_path / name, count=1)
    half, size = Size(224, 128), Size(192, 126)
    large = replace(TINY, gt=size, lr=Size(64, 42))
    cuts = tuple(
        Cut("c", "C", large, frame, Region(x, y, size.width, size.height), whole(frame), "x")
        for frame, x, y in ((half, 0, 2), (half, 32, 0), (Size(448, 256), 7, 100), (Size(448, 256), 200, 130))
    )
    tasks = tuple(replace(stretch.tasks[0], cuts=part) for part in (cuts[:2], cuts[2:], cuts[3:]))
    for number, task in enumerate(tasks):
        planned = views.views_of(stretch.probe, task.cuts, stretch.settings)
        assert any(len(views.strips_of(stretch.probe, view)) > 1 for view in planned), number
        assert await compared(ffmpeg, replace(stretch, tasks=(task,))) == ["stretch"]


@pytest.mark.parametrize(
    ("kind", "chroma"),
    [
        pytest.param("hdr10, left", "420", marks=pytest.mark.soak),
        ("hdr10, top left", "444"),
        pytest.param("hlg, 4:2:2", "420", marks=pytest.mark.soak),
    ],
)
async def test_with_fast_hdr_too_a_part_is_converted_like_the_whole(
    kind: str, chroma: Chroma, embedded_ffmpeg: str, tmp_path: Path
) -> None:
    name, arguments = FAST_KINDS[kind]
    loud = (*NOISE[:-1], f"{NOISE[-1]},noise=alls=100:allf=t", "-t", "0.5", "-qp", "4")
    run_ffmpeg(embedded_ffmpeg, *loud, *arguments, str(tmp_path / name))
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    stretch = await spread(ffmpeg, tmp_path / name, count=1)
    exact, fast = (replace(SETTINGS, chroma=chroma, hdr=hdr) for hdr in HDR_CHAINS)
    half, small = Size(224, 128), replace(TINY, gt=Size(48, 48), lr=Size(16, 16))
    tasks = []
    for number, (frame, x, y) in enumerate(
        ((half, 0, 0), (half, 87, 41), (half, 176, 80), (Size(448, 256), 201, 99), (Size(302, 172), 80, 41))
    ):
        cut = Cut("c", "C", small, frame, Region(x, y, 48, 48), whole(frame), "x")
        tasks.append(replace(stretch.tasks[0], index=number, cuts=(cut,)))
        parts = [view.stored.size for view in views.views_of(stretch.probe, (cut,), fast)]
        assert (parts != [stretch.probe.coded]) == (number < 4)
    colour_fingerprint(ffmpeg, rendering(fast))  # as a start does: it compiles the kernel, children load it
    stretches = [replace(stretch, tasks=tuple(tasks), settings=settings) for settings in (exact, fast)]
    assert await compared(ffmpeg, stretches[1]) == ["stretch"] * 5
    of = [prints(await read_all(ffmpeg, one, reader=read_clips_fast), one) for one in stretches]
    # The kernel rounds otherwise than the filters; what is measured before colour is the same.
    assert [of[0][k].patches == of[1][k].patches for k in range(5)] == [False] * 5
    assert all(of[0][k].measures == of[1][k].measures for k in range(5))


@pytest.fixture(scope="module")
def film(embedded_ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "a.mkv"
    run_ffmpeg(embedded_ffmpeg, *NOISE, *AVC, "-g", "48", str(path))
    return path


async def test_a_killed_child_costs_no_clip_and_changes_no_byte(embedded_ffmpeg: str, film: Path) -> None:
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    stretch = await spread(ffmpeg, film, count=8)
    expected = prints(await read_all(ffmpeg, stretch, reader=clips.read_clips), stretch)
    for victim in (0, -1):
        reports = []
        async for report in read_clips_fast(stretch, ffmpeg=ffmpeg, threads=1):
            reports.append(report)
            if isinstance(report, ClipFrames) and report.index == 1:
                psutil.Process().children()[victim].kill()
        assert prints(reports, stretch) == expected
        assert {clip.reader for clip in clips_of(reports)} == {"stretch", "clip"}


@pytest.mark.soak
async def test_a_stopped_child_is_given_up_after_the_limit(embedded_ffmpeg: str, film: Path) -> None:
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    stretch = await spread(ffmpeg, film, count=4)
    expected = prints(await read_all(ffmpeg, stretch, reader=clips.read_clips), stretch)
    reports = []
    async for report in read_clips_fast(stretch, ffmpeg=ffmpeg, threads=1, stall=StallLimits(3.0, 3.0)):
        reports.append(report)
        if isinstance(report, ClipFrames) and report.index == 0:
            for child in psutil.Process().children():
                child.suspend()
    assert prints(reports, stretch) == expected


async def test_who_is_not_pulled_falls_asleep_and_closing_ends_everything(
    embedded_ffmpeg: str, film: Path
) -> None:
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    stretch = await spread(ffmpeg, film, count=16)
    reader = read_clips_fast(stretch, ffmpeg=ffmpeg, threads=1)
    async for report in reader:
        if isinstance(report, ClipFrames):
            break
    children = psutil.Process().children()
    used = -1.0
    for _ in range(100):
        await asyncio.sleep(0.2)
        before, used = used, sum(sum(child.cpu_times()[:2]) for child in children)
        if used == before:
            break
    assert used == before
    await reader.aclose()
    assert not any(child.is_running() for child in children)


async def test_a_cancelled_pull_leaves_nothing_behind(embedded_ffmpeg: str, film: Path) -> None:
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    stretch = await spread(ffmpeg, film, count=16)
    pulling = asyncio.create_task(read_all(ffmpeg, stretch, reader=read_clips_fast))
    while not psutil.Process().children():
        await asyncio.sleep(0.01)
    pulling.cancel()
    with suppress(asyncio.CancelledError):
        await pulling
    assert psutil.Process().children() == []


async def test_a_machine_without_room_for_a_thread_leaves_no_decoder_behind(
    embedded_ffmpeg: str, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    reader = read_clips_fast(await spread(ffmpeg, film, count=4), ffmpeg=ffmpeg, threads=1)
    async for report in reader:
        if isinstance(report, ClipFrames):
            break
    children = psutil.Process().children()

    def refuse(_thread: threading.Thread) -> None:
        message = "can't start new thread"
        raise RuntimeError(message)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    await reader.aclose()
    assert children
    assert not any(child.is_running() for child in children)
