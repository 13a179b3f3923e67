"""The eight motions: where the centre of a digit is in each frame.

Invariant: whatever is drawn and however many frames there are, every position lies in the box.

T is the number of frames, t the frame, tau = t / (T - 1); `back_and_forth` is a line that turns at 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.motion.box import Box
from tui_gen.jobs.videomnist.motion.draws import below, between, sign
from tui_gen.jobs.videomnist.motion.sine import sine

Positions = NDArray[np.float64]  # [F]

LINEAR_LEAST = 0.5
"""A straight line is at least as long, in a box whose sides are 1."""
JITTER_DRAWS = 12
"""The sum of twelve uniform numbers has a variance of 1 and is nearly normal."""
SPEEDS = (0.05, 0.15)
"""Of a reflected digit, in sides of the box a frame."""


@dataclass(frozen=True, slots=True)
class Course:
    """The input of a motion: random numbers, the box, the number of frames and the jitter."""

    chance: Random
    box: Box
    frames: int
    jitter: float  # standard deviation in pixels of the frame, of linear motion

    @property
    def progress(self) -> Positions:
        """Return tau: 0 in the first frame, 1 in the last; 0 where there is only one."""
        return np.arange(self.frames) / max(1, self.frames - 1)

    def inside(self, x: Positions, y: Positions) -> tuple[Positions, Positions]:
        """Return the places in the frame, in pixels, of places in a box whose sides are 1."""
        return self.box.x0 + self.box.width * x, self.box.y0 + self.box.height * y

    def circle(self, least: float) -> tuple[float, float, float]:
        """Draw x, y and radius in pixels of a circle in the box, at least `least` of the largest one."""
        radius = min(self.box.width, self.box.height) / 2 * between(self.chance, least, 1.0)
        x = between(self.chance, self.box.x0 + radius, self.box.x1 - radius)
        y = between(self.chance, self.box.y0 + radius, self.box.y1 - radius)
        return x, y, radius


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The path of a digit in pixels, and the numbers that decided it: PARAMETER_NAMES names them."""

    x: Positions
    y: Positions
    params: tuple[float, ...]


PARAMETER_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "bounce": ("start", "direction", "crossings", "height", "phase", "hops"),
        "circular": ("centre_x", "centre_y", "radius", "phase", "direction"),
        "linear": ("from_x", "from_y", "to_x", "to_y", "jitter"),
        "spiral": ("centre_x", "centre_y", "radius", "phase", "direction", "outwards"),
        "reflect": ("start_x", "start_y", "speed", "heading"),
        "stochastic": ("start_x", "start_y", "speed", "heading", "turns"),
        "vertical": ("start_x", "start_y", "speed", "heading"),
        "horizontal": ("start_x", "start_y", "speed", "heading"),
    }
)
"""The `params` of each motion. Starts and ends are shares of the box, centres and radii pixels of the
frame, phases and headings turns (0 to the right, 1/4 down), speeds sides of the box a frame."""


def back_and_forth(z: Positions) -> Positions:
    """Return 1 - |1 - (z mod 2)|: from 0 to 1 and back while z goes from 0 to 2."""
    result: Positions = 1 - np.abs(1 - np.mod(z, 2))
    return result


def bounce(course: Course) -> Track:
    """Hop along the lower side of the box."""
    chance = course.chance
    start, direction = chance.random(), sign(chance)
    crossings, height = between(chance, 0.6, 1.2), between(chance, 0.6, 1.0)
    phase, hops = chance.random(), 2 + below(chance, 3)
    tau = course.progress
    x, y = course.inside(
        back_and_forth(start + direction * crossings * tau),
        1 - height * np.abs(sine((phase + hops * tau) / 2)),
    )
    return Track(x, y, (start, direction, crossings, height, phase, hops))


def circular(course: Course) -> Track:
    """Go round once: the frame after the last would be the first."""
    x, y, radius = course.circle(0.5)
    phase, direction = course.chance.random(), sign(course.chance)
    turns = phase + direction * np.arange(course.frames) / course.frames
    cosines, sines = sine(np.stack([turns + 0.25, turns]))
    return Track(x + radius * cosines, y + radius * sines, (x, y, radius, phase, direction))


