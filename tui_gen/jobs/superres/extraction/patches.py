"""Makes patches from frames: GT and LR arrays, then bytes of files, then files under their final names.

    frames (n, height, width, 3) ── cut_patch ──> arrays ── encode_patch ──> bytes ── write_patch ──> files

Invariant: all files of a patch have their final names, or none, whenever the process dies. All files are
synced to the disk under temporary names before the first is renamed. GT is renamed last. Until then GT's
temporary name exists, and after a crash it identifies the unfinished patch (`sweep_leftovers`).
The invariant also holds if two processes write the same patch: each has its own temporary names and removes
only its own files. If one fails while the other is at work, its placed files and its GT temporary stay: the
other replaces them, or the next sweep removes them.

Images are uint8 arrays of shape (height, width, 3), in BGR order as in OpenCV; uint16 arrays if the
configuration asks for HDR.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tui_gen.base.writer_token import new_token
from tui_gen.engine.model.work import Patch
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.file_kinds import PICTURE_SUFFIXES, FileKind, kind_folder
from tui_gen.jobs.superres.dataset.folders import (
    blaming,
    flush_folder,
    opened,
    remove,
    stands,
    temporaries_opened,
    temporary_name,
    temporary_of,
)
from tui_gen.jobs.superres.extraction.kernels import kernel_for, shrink
from tui_gen.jobs.superres.extraction.picture_form import picture_form
from tui_gen.jobs.superres.extraction.reading.views import reach
from tui_gen.jobs.superres.extraction.rendering import pixel_type
from tui_gen.jobs.superres.units import Cut
from tui_gen.media.geometry import Region, whole

# Workers run in parallel already; additional threads inside OpenCV would slow them down.
cv2.setNumThreads(1)

Image = NDArray[np.unsignedinteger[Any]]

PatchArrays = Mapping[FileKind, Image]
"""A patch as images, by kind, GT first. Stacks have their frames from top to bottom in the order of time."""

PatchFiles = Mapping[str, bytes]
"""A patch as the bytes of its files, by the names of the kinds, "gt" first."""


def cut_patch(frames: Image, cut: Cut, *, settings: Settings, area: Region | None = None) -> PatchArrays:
    """Cut one patch from a clip. Raises ValueError for frames of another shape or dtype.

    `frames` has the shape (settings.frames, height, width, 3) and the dtype of `pixel_type(settings)`. It
    shows the region `area` of upright frames of the size `cut.frame`; without `area`, the whole frames.
    `area` contains `reach(cut, settings)`. The result has the kinds of `settings.file_kinds`, without
    variants.
    """
    area = area or whole(cut.frame)
    expected = (settings.frames, area.height, area.width, 3)
    pixels = pixel_type(settings)
    if frames.shape != expected or frames.dtype != pixels:
        message = f"a clip of {expected} {pixels} was expected, not of {frames.shape} {frames.dtype}"
        raise ValueError(message)
    at = _within(cut.region, area)
    bounds = _within(reach(cut, settings), area)
    kinds = [kind for kind in settings.file_kinds if not kind.variant]
    crops: Sequence[Image] = gt_frames(frames, cut, area)
    shrunk: dict[int, Sequence[Image]] = {}  # ratio -> the frames that the longest stack of this ratio needs
    for kind in sorted(kinds, key=lambda kind: -kind.frames):
        ratio = kind.ratio(cut.format)
        if not kind.is_gt and ratio not in shrunk:
            kernel = kernel_for(settings.lr_kernel, ratio, bits=8 * pixels.itemsize)
            part = _middle(list(frames), kind.frames)
            shrunk[ratio] = [shrink(frame, at, kernel, bounds=bounds) for frame in part]

    def image(kind: FileKind) -> Image:
        tiles = crops if kind.is_gt else shrunk[kind.ratio(cut.format)]
        return stacked(tiles, kind.frames)

    return {kind: image(kind) for kind in kinds}


def gt_frames(frames: Image, cut: Cut, area: Region) -> list[Image]:
    """Return the crop of every frame of a clip at the size of GT; arguments as in `cut_patch`."""
    at = _within(cut.region, area)
    return [frame[at.y : at.y + at.height, at.x : at.x + at.width] for frame in frames]


def lr_frames(frames: Image, cut: Cut, *, settings: Settings, area: Region) -> list[Image]:
    """Return the plain LR of every frame of a clip; arguments as in `cut_patch`."""
    at, bounds = _within(cut.region, area), _within(reach(cut, settings), area)
    kernel = kernel_for(settings.lr_kernel, cut.format.ratio)
    return [shrink(frame, at, kernel, bounds=bounds) for frame in frames]


def stacked(frames: Sequence[Image], count: int) -> Image:
    """Return the middle `count` frames, stacked from top to bottom."""
    return np.concatenate(_middle(frames, count))


def _middle(frames: Sequence[Image], count: int) -> Sequence[Image]:
    """Return `count` frames around the middle one, in the order of time: frame n // 2 of n (`ClipShape`)."""
    first = len(frames) // 2 - count // 2
    return frames[first : first + count]


