"""The HDF5 file: equal videos give equal bytes, what is wrong is found, and a failure changes nothing."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.jobs.videomnist.dataset.datasets import (
    FORM,
    RECIPE,
    SETTINGS,
    all_digits,
    layout_of,
    made_up,
    making_up,
    rendered,
    rendering,
    write_file,
)
from tui_gen.base.errors import ObstructedError
from tui_gen.jobs.videomnist.dataset import assemble as assemble_module
from tui_gen.jobs.videomnist.dataset.assemble import VideoMissingError, assemble
from tui_gen.jobs.videomnist.dataset.h5_file import VideoDataset
from tui_gen.jobs.videomnist.dataset.h5_layout import all_keys
from tui_gen.jobs.videomnist.dataset.shard import Shards, shard_name, writing_shard
from tui_gen.jobs.videomnist.dataset.stored_video import Checksums, DamagedVideoError, StoredVideo, store
from tui_gen.jobs.videomnist.dataset.video_format import FIELDS, VideoFormat
from tui_gen.jobs.videomnist.model import VideoKey

FORMATS = {
    "default": FORM,
    "one channel": VideoFormat(3, 9, channels=1),
    "no channels": VideoFormat(3, 9, channels=0),
    "not compressed": VideoFormat(3, 9, is_compressed=False),
    "masks": VideoFormat(3, 9, has_masks=True),
    "masks, not compressed": VideoFormat(3, 9, is_compressed=False, has_masks=True),
    "two digits": VideoFormat(3, 9, slots=2),
    "no truth": VideoFormat(3, 9, has_truth=False),
    "no captions": VideoFormat(3, 9, has_captions=False),
    "bare": VideoFormat(3, 9, channels=0, has_truth=False, has_captions=False),
    "masks alone": VideoFormat(3, 9, has_truth=False, has_captions=False, has_masks=True),
    "one frame": VideoFormat(1, 9),
}


def test_the_file_has_the_datasets_and_attributes_of_the_specification(h5_path: Path) -> None:
    with h5py.File(h5_path) as h5:
        shapes = {name: (each.shape, each.dtype.str) for name, each in h5.items() if name[:5] == "train"}
        assert shapes == {
            "train_data": ((680, 64, 64, 3), "|u1"),
            "train_idx": ((40,), "<i8"),
            "train_labels": ((40,), "<i8"),
            "train_digits": ((40, 1), "<i8"),
            "train_motion": ((40, 1), "|u1"),
            "train_sources": ((40, 1), "<i4"),
            "train_positions": ((680, 1, 2), "<f4"),
            "train_angles": ((680, 1), "<f4"),
            "train_scales": ((680, 1), "<f4"),
            "train_boxes": ((680, 1, 4), "<i2"),
            "train_params": ((40, 1, 8), "<f4"),
            "train_captions": ((40,), h5["train_captions"].dtype.str),
        }
        assert h5py.check_string_dtype(h5["train_captions"].dtype).encoding == "utf-8"
        assert {name.replace("test", "train", 1) for name in h5 if name[:4] == "test"} == set(shapes)
        assert h5["train_data"].chunks == (17, 64, 64, 3)
        assert (h5["train_data"].compression, h5["train_data"].compression_opts) == ("gzip", 1)
        assert h5["test_idx"][:].tolist() == [17 * k for k in range(10)]
        assert h5["train_labels"][:].tolist() == [*range(10)] * 4
        assert dict(h5.attrs) | {"motion_types": list(h5.attrs["motion_types"])} == {
            "sequence_length": 16,
            "resolution": 64,
            "n_classes": 10,
            "train_videos": 40,
            "test_videos": 10,
            "motion_types": ["bounce", "circular", "linear"],
            "frames_per_video": 17,
            "fps": 10,
            "margin": 5.0,
            "seed": 42,
            "digits": "drawn",
            "digits_sha256": "0" * 64,
            "recipe": RECIPE.hex(),
            "content_sha256": h5.attrs["content_sha256"],
        }


def test_the_frames_of_the_file_are_the_rendered_ones_in_three_equal_channels(h5_path: Path) -> None:
    with h5py.File(h5_path) as h5:
        for key in (*all_digits("train", 2), *all_digits("test", 0)):
            start = h5[f"{key.split}_idx"][key.place]
            frames = h5[f"{key.split}_data"][start : start + 17]
            assert (frames == rendered(key).frames[..., None]).all()


def test_the_content_hash_is_of_the_frames_hashes_in_order(h5_path: Path) -> None:
    content = hashlib.sha256()
    with h5py.File(h5_path) as h5:
        for split in ("train", "test"):
            for start in h5[f"{split}_idx"]:
                grey = np.ascontiguousarray(h5[f"{split}_data"][start : start + 17, ..., 0])
                content.update(hashlib.blake2b(grey.tobytes(), digest_size=16).digest())
        assert h5.attrs["content_sha256"] == content.hexdigest()


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_every_format_is_written_and_read_back(tmp_path: Path, form: VideoFormat) -> None:
    made = assemble(tmp_path / "a.h5", layout_of(2, form=form), making_up(form))
    assert made.videos == {"train": 20, "test": 10}
    with VideoDataset(made.path) as dataset:
        assert dataset.form == form
        for key in all_keys(layout_of(2, form=form)):
            video, k = made_up(key, form), dataset.position(key)
            assert k == key.place
            assert (dataset.frames(key.split, k) == video.frames).all()
            assert dataset.caption(key.split, k) == (video.caption if form.has_captions else None)
            truth, masks = dataset.truth(key.split, k), dataset.masks(key.split, k)
            assert (masks is not None) == form.has_masks
            assert masks is None or video.masks is None or (masks == video.masks).all()
            assert (truth is not None) == form.has_truth
            for field in FIELDS if truth is not None else ():
                assert np.array_equal(getattr(truth, field.name), getattr(video, field.name)), field.name
            assert dataset.stored(key.split, k) == store(video, form)


def test_a_video_larger_than_a_chunk_has_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_gen.jobs.videomnist.dataset.video_format.LARGEST_CHUNK_BYTES", 700)
    form = VideoFormat(6, 9, has_masks=True)  # 243 bytes a frame: two fit
    assert (form.frames_per_chunk, form.chunks_per_video) == (2, 3)
    made = assemble(tmp_path / "a.h5", layout_of(2, form=form), making_up(form))
    with h5py.File(made.path, locking=False) as h5, VideoDataset(made.path) as dataset:
        assert h5["train_data"].chunks == (2, 9, 9, 3)
        key = VideoKey("train", 3, 1)
        assert (h5["train_data"][13 * 6 : 14 * 6, ..., 2] == made_up(key, form).frames).all()
        assert dataset.stored("train", 13) == making_up(form)(key)


def test_the_file_is_of_the_earliest_format_which_every_hdf5_reads(h5_path: Path) -> None:
    """The format of the file's first structure, the superblock: 0 since 1998, 2 and 3 since 1.8 and 1.10."""
    assert h5_path.read_bytes()[:9] == b"\x89HDF\r\n\x1a\n\x00"


