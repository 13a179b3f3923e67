"""Finds the engine of an output folder, starts one in a session of its own, and reaches it.

The engine is a process that no terminal owns: a dropped line or a crashed screen touches nothing.
Invariant: nothing here ends an engine. An engine that cannot be reached is looked at through its status file.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_gen.base.detached_call import detached_call
from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.commands.log_tail import TAIL_BYTES, last_lines
from tui_gen.config.run_config import RunConfig
from tui_gen.engine.control.client import ControlClient
from tui_gen.engine.control.protocol import ControlError
from tui_gen.engine.run.run_log import LOG_NAME
from tui_gen.engine.run.session import LOCK_NAME
from tui_gen.engine.storage.lock import is_held, read_holder
from tui_gen.engine.storage.status_reader import StatusError, load_status

START_SECONDS = 120.0
"""So long a refusal of an engine on its way up is waited for before the screen opens."""
SOCKET_SECONDS = 6.0
"""An engine that works and has no socket for so long cannot have one now."""
LOOK_SECONDS = 0.05


class NoEngineError(ControlError):
    """No engine works on the output folder."""


def is_running(config: RunConfig) -> bool:
    """Return whether an engine works on the configuration's output folder."""
    return is_held(config.run_folder / LOCK_NAME)


async def attach(config: RunConfig) -> ControlClient:
    """Return a client that knows the engine's version. Raises NoEngineError, ControlError."""
    client = await _client(config)
    try:
        await client.connect()
    except ControlError:
        await client.close()
        raise
    return client


async def open_client(config: RunConfig) -> ControlClient:
    """Return a client that knows no version yet. Raises NoEngineError, ControlError."""
    client = await _client(config)
    await client.open()
    return client


async def _client(config: RunConfig) -> ControlClient:
    return ControlClient(await detached_call(lambda: _socket_of(config)))


def _socket_of(config: RunConfig) -> Path:
    """Return where the engine's socket lies. Raises NoEngineError, ControlError."""
    lock = config.run_folder / LOCK_NAME
    try:
        if not is_held(lock):
            start_it = f"tui-gen {shlex.quote(str(config.path))}"
            message = f"{config.output}: no engine is running here; start one with: {start_it}"
            raise NoEngineError(message)
        holder = read_holder(lock)
    except OSError as error:
        message = f"{lock}: cannot be read ({error.strerror})"
        raise ControlError(message) from error
    if holder is not None and holder.socket:
        return Path(holder.socket)
    pid = str(holder.pid) if holder is not None else "PID"
    message = (
        f"the engine of {config.output} has no control socket: {config.run_folder / LOG_NAME} says why; "
        f"`kill -TERM {pid}` finishes the work in hand, saves and ends the engine"
    )
    raise ControlError(message)


# ---------------------------------------------------------------------------------------- starting


@dataclass(slots=True)
class StartedEngine:
    """An engine process that was started from here."""

    process: subprocess.Popen[bytes]
    _output: int  # an anonymous file: what the engine says until its log is open

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        """What it ended with, negative for a signal; None while it works."""
        return self.process.poll()

    def last_lines(self) -> tuple[str, ...]:
        """Return what it said last, oldest first."""
        size = os.fstat(self._output).st_size
        return last_lines(os.pread(self._output, TAIL_BYTES, max(0, size - TAIL_BYTES)))

    def refusal(self) -> str | None:
        """Return why it refused to work, or None where it did not refuse."""
        if self.exit_code != ExitCode.REFUSED:
            return None
        return "\n".join(self.last_lines()).removeprefix("tui-gen: ") or "the engine refused without a reason"

    def close(self) -> None:
        """Forget what it said."""
        os.close(self._output)

    def ending(self) -> tuple[str, ...]:
        """Return how it ended, in one line; none while it works."""
        code = self.exit_code
        if code is None:
            return ()
        how = f"signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"exit code {code}"
        return (f"the engine ended with {how}",)


class _EngineProcess(subprocess.Popen[bytes]):
    """A child that outlives its parent, which is no mistake to warn of."""

    def __del__(self) -> None:
        """Leave the engine alone."""


def engine_command(config: RunConfig, flags: Sequence[str]) -> list[str]:
    """Return the argument list that starts an engine."""
    return [sys.executable, "-m", "tui_gen", "run", str(config.path), "--detached", *flags]


def start(config: RunConfig, flags: Sequence[str]) -> StartedEngine:
    """Start an engine in a session of its own. Raises OSError."""
    output = os.memfd_create("tui-gen-engine")
    process = _EngineProcess(
        engine_command(config, flags),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    return StartedEngine(process, output)


async def start_and_wait(config: RunConfig, flags: Sequence[str]) -> StartedEngine:
    """Start an engine, and wait until it can be looked at. Raises RefusedError with its reason."""
    engine = start(config, flags)
    await wait_for_start(config, engine)
    refusal = engine.refusal()
    if refusal is None and flags and engine.exit_code == ExitCode.LOCKED:
        refusal = "\n".join(engine.last_lines()).removeprefix("tui-gen: ")
    if refusal is not None:
        raise RefusedError(refusal)
    return engine


async def wait_for_start(config: RunConfig, engine: StartedEngine) -> None:
    """Wait until a started engine answers, has ended, works without a socket, or the time is over."""
    deadline = time.monotonic() + START_SECONDS
    next_look = time.monotonic() + SOCKET_SECONDS
    was_at_work = False
    while engine.exit_code is None and time.monotonic() < deadline:
        try:
            client = await open_client(config)
        except ControlError:
            await asyncio.sleep(LOOK_SECONDS)
        else:
            await client.close()
            return
        if time.monotonic() >= next_look:
            if was_at_work:
                return
            was_at_work = await _is_at_work(config, engine)
            next_look = time.monotonic() + SOCKET_SECONDS


async def _is_at_work(config: RunConfig, engine: StartedEngine) -> bool:
    """Tell whether a started engine has written its status."""
    try:
        return (await load_status(config.status_path, time.time())).state.pid == engine.pid
    except StatusError:
        return False
