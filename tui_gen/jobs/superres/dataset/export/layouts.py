"""The layouts by name: purpose, the files that they need of each patch, and the reason for a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

_GT = frozenset({"gt"})
_SEVEN_LR = frozenset({"gt", "lr7"})
_SEVEN_GT = frozenset({"gt", "lr7", "gt7"})


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout."""

    name: str
    text: str
    needs: frozenset[str] = _SEVEN_LR  # kinds of files that every patch must have
    trees: Literal["part", "parts together", "native"] = "part"
    refusal: str = ""  # why no dataset of this program can have this layout


REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "lr": 'make the dataset with "5frames" in "lr_versions"',
        "lr7": 'make the dataset with "7frames" in "lr_versions"',
        "gt7": 'a ground truth for every frame is made with "gt_frames": 7',
    }
)
"""Kind of file -> what to do if patches lack it."""

_REDS_REFUSAL = (
    "BasicSR's REDS loaders read exactly 100 frames of each clip, and clips have 7;"
    " take basicsr-vimeo or mmagic-reds"
)

LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        layout.name: layout
        for layout in (
            Layout(
                "vsrpp",
                "VSR++: the folders of a run, Val of 540x540 alone",
                frozenset({"gt", "lr"}),
                "native",
            ),
            Layout("basicsr-vimeo", "BasicSR, as Vimeo-90K: GT and LQ, im1..im7"),
            Layout("basicsr-lmdb", "BasicSR, as Vimeo-90K in two LMDB databases"),
            Layout("basicsr-reds", "BasicSR, as REDS", refusal=_REDS_REFUSAL),
            Layout("vimeo90k", "Vimeo-90K as published: sequences, two lists", _SEVEN_GT, "parts together"),
            Layout("mmagic-vimeo", "mmagic, as Vimeo-90K"),
            Layout("mmagic-reds", "mmagic, as REDS: folders of 7 frames", _SEVEN_GT),
            Layout("trainner", "traiNNer-redux, video: flat lq of 7 frames, gt of the middle one"),
            Layout("neosr", "neosr, pairs of images: flat gt and lq", _GT),
            Layout("webdataset", "WebDataset: tar files of up to 1 GB, shuffled", _GT),
            Layout("parquet", "Parquet: where each patch comes from, and its paths", _GT),
        )
    }
)
