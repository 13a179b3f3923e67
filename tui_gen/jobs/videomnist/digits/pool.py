"""What every source of digits offers to the renderer."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.model import Split


class DigitsError(Exception):
    """There are no digits, or they cannot be used: every reason at once."""

    def __init__(self, *problems: str) -> None:
        """Take sentences for the user, each of which names the place that is wrong."""
        super().__init__("\n".join(problems))
        self.problems = problems


class DigitPool(Protocol):
    """The images of ten classes in two splits. It can be sent to a process: it says where they are."""

    @property
    def description(self) -> str:
        """What the images are: "MNIST", "as MNIST: /path" or "drawn"."""
        ...

    @property
    def sha256(self) -> str:
        """Hash in hexadecimal of everything that decides the images."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that a user should know about the images, without a full stop."""
        ...

    def count(self, split: Split, digit: int) -> int | None:
        """Return how many images there are, at least 1; None: as many as one asks for."""
        ...

    def outermost(self, split: Split, digit: int) -> NDArray[np.uint8]:
        """Return images, [n, 28, 28], at least one of which reaches as far as any image on every axis.

        They are all images, or larger ones where there is no end of them.
        """
        ...

    def image(self, split: Split, digit: int, number: int) -> NDArray[np.uint8]:
        """Return an image, [28, 28], white on black, with some ink. DigitsError where it cannot be read."""
        ...
