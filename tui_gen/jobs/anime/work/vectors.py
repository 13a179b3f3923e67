"""The vectors of crops, kept by the content of the crops: what was embedded once is not embedded again.

<run folder>/embeddings/<digest of the model>/<digest of the crops>.npz     keys [n], vectors [n, dimensions]
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tui_gen.jobs.anime.images.writing import write_whole

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import Floats


def key_of(image: str, sha256: str) -> str:
    """Return the key of a crop: its id and its content, because its faces belong to both."""
    return f"{image} {sha256}"


class VectorFiles:
    """The vectors of one model."""

    def __init__(self, folder: Path, digest: str) -> None:
        """Use the folder of the model. It is read when vectors are asked for."""
        self._folder = folder / digest[:16]
        self._read: dict[str, Floats] = {}
        self._files: set[str] = set()

    def all(self) -> Mapping[str, Floats]:
        """Return key -> vector of all that is kept. A damaged file is passed over: it is made again."""
        for path in sorted(self._folder.glob("*.npz")) if self._folder.is_dir() else ():
            if path.name not in self._files:
                self._files.add(path.name)
                self._read.update(_read(path))
        return self._read

    def write(self, vectors: Mapping[str, Floats]) -> Path:
        """Write vectors into a file of their own. Raises ObstructedError."""
        keys = sorted(vectors)
        name = hashlib.sha256("\n".join(keys).encode("utf-8", "surrogateescape")).hexdigest()[:24]
        buffer = io.BytesIO()
        np.savez(
            buffer,
            keys=np.frombuffer("\n".join(keys).encode("utf-8", "surrogateescape"), np.uint8),
            vectors=np.array([vectors[key] for key in keys], np.float32),
        )
        path = self._folder / f"{name}.npz"
        write_whole(path, buffer.getvalue())
        return path


def _read(path: Path) -> dict[str, Floats]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            keys = arrays["keys"].tobytes().decode("utf-8", "surrogateescape").split("\n")
            return dict(zip(keys, arrays["vectors"], strict=True))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return {}