def _within(region: Region, area: Region) -> Region:
    """Return a region in the pixel coordinates of an area that contains it."""
    return Region(region.x - area.x, region.y - area.y, region.width, region.height)


def encode_patch(arrays: PatchArrays, settings: Settings) -> PatchFiles:
    """Return the files of a patch, PNG or WebP."""
    form = picture_form(settings)
    return {kind.name: form.encode(image) for kind, image in arrays.items()}


# ------------------------------------------------------------------------------------------- writing


def write_patch(
    files: PatchFiles, cut: Cut, *, output: Path, scale: float, suffix: str = PICTURE_SUFFIXES[0]
) -> Patch:
    """Write all files of a patch under their final names, or none, and return its entry for the ledger.

    `scale` is the width of the scaled frame divided by that of the upright frame, `suffix` the end of the
    files' names. The folders must exist
    (`prepare_folders`). An existing file with a final name is replaced, so names must be recorded before they
    are used. Raises OutputError with `errno` and `filename`. After an error no file of this patch exists,
    except files that existed before; if only the last sync failed, all files exist. If another process writes
    the same patch and fails at the same time, stacks may stay, but no GT: the next attempt replaces them.
    """
    contents, token = files, new_token()
    with ExitStack() as folders:
        temporaries = folders.enter_context(temporaries_opened(output, cut.category_folder))
        files_by_kind = {
            kind: _File(
                temporary_name(cut.file_stem, kind, token),
                temporaries,
                folders.enter_context(opened(output, _kind_folder(cut, kind))),
                f"{output}/{patch_path(cut, kind, suffix)}",
            )
            for kind in contents
        }
        gt, *stacks = files_by_kind.values()
        try:
            for kind, file in files_by_kind.items():
                file.write(contents[kind])
            for file in stacks:
                file.put_in_place()
                file.flush()
            gt.put_in_place()
        except BaseException as error:
            _take_back([gt, *stacks], error)
            raise
        gt.flush()
    return Patch(cut.category, sum(map(len, contents.values())), _record(contents, cut, scale, suffix))


def _record(contents: PatchFiles, cut: Cut, scale: float, suffix: str) -> dict[str, object]:
    return {
        "format": cut.format.name,
        "x": cut.region.x,
        "y": cut.region.y,
        "width": cut.region.width,
        "height": cut.region.height,
        "scale": scale,
        "files": {kind: patch_path(cut, kind, suffix) for kind in contents},
        "sizes": {kind: len(content) for kind, content in contents.items()},
        "sha256": {kind: hashlib.sha256(content).hexdigest() for kind, content in contents.items()},
    }


