"""The kinds of files of a patch: their names in the ledger, their folders and their tiles.

    kind     folder        content
    gt       GT            the middle frame at full size
    gt7      GT_7frames    seven frames at full size, stacked from top to bottom in the order of time
    lr       LR            the middle five frames, shrunk and stacked
    lr7      LR_7frames    seven frames, shrunk and stacked

Longer clips have kinds like `lr15` and `gt100` with folders like `LR_15frames` and `GT_100frames`.

A kind of LR may have a scale of its own (`lr_x2`, folder `LR_x2`) or be a variant (`lr7_h264`,
folder `LR_7frames_h264`). The variant `pair` is LR of a lower-quality release of the film (`lr_pair`, folder
`LR_pair`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property

from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.media.geometry import Size

SHORT_LR_FRAMES = 5
"""The number of frames in the folder `LR`, whose name has no number."""

PICTURE_SUFFIXES = (".png", ".webp")
"""The ends of the names of files; all files of a patch have the same."""

PAIR = "pair"
"""The variant that is made of another release of the film, and not of GT."""

_SUFFIX = r"(?:_x(?P<scale>\d+))?(?:_(?P<variant>(?!x\d)[a-z][a-z0-9]*))?"
_NAME = re.compile(rf"(?P<of>gt|lr)(?P<frames>\d*){_SUFFIX}")
FOLDER_PATTERN = rf"(?P<of>GT|LR)(?:_(?P<frames>\d+)frames)?{_SUFFIX}"
"""A regular expression for the folder names of all kinds, with groups of their parts."""
_FOLDER = re.compile(FOLDER_PATTERN)


@dataclass(frozen=True)
class FileKind:
    """One kind of file: one picture, or a stack of tiles."""

    is_gt: bool
    frames: int  # number of tiles: 1 for GT
    scale: int | None = None  # GT pixels per LR pixel; None: the ratio of the format
    variant: str = ""  # name of the degradation; "": none

    @cached_property
    def name(self) -> str:
        """The name in ledger lines: "gt", "gt7", "lr", "lr7", "lr_x2", "lr7_h264"."""
        frames = "" if self._is_usual else str(self.frames)
        return f"{'gt' if self.is_gt else 'lr'}{frames}{self._suffix}"

    @cached_property
    def folder(self) -> str:
        """The folder inside the format's folder: "GT", "GT_7frames", "LR", "LR_7frames", "LR_x2"."""
        frames = "" if self._is_usual else f"_{self.frames}frames"
        return f"{'GT' if self.is_gt else 'LR'}{frames}{self._suffix}"

    @property
    def _is_usual(self) -> bool:
        return self.frames == (1 if self.is_gt else SHORT_LR_FRAMES)

    @property
    def _suffix(self) -> str:
        scale = "" if self.scale is None else f"_x{self.scale}"
        return f"{scale}_{self.variant}" if self.variant else scale

    def ratio(self, patch_format: PatchFormat) -> int:
        """Return the number of GT pixels per pixel of a tile, on each axis."""
        if self.is_gt:
            return 1
        return patch_format.ratio if self.scale is None else self.scale

    def tile(self, patch_format: PatchFormat) -> Size:
        """Return the size of one tile in pixels."""
        ratio = self.ratio(patch_format)
        return Size(patch_format.gt.width // ratio, patch_format.gt.height // ratio)


GT = FileKind(is_gt=True, frames=1)
LR = FileKind(is_gt=False, frames=SHORT_LR_FRAMES)


@cache
def kind_named(name: str) -> FileKind:
    """Return the kind of a name in a ledger line. Raises ValueError for any other text."""
    match = _NAME.fullmatch(name)
    if match is None:
        message = f'"{name}" is not a kind of file'
        raise ValueError(message)
    return _kind(match)


def kind_of_folder(folder: str) -> FileKind | None:
    """Return the kind whose files are in a folder of this name, or None for any other folder."""
    match = _FOLDER.fullmatch(folder)
    return None if match is None else _kind(match)


def _kind(match: re.Match[str]) -> FileKind:
    is_gt = match["of"].lower() == "gt"
    frames = int(match["frames"]) if match["frames"] else 1 if is_gt else SHORT_LR_FRAMES
    scale = int(match["scale"]) if match["scale"] else None
    return FileKind(is_gt, frames, scale, match["variant"] or "")


def kind_folder(name: str) -> str:
    """Return the folder of a kind, inside the format's folder. Raises ValueError for an unknown kind."""
    return kind_named(name).folder


def is_kind_folder(folder: str) -> bool:
    """Return whether a folder's name is that of a kind."""
    return kind_of_folder(folder) is not None


def lr_stack(names: Iterable[str]) -> FileKind | None:
    """Return the plain LR stack with the fewest frames among the kinds of a patch, or None without one."""
    kinds = map(kind_named, names)
    plain = [kind for kind in kinds if not kind.is_gt and kind.scale is None and not kind.variant]
    return min(plain, key=lambda kind: kind.frames, default=None)
