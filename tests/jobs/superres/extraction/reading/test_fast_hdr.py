"""`"hdr": "fast"` where one ffmpeg reads each clip: the kernel's pictures, and the fate of its process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from tests.jobs.superres.sample_films import (
    HDR10_TAGS,
    SETTINGS,
    ClipReader,
    clips_of,
    probed,
    read_all,
    run_ffmpeg,
    stretch_of,
    task,
)
from tui_gen.engine.model.work import Retried
from tui_gen.jobs.superres.extraction.reading.clip_frames import ClipFrames
from tui_gen.jobs.superres.extraction.reading.clips import read_clips
from tui_gen.jobs.superres.extraction.reading.reader import read_clips_fast
from tui_gen.jobs.superres.extraction.rendering import rendering, tone_mapping
from tui_gen.jobs.superres.media import Ffmpeg
from tui_gen.jobs.superres.units import Stretch
from tui_gen.media.colour import tail_filters, tone_mapped_tags
from tui_gen.media.geometry import Size
from tui_gen.media.tone_mapping.converter import CONVERTER_CHILD, converted
from tui_gen.processes.children import StallLimits

FAST = replace(SETTINGS, hdr="fast", chroma="444")
PQ = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
LOSSLESS = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-g", "12", "-pix_fmt")
RATE = 24


def film_of(program: str, path: Path, size: str, pixels: str = "yuv420p10le") -> Path:
    source = (
        "-f",
        "lavfi",
        "-i",
        f"testsrc2=s=130x98:r={RATE}:d=1,noise=alls=40:allf=t,format={pixels},{PQ},crop={size}",
    )
    run_ffmpeg(program, *source, *LOSSLESS, pixels, *HDR10_TAGS, str(path))
    return path


def by_hand(program: str, stretch: Stretch, filters: str) -> NDArray[np.uint8]:
    """Return all frames: stored samples by one run of ffmpeg, the kernel, and another run that scales."""
    probe, size = stretch.probe, stretch.probe.even_upright
    mapping = tone_mapping(probe, stretch.settings, peak=None)
    assert mapping is not None
    shown = ("-map", "0:V:0", "-vf", filters, "-f", "rawvideo", "-pix_fmt", probe.colour.pixel_format)
    stored = run_ffmpeg(program, "-i", stretch.path, *shown, "-")
    planar = ("-f", "rawvideo", "-pix_fmt", "yuv444p", "-s", str(size), "-i", "pipe:0")
    tail = tail_filters(probe, rendering(stretch.settings), frame=size)
    scaled = ("-vf", f"{tone_mapped_tags(probe)},{tail}", "-f", "rawvideo", "-pix_fmt", "bgr24", "-")
    pixels = run_ffmpeg(program, *planar, *scaled, given=converted([mapping], size, stored))
    return np.frombuffer(pixels, np.uint8).reshape(-1, size.height, size.width, 3)


@pytest.fixture(scope="module")
def film(embedded_ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film_of(embedded_ffmpeg, tmp_path_factory.mktemp("film") / "a.mp4", "128:96")


@pytest.mark.parametrize("kind", ["interlaced", "odd", pytest.param("turned", marks=pytest.mark.soak)])
async def test_a_film_that_is_read_clip_by_clip_goes_through_the_kernel_as_ffmpeg_shows_it(
    kind: str, film: Path, embedded_ffmpeg: str, tmp_path: Path
) -> None:
    ffmpeg, filters = Ffmpeg(embedded_ffmpeg, "9"), "null"
    readers: list[ClipReader] = [read_clips]
    if kind == "interlaced":
        filters = "bwdif=mode=send_frame"
    elif kind == "turned":
        flat, film = film, tmp_path / "turned.mp4"
        run_ffmpeg(embedded_ffmpeg, "-display_rotation", "-90", "-i", str(flat), "-c", "copy", str(film))
    else:
        film, filters = (
            film_of(embedded_ffmpeg, tmp_path / "a.mkv", "129:97", "yuv444p10le"),
            "crop=128:96:0:0",
        )
        readers.append(read_clips_fast)
    facts = await probed(ffmpeg, film)
    assert (facts.coded != facts.coded.even()) == (kind == "odd")
    tasks = [task(0, [0.5], facts.even_upright)]
    stretch = stretch_of(film, facts, tasks, settings=FAST, is_interlaced=kind == "interlaced")
    expected = by_hand(embedded_ffmpeg, stretch, filters)
    for reader in readers:
        (clip,) = clips_of(await read_all(ffmpeg, stretch, reader=reader))
        assert clip.reader == ("clip" if reader is read_clips else "stretch")
        first = round(clip.pts_seconds[0] * RATE)
        assert np.array_equal(clip.frames[facts.even_upright], expected[first : first + 7])


@pytest.fixture
def stretch(film: Path, embedded_ffmpeg: str) -> Iterator[Stretch]:
    facts = asyncio.run(probed(Ffmpeg(embedded_ffmpeg, "9"), film))
    yield stretch_of(film, facts, [task(0, [0.5], facts.upright, Size(64, 48))], settings=FAST)
    assert psutil.Process().children(recursive=True) == []


async def converter() -> psutil.Process:
    """Wait until a child is the converter and return it."""
    while True:
        for child in psutil.Process().children(recursive=True):
            try:
                if str(CONVERTER_CHILD) in child.cmdline()[:3]:
                    return child
            except psutil.NoSuchProcess:
                continue
        await asyncio.sleep(0.005)


async def test_one_converter_serves_the_clips_of_a_stretch_and_ends_with_it(
    stretch: Stretch, embedded_ffmpeg: str
) -> None:
    stretch = replace(stretch, tasks=tuple(replace(stretch.tasks[0], index=number) for number in range(2)))
    reader = read_clips(stretch, ffmpeg=Ffmpeg(embedded_ffmpeg, "9"), threads=1)
    between = [
        [child.pid for child in psutil.Process().children(recursive=True)]
        async for report in reader
        if isinstance(report, ClipFrames)
    ]
    assert len(between) == 2
    assert between[0] == between[1]
    assert len(between[0]) == 1


async def test_a_converter_that_is_killed_is_named_and_costs_no_clip(
    stretch: Stretch, embedded_ffmpeg: str
) -> None:
    ffmpeg = Ffmpeg(embedded_ffmpeg, "9")
    (undisturbed,) = clips_of(await read_all(ffmpeg, stretch, reader=read_clips))
    reading = asyncio.create_task(read_all(ffmpeg, stretch, reader=read_clips))
    (await converter()).kill()
    reports = await reading
    retried = [report.reason for report in reports if isinstance(report, Retried)]
    assert retried == ["the tone-mapping kernel was killed by SIGKILL"]
    (clip,) = clips_of(reports)
    assert clip.attempts == 2
    assert all(np.array_equal(clip.frames[size], pixels) for size, pixels in undisturbed.frames.items())


async def test_a_converter_that_stops_is_given_up_with_its_neighbours(
    stretch: Stretch, embedded_ffmpeg: str
) -> None:
    reports = []

    async def read() -> None:
        reader = read_clips(
            stretch, ffmpeg=Ffmpeg(embedded_ffmpeg, "9"), threads=1, stall=StallLimits(1.0, 1.0)
        )
        async for report in reader:
            reports.append(report)
            if isinstance(report, Retried):
                assert not suspended.is_running()
                break
        await reader.aclose()

    reading = asyncio.create_task(read())
    suspended = await converter()
    suspended.suspend()
    await reading
    assert [report.reason for report in reports if isinstance(report, Retried)] == [
        "ffmpeg gave nothing for 1 s"
    ]


async def test_a_cancelled_clip_leaves_none_of_its_processes_behind(
    stretch: Stretch, embedded_ffmpeg: str
) -> None:
    reading = asyncio.create_task(read_all(Ffmpeg(embedded_ffmpeg, "9"), stretch, reader=read_clips))
    await converter()
    children = psutil.Process().children(recursive=True)
    assert len(children) == 3
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not any(child.is_running() for child in children)
