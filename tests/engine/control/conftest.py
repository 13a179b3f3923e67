"""A served engine, and temporary files in a folder with a short name."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.engine.toy import Bench
from tui_gen.engine.control import server
from tui_gen.engine.model.history import History
from tui_gen.engine.storage.lock import Lock, read_holder


@pytest.fixture(autouse=True)
def private_tmp(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    tmp_path_factory.getbasetemp()  # chosen before the folder for temporaries is another
    # Not in `tmp_path`: its name may be so long that a socket in it cannot have one.
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr("tempfile.tempdir", folder)
        yield Path(folder)
        monkeypatch.undo()


@asynccontextmanager
async def served(
    bench: Bench, run_folder: Path, history: History | None = None
) -> AsyncIterator[tuple[Path, Lock]]:
    run_folder.mkdir(exist_ok=True)
    lock = Lock(run_folder / "lock")
    serving = server.ControlServer(
        bench.steering, run_folder=run_folder, lock=lock, history=history or History()
    )
    task = asyncio.create_task(serving.run())
    while not (found := read_holder(lock.path)) or not found.socket:
        assert not task.done(), task
        await asyncio.sleep(0)
    try:
        yield Path(found.socket), lock
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        lock.release()
