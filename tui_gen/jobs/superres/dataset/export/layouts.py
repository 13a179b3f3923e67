"""The layouts by name: purpose, and the files that they need of each patch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Need = Literal["gt", "lr", "clip", "truths"]
"""A kind of file, or a role: the LR kind with the most frames, the kind with a GT for every frame."""

_GT: frozenset[Need] = frozenset({"gt"})
_CLIP: frozenset[Need] = frozenset({"gt", "clip"})
_TRUTHS: frozenset[Need] = frozenset({"gt", "clip", "truths"})
_PIECES = frozenset({"--crop", "--stride"})
_TREES = _PIECES | {"--merge"}
_ONE_LR = _TREES | {"--lr"}


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout."""

    name: str
    text: str
    needs: frozenset[Need] = _CLIP  # of every patch
    trees: Literal["part", "parts together", "native"] = "part"
    files: Literal["none", "few", "pair", "clip", "clips"] = "none"  # what is written for each patch
    flags: frozenset[str] = _ONE_LR  # for the form, that it knows
    frames: int | None = None  # the number that every clip must have; None: any
    takes_webp: bool = False  # its loaders find and read WebP; else WebP files are converted to PNG

    def files_of(self, frames: int, truths: int, kinds: int) -> int:
        """Return the number of files for each patch: of its frames, its GT frames and its kinds of files."""
        return {"none": 0, "few": kinds, "pair": 2, "clip": frames + 1, "clips": frames + truths}[self.files]


REMEDIES: Mapping[Need, str] = MappingProxyType(
    {
        "lr": 'make the dataset with "5frames" in "lr_versions"',
        "clip": 'make the dataset with "7frames" in "lr_versions"',
        "truths": 'a ground truth for every frame is made with "gt_frames": 7, or as many as "frames"',
    }
)
"""Need -> what to do if patches lack it."""

REDS_FRAMES = 100
"""The number of frames that BasicSR's REDS loaders read of every clip."""

LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        layout.name: layout
        for layout in (
            Layout(
                "vsrpp",
                "VSR++: the folders of a run, Val of the format of Patches/ alone",
                frozenset({"gt", "lr"}),
                "native",
                files="few",
                flags=_PIECES,
            ),
            Layout("basicsr-vimeo", "BasicSR, as Vimeo-90K: GT and LQ, im1..im7", files="clips"),
            Layout("basicsr-lmdb", "BasicSR, as Vimeo-90K in two LMDB databases"),
            Layout(
                "basicsr-reds",
                "BasicSR, as REDS: folders of exactly 100 frames",
                _TRUTHS,
                files="clips",
                frames=REDS_FRAMES,
            ),
            Layout(
                "vimeo90k",
                "Vimeo-90K as published: sequences, two lists",
                _TRUTHS,
                "parts together",
                files="clip",
                flags=_TREES,
            ),
            Layout("mmagic-vimeo", "mmagic, as Vimeo-90K", files="clips"),
            Layout("mmagic-reds", "mmagic, as REDS: folders of all frames", _TRUTHS, files="clips"),
            Layout("trainner", "traiNNer-redux, video: flat lq, gt of the middle frame", files="clip"),
            Layout("neosr", "neosr, pairs of images: flat gt and lq", _GT, files="pair", takes_webp=True),
            Layout(
                "webdataset",
                "WebDataset: tar files of up to 1 GB, at least 8 for each part, shuffled",
                _GT,
                flags=_TREES | {"--kinds", "--tiles", "--shard-mb"},
                takes_webp=True,
            ),
            Layout(
                "parquet",
                "Parquet: where each patch comes from, and its paths; with --embed its pictures",
                _GT,
                flags=_TREES | {"--kinds", "--embed", "--shard-mb"},
                takes_webp=True,
            ),
        )
    }
)
