"""The values of the job: what decides the bytes of a video, which video it is, and the video itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Split = Literal["train", "test"]
SPLITS: tuple[Split, ...] = ("train", "test")
CLASSES = 10
MOTIONS = ("bounce", "circular", "linear", "spiral", "reflect", "stochastic", "vertical", "horizontal")
"""All motions; the position in this tuple is the number of a motion in the file."""
TILE = 28
"""Side of a digit's image in pixels, as in MNIST."""
PARAMETERS = 8
"""As many numbers describe the motion of one digit in the file; those a motion does not use are 0."""


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """Everything but the digits' images that decides the pixels of a video."""

    seed: int = 42
    image_size: int = 64  # side of a frame, pixels
    digit_size: int = TILE  # side of the digit's tile in the frame, pixels
    frames: int = 17  # of a video: sequence_length + spare_frames
    motion_types: tuple[str, ...] = ("bounce", "circular", "linear")
    margin: float = 5.0  # pixels at the frame's border without ink
    rotation: float = 10.0  # greatest angle to either side, degrees
    scaling: float = 0.1  # greatest change of the scale to either side, a share
    jitter: float = 1.0  # of linear motion, pixels where a frame has a side of 64
    digits_per_video: tuple[int, ...] = (1,)  # one of these, by the video
    compose: Literal["max", "over", "add"] = "max"
    overlap: Literal["allow", "avoid"] = "allow"
    masks: bool = False

    @property
    def slots(self) -> int:
        """The most digits in one video."""
        return max(self.digits_per_video)


@dataclass(frozen=True, slots=True, order=True)
class VideoKey:
    """One video: the `index`-th of its class in its split. Its place in the file is index * 10 + digit."""

    split: Split
    digit: int
    index: int

    @property
    def place(self) -> int:
        """Number of the video in its split."""
        return self.index * CLASSES + self.digit


@dataclass(frozen=True, slots=True, eq=False)
class RenderedVideo:
    """A video and its truth. F: frames, S: side of a frame, D: `VideoSettings.slots`."""

    frames: NDArray[np.uint8]  # [F, S, S], grey
    label: int  # the class of the source
    digits: NDArray[np.int64]  # [D]; -1: no digit in this slot
    motion: NDArray[np.uint8]  # [D], positions in MOTIONS; 255: no digit
    sources: NDArray[np.int32]  # [D], numbers of the images in their split and class; -1: no digit
    positions: NDArray[np.float32]  # [F, D, 2], x and y of the tile's centre in pixels; NaN: no digit
    angles: NDArray[np.float32]  # [F, D], degrees, counter-clockwise on the screen
    scales: NDArray[np.float32]  # [F, D], of a tile of 28 pixels
    boxes: NDArray[np.int16]  # [F, D, 4]: left, top, right, bottom of the digit's pixels, half-open
    params: NDArray[np.float32]  # [D, 8]
    caption: str
    masks: NDArray[np.uint8] | None  # [F, S, S], bit d: a pixel of the digit of slot d; None: not wanted
