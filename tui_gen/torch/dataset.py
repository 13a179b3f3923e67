"""A PyTorch dataset of GT and LR: from the output of a run, or from an export of it."""

from __future__ import annotations

import bisect
import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

import cv2
import numpy as np
from numpy.typing import NDArray

try:
    import torch
except ImportError as error:
    message = "tui_gen.torch needs PyTorch: pip install '.[torch]'"
    raise ImportError(message) from error

from tui_gen.jobs.superres.dataset.file_kinds import FileKind, kind_named
from tui_gen.torch.pairs import Pairs, PairsError, Wanted, find_pairs

Image = NDArray[np.unsignedinteger[Any]]
"""Frames or one frame, uint8 or uint16."""


class Item(TypedDict):
    """What the dataset returns for a patch."""

    lq: torch.Tensor  # float32 (frames, 3, height, width), RGB, 0..1
    gt: torch.Tensor  # float32 (GT frames, 3, ratio * height, ratio * width), RGB, 0..1
    key: str  # the name of the patch


class VsrDataset(torch.utils.data.Dataset[Item]):
    """Pairs of low resolution and ground truth.

    `folder` is the output folder of a run, an export (`vsrpp`, `basicsr-vimeo`, `basicsr-lmdb` or
    `webdataset`) or one folder with `GT/` and `LR/`. `category`, `format` and `split` choose patches; None
    takes all. `frames` and `gt_frames` are the numbers of frames of an item: the middle ones, if files have
    more. `scale` chooses LR of another scale ("LR_x2"), `variant` degraded LR ("LR_h264").

    `crop` is the side of a square of LR pixels; None returns whole patches. With `augment`, the square is at
    a random place, and items are flipped, turned and reversed in time at random; without, it is in the
    middle. The random numbers are PyTorch's: a DataLoader gives each worker its own in each epoch, and
    `torch.manual_seed` repeats them.

    Raises PairsError if there are no such patches, and OSError.
    """

    def __init__(  # noqa: PLR0913 - each has a default
        self,
        folder: str | os.PathLike[str],
        *,
        category: str | None = None,
        format: str | None = None,  # noqa: A002 - the word of the configuration
        split: str | None = "train",
        frames: int = 7,
        gt_frames: int = 1,
        scale: int | None = None,
        variant: str = "",
        crop: int | None = None,
        augment: bool = False,
    ) -> None:
        """Find the patches; no picture is read yet."""
        self._pairs: Sequence[Pairs] = find_pairs(Path(folder), Wanted(category, format, split))
        self._ends = list(itertools.accumulate(len(pairs.keys) for pairs in self._pairs))
        self._lq = FileKind(is_gt=False, frames=frames, scale=scale, variant=variant)
        self._gt = FileKind(is_gt=True, frames=gt_frames)
        self._crop = crop
        self._augment = augment
        for pairs in self._pairs:
            for wanted in (self._lq, self._gt):
                _fitting(pairs, 0, wanted)

    def __len__(self) -> int:
        """Return the number of patches."""
        return self._ends[-1]

    def __getitem__(self, index: int) -> Item:
        """Read a patch. Raises IndexError, OSError, and ValueError for a damaged file."""
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        index %= len(self)
        place = bisect.bisect_right(self._ends, index)
        pairs, position = self._pairs[place], index - (self._ends[place - 1] if place else 0)
        lq, gt = (_frames(pairs, position, wanted) for wanted in (self._lq, self._gt))
        if self._crop is not None:
            lq, gt = self._cropped(lq, gt, self._crop, pairs.keys[position])
        if self._augment:
            lq, gt = _augmented(lq, gt)
        return {"lq": _tensor(lq), "gt": _tensor(gt), "key": pairs.keys[position]}

    def _cropped(self, lq: Image, gt: Image, side: int, key: str) -> tuple[Image, Image]:
        height, width = lq.shape[1:3]
        if min(height, width) < side:
            message = f"{key}: LR has {width}x{height} pixels, fewer than the crop of {side}"
            raise ValueError(message)
        top, left = (_place(length - side, is_random=self._augment) for length in (height, width))
        ratio = gt.shape[1] // height
        return (
            lq[:, top : top + side, left : left + side],
            gt[:, ratio * top : ratio * (top + side), ratio * left : ratio * (left + side)],
        )


def _fitting(pairs: Pairs, position: int, wanted: FileKind) -> FileKind:
    """Return the kind to read: the wanted one, or the shortest of the longer ones. Raises PairsError."""
    kinds = pairs.kinds(position)
    like = [
        kind
        for kind in map(kind_named, kinds)
        if (kind.is_gt, kind.scale, kind.variant) == (wanted.is_gt, wanted.scale, wanted.variant)
        and kind.frames >= wanted.frames
    ]
    if not like:
        message = f"{pairs.keys[position]}: no {wanted.folder}; it has {', '.join(sorted(kinds))}"
        raise PairsError(message)
    return min(like, key=lambda kind: kind.frames)


def _frames(pairs: Pairs, position: int, wanted: FileKind) -> Image:
    """Return (frames, height, width, 3), RGB, uint8 or uint16."""
    kind = _fitting(pairs, position, wanted)
    pictures = [_decoded(file, pairs.keys[position]) for file in pairs.pictures(position, kind)]
    if len(pictures) == 1:
        pictures = list(np.split(pictures[0], kind.frames))
    first = len(pictures) // 2 - wanted.frames // 2  # frame n // 2 of n is the middle one
    return np.stack(pictures[first : first + wanted.frames])


def _decoded(content: bytes, key: str) -> Image:
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        message = f"{key}: a file is damaged"
        raise ValueError(message)
    rgb: Image = np.asarray(image)[:, :, ::-1]  # type: ignore[assignment] # files hold whole numbers
    return rgb


def _place(room: int, *, is_random: bool) -> int:
    return int(torch.randint(room + 1, ()).item()) if is_random else room // 2


def _augmented(lq: Image, gt: Image) -> tuple[Image, Image]:
    """Flip in width, height and time, and transpose, each with a probability of one half."""
    across, down, reverse, turn = (bool(value) for value in torch.randint(2, (4,)))

    def changed(frames: Image) -> Image:
        frames = frames[:: -1 if reverse else 1, :: -1 if down else 1, :: -1 if across else 1]
        return frames.swapaxes(1, 2) if turn else frames

    return changed(lq), changed(gt)


def _tensor(frames: Image) -> torch.Tensor:
    largest = np.iinfo(frames.dtype).max  # 255 or 65535
    channels_first = np.ascontiguousarray(frames.transpose(0, 3, 1, 2), dtype=np.float32)
    return torch.from_numpy(channels_first / np.float32(largest))
