"""Carries out the chosen steps of a variant on all frames of a clip.

Each step gets uint8 frames and gives uint8 frames: it rounds once, at its end. Parameters are the same for
all frames of a clip; noise differs from frame to frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.degradation.blurring import blur
from tui_gen.jobs.superres.degradation.choices import (
    Chosen,
    ChosenBlur,
    ChosenJpeg,
    ChosenNoise,
    ChosenResize,
    ChosenShrink,
    ChosenVideo,
)
from tui_gen.jobs.superres.degradation.noise import add_noise
from tui_gen.jobs.superres.degradation.resizing import resize
from tui_gen.jobs.superres.degradation.video import Coding, through_codec

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class StepTools:
    """How the steps of one clip are carried out."""

    coding: Coding
    shrink: Callable[[Image], Image]  # a frame of GT -> a frame of LR, as the plain LR is made


async def degraded(frames: Image, steps: Sequence[Chosen], tools: StepTools) -> Image:
    """Return the frames after all steps, of shape (count, height, width, 3).

    Raises ChildError if an encoder or a decoder failed.
    """
    for step in steps:
        if isinstance(step, ChosenVideo):
            frames = await through_codec(frames, step, tools.coding)
        else:
            frames = await tools.coding.in_thread(partial(stepped, frames, step, tools.shrink))
    return frames


def stepped(
    frames: Image,
    step: ChosenBlur | ChosenNoise | ChosenResize | ChosenShrink | ChosenJpeg,
    shrink: Callable[[Image], Image],
) -> Image:
    """Return the frames after a step that needs no child process; arguments as of `degraded`."""
    match step:
        case ChosenNoise():
            return add_noise(frames, step)
        case ChosenBlur():
            return np.stack([blur(frame, step) for frame in frames])
        case ChosenShrink():
            return np.stack([shrink(frame) for frame in frames])
        case ChosenResize(size, kernel):
            return np.stack([resize(frame, size, kernel) for frame in frames])
        case ChosenJpeg(quality):
            return np.stack([through_jpeg(frame, quality) for frame in frames])


def through_jpeg(frame: Image, quality: int) -> Image:
    """Return a frame as it comes back from JPEG: baseline, 4:2:0, by OpenCV's encoder."""
    is_done, data = cv2.imencode(".jpg", frame, (cv2.IMWRITE_JPEG_QUALITY, quality))
    if not is_done:
        message = f"OpenCV could not encode a frame of shape {frame.shape}"
        raise ValueError(message)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
