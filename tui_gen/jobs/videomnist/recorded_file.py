"""The HDF5 file of the last assembly, by the name in the ledger: the configured name may have changed."""

from __future__ import annotations

from pathlib import Path

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Made
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.engine.storage.ledger import read_events
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.units import FILE_CATEGORY


def recorded_file(settings: Settings) -> Path | None:
    """Return the file that the last assembly wrote, or None if no assembly ended. Raises OSError.

    Reads the whole ledger.
    """
    name = None
    for event in read_events(settings.run_folder / LEDGER_NAME, on_damage=[]):
        if isinstance(event, ev.ClipEnded) and isinstance(event.outcome, Made):
            for patch in event.outcome.patches:
                if patch.category == FILE_CATEGORY:
                    name = patch.record["files"]["h5"]
    return None if name is None else settings.output / name
