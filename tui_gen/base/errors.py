"""Errors that more than one room raises or catches.

RefusedError             what was asked for cannot be done as it stands; nothing was done
ObstructedError          the output can take nothing now; the work waits
  └─ OutOfMemoryError    memory ran out for something that was started
SourceUnreachableError   a source cannot be reached now; its work waits
SourceChangedError       a source is not what it was when the run began
"""

from __future__ import annotations


class RefusedError(Exception):
    """What was asked for cannot be done as it stands; the text says what to change. Nothing was done."""


class ObstructedError(Exception):
    """The output can take nothing now (full, read-only, gone): no clip's fault, so the work waits."""


class OutOfMemoryError(ObstructedError):
    """Memory ran out for something that was started: with fewer at work at once it may do."""


class SourceUnreachableError(Exception):
    """A source cannot be reached now (its disk or share is gone): its work waits until `path` is back."""

    def __init__(self, reason: str, path: str) -> None:
        """Keep the reason, and what to look for."""
        super().__init__(reason)
        self.path = path


class SourceChangedError(Exception):
    """A source has changed since the run began: it is quarantined, and the next start examines it again."""


def reason_of(error: BaseException) -> str:
    """Return what to tell the user: the program's own say it in a sentence, foreign ones with their class."""
    text = str(error)
    is_own = type(error).__module__.partition(".")[0] == __name__.partition(".")[0]
    return text if is_own and text else f"{type(error).__name__}: {text}"
