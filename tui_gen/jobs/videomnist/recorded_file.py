"""The HDF5 file of the last assembly, by the name in the ledger: the configured name may have changed."""

from __future__ import annotations

from pathlib import Path

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Made
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.engine.storage.ledger_codec import decode
from tui_gen.engine.storage.ledger_lines import LedgerError
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.units import FILE_CATEGORY

_MARK = b'"hdf5"'
"""In the ledger line of an assembly: the other lines, a million or more, are not decoded."""


def recorded_file(settings: Settings) -> Path | None:
    """Return the file that the last assembly wrote, or None if no assembly ended. Raises OSError."""
    name = None
    with (settings.run_folder / LEDGER_NAME).open("rb") as ledger:
        for line in ledger:
            name = (_file_of(line) or name) if _MARK in line else name
    return None if name is None else settings.output / name


def _file_of(line: bytes) -> str | None:
    try:
        event = decode(line)
    except LedgerError:  # the run reports damaged lines
        return None
    if not isinstance(event, ev.ClipEnded) or not isinstance(event.outcome, Made):
        return None
    names = [
        patch.record["files"]["h5"] for patch in event.outcome.patches if patch.category == FILE_CATEGORY
    ]
    return str(names[0]) if names else None
