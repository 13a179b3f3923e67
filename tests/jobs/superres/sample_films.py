"""Tiny films for the tests of reading, and the units to read them with.

Every frame of a numbered film shows its own number: eight columns, dark or light, most significant bit
first. So a test can tell which frame it got without trusting any timestamp.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.extraction.reading.luma import ClipMeter, Luma
from tui_gen.jobs.superres.media import ClipFrames, Ffmpeg, Reading, probe, read_clips
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.jobs.superres.units import PROBED_FRAMES, ClipTask, Cut, Probe, Stretch
from tui_gen.media.film_facts import ProbeFacts, SurveyFacts
from tui_gen.media.geometry import Region, Size, whole

ClipReader = Callable[..., AsyncGenerator[Reading, None]]
SETTINGS = Settings(config_path=Path("/c.json"), output=Path("/out"), videos=(), categories={}, nice=0)
NUMBERED = Size(128, 96)
HDR10_TAGS = (
    *("-color_primaries", "bt2020", "-color_trc", "smpte2084"),
    *("-colorspace", "bt2020nc", "-color_range", "tv"),
)
PICTURE_CODING = 8
TINY = PatchFormat("tiny", Size(96, 96), Size(32, 32), "Patches_tiny", "_tiny")


def run_ffmpeg(program: str, *arguments: str, given: bytes = b"") -> bytes:
    """Run an ffmpeg by hand and return its stdout."""
    command = [program, "-v", "error", "-y", *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout


def numbered_frames(count: int) -> bytes:
    """Return gray frames that show their numbers over a soft pattern."""
    rows, columns = np.mgrid[0 : NUMBERED.height, 0 : NUMBERED.width]
    frames = []
    for number in range(count):
        bits = (number >> (7 - columns // 16)) & 1
        frames.append((40 + 160 * bits + 12 * np.sin((rows + 3 * number) / 5)).astype(np.uint8).tobytes())
    return b"".join(frames)


def make_numbered(program: str, path: Path, count: int, *arguments: str, rate: str = "24") -> Path:
    """Write a numbered film; `arguments` are ffmpeg's, between the input and the output."""
    source = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", str(NUMBERED), "-r", rate, "-i", "pipe:0"]
    run_ffmpeg(program, *source, *arguments, str(path), given=numbered_frames(count))
    return path


def make_soft_telecined(program: str, path: Path, count: int) -> Path:
    """Write a numbered film in MPEG-2 whose whole frames are flagged for two and three fields in turn."""
    stream = path.with_suffix(".m2v")
    coding = ["-c:v", "mpeg2video", "-flags", "+ildct", "-bf", "0", "-g", "12", "-q:v", "2"]
    make_numbered(program, stream, count, *coding, "-pix_fmt", "yuv420p", rate="30000/1001")
    stream.write_bytes(_with_pulldown(stream.read_bytes()))
    run_ffmpeg(program, "-fflags", "+genpts", "-i", str(stream), "-c", "copy", str(path))
    return path


def _with_pulldown(stream: bytes) -> bytes:
    """Set the flags in the picture coding extensions: top field first and repeat first field, in turn."""
    data, place, pictures = bytearray(stream), 0, 0
    while (place := data.find(b"\0\0\1\xb5", place)) >= 0:
        if data[place + 4] >> 4 == PICTURE_CODING:
            top_first, repeats = ((1, 1), (0, 0), (0, 1), (1, 0))[pictures % 4]
            is_420_progressive = 0x01
            data[place + 7] = data[place + 7] & 0x7C | top_first << 7 | repeats << 1 | is_420_progressive
            data[place + 8] |= 0x80
            pictures += 1
        place += 4
    return bytes(data)


def shown_numbers(frames: NDArray[np.uint8]) -> list[int]:
    """Return the numbers that (n, height, width, 3) frames show."""
    width = frames.shape[2] // 8
    columns = [frames[:, :, bit * width : (bit + 1) * width, 1].mean(axis=(1, 2)) for bit in range(8)]
    return [
        sum(int(column[i] > 120) << (7 - bit) for bit, column in enumerate(columns))
        for i in range(len(frames))
    ]


def measured(frames: Luma, *, depth: int, wants_repeats: bool = False) -> ClipMeter:
    """Measure the frames of a clip, (n, height, width)."""
    meter = ClipMeter(len(frames) // 2, depth, wants_repeats=wants_repeats)
    for frame in frames:
        meter.take(frame)
    return meter


def task(index: int, windows: Sequence[float], *sizes: Size) -> ClipTask:
    """Return a clip to read at some frame sizes."""
    cuts = tuple(Cut("c", "C", TINY, size, whole(size), whole(size), "x") for size in sizes)
    return ClipTask(index, tuple(windows), cuts)


async def probed(ffmpeg: Ffmpeg, path: Path, settings: Settings = SETTINGS) -> ProbeFacts:
    """Probe a film that is expected to be fine."""
    facts = await probe(Probe("v", str(path), settings).file, least_frames=PROBED_FRAMES, ffmpeg=ffmpeg)
    assert not isinstance(facts, Unusable), facts
    return facts


def stretch_of(
    path: Path,
    facts: ProbeFacts,
    tasks: Sequence[ClipTask],
    *,
    settings: Settings = SETTINGS,
    is_interlaced: bool = False,
) -> Stretch:
    """Return a stretch over a film without bars."""
    upright = facts.upright
    survey = SurveyFacts(Region(0, 0, upright.width, upright.height), 0, is_interlaced)
    return Stretch("v", str(path), "v", settings, facts, survey, None, tuple(tasks))


async def read_all(ffmpeg: Ffmpeg, stretch: Stretch, *, reader: ClipReader = read_clips) -> list[Reading]:
    """Read a stretch to its end."""
    return [report async for report in reader(stretch, ffmpeg=ffmpeg, threads=1)]


def clips_of(reports: Sequence[Reading]) -> list[ClipFrames]:
    """Return the clips among the reports."""
    return [report for report in reports if isinstance(report, ClipFrames)]


def read_film(ffmpeg: Ffmpeg, path: Path, times: Sequence[float], *sizes: Size) -> list[ClipFrames]:
    """Probe a film and read a clip at each time; every one must be had."""

    async def read() -> list[ClipFrames]:
        facts = await probed(ffmpeg, path)
        tasks = [task(index, [time], *(sizes or (facts.upright,))) for index, time in enumerate(times)]
        reports = await read_all(ffmpeg, stretch_of(path, facts, tasks))
        clips = clips_of(reports)
        assert len(clips) == len(times), reports
        return clips

    return asyncio.run(read())
