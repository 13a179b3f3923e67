"""The children of the workers: asked again and again, killed when interrupted, told apart when they fail."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tui_gen.base.errors import ObstructedError
from tui_gen.engine.model.work import Made
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.dataset.shard import read_shard, shard_name, writing_shard
from tui_gen.jobs.videomnist.dataset.stored_video import Checksums, StoredVideo
from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.model import VideoSettings
from tui_gen.jobs.videomnist.units import VideoUnit
from tui_gen.jobs.videomnist.work.earlier_shards import EarlierShards
from tui_gen.jobs.videomnist.work.orders import AssembleOrder, Context, RenderOrder
from tui_gen.jobs.videomnist.work.perform import perform_videos
from tui_gen.processes.children import ChildError
from tui_gen.processes.orders.child_process import Children

RECIPE = bytes(range(16))


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children[Context]]:
    settings = Settings(tmp_path / "c.json", tmp_path, VideoSettings(frames=3), max_workers=1)
    made = Children(
        Context(settings, DrawnDigits(1), RECIPE), most_idle=1, niceness=settings.nice, work="rendering"
    )
    yield made
    made.close()
    assert psutil.Process().children(recursive=True) == []


def order(folder: Path, *indexes: int) -> RenderOrder:
    return RenderOrder("train", 3, indexes, folder)


def shard(folder: Path, *indexes: int) -> Path:
    return folder / shard_name("train-3", indexes)


def test_one_child_renders_one_order_after_the_other(children: Children[Context], tmp_path: Path) -> None:
    async def ask() -> set[int]:
        pids = set()
        for first in (0, 2, 4):
            told = await children.ask(order(tmp_path, first, first + 1))
            assert [video[0] for video in told] == [first, first + 1]
            pids |= {process.pid for process in psutil.Process().children()}
        return pids

    assert len(asyncio.run(ask())) == 1
    videos = list(read_shard(shard(tmp_path, 2, 3), RECIPE))
    assert [index for index, _ in videos] == [2, 3]


def test_what_is_told_of_a_video_is_what_the_shard_holds(children: Children[Context], tmp_path: Path) -> None:
    told = asyncio.run(children.ask(order(tmp_path, 7)))
    ((_, video),) = read_shard(shard(tmp_path, 7), RECIPE)
    sums = video.checksums
    assert told[0][2:6] == [video.size_bytes, sums.frames.hex(), sums.pixels, sums.truth]


def test_what_earlier_shards_hold_whole_is_told_and_not_rendered_again(
    children: Children[Context], tmp_path: Path
) -> None:
    whole = asyncio.run(children.ask(order(tmp_path, 0, 1, 2, 3)))
    earlier = shard(tmp_path, 0, 1, 2, 3)
    earlier.write_bytes(earlier.read_bytes()[:-1])  # video 3 is cut off
    told = asyncio.run(
        children.ask(replace(order(tmp_path, 1, 2, 3, 4), earlier=(earlier, tmp_path / "gone")))
    )
    assert told[:2] == whole[1:3], "also the name of the shard that they are in"
    assert [video[:2] for video in told[2:]] == [[index, shard(tmp_path, 3, 4).name] for index in (3, 4)]
    assert [index for index, _ in read_shard(shard(tmp_path, 3, 4), RECIPE)] == [3, 4]


def test_a_shard_of_another_recipe_is_no_earlier_shard(children: Children[Context], tmp_path: Path) -> None:
    earlier = shard(tmp_path, 0, 1)
    with writing_shard(earlier, bytes(16)) as other:
        other.add(0, StoredVideo(b"", b"", Checksums(bytes(16), 0, 0)))
    told = asyncio.run(children.ask(replace(order(tmp_path, 0, 2), earlier=(earlier,))))
    assert {video[1] for video in told} == {shard(tmp_path, 0, 2).name}


def test_a_unit_whose_reports_end_early_is_not_rendered_again(children: Children[Context]) -> None:
    async def made_of(unit: VideoUnit, most: int) -> list[Made]:
        found = list[Made]()
        async with aclosing(perform_videos(unit, children, earlier)) as reports:
            async for report in reports:
                if isinstance(report, Made):
                    found.append(report)
                if len(found) == most:
                    break
        return found

    earlier, unit = EarlierShards(), VideoUnit("train-3", (0, 1, 2, 3))
    first = asyncio.run(made_of(unit, 2))
    rest = unit.without([made.clip for made in first])
    assert rest is not None
    second = asyncio.run(made_of(rest, 9))
    assert [made.clip.index for made in (*first, *second)] == [0, 1, 2, 3]
    shards = children.context.settings.shards
    assert [path.name for path in shards.iterdir()] == [shard(shards, 0, 1, 2, 3).name]


def test_a_folder_that_takes_nothing_is_an_obstruction_and_the_child_goes_on(
    children: Children[Context], tmp_path: Path
) -> None:
    async def ask() -> None:
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(ObstructedError, match="Not a directory"):
            await children.ask(order(tmp_path / "file" / "inner", 0))
        (child,) = psutil.Process().children()
        await children.ask(order(tmp_path, 0))
        assert psutil.Process().children() == [child]

    asyncio.run(ask())


def test_a_cancelled_order_ends_its_child(children: Children[Context], tmp_path: Path) -> None:
    async def ask() -> None:
        task = asyncio.create_task(children.ask(order(tmp_path, *range(5000))))
        while not psutil.Process().children():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert psutil.Process().children(recursive=True) == []

    asyncio.run(ask())


def test_a_child_that_is_killed_is_told_and_another_takes_its_place(
    children: Children[Context], tmp_path: Path
) -> None:
    async def ask() -> None:
        await children.ask(order(tmp_path, 0))
        (child,) = psutil.Process().children()
        os.kill(child.pid, signal.SIGKILL)
        with pytest.raises(ChildError, match="killed by signal 9"):
            await children.ask(order(tmp_path, 1))
        await children.ask(order(tmp_path, 2))

    asyncio.run(ask())


def test_a_failure_of_the_program_is_told_with_where_it_came_from(children: Children[Context]) -> None:
    with pytest.raises(ChildError) as failed:
        asyncio.run(children.ask(AssembleOrder({})))
    assert "KeyError" in failed.value.reason
    assert "Traceback" in failed.value.detail


def test_no_more_children_wait_than_there_are_workers(children: Children[Context], tmp_path: Path) -> None:
    async def ask() -> None:
        orders = [order(tmp_path, number) for number in range(3)]
        await asyncio.gather(*map(children.ask, orders))
        assert len(psutil.Process().children()) == 1
        children.follow(0)
        assert psutil.Process().children() == []

    asyncio.run(ask())