def patch_path(cut: Cut, kind: str, suffix: str) -> str:
    """Return the path of a kind ("gt", "lr", "lr7") of a patch, relative to the output folder."""
    return f"{_kind_folder(cut, kind)}/{cut.file_stem}{suffix}"


def _kind_folder(cut: Cut, kind: str) -> str:
    return f"{cut.category_folder}/{cut.format.folder}/{kind_folder(kind)}"


@dataclass(slots=True)
class _File:
    """One file being written: it has its temporary name, then its final name."""

    temporary: str
    temporaries: int  # descriptor of the folder of temporaries
    folder: int  # descriptor of the final folder
    path: str  # with the final name
    is_written: bool = False  # a file with the temporary name exists
    is_new: bool = False  # it has its final name, and no file had this name before
    identity: tuple[int, int] | None = None  # device and inode of the written file

    @property
    def name(self) -> str:
        """The final name."""
        return self.path.rpartition("/")[2]

    def write(self, content: bytes) -> None:
        """Write the content under the temporary name and sync it to the disk."""
        with blaming(self.path):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self.temporary, flags, 0o666, dir_fd=self.temporaries)
            self.is_written = True
            try:
                self.identity = _identity(os.fstat(descriptor))
                left = memoryview(content)
                while left:
                    left = left[os.write(descriptor, left) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def put_in_place(self) -> None:
        """Rename the file to its final name."""
        with blaming(self.path):
            stood = stands(self.name, self.folder)
            os.rename(self.temporary, self.name, src_dir_fd=self.temporaries, dst_dir_fd=self.folder)
            self.is_written, self.is_new = False, not stood

    def flush(self) -> None:
        """Sync the final name to the disk."""
        with blaming(self.path):
            flush_folder(self.folder)

    def move_back(self) -> None:
        """Undo `put_in_place`, unless a file existed before: that file had the same content.

        The file is renamed before it is compared, because another process may replace it at any time. A file
        that is not this one gets its name back.
        """
        if not (self.is_new and self._is_own(self.name, self.folder)):
            return
        try:
            os.rename(self.name, self.temporary, src_dir_fd=self.folder, dst_dir_fd=self.temporaries)
        except FileNotFoundError:  # the folder of temporaries is gone, or another process moved the file
            if self._is_own(self.name, self.folder):
                remove(self.name, self.folder)
            return
        self.is_written, self.is_new = True, False
        if not self._is_own(self.temporary, self.temporaries):
            os.rename(self.temporary, self.name, src_dir_fd=self.temporaries, dst_dir_fd=self.folder)
            self.is_written = False

    def _is_own(self, name: str, folder: int) -> bool:
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return _identity(found) == self.identity

    @property
    def has_rival(self) -> bool:
        """Whether another process writes the same file now."""
        own = temporary_of(self.temporary)
        try:
            with os.scandir(self.temporaries) as entries:
                others = [temporary_of(entry.name) for entry in entries]
        except FileNotFoundError:  # a sweep has removed the folder
            return False
        return any(
            other is not None
            and own is not None
            and (other.stem, other.kind_folder) == (own.stem, own.kind_folder)
            and other.token != own.token
            for other in others
        )

    def remove_temporary(self) -> None:
        """Undo `write`."""
        if self.is_written:
            remove(self.temporary, self.temporaries)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _take_back(gt_first: list[_File], error: BaseException) -> None:
    """Remove the files of a failed patch; GT's temporary file last, because it was written first.

    Files with final names are left where another process is completing the patch or has completed it.
    """
    gt, *stacks = gt_first
    try:
        if any(file.is_new for file in stacks):
            # In this order: a rival's GT temporary becomes GT in one step.
            if gt.has_rival:
                return
            if not stands(gt.name, gt.folder):
                for file in stacks:
                    file.move_back()
        for file in reversed(gt_first):
            file.remove_temporary()
    except OSError as second:
        error.add_note(f"what was written could not be taken back ({second}); the next start does it")
