"""Exports: each is read back as its reader does, and a folder under its own name is whole."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import webdataset as wds
from numpy.typing import NDArray

from tests.jobs.videomnist.dataset.datasets import FACTS, layout_of, making_up, rendered
from tui_gen.base.errors import ObstructedError, RefusedError
from tui_gen.jobs.videomnist.dataset.assemble import assemble
from tui_gen.jobs.videomnist.dataset.export import arrays
from tui_gen.jobs.videomnist.dataset.export.export import write_export
from tui_gen.jobs.videomnist.dataset.export.layouts import LAYOUTS
from tui_gen.jobs.videomnist.dataset.export.source import ExportSource
from tui_gen.jobs.videomnist.dataset.export.webdataset import write_webdataset
from tui_gen.jobs.videomnist.dataset.h5_file import VideoDataset
from tui_gen.jobs.videomnist.dataset.video_format import FIELDS, VideoFormat
from tui_gen.jobs.videomnist.model import MOTIONS, SPLITS, VideoKey

SHARDS_STAY_OPEN = pytest.mark.filterwarnings("ignore")
"""The loader of WebDataset leaves the shards open."""


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_moving_mnist_is_read_back_as_openstl_does(
    dataset: VideoDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "_VIDEOS_AT_ONCE", 7)
    made = write_export(dataset, "moving-mnist", tmp_path / "out")
    assert set(tree(made.folder)) == {"mnist_train_seq.npy", "mnist_test_seq.npy"}
    for split in SPLITS:
        array = np.load(made.folder / f"mnist_{split}_seq.npy")
        assert (array.shape, array.dtype) == ((16, dataset.videos(split), 64, 64), np.uint8)
        for k in range(dataset.videos(split)):
            assert np.array_equal(array[:, k], dataset.frames(split, k)[:16])
    assert made.notes == (
        "these are not the videos of the official Moving MNIST test set",
        "OpenSTL reads 20 frames of 64x64 pixels; these have 16 of 64x64",
    )


def test_moving_mnist_of_20_frames_of_64_pixels_is_what_openstl_reads(tmp_path: Path) -> None:
    form = VideoFormat(20, 64, channels=0)
    layout = layout_of(1, form=form, facts=replace(FACTS, sequence_length=20))
    with VideoDataset(assemble(tmp_path / "a.h5", layout, making_up(form)).path) as dataset:
        made = write_export(dataset, "moving-mnist", tmp_path / "out", splits=("test",))
    assert set(tree(made.folder)) == {"mnist_test_seq.npy"}
    assert made.notes == ("these are not the videos of the official Moving MNIST test set",)


def batch_of_predrnn(data: dict[str, NDArray[Any]], video: int) -> NDArray[Any]:
    """Return what PredRNN's InputHandle (core/data_provider/mnist.py) gives for a video: [T, S, S, 1]."""
    parts = []
    for part in (0, 1):
        begin, length = data["clips"][part, video, 0], data["clips"][part, video, 1]
        assert data["dims"].shape == (1, 3)
        parts.append(np.transpose(data["input_raw_data"][begin : begin + length, :, :, :], (0, 2, 3, 1)))
        assert parts[-1].shape[1:] == tuple(np.array(data["dims"][0])[[1, 2, 0]])
    return np.concatenate(parts)


def test_predrnn_is_read_back_as_its_loader_does(dataset: VideoDataset, tmp_path: Path) -> None:
    made = write_export(dataset, "predrnn-npz", tmp_path / "out")
    for split in SPLITS:
        with np.load(made.folder / f"moving-mnist-{split}.npz") as archive:
            data = {key: archive[key] for key in archive}
        assert {name: (each.shape, each.dtype.str) for name, each in data.items()} == {
            "clips": ((2, dataset.videos(split), 2), "<i4"),
            "dims": ((1, 3), "<i4"),
            "input_raw_data": ((16 * dataset.videos(split), 1, 64, 64), "<f4"),
        }
        assert data["clips"][:, 1].tolist() == [[16, 8], [24, 8]]
        for k in range(dataset.videos(split)):
            frames = batch_of_predrnn(data, k)[..., 0]
            assert np.array_equal(np.round(frames * 255).astype(np.uint8), dataset.frames(split, k)[:16])
            assert frames.max() <= 1


def test_folders_of_classes_are_read_back(dataset: VideoDataset, tmp_path: Path) -> None:
    made = write_export(dataset, "folder", tmp_path / "out")
    files = sorted(made.folder.rglob("*.mp4"))
    assert len(files) == len(tree(made.folder)) == 50
    assert sorted({path.parent.name for path in (made.folder / "train").rglob("*.mp4")}) == [
        f"digit_{digit}" for digit in range(10)
    ]
    for path in files:
        split, k = path.parts[-3], int(path.stem[-6:])
        assert path.parent.name == f"digit_{k % 10}"
        with av.open(str(path)) as container:
            frames = np.stack([each.to_ndarray(format="rgb24") for each in container.decode(video=0)])
        expected = dataset.frames("train" if split == "train" else "test", k)[:16]
        assert np.abs(frames.astype(int) - expected[..., None]).mean() < 1.5


