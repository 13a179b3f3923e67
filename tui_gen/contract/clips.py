"""What the screen asks of a job about one clip: facts for a line of the log, and all facts for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tui_gen.engine.model.work import Made, Rejected


@dataclass(frozen=True, slots=True)
class ClipSummary:
    """The facts of a clip for one line. Texts may be untrusted."""

    place: str = ""  # in its source: "00:45:32"; empty if the job does not know it
    facts: tuple[str, ...] = ()  # the most important first: a narrow screen cuts the others off


class ClipDescriber(Protocol):
    """Describes clips by their ledger records. Records of older versions may lack fields."""

    def summary(self, outcome: Made | Rejected) -> ClipSummary:
        """Return the facts for a line. Called for each visible line about every second."""
        ...

    def facts(self, outcome: Made | Rejected) -> Sequence[tuple[str, str]]:
        """Return all facts, in order, as labels and texts."""
        ...
