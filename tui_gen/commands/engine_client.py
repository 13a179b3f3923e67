"""Finds the engine of an output folder, starts one in a session of its own, and talks to it.

The engine is a process that no terminal owns: a dropped line or a crashed screen touches nothing.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.contract.job import JobConfig
from tui_gen.engine.control.server import ControlClient, ControlError
from tui_gen.engine.run.session import LOCK_NAME
from tui_gen.engine.storage.lock import is_held, read_holder

START_SECONDS = 120.0
LOOK_SECONDS = 0.05
OUTPUT_NAME = "engine.out"
LINES_SHOWN = 12


def is_running(config: JobConfig) -> bool:
    """Return whether an engine works on the configuration's output folder."""
    return is_held(config.run.run_folder / LOCK_NAME)


async def attach(config: JobConfig) -> ControlClient:
    """Return a connected client of the running engine. Raises ControlError."""
    holder = read_holder(config.run.run_folder / LOCK_NAME)
    if holder is None or not holder.socket:
        start_it = f"tui-gen {shlex.quote(str(config.run.path))}"
        message = f"{config.run.output}: no engine is running here; start one with: {start_it}"
        raise ControlError(message)
    client = ControlClient(Path(holder.socket))
    await client.connect()
    return client


@dataclass(slots=True)
class StartedEngine:
    """An engine process that was started and may still be on its way up."""

    process: subprocess.Popen[bytes]
    output: Path

    def last_lines(self) -> tuple[str, ...]:
        """Return what it said last."""
        return last_lines(self.output)


def last_lines(path: Path) -> tuple[str, ...]:
    """Return the last lines of a log; none where there is no log."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 8192))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ()
    return tuple(text.splitlines()[-LINES_SHOWN:])


def start(config: JobConfig, flags: Sequence[str]) -> StartedEngine:
    """Start an engine in a session of its own. What it says goes to a file until its log is open."""
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile(prefix="tui-gen-", suffix=".out", delete=False) as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "tui_gen", "run", str(config.run.path), "--detached", *flags],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return StartedEngine(process, Path(said.name))


async def start_and_attach(config: JobConfig, flags: Sequence[str]) -> tuple[ControlClient, StartedEngine]:
    """Start an engine and wait until it answers. Raises RefusedError with what it said instead."""
    engine = start(config, flags)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        code = engine.process.poll()
        if code is not None:
            said = "\n".join(engine.last_lines())
            engine.output.unlink(missing_ok=True)
            message = said.removeprefix("tui-gen: ") or f"the engine ended with {code}"
            raise RefusedError(message)
        try:
            return await attach(config), engine
        except ControlError:
            await asyncio.sleep(LOOK_SECONDS)
    engine.process.terminate()
    message = f"the engine did not answer for {START_SECONDS:.0f} s; see {engine.output}"
    raise RefusedError(message)
