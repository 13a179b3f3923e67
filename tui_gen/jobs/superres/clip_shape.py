"""The number and the distance of the frames of a clip.

    film     0 1 2 3 4 5 6 7 8 9 ...     7 frames, step 1: the span is 7 frames of the film
             ^ ^ ^ G ^ ^ ^
             ^   ^   ^   G   ^   ^   ^   7 frames, step 2: the span is 13 frames, 6 are left out

G is the middle frame, from which GT is cut: frame `frames // 2`, counted from 0. An even number of frames has
one frame more before G than after it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClipShape:
    """The frames of a clip; each is `step` frames of the film after the one before."""

    frames: int = 7
    step: int = 1

    @property
    def middle(self) -> int:
        """The position of the GT frame in the clip."""
        return self.frames // 2

    @property
    def span(self) -> int:
        """The number of frames of the film from the first frame of the clip to the last."""
        return (self.frames - 1) * self.step + 1

    @property
    def anchor(self) -> int:
        """The position of the GT frame in the span."""
        return self.middle * self.step

    def window(self, *, begins_at_target: bool = False) -> WindowShape:
        """Return the window of such a clip, whose first or middle frame is the nearest to the target."""
        return WindowShape(self.span, 0 if begins_at_target else self.anchor, self.step)


@dataclass(frozen=True, slots=True)
class WindowShape:
    """The frames of the film from the first frame of a clip to the last, and the place of the target."""

    frames: int
    anchor: int  # the position of the frame nearest to the target
    step: int = 1  # the distance of the clip's own frames

    @property
    def clip_frames(self) -> int:
        """The number of frames of the clip."""
        return (self.frames - 1) // self.step + 1

    @property
    def after(self) -> int:
        """The number of frames after the one nearest to the target."""
        return self.frames - 1 - self.anchor


@dataclass(frozen=True, slots=True)
class Reach:
    """The range around a window's time in which different frames are looked for."""

    before_seconds: float
    after_seconds: float


USUAL_CLIP = ClipShape()
USUAL_WINDOW = USUAL_CLIP.window()
