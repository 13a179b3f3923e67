"""What `demo` asks of a job: small sources and a configuration for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol


class DemoMaker(Protocol):
    """Makes a demonstration."""

    def make_demo(self, folder: Path, *, say: Callable[[str], None]) -> Path:
        """Make small sources and a configuration; return the configuration's path. Raises RefusedError."""
        ...
