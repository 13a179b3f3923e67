"""What `stats` asks of a job: what was measured on clips and patches."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Place = tuple[str, str]
"""Category and source id; the category of what is measured on a clip is empty."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One score, and the limits in force: those of the configuration, else its own."""

    name: str
    meaning: str
    of: Literal["clip", "patch"]
    mode: str  # "off", "score", "reject"
    under: float | None = None
    over: float | None = None
    is_inclusive: bool = False  # a value on the limit is flagged, too

    def flags(self, value: float) -> bool:
        """Return whether a value is beyond the limits."""
        if self.is_inclusive and value in {self.under, self.over}:
            return True
        return (self.under is not None and value < self.under) or (
            self.over is not None and value > self.over
        )

    @property
    def limits(self) -> str:
        """`under 4`, `12 or more`, `under 0.05, over 20`, or nothing."""
        low, high = ("{:g} or less", "{:g} or more") if self.is_inclusive else ("under {:g}", "over {:g}")
        parts = [low.format(self.under)] if self.under is not None else []
        return ", ".join([*parts, *([high.format(self.over)] if self.over is not None else [])])


@dataclass(frozen=True, slots=True)
class Measured:
    """The values of every measure, in the order of the ledger. Measures without values are there too."""

    measures: tuple[Measure, ...]
    values: Mapping[str, Mapping[Place, array[float]]]  # by the name of the measure
    names: Mapping[str, str]  # source id -> name
    clips: int
    patches: int
    clips_flagged: int  # by any measure
    patches_flagged: int
    sampled: frozenset[str]  # measures whose values are of a sample of the patches only


@dataclass(frozen=True, slots=True)
class Flagged:
    """A patch that stands and is beyond a limit."""

    path: str  # of the file that stands for it, relative to the output folder
    source: str
    name: str  # of the measure
    value: float


@dataclass(frozen=True, slots=True)
class CountTable:
    """How many patches have each of certain names, such as tags. A patch may have several, or none."""

    name: str
    meaning: str
    counts: Mapping[str, int]  # the highest first
    of: int  # patches that were looked at


@dataclass(frozen=True, slots=True)
class Measurements:
    """What a ledger tells of the quality of what was taken."""

    measured: Measured
    flagged: Iterable[Flagged]  # read when iterated
    counts: tuple[CountTable, ...] = ()


class Statistician(Protocol):
    """Reads what was measured."""

    def measurements(self, names: Mapping[str, str]) -> Measurements:
        """Return what the ledger says about the quality of the patches; `names` are those of the sources."""
        ...
