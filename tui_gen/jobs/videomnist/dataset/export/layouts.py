"""The layouts by name: what reads each, and the frames it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout."""

    name: str
    text: str
    has_spare_frames: bool = False  # whether it holds the frames after `sequence_length` too
    least_frames: int = 1


LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        layout.name: layout
        for layout in (
            Layout("moving-mnist", "Moving MNIST: an array u8 [T, N, S, S] a split, as OpenSTL reads it"),
            Layout(
                "predrnn-npz", "PredRNN: an .npz a split with clips, dims and input_raw_data", least_frames=2
            ),
            Layout("folder", "folders of MP4 by class: train/digit_3/*.mp4, where VideoGPT takes classes"),
            Layout("webdataset", "WebDataset: tar files of up to 1 GB", has_spare_frames=True),
        )
    }
)
