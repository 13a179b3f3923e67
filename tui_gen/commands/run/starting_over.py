"""Starts a run over: renames the results of earlier runs. No file is deleted."""

from __future__ import annotations

import contextlib
import time

from tui_gen.base.errors import RefusedError
from tui_gen.contract.job import JobConfig
from tui_gen.engine.run.session import LEDGER_NAME, LOCK_NAME, replay
from tui_gen.engine.storage.lock import is_held


def archive_previous(config: JobConfig) -> None:
    """Rename the ledger and the category folders to `.<date>`, so that a run starts over.

    Raises RefusedError if an engine runs there. No file is deleted.
    """
    if is_held(config.run.run_folder / LOCK_NAME):
        message = f"{config.run.run_folder}: an engine is working here; stop it before starting over"
        raise RefusedError(message)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    with contextlib.ExitStack() as taken_back:
        for path in (config.run.run_folder / LEDGER_NAME, *config.run.category_folders):
            kept = path.with_name(f"{path.name}.{stamp}")
            try:
                path.rename(kept)
            except FileNotFoundError:
                continue
            except OSError as error:
                message = f"{path}: cannot be renamed ({error.strerror}); nothing was changed"
                raise RefusedError(message) from error
            taken_back.callback(kept.rename, path)
        taken_back.pop_all()


def what_stands(config: JobConfig) -> tuple[int, int]:
    """Return the number of patches and bytes in the ledger of a configuration's output folder."""
    state, _ = replay(config.run.run_folder)
    categories = state.categories.values()
    return sum(c.images for c in categories), sum(c.size_bytes for c in categories)
