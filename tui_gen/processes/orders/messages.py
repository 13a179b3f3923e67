"""What passes between a child process and its parent.

Orders are pickled, after the pickled context that all orders of a run have in common. Answers are JSON, a
line each:

{"done": ...}   {"sign": true}   {"obstructed": text}   {"failed": text, "detail": traceback}
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

SIGN_SECONDS = 1.0
LENGTH_BYTES = 4
"""Before each block stands its length, little-endian."""


class Order(Protocol):
    """Work for a child: a picklable value of a module that imports nothing heavy."""

    def carry_out(self, context: Any, signs: Signs) -> object:  # noqa: ANN401 - each job has its own
        """Do the work and return the answer, a JSON value. Runs in a child.

        An ObstructedError holds the work of the whole run; any other error is of this order alone.
        """
        ...


@dataclass(slots=True)
class Signs:
    """Signs of life of work that takes long: at most one a second, however often it is asked for."""

    say: Callable[[dict[str, Any]], None]
    last_seconds: float = field(default_factory=time.monotonic)

    def give(self, *_: object) -> None:
        """Say that the work goes on."""
        if time.monotonic() - self.last_seconds > SIGN_SECONDS:
            self.last_seconds = time.monotonic()
            self.say({"sign": True})