# ------------------------------------------------------------------ equal bytes


def test_equal_videos_give_equal_bytes_in_another_process(h5_path: Path, tmp_path: Path) -> None:
    """The other process fills fresh memory with another byte: nothing of it reaches the file."""
    script = "import sys, pathlib; from tests.jobs.videomnist.dataset.datasets import write_file;"
    script += "write_file(pathlib.Path(sys.argv[1]), 4)"
    again = tmp_path / "again.h5"
    subprocess.run(
        [sys.executable, "-c", script, str(again)], check=True, env={**os.environ, "MALLOC_PERTURB_": "165"}
    )
    assert again.read_bytes() == h5_path.read_bytes()


@pytest.mark.parametrize("form", [FORM, FORMATS["masks"], FORMATS["bare"]], ids=["default", "masks", "bare"])
def test_a_file_grown_from_3_to_5_equals_a_fresh_one_of_5(tmp_path: Path, form: VideoFormat) -> None:
    target, fresh = tmp_path / "grown.h5", tmp_path / "fresh.h5"
    make = making_up(form)
    sums = {key: make(key).checksums for key in all_keys(layout_of(3, form=form))}
    assemble(target, layout_of(3, form=form), make)
    made_now: list[VideoKey] = []

    with VideoDataset(target) as last:

        def reused_or_made(key: VideoKey) -> StoredVideo:
            position = last.position(key)
            if position is not None:
                return last.stored(key.split, position, sums[key])
            made_now.append(key)
            return make(key)

        assemble(target, layout_of(5, form=form), reused_or_made)
    assemble(fresh, layout_of(5, form=form), make)
    assert target.read_bytes() == fresh.read_bytes()
    assert {key.index for key in made_now} == {3, 4}
    with VideoDataset(target) as grown:
        assemble(target, layout_of(3, form=form), lambda key: grown.stored(key.split, key.place))
    assemble(fresh, layout_of(3, form=form), make)
    assert target.read_bytes() == fresh.read_bytes()


def test_a_file_from_shards_equals_one_from_rendered_videos(tmp_path: Path, h5_path: Path) -> None:
    folder = tmp_path / "shards"
    for split, count in (("train", 4), ("test", 1)):
        for digit in range(10):
            with writing_shard(folder / shard_name(f"{split}-{digit}", range(count)), RECIPE) as shard:
                for index in range(count):
                    shard.add(index, rendering()(VideoKey("train" if count == 4 else "test", digit, index)))
    with Shards(folder, RECIPE) as shards:
        made = assemble(tmp_path / "a.h5", layout_of(4), shards.find)
    assert made.path.read_bytes() == h5_path.read_bytes()


def test_slices_and_spooled_captions_do_not_show(
    tmp_path: Path, h5_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assemble_module, "_SPOOLED_BYTES", 100)
    made = write_file(tmp_path / "a.h5", 4)
    assert made.path.read_bytes() == h5_path.read_bytes()
    monkeypatch.setattr(assemble_module, "VIDEOS_PER_SLICE", 7)
    made = write_file(tmp_path / "b.h5", 4)
    with VideoDataset(made.path) as dataset:
        assert all(dataset.stored("train", k) == rendering()(key) for k, key in enumerate(keys(4)))