def linear(course: Course) -> Track:
    """Go straight from one place to another, with jitter."""
    chance, box = course.chance, course.box
    while True:
        x0, y0, x1, y1 = (chance.random() for _ in range(4))
        across, down = x1 - x0, y1 - y0
        if across * across + down * down >= LINEAR_LEAST * LINEAR_LEAST:
            break
    tau = back_and_forth(course.progress)
    x, y = course.inside(x0 + across * tau, y0 + down * tau)
    shaken_x, shaken_y = course.jitter * _nearly_normal(chance, course.frames)
    return Track(
        np.clip(x + shaken_x, box.x0, box.x1),
        np.clip(y + shaken_y, box.y0, box.y1),
        (x0, y0, x1, y1, course.jitter),
    )


def spiral(course: Course) -> Track:
    """Go round twice while the radius shrinks to a third, or grows from it."""
    x, y, radius = course.circle(0.7)
    phase, direction = course.chance.random(), sign(course.chance)
    outwards = below(course.chance, 2)
    tau = course.progress
    grown = back_and_forth(tau) if outwards else 1 - back_and_forth(tau)
    away = radius * (1 + 2 * grown) / 3
    turns = phase + 2 * direction * tau
    cosines, sines = sine(np.stack([turns + 0.25, turns]))
    return Track(x + away * cosines, y + away * sines, (x, y, radius, phase, direction, outwards))


def reflect(course: Course) -> Track:
    """Go straight and be reflected at the sides of the box, as in Moving MNIST."""
    return _reflected(course, course.chance.random())


def vertical(course: Course) -> Track:
    """Go up and down."""
    return _reflected(course, 0.25 if below(course.chance, 2) else 0.75)


def horizontal(course: Course) -> Track:
    """Go left and right."""
    return _reflected(course, 0.5 * below(course.chance, 2))


def stochastic(course: Course) -> Track:
    """Go straight and take a new speed and heading at each side of the box, as in stochastic Moving MNIST."""
    chance = course.chance
    place = [chance.random(), chance.random()]
    start, speed, heading, turned = tuple(place), between(chance, *SPEEDS), chance.random(), 0
    step = _step(speed, heading)
    places = [start]
    for _ in range(course.frames - 1):
        place = [place[axis] + step[axis] for axis in (0, 1)]
        beyond = [axis for axis in (0, 1) if not 0 <= place[axis] <= 1]
        if beyond:
            place = [min(max(along, 0.0), 1.0) for along in place]
            step = _step(between(chance, *SPEEDS), chance.random())
            for axis in beyond:
                step[axis] = abs(step[axis]) * (1 if place[axis] == 0 else -1)
            turned += 1
        places.append((place[0], place[1]))
    x, y = course.inside(*np.array(places).T)
    return Track(x, y, (*start, speed, heading, turned))


MOTION_FUNCTIONS: Mapping[str, Callable[[Course], Track]] = MappingProxyType(
    {
        "bounce": bounce,
        "circular": circular,
        "linear": linear,
        "spiral": spiral,
        "reflect": reflect,
        "stochastic": stochastic,
        "vertical": vertical,
        "horizontal": horizontal,
    }
)


def _reflected(course: Course, heading: float) -> Track:
    chance = course.chance
    x0, y0, speed = chance.random(), chance.random(), between(chance, *SPEEDS)
    step_x, step_y = _step(speed, heading)
    passed = np.arange(course.frames, dtype=np.float64)
    x, y = course.inside(back_and_forth(x0 + step_x * passed), back_and_forth(y0 + step_y * passed))
    return Track(x, y, (x0, y0, speed, heading))


def _step(speed: float, heading: float) -> list[float]:
    """Return how far a digit goes in a frame, to the right and down; exactly 0 across a straight heading."""
    cosine, sine_ = sine(np.array([heading + 0.25, heading])).tolist()
    return [speed * cosine, speed * sine_]


def _nearly_normal(chance: Random, frames: int) -> NDArray[np.float64]:
    """Return numbers with mean 0 and variance 1, [2, F]. Added one by one: the order decides the last bit."""
    drawn = np.array([chance.random() for _ in range(JITTER_DRAWS * 2 * frames)])
    total = np.zeros((2, frames))
    for uniform in drawn.reshape(JITTER_DRAWS, 2, frames):
        total += uniform
    return total - JITTER_DRAWS / 2
