"""Make the patches of a golden configuration, and describe them by their hashes."""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np

from tests.golden.program import FILMS, HERE, Ended, run

CONFIGS = HERE / "configs"
RECORD = HERE / "patches.json"
PACKAGES = ("av", "numpy", "opencv-python-headless")

Hashes = dict[str, str]
"""The SHA-256 of a file under "png", and of its decoded pixels under "pixels"."""
MEANS_SIDE = 4
CONVERTED = ("hdr10", "hlg", "untagged_sd")
"""In the names of the patches whose colours ffmpeg converts in floating point."""


def versions() -> dict[str, str]:
    """Return the versions that may decide the bytes of a PNG file."""
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-version"]
    said = subprocess.run(ffmpeg, capture_output=True, check=True, text=True).stdout
    found = re.match(r"ffmpeg version (\S+)", said)
    assert found is not None, said
    return {
        "ffmpeg": found[1],
        "machine": platform.machine(),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in PACKAGES},
    }


def make_patches(name: str, folder: Path) -> Ended:
    """Run a configuration in a folder of its own, whose place has no influence on the patches."""
    shutil.copy(CONFIGS / f"{name}.json", folder)
    shutil.copytree(FILMS, folder / "films", dirs_exist_ok=True)
    return run("run", folder / f"{name}.json")


def patches_in(folder: Path) -> dict[str, Hashes]:
    """Return the hashes of all PNG files, by their paths relative to the output folder."""
    return {str(path.relative_to(folder)): _hashes(path) for path in sorted(folder.rglob("*.png"))}


def means(path: Path) -> str:
    """Return the means of 4 x 4 parts of a picture for each of its channels, as hexadecimal bytes."""
    pixels = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels is not None, path
    small = cv2.resize(pixels, (MEANS_SIDE, MEANS_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8).tobytes().hex()


def farthest(one: str, other: str) -> int:
    """Return the greatest difference between the means of two pictures, in levels of 8 bits."""
    first, second = (np.frombuffer(bytes.fromhex(text), np.uint8).astype(int) for text in (one, other))
    return int(np.abs(first - second).max())


def _hashes(path: Path) -> Hashes:
    data = path.read_bytes()
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels is not None, path
    shape = f"{pixels.shape} {pixels.dtype}\n".encode("ascii")
    return {
        "png": hashlib.sha256(data).hexdigest(),
        "pixels": hashlib.sha256(shape + pixels.tobytes()).hexdigest(),
    }
