"""Starts a run over: renames the results of earlier runs. No file is deleted."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.contract.job import JobConfig
from tui_gen.engine.run.session import LEDGER_NAME, LOCK_NAME, replay
from tui_gen.engine.storage.lock import Lock, LockedError


def archive_previous(config: JobConfig) -> None:
    """Rename the ledger and the category folders to `.<date>`, so that a run starts over.

    Raises RefusedError if an engine runs there. No file is deleted.
    """
    with _alone(config.run.run_folder):
        _rename_results(config)


@contextlib.contextmanager
def _alone(run_folder: Path) -> Iterator[None]:
    """Hold the lock of a run folder, so that no engine begins while its ledger is renamed."""
    if not run_folder.is_dir():
        yield
        return
    try:
        lock = Lock(run_folder / LOCK_NAME)
    except LockedError as error:
        message = f"{run_folder}: an engine is working here; stop it before starting over"
        raise RefusedError(message) from error
    except OSError as error:
        message = f"{run_folder / LOCK_NAME}: cannot be locked ({error.strerror}); nothing was changed"
        raise RefusedError(message) from error
    try:
        yield
    finally:
        lock.release()


def _rename_results(config: JobConfig) -> None:
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
    images = sum(c.images for c in categories if config.nouns.is_image(c.name))
    return images, sum(c.size_bytes for c in categories)
