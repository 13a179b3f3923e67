"""A clip of any length and step shows exactly its frames of the film, however it is read."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.superres.sample_films import (
    SETTINGS,
    clips_of,
    make_numbered,
    probed,
    read_all,
    shown_numbers,
    stretch_of,
)
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.file_kinds import GT, LR, FileKind
from tui_gen.jobs.superres.extraction.patches import cut_patch
from tui_gen.jobs.superres.extraction.reading.clips import read_clips
from tui_gen.jobs.superres.extraction.reading.reader import read_clips_fast
from tui_gen.jobs.superres.media import ClipFrames, Ffmpeg
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.jobs.superres.planning.timestamps import timeline
from tui_gen.jobs.superres.units import ClipTask, Cut, Stretch
from tui_gen.media.geometry import Region, Size, whole

FRAME = Size(512, 384)
WHOLE = whole(FRAME)
FORMAT = PatchFormat("wide", Size(480, 96), Size(160, 32), "Patches_wide", "_wide")
FRAMES = 250
LARGE = ("-vf", f"scale={FRAME.width}:{FRAME.height}:flags=neighbor")
AVC = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "40", "-bf", "2")
SLOW = pytest.mark.soak
LENGTHS = [
    pytest.param(7, 1, marks=SLOW),
    (7, 3),
    pytest.param(15, 1, marks=SLOW),
    pytest.param(15, 2, marks=SLOW),
    pytest.param(30, 1, marks=SLOW),
    pytest.param(31, 3, marks=SLOW),
    pytest.param(31, 4, marks=SLOW),
    pytest.param(100, 1, marks=SLOW),
    (100, 2),
]


@pytest.fixture(scope="module")
def film(embedded_ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lengths") / "a.mkv"
    return make_numbered(embedded_ffmpeg, path, FRAMES, *LARGE, *AVC)


def lasting(frames: int, step: int, **changes: Any) -> Settings:  # noqa: ANN401 - any setting
    return replace(SETTINGS, frames=frames, frame_step=step, nice=0, **changes)


def task(index: int, time: float, region: Region = WHOLE) -> ClipTask:
    return ClipTask(index, (time,), (Cut("c", "C", FORMAT, FRAME, region, WHOLE, "x"),))


def part_of(clip: ClipFrames, region: Region) -> NDArray[np.uint8]:
    view = clip.view(FRAME, region)
    top, left = region.y - view.area.y, region.x - view.area.x
    return view.pixels[:, top : top + region.height, left : left + region.width]


async def read_both_ways(ffmpeg: str, stretch: Stretch) -> list[ClipFrames]:
    """Return the clips of the decoder of a whole stretch; those of one decoder per clip are the same."""
    fast = clips_of(await read_all(Ffmpeg(ffmpeg, "9"), stretch, reader=read_clips_fast))
    slow = clips_of(await read_all(Ffmpeg(ffmpeg, "9"), stretch, reader=read_clips))
    assert len(fast) == len(slow) == len(stretch.tasks)
    assert {clip.reader for clip in fast} == {"stretch"}
    for one, other in zip(fast, slow, strict=True):
        assert replace(one, views=(), reader="clip") == replace(other, views=())
        region = stretch.tasks[one.index].cuts[0].region
        assert np.array_equal(part_of(one, region), part_of(other, region))
    return fast


def expected(middle: int, frames: int, step: int) -> list[int]:
    first = middle - frames // 2 * step
    return list(range(first, first + frames * step, step))


@pytest.mark.parametrize(("frames", "step"), LENGTHS)
async def test_a_clip_has_every_frame_that_it_is_of(
    embedded_ffmpeg: str, film: Path, frames: int, step: int
) -> None:
    settings = lasting(frames, step)
    facts = await probed(Ffmpeg(embedded_ffmpeg, "9"), film, settings)
    before, span = settings.clip_shape.anchor, settings.clip_shape.span
    middles = list(range(before + 1, FRAMES - span + before, span + 1))[:3]
    for region in (WHOLE, Region(0, 140, FRAME.width, 96)):
        tasks = [task(k, middle / 24, region) for k, middle in enumerate(middles)]
        for clip in await read_both_ways(embedded_ffmpeg, stretch_of(film, facts, tasks, settings=settings)):
            wanted = expected(middles[clip.index], frames, step)
            view = clip.view(FRAME, region)
            assert shown_numbers(view.pixels) == wanted
            assert [round(time * 24) for time in clip.pts_seconds] == wanted
            assert len(clip.measures.pair_differences) == len(clip.picture_types) - 1 == frames - 1
            is_part = region != WHOLE
            assert (view.area.height < FRAME.height) == is_part  # only a part was kept


def numbers_of(stack: NDArray[np.uint8], tiles: int) -> list[int]:
    return shown_numbers(np.stack(np.split(stack, tiles)))


@pytest.mark.parametrize("frames", [30, pytest.param(15, marks=SLOW), pytest.param(100, marks=SLOW)])
async def test_the_stacks_have_their_frames_around_gt(embedded_ffmpeg: str, film: Path, frames: int) -> None:
    versions = ("5frames", "7frames", f"{frames}frames")
    settings = lasting(frames, 1, lr_versions=versions, gt_frames=frames)
    facts = await probed(Ffmpeg(embedded_ffmpeg, "9"), film, settings)
    # All columns of the picture: a patch shows the whole number.
    size = PatchFormat("wide", Size(510, 96), Size(170, 32), "Patches_wide", "_wide")
    cut = replace(task(0, 0.0).cuts[0], format=size, region=Region(1, 140, 510, 96))
    stretch = stretch_of(film, facts, [ClipTask(0, (125 / 24,), (cut,))], settings=settings)
    (clip,) = await read_both_ways(embedded_ffmpeg, stretch)
    view = clip.view(FRAME, cut.region)
    patch = cut_patch(view.pixels, cut, settings=settings, area=view.area)
    numbers = expected(125, frames, 1)
    assert [kind.folder for kind in patch] == [
        *("GT", "LR", "LR_7frames", f"LR_{frames}frames", f"GT_{frames}frames")
    ]
    assert numbers_of(patch[GT], 1) == [125]
    assert numbers_of(patch[LR], 5) == [123, 124, 125, 126, 127]
    assert numbers_of(patch[FileKind(is_gt=False, frames=7)], 7) == expected(125, 7, 1)
    assert numbers_of(patch[FileKind(is_gt=False, frames=frames)], frames) == numbers
    assert numbers_of(patch[FileKind(is_gt=True, frames=frames)], frames) == numbers
    assert np.array_equal(
        np.split(patch[FileKind(is_gt=True, frames=frames)], frames)[frames // 2], patch[GT]
    )


@pytest.mark.parametrize(
    ("frames", "step"), [(15, 2), pytest.param(30, 1, marks=SLOW), pytest.param(31, 2, marks=SLOW)]
)
async def test_without_repeated_frames_the_step_counts_different_ones(
    embedded_ffmpeg: str, tmp_path: Path, frames: int, step: int
) -> None:
    doubled = ("-vf", f"fps=48,{LARGE[1]}")
    film = make_numbered(embedded_ffmpeg, tmp_path / "a.mkv", FRAMES, *doubled, *AVC)
    settings = lasting(frames, step, repeated_frames="collapse")
    facts = await probed(Ffmpeg(embedded_ffmpeg, "9"), film, settings)
    reach = timeline(facts, settings).reach
    stretch = replace(stretch_of(film, facts, [task(0, 125 / 24)], settings=settings), reach=reach)
    (clip,) = await read_both_ways(embedded_ffmpeg, stretch)
    assert shown_numbers(clip.view(FRAME, WHOLE).pixels) == expected(125, frames, step)
    assert clip.steps == (2 * step,) * (frames - 1)


@pytest.mark.parametrize(("frames", "step"), [(15, 2), pytest.param(100, 1, marks=SLOW)])
async def test_a_clip_at_a_key_frame_begins_there(
    embedded_ffmpeg: str, film: Path, frames: int, step: int
) -> None:
    settings = lasting(frames, step)
    facts = await probed(Ffmpeg(embedded_ffmpeg, "9"), film, settings)
    tasks: Sequence[ClipTask] = [task(0, 40 / 24), task(1, 120 / 24)]
    stretch = replace(stretch_of(film, facts, tasks, settings=settings), begins_at_window=True)
    clips = await read_both_ways(embedded_ffmpeg, stretch)
    for clip, key in zip(clips, (40, 120), strict=True):
        numbers = shown_numbers(clip.view(FRAME, WHOLE).pixels)
        assert numbers == list(range(key, key + frames * step, step))
        assert clip.picture_types[0] == "I"


@pytest.mark.soak
@pytest.mark.parametrize(("frames", "step"), [(30, 2), (100, 1), (100, 2)])
async def test_frames_that_are_not_evenly_apart_are_counted_and_not_calculated(
    embedded_ffmpeg: str, tmp_path: Path, frames: int, step: int
) -> None:
    uneven = ("-vf", f"{LARGE[1]},setpts='(N+0.4*mod(N,3))/24/TB'", "-enc_time_base", "1/1000")
    film = make_numbered(
        embedded_ffmpeg, tmp_path / "a.mkv", FRAMES, *uneven, *AVC, "-fps_mode", "passthrough"
    )
    settings = lasting(frames, step)
    facts = await probed(Ffmpeg(embedded_ffmpeg, "9"), film, settings)
    stretch = stretch_of(film, facts, [task(0, 126 / 24)], settings=settings)
    (clip,) = await read_both_ways(embedded_ffmpeg, stretch)
    assert shown_numbers(clip.view(FRAME, WHOLE).pixels) == expected(126, frames, step)
