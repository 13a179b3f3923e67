"""Where the files of a model are: below `models.dir`, in the hub's cache, or downloaded.

models.dir/<owner>/<name>/<file>
<hub cache>/models--<owner>--<name>/refs/main ──> <commit>
                                   /snapshots/<commit>/<file>
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_gen.base.errors import RefusedError

SAMPLES = 16
SAMPLE_BYTES = 64 * 1024
HUB_INSTALL = "pip install huggingface_hub"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model."""

    path: str
    digest: str  # of its size and of samples of its content


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look, and whether what is nowhere may be downloaded."""

    folder: Path | None  # models.dir
    hub_cache: Path
    may_download: bool
    why_no_download: str  # a sentence; "" if it may

    def find(self, repo: str, file: str) -> Path | None:
        """Return the path of a file of a repository, or None if it is in neither folder."""
        return next((path for path in self._candidates(repo, file) if path.is_file()), None)

    def _candidates(self, repo: str, file: str) -> Iterator[Path]:
        if self.folder is not None:
            yield self.folder / repo / file
        cached = self.hub_cache / f"models--{repo.replace('/', '--')}"
        try:
            commit = (cached / "refs" / "main").read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return  # the hub's cache has no such repository
        if commit and "/" not in commit and commit != "..":
            yield cached / "snapshots" / commit / file


def places_of(folder: str | None, *, download: bool, environ: Mapping[str, str]) -> Places:
    """Return where to look for models, by the configuration and the environment's variables for the hub.

    Raises RefusedError if `folder` is given and is no folder.
    """
    if folder is not None and not Path(folder).is_dir():
        message = f"models.dir: {folder} is no folder: correct it, or set it to null"
        raise RefusedError(message)
    reason = _why_no_download(environ, download=download)
    return Places(None if folder is None else Path(folder), hub_cache_of(environ), not reason, reason)


def hub_cache_of(environ: Mapping[str, str]) -> Path:
    """Return the folder in which huggingface_hub keeps what it downloads."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if environ.get(name):
            return Path(environ[name]).expanduser()
    if environ.get("HF_HOME"):
        return Path(environ["HF_HOME"]).expanduser() / "hub"
    caches = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME") or "~").expanduser() / ".cache")
    return Path(caches).expanduser() / "huggingface" / "hub"


def _why_no_download(environ: Mapping[str, str], *, download: bool) -> str:
    if not download:
        return "models.download is false"
    if environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return "HF_HUB_OFFLINE is set"
    if importlib.util.find_spec("huggingface_hub") is None:
        return f"models.download needs huggingface_hub: {HUB_INSTALL}"
    return ""


def download(repo: str, files: Sequence[str]) -> tuple[Path, ...]:
    """Download files of a repository into the hub's cache.

    Raises RefusedError if the hub does not give them.
    """
    from huggingface_hub import hf_hub_download

    try:
        return tuple(Path(hf_hub_download(repo, file)) for file in files)
    except Exception as error:  # the hub's errors have no common class
        message = (
            f"{repo}: cannot be downloaded: {type(error).__name__}: {error}:"
            " try again, put its files below models.dir, or set models.download to false"
        )
        raise RefusedError(message) from error


def model_file(path: Path) -> ModelFile:
    """Return a file with its digest: of its size and, if it is large, of 16 samples of 64 KiB.

    Raises RefusedError if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            digest = hashlib.sha256(str(size).encode())
            for at in _sample_starts(size):
                file.seek(at)
                digest.update(file.read(SAMPLE_BYTES))
    except OSError as error:
        message = f"{path}: the model cannot be read: {error.strerror}"
        raise RefusedError(message) from error
    return ModelFile(str(path), digest.hexdigest())


def _sample_starts(size: int) -> list[int]:
    if size <= SAMPLES * SAMPLE_BYTES:
        return list(range(0, size, SAMPLE_BYTES))
    return [(size - SAMPLE_BYTES) * at // (SAMPLES - 1) for at in range(SAMPLES)]
