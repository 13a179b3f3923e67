"""CPU and wall seconds of what is done between two points, children included once they were waited for."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cost:
    """What something took."""

    cpu_seconds: float
    wall_seconds: float


@dataclass
class Meter:
    """The costs of the parts of one approach, by name."""

    parts: dict[str, Cost] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str, *, of_children: bool = False) -> Iterator[None]:
        """Measure what is done inside; `of_children` leaves out the CPU seconds of this process."""
        cpu, wall = _cpu_seconds(of_children=of_children), time.monotonic()
        yield
        self.parts[name] = Cost(_cpu_seconds(of_children=of_children) - cpu, time.monotonic() - wall)


def _cpu_seconds(*, of_children: bool) -> float:
    used = [resource.getrusage(resource.RUSAGE_CHILDREN)]
    used += [] if of_children else [resource.getrusage(resource.RUSAGE_SELF)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
