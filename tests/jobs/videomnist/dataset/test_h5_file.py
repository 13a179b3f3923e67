"""Reading the HDF5 file: the truth is that of the pixels, and every damage is found."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.jobs.videomnist.dataset.datasets import all_digits, layout_of, rendered, rendering
from tui_gen.base.errors import RefusedError
from tui_gen.jobs.videomnist.dataset.assemble import assemble
from tui_gen.jobs.videomnist.dataset.h5_file import DamagedFileError, VideoDataset
from tui_gen.jobs.videomnist.dataset.stored_video import DamagedVideoError, store
from tui_gen.jobs.videomnist.dataset.video_format import VideoFormat
from tui_gen.jobs.videomnist.model import VideoKey, VideoSettings

SUMS = {key: rendering()(key).checksums for index in range(4) for key in all_digits("train", index)}


@pytest.fixture
def copy(h5_path: Path, tmp_path: Path) -> Path:
    """Return a copy of the file that a test may damage."""
    return Path(shutil.copy(h5_path, tmp_path / "copy.h5"))


def change(path: Path, place: int, byte: int | None = None) -> None:
    data = bytearray(path.read_bytes())
    data[place] = data[place] ^ 0x10 if byte is None else byte
    path.write_bytes(data)


def faults(path: Path) -> dict[VideoKey, str]:
    with VideoDataset(path) as dataset:
        found = {key: dataset.fault_of(key, sums) for key, sums in SUMS.items()}
    return {key: fault for key, fault in found.items() if fault}


def place_of(path: Path, name: str, chunk: int | None = None) -> tuple[int, int]:
    """Return where the bytes of a dataset, or of one of its chunks, begin, and how many they are."""
    with h5py.File(path) as h5:
        if chunk is None:
            return h5[name].id.get_offset(), h5[name].id.get_storage_size()
        info = h5[name].id.get_chunk_info(chunk)
        return info.byte_offset, info.size


def test_boxes_are_those_of_the_pixels(dataset: VideoDataset) -> None:
    for k in range(40):
        truth, frames = dataset.truth("train", k), dataset.frames("train", k)
        assert truth is not None
        for frame, (left, top, right, bottom) in zip(frames, truth.boxes[:, 0].tolist(), strict=True):
            rows, columns = np.nonzero(frame.any(axis=1))[0], np.nonzero(frame.any(axis=0))[0]
            assert (left, top, right, bottom) == (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


def test_boxes_are_those_of_the_masks_where_a_video_has_several_digits(tmp_path: Path) -> None:
    settings = VideoSettings(digits_per_video=(2,), masks=True)
    form = VideoFormat.of(settings)
    path = assemble(tmp_path / "a.h5", layout_of(1, form=form), rendering(form, settings)).path
    with VideoDataset(path) as dataset:
        for k in range(10):
            truth, masks = dataset.truth("train", k), dataset.masks("train", k)
            assert truth is not None
            assert masks is not None
            assert ((masks != 0) == (dataset.frames("train", k) != 0)).all()
            for slot in range(2):
                for mask, box in zip(masks >> slot & 1, truth.boxes[:, slot].tolist(), strict=True):
                    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
                    assert box == [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


def test_a_whole_file_has_no_faults(h5_path: Path) -> None:
    assert faults(h5_path) == {}


def test_a_damaged_chunk_is_found_wherever_the_damage_is(copy: Path) -> None:
    whole = copy.read_bytes()
    start, size = place_of(copy, "train_data", 13)
    for place in (start, start + 2, start + size // 2, start + size - 1):
        change(copy, place)
        assert set(faults(copy)) == {VideoKey("train", 3, 1)}
        with VideoDataset(copy) as dataset, pytest.raises(DamagedVideoError):
            dataset.stored("train", 13, SUMS[VideoKey("train", 3, 1)])
        with VideoDataset(copy) as dataset, pytest.raises(DamagedVideoError):
            dataset.frames("train", 13)
        copy.write_bytes(whole)


def test_damaged_truth_is_found(copy: Path) -> None:
    whole = copy.read_bytes()
    names = ("digits", "motion", "sources", "positions", "angles", "scales", "boxes", "params", "captions")
    for name in (*names, "labels", "idx"):
        start, size = place_of(copy, f"train_{name}")
        change(copy, start + size * 13 // 40)
        assert set(faults(copy)) == {VideoKey("train", 3, 1)}, name
        copy.write_bytes(whole)


def test_chunks_that_changed_places_are_found(copy: Path) -> None:
    with h5py.File(copy, "r+") as h5:
        data = h5["train_data"].id
        one, other = data.read_direct_chunk((0, 0, 0, 0))[1], data.read_direct_chunk((17, 0, 0, 0))[1]
        data.write_direct_chunk((0, 0, 0, 0), other)
        data.write_direct_chunk((17, 0, 0, 0), one)
    assert set(faults(copy)) == {VideoKey("train", 0, 0), VideoKey("train", 1, 0)}


def test_frames_that_somebody_changed_and_compressed_anew_are_found(copy: Path) -> None:
    with h5py.File(copy, "r+") as h5:
        h5["train_data"][5, 0, 0, :] = 1
        h5["train_data"][17 + 5, 30, 30, 2] ^= 1
    assert set(faults(copy)) == {VideoKey("train", 0, 0), VideoKey("train", 1, 0)}
    with VideoDataset(copy) as dataset, pytest.raises(DamagedVideoError, match="channels differ"):
        dataset.frames("train", 1)


def test_frames_are_decoded_and_compared_even_where_the_compressed_bytes_are_as_recorded(
    dataset: VideoDataset,
) -> None:
    key = VideoKey("train", 3, 1)
    other = replace(SUMS[key], frames=SUMS[VideoKey("train", 4, 1)].frames)
    assert dataset.fault_of(key, other) == "the frames are not what was rendered"


def test_a_video_that_the_file_does_not_hold_is_missing(dataset: VideoDataset) -> None:
    assert dataset.fault_of(VideoKey("train", 0, 4), SUMS[VideoKey("train", 0, 0)]) == "missing"
    assert dataset.position(VideoKey("test", 9, 0)) == 9
    assert dataset.position(VideoKey("test", 0, 1)) is None


def test_a_file_without_recorded_checksums_is_decoded_for_them(dataset: VideoDataset) -> None:
    assert dataset.stored("train", 13) == rendering()(VideoKey("train", 3, 1))


@pytest.mark.parametrize("length", [0, 7, 100, 2_000, 100_000])
def test_a_file_that_is_cut_off_is_refused(copy: Path, length: int) -> None:
    copy.write_bytes(copy.read_bytes()[:length])
    with pytest.raises(DamagedFileError, match="no whole HDF5 file"):
        VideoDataset(copy)


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as h5:
        h5["train_data"] = np.zeros((32, 64, 64), np.uint8)
        h5["train_idx"] = h5["test_idx"] = np.arange(2)
    with pytest.raises(DamagedFileError, match="frames_per_video"):
        VideoDataset(tmp_path / "other.h5")
    with pytest.raises(FileNotFoundError):
        VideoDataset(tmp_path / "none.h5")


def test_without_h5py_the_user_is_told_what_to_install(
    h5_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(RefusedError, match=r'pip install ".\[videomnist\]"'):
        VideoDataset(h5_path)


def test_a_video_of_another_shape_is_not_stored() -> None:
    video = rendered(VideoKey("train", 0, 0))
    with pytest.raises(ValueError, match="frames: shape"):
        store(video, VideoFormat(16, 64))
    with pytest.raises(ValueError, match="masks: shape None"):
        store(video, VideoFormat(17, 64, has_masks=True))
