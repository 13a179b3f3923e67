"""The course of a run, which its state does not keep: what each minute gave, and why sources gave nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RunCourse:
    """The course of all runs of a folder, from the ledger."""

    minutes: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    """Category -> minute of wall time since the epoch -> patches that did not exist before."""
    reasons: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Source -> reason without its numbers -> rejections, of whole clips and of single categories."""
    machines: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    """Machine of a cluster -> minute of wall time since the epoch -> clips made."""


@dataclass(frozen=True, slots=True)
class EndFacts:
    """What is known of the end of a run besides its state."""

    course: RunCourse | None  # None: the ledger could not be read
    steps: tuple[str, ...] = ()  # what to do next, a line each
    trouble: str = ""  # why the course is not known