@SHARDS_STAY_OPEN
def test_webdataset_is_read_back_with_all_that_the_file_knows(dataset: VideoDataset, tmp_path: Path) -> None:
    made = write_export(dataset, "webdataset", tmp_path / "out")
    assert set(tree(made.folder)) == {"train-000000.tar", "test-000000.tar"}
    shard = str(made.folder / "train-000000.tar")
    samples = list(wds.WebDataset(shard, shardshuffle=False).decode())
    assert [sample["__key__"] for sample in samples] == [f"train_{k:08d}" for k in range(40)]
    for k, sample in enumerate(samples):
        video = rendered(VideoKey("train", k % 10, k // 10))
        assert (sample["cls"], sample["txt"]) == (k % 10, video.caption)
        assert np.array_equal(sample["npz"]["frames"], video.frames)
        for field in FIELDS:
            assert np.array_equal(sample["npz"][field.name], getattr(video, field.name)), field.name
        record = {"label": k % 10, "video": k, "split": "train", "fps": 10.0, "sequence_length": 16}
        assert sample["json"] == record | {"digits": [k % 10], "motions": [MOTIONS[video.motion[0]]]}


@SHARDS_STAY_OPEN
def test_a_shard_of_webdataset_ends_before_it_is_too_large(dataset: VideoDataset, tmp_path: Path) -> None:
    write_webdataset(ExportSource(dataset, 17, lambda: None), "train", tmp_path, shard_bytes=60_000)
    shards = sorted(tmp_path.iterdir())
    assert len(shards) > 3
    assert all(path.stat().st_size <= 60_000 for path in shards)
    keys = [sample["__key__"] for path in shards for sample in wds.WebDataset(str(path), shardshuffle=False)]
    assert keys == [f"train_{k:08d}" for k in range(40)]


@SHARDS_STAY_OPEN
def test_webdataset_of_a_file_without_truth_and_with_masks(tmp_path: Path) -> None:
    form = VideoFormat(3, 20, has_truth=False, has_captions=False, has_masks=True)
    with VideoDataset(assemble(tmp_path / "a.h5", layout_of(1, form=form), making_up(form)).path) as dataset:
        made = write_export(dataset, "webdataset", tmp_path / "out")
        shard = str(made.folder / "test-000000.tar")
        samples = list(wds.WebDataset(shard, shardshuffle=False).decode())
        for k, sample in enumerate(samples):
            assert set(sample) == {"__key__", "__url__", "__local_path__", "npz", "cls", "json"}
            assert set(sample["npz"]) == {"frames", "masks"}
            masks = dataset.masks("test", k)
            assert masks is not None
            assert np.array_equal(sample["npz"]["masks"], masks)


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"folder"}))  # libx264's bytes vary
def test_equal_files_give_equal_exports_and_progress_is_told(
    dataset: VideoDataset, tmp_path: Path, layout: str
) -> None:
    told: list[tuple[int, int]] = []
    one = write_export(
        dataset, layout, tmp_path / "a", splits=("test",), on_done=lambda *done: told.append(done)
    )
    other = write_export(dataset, layout, tmp_path / "b", splits=("test",))
    assert tree(one.folder) == tree(other.folder)
    assert told == [(done, 10) for done in range(1, 11)]
    assert one.videos == {"test": 10}


# ------------------------------------------------------------------ what fails


def test_an_unknown_layout_is_refused_with_the_known_ones(dataset: VideoDataset, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r'no layout "x"; there are moving-mnist, predrnn-npz, folder'):
        write_export(dataset, "x", tmp_path / "out")


def test_videos_of_one_frame_have_no_input_and_output(tmp_path: Path) -> None:
    form = VideoFormat(1, 9)
    path = assemble(tmp_path / "a.h5", layout_of(1, form=form), making_up(form)).path
    with VideoDataset(path) as dataset, pytest.raises(RefusedError, match="at least 2 frames"):
        write_export(dataset, "predrnn-npz", tmp_path / "out")
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_in_the_way_is_left_as_it_is(dataset: VideoDataset, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(RefusedError, match="exists and is not empty"):
        write_export(dataset, "moving-mnist", tmp_path / "out")
    (tmp_path / "new.partial").mkdir()
    (tmp_path / "new.partial" / "mine").touch()
    with pytest.raises(RefusedError, match="not what an export left"):
        write_export(dataset, "moving-mnist", tmp_path / "new")
    assert set(tree(tmp_path)) == {"out/mine", "new.partial/mine"}


def test_what_a_killed_export_left_is_written_anew(dataset: VideoDataset, tmp_path: Path) -> None:
    class KilledError(Exception):
        pass

    def kill(done: int, _: int) -> None:
        if done == 5:
            raise KilledError

    with pytest.raises(KilledError):
        write_export(dataset, "folder", tmp_path / "out", splits=("test",), on_done=kill)
    assert not (tmp_path / "out").exists()
    assert len(list((tmp_path / "out.partial").rglob("*.mp4"))) == 4
    write_export(dataset, "moving-mnist", tmp_path / "out", splits=("test",))
    assert set(tree(tmp_path)) == {"out/mnist_test_seq.npy"}


def test_a_damaged_video_is_named_and_nothing_is_exported(h5_path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.h5"
    data = bytearray(h5_path.read_bytes())
    with VideoDataset(h5_path) as dataset:
        chunk = dataset.stored("test", 3).pixels
    data[data.index(chunk) + len(chunk) // 2] ^= 1
    copy.write_bytes(data)
    with VideoDataset(copy) as dataset, pytest.raises(RefusedError, match="verify --repair"):
        write_export(dataset, "moving-mnist", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_disk_that_takes_no_more_obstructs_an_export(
    dataset: VideoDataset,
    tmp_path: Path,
    layout: str,
    at_most_bytes: Callable[[int], AbstractContextManager[None]],
) -> None:
    with at_most_bytes(1_500), pytest.raises(ObstructedError, match="too large"):
        write_export(dataset, layout, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.rglob("*.part"))
