"""How far a digit is turned and how large it is in each frame."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.model import TILE, VideoSettings
from tui_gen.jobs.videomnist.motion.draws import between
from tui_gen.jobs.videomnist.motion.sine import sine


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Angle and scale of a digit about the centre of its tile, in each of F frames."""

    angles: NDArray[np.float64]  # [F], degrees, counter-clockwise on the screen
    sizes: NDArray[np.float64]  # [F], of a tile of 28 pixels: what the file says
    scales: NDArray[np.float64]  # [F], of the tile that is sampled, which is smaller where digit_size is
    cosines: NDArray[np.float64]  # [F], of the angles
    sines: NDArray[np.float64]  # [F]


def tile_side(settings: VideoSettings) -> int:
    """Return the side of the tile that is sampled: 28 pixels, or the digit's size where that is less."""
    return min(TILE, settings.digit_size)


def draw_pose(chance: Random, settings: VideoSettings) -> Pose:
    """Draw a pose: both the angle and the scale go through one period of a sine in the video.

    The angle is A sin 2 pi (f + t/T), A within ± rotation; the scale is digit_size/28 times
    1 + B sin 2 pi (g + t/T), B within 0 and scaling. T is the number of frames.
    """
    turn = between(chance, -settings.rotation, settings.rotation)
    turn_phase = chance.random()
    growth = between(chance, 0.0, settings.scaling)
    growth_phase = chance.random()
    passed = np.arange(settings.frames) / settings.frames
    waves = sine(np.stack([turn_phase + passed, growth_phase + passed]))
    angles = turn * waves[0]
    relative = 1 + growth * waves[1]
    cosines, sines = sine(np.stack([angles / 360 + 0.25, angles / 360]))
    return Pose(
        angles,
        settings.digit_size / TILE * relative,
        settings.digit_size / tile_side(settings) * relative,
        cosines,
        sines,
    )
