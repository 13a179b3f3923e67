"""The engine's log. If the disk refuses lines, lines of the log are lost; the run continues."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import sys
from collections.abc import Iterator
from pathlib import Path

LOG_NAME = "engine.log"
LOG_BYTES = 5_000_000
LOGS_KEPT = 3


class _RunLog(logging.handlers.RotatingFileHandler):
    """Remembers why the disk refused a line, and logs the reason as soon as lines can be written again."""

    trouble = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, and then a note if earlier lines may be missing."""
        before, self.trouble = self.trouble, ""
        super().emit(record)
        if before and not self.trouble:
            text = "%s: lines above this one may be missing"
            super().emit(logging.makeLogRecord({**_OWN, "msg": text, "args": (before,)}))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        """Remember an error of the disk; the base class would print it to the terminal."""
        error = sys.exception()
        if isinstance(error, OSError):
            self.trouble = str(error.strerror or error)
        else:
            super().handleError(record)


_OWN = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING"}


@contextlib.contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Log to a file that is rotated when it is large. Raises OSError if it cannot be opened."""
    handler = _RunLog(
        path, maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, encoding="utf-8", errors="backslashreplace"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        # Closing writes the rest; on a full disk the rest is lost, and no log can record that.
        with contextlib.suppress(OSError):
            handler.close()