def keys(videos_per_digit: int) -> list[VideoKey]:
    return [key for index in range(videos_per_digit) for key in all_digits("train", index)]


def test_rejected_videos_are_left_out_and_the_others_found(tmp_path: Path) -> None:
    left_out = frozenset({VideoKey("train", 4, 0), VideoKey("train", 0, 2), VideoKey("train", 1, 9)})
    form = FORMATS["one channel"]
    made = assemble(tmp_path / "a.h5", layout_of(3, form=form, left_out=left_out), making_up(form))
    assert made.videos == {"train": 28, "test": 10}
    with h5py.File(made.path, locking=False) as h5, VideoDataset(made.path) as dataset:
        assert h5["train_idx"][:].tolist() == [3 * k for k in range(28)]
        assert h5["train_left_out"][:].tolist() == [4, 20]
        assert "test_left_out" not in h5
        for key in keys(3):
            position = dataset.position(key)
            assert (position is None) == (key in left_out)
            assert position is None or dataset.stored("train", position) == making_up(form)(key)


# ------------------------------------------------------------------ what fails


def test_a_missing_video_leaves_the_last_file(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.h5", 1).path
    before = path.read_bytes()
    with pytest.raises(VideoMissingError, match="test video 0 of digit 7"):
        assemble(
            path,
            layout_of(1),
            lambda key: None if key.place == 7 and key.split == "test" else rendering()(key),
        )
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_assembly_leaves_the_last_file(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.h5", 1).path
    before = path.read_bytes()

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        assemble(path, layout_of(2), rendering(), on_done=interrupt)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("most", [0, 90, 2_000, 30_000, 100_000, 199_000])
def test_a_disk_that_takes_no_more_obstructs_and_the_next_assembly_is_whole(
    tmp_path: Path, most: int, h5_path: Path, at_most_bytes: Callable[[int], AbstractContextManager[None]]
) -> None:
    path = tmp_path / "a.h5"
    assert h5_path.stat().st_size > 200_000
    with at_most_bytes(most), pytest.raises(ObstructedError, match="too large"):
        write_file(path, 4)
    assert list(tmp_path.iterdir()) == []
    write_file(path, 4)
    assert path.read_bytes() == h5_path.read_bytes()


def test_a_disk_that_is_full_at_any_write_obstructs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = os.pwrite, [1 << 30]

    def write(descriptor: int, data: memoryview, place: int) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data, place)

    monkeypatch.setattr(os, "pwrite", write)
    form = FORMATS["masks"]
    whole = assemble(tmp_path / "a.h5", layout_of(1, form=form), making_up(form)).path.read_bytes()
    writes = (1 << 30) - left[0]
    assert writes > 40
    for allowed in range(writes):
        left[0] = allowed
        with pytest.raises(ObstructedError, match="No space left"):
            assemble(tmp_path / "b.h5", layout_of(1, form=form), making_up(form))
        assert not (tmp_path / "b.h5.part").exists()
    left[0] = writes
    assert assemble(tmp_path / "b.h5", layout_of(1, form=form), making_up(form)).path.read_bytes() == whole


@pytest.mark.parametrize(
    "name", ["train_data", "test_masks", "train_positions", "test_captions", "train_labels"]
)
def test_what_does_not_read_back_as_written_gets_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    form = FORMATS["masks"]
    check = assemble_module._check

    def damage_then_check(part: Path, *others: object) -> None:
        with h5py.File(part) as h5:
            where = h5[name].id.get_chunk_info(3).byte_offset if h5[name].chunks else h5[name].id.get_offset()
        flip(part, where + 4)
        check(part, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(assemble_module, "_check", damage_then_check)
    with pytest.raises(DamagedVideoError, match="does not read back"):
        assemble(tmp_path / "a.h5", layout_of(1, form=form), making_up(form))
    assert list(tmp_path.iterdir()) == []


def test_frames_that_are_not_those_of_their_hash_get_no_name(tmp_path: Path) -> None:
    """The CRCs are right, so only decoding finds it: of 1 % of the videos."""

    def wrong_first(key: VideoKey) -> StoredVideo:
        video, other = rendering()(key), rendering()(VideoKey(key.split, 9, 0))
        return StoredVideo(other.pixels, video.truth, mixed(video, other)) if key.place == 0 else video

    def mixed(video: StoredVideo, other: StoredVideo) -> Checksums:
        return Checksums(video.checksums.frames, other.checksums.pixels, video.checksums.truth)

    with pytest.raises(DamagedVideoError, match="not what was rendered"):
        assemble(tmp_path / "a.h5", layout_of(1), wrong_first)
    assert list(tmp_path.iterdir()) == []


def flip(path: Path, place: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 0x10]))


def test_a_default_video_takes_at_most_12_kilobytes(h5_path: Path) -> None:
    assert SETTINGS.frames == 17
    assert h5_path.stat().st_size / 50 <= 12_000
