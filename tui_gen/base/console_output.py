"""Where the lines of a run go. A terminal or pipe that is gone does not end the work."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

log = logging.getLogger(__name__)


@dataclass(slots=True)
class ConsoleOutput:
    """Where a run's lines go. A terminal or pipe that is gone does not end the work."""

    out: TextIO
    err: TextIO

    def say(self, *lines: str) -> None:
        """Write lines for people."""
        try:
            self.out.writelines(f"{line}\n" for line in lines)
            self.out.flush()
        except OSError as error:
            self.fall_silent(error)

    def fall_silent(self, error: OSError) -> None:
        """Go on without a reader, or without one of the two."""
        log.warning("the reader of the report is gone: %s", error)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:  # the error that is being dealt with
                _silence(stream)

    def silence(self) -> None:
        """Write nothing from now on."""
        _silence(sys.stdout)
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    """Lead a stream to nowhere; what it still holds goes there too, at the latest when Python ends."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
