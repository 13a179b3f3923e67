"""Tests whether a run could write its own files, by the operations of a run. No file is left behind.

No engine may be running in the run folder.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from tui_gen.base.files import nearest_existing, open_to_update
from tui_gen.engine.run.run_log import LOG_NAME
from tui_gen.engine.run.session import LEDGER_NAME, LOCK_NAME


def try_to_write(output: Path, run_folder: Path, status_path: Path) -> None:
    """Open the files that a run updates, and make and rename other files beside them. Raises OSError."""
    for path in (run_folder / LOCK_NAME, run_folder / LEDGER_NAME, run_folder / LOG_NAME):
        if path.exists():
            os.close(open_to_update(path))
    for folder in dict.fromkeys((output, run_folder, status_path.parent)):
        if folder.is_dir():
            _make_and_rename_a_file(folder)
        else:
            _make_a_folder(nearest_existing(folder))


def _make_and_rename_a_file(folder: Path) -> None:
    beside, place = _unused(folder), _unused(folder)
    made = beside
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    try:
        made = beside.rename(place)
    finally:
        made.unlink()


def _make_a_folder(above: Path) -> None:
    folder = _unused(above)
    folder.mkdir()
    folder.rmdir()


def _unused(folder: Path) -> Path:
    return folder / f".check-{secrets.token_hex(8)}"
