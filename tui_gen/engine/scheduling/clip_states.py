"""The states of one source's clips while a stage is performed: a byte of flags for each clip.

Invariant: the counts agree with the flags. Every change of one clip takes the same time for any number of
clips; integers as bit sets would be copied completely for each change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

IN_FLIGHT = 1
"""A worker has the clip."""
FAILED = 2
"""The clip failed in this run and may not be tried again yet."""
ENDED = 4
"""The clip has ended without failing since the plan was made."""
PASSED_OVER = 8
"""The plan contains the clip, and the clip was in flight when the queue reached it."""

_GONE = IN_FLIGHT | FAILED | ENDED
_MAY_LACK = PASSED_OVER | ENDED
_WITHOUT = {
    flag: bytes(value & ~flag for value in range(256)) for flag in (IN_FLIGHT, FAILED, ENDED, PASSED_OVER)
}


@dataclass(slots=True)
class ClipStates:
    """The flags of all clips; a clip without flags is still to be handed out."""

    in_flight: int = 0
    gone: int = 0  # in flight, failed or ended
    may_lack: int = 0  # passed over, and then ended
    _flags: bytearray = field(default_factory=bytearray)

    def has(self, clip: int, flags: int) -> bool:
        """Return whether a clip has one of the flags."""
        return clip < len(self._flags) and bool(self._flags[clip] & flags)

    def change(self, clip: int, *, on: int = 0, off: int = 0) -> None:
        """Set flags of a clip, and clear others."""
        flags = self._flags
        if clip >= len(flags):
            flags.extend(bytes(clip + 1 - len(flags)))
        before = flags[clip]
        after = flags[clip] = before & ~off | on
        if after != before:
            self.in_flight += (after & IN_FLIGHT) - (before & IN_FLIGHT)
            self.gone += bool(after & _GONE) - bool(before & _GONE)
            self.may_lack += (after & _MAY_LACK == _MAY_LACK) - (before & _MAY_LACK == _MAY_LACK)

    def clear(self, flag: int) -> None:
        """Clear a flag of all clips."""
        self._flags = self._flags.translate(_WITHOUT[flag])
        self.in_flight = self._count(value for value in range(16) if value & IN_FLIGHT)
        self.gone = self._count(value for value in range(16) if value & _GONE)
        self.may_lack = self._count(value for value in range(16) if value & _MAY_LACK == _MAY_LACK)

    def _count(self, values: Iterable[int]) -> int:
        return sum(map(self._flags.count, values))
