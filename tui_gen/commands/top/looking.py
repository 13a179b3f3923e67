"""Looks at several runs: reads their locks and status files, and asks an engine only where its files are.

    given configurations ─┐
                          ├─> runs ─> lock, status file ─> rows
    engines found here  ──┘

If the status file of a found engine is not in its usual place, the engine is asked for its configuration: one
small request at a look, until it answers. Nothing else is asked. A disk that hangs delays no other row.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tui_gen.base.detached_call import detached_call
from tui_gen.base.errors import RefusedError
from tui_gen.commands.engine_client import start_words
from tui_gen.commands.top.engines import engines_of_others, open_run_folders
from tui_gen.config.run_config import STATUS_NAME, RunConfig
from tui_gen.contract.registry import read_config
from tui_gen.engine.control.client import ControlClient
from tui_gen.engine.control.protocol import ControlError
from tui_gen.engine.run.session import LOCK_NAME
from tui_gen.engine.storage.lock import Holder, is_held, read_holder
from tui_gen.engine.storage.status_reader import HeartbeatWatch, StatusError, StatusSnapshot, load_status
from tui_gen.views.text.run_rows import RunRow, RunsSeen, with_status

DISK_SECONDS = 5.0
"""A look waits so long for a disk; later looks do not wait for the same answer again."""
ENGINE_SECONDS = 1.0
"""A look waits so long for an engine, and asks again at the next look."""
SIGN_SECONDS, AGAIN_SECONDS = 3.0, 0.3
"""A live engine writes its status within the first time."""


@dataclass(slots=True)
class _Run:
    """One run, and what is remembered between looks."""

    run_folder: Path
    status_path: Path
    row: RunRow  # without a status
    config: RunConfig | None = None  # None: an engine that was found
    heartbeats: HeartbeatWatch = field(default_factory=HeartbeatWatch)
    asked_pid: int | None = None  # of the engine that has told its configuration
    look: asyncio.Task[RunRow | None] | None = None


class Runs:
    """The runs of the given configurations, or else those of the engines of this machine.

    An engine that was found stays in the list when it ends, with its last state.
    """

    def __init__(self, configs: Sequence[RunConfig] = ()) -> None:
        """List `configs`; without any, look for engines."""
        given = [_given(config) for config in {config.path: config for config in configs}.values()]
        self._runs: dict[str, _Run] = {run.row.key: run for run in given}
        self._are_given = bool(configs)

    async def look(self) -> RunsSeen:
        """Return how all runs stand now, within about DISK_SECONDS."""
        others = None
        if not self._are_given:
            for folder in await detached_call(open_run_folders):
                self._runs.setdefault(str(folder), _found(folder))
            others = await detached_call(engines_of_others)
        begun = [look for run in self._runs.values() if (look := _begun(run)) is not None]
        if begun:
            await asyncio.wait(begun, timeout=DISK_SECONDS)
        rows = [(run, _row_of(run)) for run in self._runs.values()]
        shown = [row for _, row in rows if row is not None]
        for run, row in rows:
            if row is None:
                del self._runs[run.row.key]
        return RunsSeen(
            tuple(shown if self._are_given else sorted(shown, key=lambda row: row.output)), others
        )

    async def look_once(self) -> RunsSeen:
        """Return how all runs stand; after a step of the clock, wait for heartbeats that only look old."""
        deadline = time.monotonic() + SIGN_SECONDS
        while True:
            seen = await self.look()
            is_old = any(row.verdict is not None and row.verdict.kind == "silent" for row in seen.rows)
            if not is_old or time.monotonic() >= deadline:
                return seen
            await asyncio.sleep(AGAIN_SECONDS)


def _begun(run: _Run) -> asyncio.Task[RunRow | None] | None:
    """Begin to look at a run; return None if the last look still waits for an answer."""
    if run.look is not None and not run.look.done():
        return None
    run.look = asyncio.get_running_loop().create_task(_look(run))
    return run.look


def _given(config: RunConfig) -> _Run:
    row = RunRow(str(config.path), str(config.output), str(config.path), "NO RUN", job=config.job)
    return _Run(config.run_folder, config.status_path, row, config)


def _found(run_folder: Path) -> _Run:
    row = RunRow(str(run_folder), str(run_folder.parent), "", "STARTING")
    return _Run(run_folder, run_folder.parent / STATUS_NAME, row)


def _row_of(run: _Run) -> RunRow | None:
    look = run.look
    if look is None or not look.done():
        return replace(run.row, word="NO ANSWER", note="no answer from the disk of this folder yet")
    return look.result()


async def _look(run: _Run) -> RunRow | None:
    """Return a run's row; None for a lock that turns out to be no engine's."""
    lock = run.run_folder / LOCK_NAME
    try:
        held = await detached_call(lambda: is_held(lock))
        holder = await detached_call(lambda: read_holder(lock)) if held else None
    except (RefusedError, OSError) as error:
        return replace(run.row, word="UNKNOWN", note=str(error))
    seen, trouble = await _status(run)
    is_of_engine = seen is not None and holder is not None and seen.state.pid == holder.pid
    if run.config is None and holder is not None and not is_of_engine and run.asked_pid != holder.pid:
        await _ask(run, holder)
        seen, trouble = await _status(run)
        is_of_engine = seen is not None and seen.state.pid == holder.pid
    if run.config is None and not held and seen is None:
        return None
    if held and not is_of_engine:
        pid = holder.pid if holder is not None else None
        return replace(run.row, word="STARTING", note="The engine has begun", pid=pid, is_engine_there=True)
    row = with_status(run.row, seen) if seen is not None else replace(run.row, note=trouble)
    return replace(row, is_engine_there=held, start_hint="" if held else start_words(row.output, row.config))


async def _status(run: _Run) -> tuple[StatusSnapshot | None, str]:
    """Return the contents of a run's status file, or None and why there are none."""
    try:
        return await load_status(run.status_path, time.time(), run.heartbeats), ""
    except StatusError as error:
        return None, str(error).removeprefix(f"{run.status_path}: ")


async def _ask(run: _Run, holder: Holder) -> None:
    """Ask an engine for its configuration, and read there where its status file is.

    An engine without a socket, and one that does not answer yet, is asked again at the next look.
    """
    if not holder.socket:
        return
    client = ControlClient(Path(holder.socket))
    try:
        async with asyncio.timeout(ENGINE_SECONDS):
            await client.open()
            said = await client.raw_state()
    except (ControlError, TimeoutError):
        return
    finally:
        await client.close()
    path, run.asked_pid = str(said.get("config", "")), holder.pid
    run.row = replace(run.row, config=path, job=str(said.get("job", "")))
    try:
        config = await detached_call(lambda: read_config(Path(path)))
    except RefusedError:  # changed since: the usual place is left
        return
    if config.run.run_folder.resolve() == run.run_folder:
        run.status_path = config.run.status_path
