"""One digit of one video: its tile, its pose and its track, before anything is sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.digits.pool import DigitPool
from tui_gen.jobs.videomnist.model import VideoKey, VideoSettings
from tui_gen.jobs.videomnist.motion.box import GAP, ink_outline, reach, room
from tui_gen.jobs.videomnist.motion.draws import draws
from tui_gen.jobs.videomnist.motion.order import Choice, choices
from tui_gen.jobs.videomnist.motion.poses import Pose, draw_pose, tile_side
from tui_gen.jobs.videomnist.motion.trajectories import MOTION_FUNCTIONS, Course, Track
from tui_gen.jobs.videomnist.render.sampler import POSITION
from tui_gen.jobs.videomnist.render.tiles import shrunk

ROUNDS = 64
"""As often are the motions of all digits drawn that must not meet one another."""
ATTEMPTS = 16
"""In each round, as many motions are drawn for a digit that must not meet those before it."""
JITTER_SIDE = 64
"""The configured jitter is meant for a frame of this side; in others it grows with them."""

NO_ROOM = "the frame is too small for the digit"
NO_INK = "nothing is left of the digit at this size"
NO_PLACE = "no way past the other digits"


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A digit in each of F frames."""

    choice: Choice
    tile: NDArray[np.uint8]  # [n, n]
    pose: Pose
    track: Track
    reached: NDArray[np.float64]  # [4, F]: left, up, right, down of the centre, in pixels
    centres: NDArray[np.int64]  # [F, 2], in 1/256 pixel

    def corners(self) -> NDArray[np.int64]:
        """Return x and y of the first pixel that can be above zero, [F, 2]."""
        first = self.centres / POSITION - self.reached[:2].T - 1 / 2
        return np.ceil(first - GAP).astype(np.int64)

    def extent(self) -> tuple[int, int]:
        """Return width and height in pixels that hold what can be above zero, in every frame."""
        wide, high = (self.reached[:2] + self.reached[2:]).max(axis=1)
        return int(wide + 2 * GAP) + 1, int(high + 2 * GAP) + 1


def draw_sprites(settings: VideoSettings, pool: DigitPool, key: VideoKey) -> list[Sprite] | str:
    """Draw every digit of a video, or say why there is no such video."""
    tiles = []
    for choice in choices(settings, pool, key):
        tile = shrunk(pool.image(key.split, choice.digit, choice.image), tile_side(settings))
        if not tile.any():
            return NO_INK
        tiles.append((choice, tile))
    is_alone = len(tiles) == 1 or settings.overlap == "allow"
    for first_attempt in range(0, ATTEMPTS if is_alone else ROUNDS * ATTEMPTS, ATTEMPTS):
        found = _placed(settings, key, tiles, first_attempt)
        if found is not None:
            return found
    return NO_ROOM if is_alone else NO_PLACE


def _placed(
    settings: VideoSettings,
    key: VideoKey,
    tiles: Sequence[tuple[Choice, NDArray[np.uint8]]],
    first_attempt: int,
) -> list[Sprite] | None:
    """Place the digits one after the other, or return None where one of them finds no place."""
    found: list[Sprite] = []
    for choice, tile in tiles:
        avoids = bool(found) and settings.overlap == "avoid"
        for attempt in range(first_attempt, first_attempt + (ATTEMPTS if avoids else 1)):
            sprite = _sprite(settings, key, choice, tile, attempt)
            if sprite is not None and not (avoids and any(_meet(sprite, other) for other in found)):
                found.append(sprite)
                break
        else:
            return None
    return found


def _sprite(
    settings: VideoSettings, key: VideoKey, choice: Choice, tile: NDArray[np.uint8], attempt: int
) -> Sprite | None:
    chance = draws(settings.seed, key.split, key.digit, key.index, choice.slot, attempt)
    pose = draw_pose(chance, settings)
    reached = reach(ink_outline(tile), pose)
    box = room(reached, settings)
    if box is None:
        return None
    jitter = settings.jitter * settings.image_size / JITTER_SIDE
    track = MOTION_FUNCTIONS[choice.motion](Course(chance, box, settings.frames, jitter))
    centres = np.rint(np.stack([track.x, track.y], axis=1) * POSITION).astype(np.int64)
    return Sprite(choice, tile, pose, track, reached, centres)


def _meet(one: Sprite, other: Sprite) -> bool:
    """Whether the places that can be above zero touch in any frame: where they do not, no boxes meet."""
    apart = np.zeros(len(one.centres), bool)
    for first, second in ((one, other), (other, one)):
        end = first.centres.T / POSITION + first.reached[2:] + GAP
        begin = second.centres.T / POSITION - second.reached[:2] - GAP
        apart |= (end < begin).any(axis=0)
    return not apart.all()
