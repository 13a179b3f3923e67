"""The kinds of files of a dataset: how many frames each stacks, and at which ratio to GT.

    ratio  = width of GT / width of the stack
    frames = height of the stack / (height of GT / ratio)

Invariant: sizes are read from the files; no ratio and no number of frames is assumed. A file whose size
fits neither is damaged.
"""

from __future__ import annotations

import math
import re
import struct
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.file_kinds import GT, kind_named
from tui_gen.media.geometry import Size

HEADER_BYTES = 25
"""The bytes of a file that tell its size: 24 of a PNG, 25 of a lossless WebP."""
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_BYTES = 24
_WEBP = re.compile(rb"RIFF....WEBPVP8L....\x2f(....)", re.DOTALL)
"""The head of a lossless WebP; the group has width - 1 and height - 1 in 14 bits each."""
_WEBP_SIDE = 0x3FFF


class DamagedError(Exception):
    """A file of a patch differs from what the ledger records."""


@dataclass(frozen=True, slots=True)
class Stack:
    """How a kind of file holds frames: one below the other, in the order of time."""

    ratio: int  # GT pixels per pixel of a frame, on each axis
    frames: int

    @property
    def middle(self) -> int:
        """The position of the frame of GT."""
        return self.frames // 2


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds of files that the patches of an export have."""

    stacks: Mapping[str, Stack]  # kind -> its stack, "gt" included
    clip: str | None  # the low-resolution kind with the most frames: plain, or the one asked for
    truths: str | None  # the kind with a GT for every frame, that most patches have

    @property
    def low(self) -> Sequence[str]:
        """The low-resolution kinds that differ from `clip` in their frames alone, most frames first."""
        if self.clip is None:
            return []
        wanted = suffix_of(self.clip)
        like = [kind for kind in self.stacks if not kind_named(kind).is_gt and suffix_of(kind) == wanted]
        return sorted(like, key=lambda kind: -self.stacks[kind].frames)

    @property
    def ratio(self) -> int:
        """GT pixels per LR pixel, of the kind `clip`; 1 without LR."""
        return self.stacks[self.clip].ratio if self.clip else 1

    @property
    def frames(self) -> int:
        """The number of LR frames of a clip; 0 without LR."""
        return self.stacks[self.clip].frames if self.clip else 0

    @property
    def alignment(self) -> int:
        """The number of GT pixels that is a whole number of pixels in every kind of file."""
        return math.lcm(*(stack.ratio for stack in self.stacks.values()))


def stack_of(sample: Sample, kind: str, size: Size) -> Stack:
    """Return how a file of a patch, of this size in pixels, stacks frames. Raises DamagedError."""
    ratio = sample.width // size.width
    if ratio and sample.width == ratio * size.width and not sample.height % ratio:
        frames, rest = divmod(size.height, sample.height // ratio)
        if frames and not rest:
            return Stack(ratio, frames)
    message = f"damaged: {sample.path(kind)}"
    raise DamagedError(message)


def picture_size(head: bytes) -> Size | None:
    """Return the size that the first bytes of a PNG or a lossless WebP tell; None of other files."""
    if (webp := _WEBP.match(head)) is not None:
        (sides,) = struct.unpack("<I", webp[1])
        return Size((sides & _WEBP_SIDE) + 1, (sides >> 14 & _WEBP_SIDE) + 1)
    if len(head) < _PNG_BYTES or not head.startswith(_PNG):
        return None
    width, height = struct.unpack(">II", head[16:_PNG_BYTES])
    return Size(width, height) if width and height else None


def suffix_of(kind: str) -> str:
    """Return what distinguishes a kind from the plain one: "x2" of "lr7_x2", "" of "lr7"."""
    return kind.partition("_")[2]


def kinds_of(samples: Sequence[Sample], size: Callable[[Sample, str], Size | None], *, lr: str = "") -> Kinds:
    """Return the kinds of some patches; `size` reads that of a file, None if it cannot be read.

    `lr` is the suffix of the low-resolution kind to write; "" takes a plain one if there is any.
    """
    having = Counter(kind for sample in samples for kind in sample.kinds)
    stacks = {kind: _first_stack(kind, samples, size) for kind in having}
    low = [kind for kind in map(kind_named, having) if not kind.is_gt and lr in {"", suffix_of(kind.name)}]
    clip = max(low, key=lambda kind: (kind.scale is None, not kind.variant, kind.frames), default=None)
    truths = [kind for kind in map(kind_named, having) if kind.is_gt and kind != GT]
    most = max(truths, key=lambda kind: (having[kind.name], kind.frames), default=None)
    return Kinds(stacks, clip.name if clip else None, most.name if most else None)


def _first_stack(kind: str, samples: Sequence[Sample], size: Callable[[Sample, str], Size | None]) -> Stack:
    """Return the stack of the first file that can be read, else that of the kind's name."""
    for sample in samples:
        found = size(sample, kind) if kind in sample.kinds else None
        if found is not None:
            try:
                return stack_of(sample, kind, found)
            except DamagedError:
                continue  # the export reports every such file
    named = kind_named(kind)
    return Stack(named.scale or 1, named.frames)
