"""Shards: what is written is read back, and damage ends a shard without a wrong video."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.jobs.videomnist.dataset.datasets import FORM, RECIPE, making_up
from tui_gen.base.errors import ObstructedError
from tui_gen.jobs.videomnist.dataset.shard import (
    Shards,
    indexes_in,
    read_shard,
    shard_name,
    shards_in,
    unfinished_in,
    writing_shard,
)
from tui_gen.jobs.videomnist.dataset.stored_video import StoredVideo
from tui_gen.jobs.videomnist.model import VideoKey

INDEXES = (3, 4, 6, 9)
VIDEO = making_up(FORM)


def write(folder: Path, indexes: tuple[int, ...] = INDEXES, digit: int = 5) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / shard_name(f"train-{digit}", indexes)
    with writing_shard(path, RECIPE) as shard:
        for index in indexes:
            shard.add(index, VIDEO(VideoKey("train", digit, index)))
    return path


def read(path: Path, recipe: bytes = RECIPE) -> dict[int, StoredVideo]:
    return dict(read_shard(path, recipe))


def video(index: int, digit: int = 5) -> StoredVideo:
    return VIDEO(VideoKey("train", digit, index))


def test_a_shard_is_named_for_its_source_and_its_videos() -> None:
    assert shard_name("train-5", INDEXES).startswith("train-5.3-9.")
    assert shard_name("train-5", INDEXES) != shard_name("train-5", (3, 5, 6, 9))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    assert read(write(tmp_path)) == {index: video(index) for index in INDEXES}


def test_the_indexes_of_a_shard_are_told_without_its_videos(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert indexes_in(path, RECIPE) == list(INDEXES)
    assert indexes_in(path, bytes(16)) == []


def test_equal_videos_give_equal_shards(tmp_path: Path) -> None:
    one, other = write(tmp_path / "a"), write(tmp_path / "b")
    assert one.read_bytes() == other.read_bytes()


def test_a_shard_of_another_recipe_holds_nothing(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert read(path, bytes(16)) == {}
    with Shards(tmp_path, bytes(16)) as shards:
        assert shards.find(VideoKey("train", 5, 3)) is None


def test_a_shard_that_is_cut_anywhere_gives_the_whole_videos_before_the_cut(tmp_path: Path) -> None:
    path = write(tmp_path)
    whole = path.read_bytes()
    ends = [24]
    for index in INDEXES:
        ends.append(ends[-1] + 40 + video(index).size_bytes)
    assert ends[-1] == len(whole)
    for length in sorted({*range(80), *ends, *(end - 1 for end in ends), *range(80, len(whole), 997)}):
        path.write_bytes(whole[:length])
        expected = INDEXES[: sum(end <= length for end in ends[1:])]
        assert read(path) == {index: video(index) for index in expected}, length
        with Shards(tmp_path, RECIPE) as shards:
            found = [index for index in INDEXES if shards.find(VideoKey("train", 5, index)) is not None]
        assert tuple(found) == expected, length


def test_a_damaged_byte_ends_a_shard_and_no_wrong_video_is_read(tmp_path: Path) -> None:
    path = write(tmp_path)
    whole = path.read_bytes()
    second = 24 + 40 + video(3).size_bytes
    for place in (second, second + 9, second + 17, second + 40, second + 40 + video(4).size_bytes - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert read(path) == {3: video(3)}, place
        with Shards(tmp_path, RECIPE) as shards:
            found = {index: shards.find(VideoKey("train", 5, index)) for index in INDEXES}
        assert found == {3: video(3), 4: None, 6: None, 9: None}, place


def test_videos_are_found_in_many_shards_in_any_order(tmp_path: Path) -> None:
    for digit in (5, 6):
        write(tmp_path, (0, 1, 2), digit)
        write(tmp_path, (3, 5), digit)
        write(tmp_path, (4, 6), digit)  # its range overlaps that of the one before
    with Shards(tmp_path, RECIPE) as shards:
        for index in (0, 1, 2, 3, 4, 5, 6, 2, 6, 0):
            for digit in (5, 6):
                assert shards.find(VideoKey("train", digit, index)) == video(index, digit)
        assert shards.find(VideoKey("train", 5, 7)) is None
        assert shards.find(VideoKey("test", 5, 0)) is None


def test_a_shard_that_left_is_no_error(tmp_path: Path) -> None:
    path = write(tmp_path)
    with Shards(tmp_path, RECIPE) as shards:
        path.unlink()
        assert shards.find(VideoKey("train", 5, 3)) is None


def write_and_raise(path: Path) -> None:
    with writing_shard(path, RECIPE) as shard:
        shard.add(3, video(3))
        raise KeyError


def test_a_block_that_raises_leaves_no_shard(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        write_and_raise(tmp_path / shard_name("train-5", INDEXES))
    assert list(tmp_path.iterdir()) == []


def test_temporary_files_are_no_shards(tmp_path: Path) -> None:
    path = write(tmp_path)
    left = path.with_name(f"{path.name}.part")
    left.write_bytes(path.read_bytes())
    assert list(shards_in(tmp_path)) == [path]
    assert list(unfinished_in(tmp_path)) == [left]
    assert list(shards_in(tmp_path / "none")) == []


def test_a_disk_that_takes_no_more_obstructs_and_leaves_nothing(
    tmp_path: Path, at_most_bytes: Callable[[int], AbstractContextManager[None]]
) -> None:
    with at_most_bytes(50_000), pytest.raises(ObstructedError, match="too large"):
        write(tmp_path, tuple(range(20)))
    assert list(tmp_path.iterdir()) == []
