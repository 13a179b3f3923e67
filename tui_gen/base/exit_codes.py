"""What the program's exit status says."""

from __future__ import annotations

import signal
from enum import IntEnum


class ExitCode(IntEnum):
    """One number an outcome; scripts rely on them."""

    DONE = 0
    """Everything planned is made, or the limit that was asked for is reached."""
    INTERNAL_ERROR = 1
    """A fault of the program; the traceback is in engine.log."""
    REFUSED = 2
    """Usage, configuration or recipe: nothing was done; the message says what to change."""
    WITH_GAPS = 3
    """Finished, but some videos failed or some targets are unmet."""
    STOPPED = 4
    """Stopped before the end, or left at a question; the same command goes on."""
    DAMAGE = 5
    """Damage was found and not repaired."""
    LOCKED = 11
    """Another engine works on this output folder."""
    HUNG_UP = 128 + signal.SIGHUP
    INTERRUPTED = 128 + signal.SIGINT
    TERMINATED = 128 + signal.SIGTERM
