"""Finds the engine of an output folder, starts one in its own session, and connects to it.

The engine belongs to no terminal: a lost connection or a crashed screen does not affect it. Invariant: no
function here ends an engine. An engine that cannot be reached is observed through its status file.
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
"""The time to wait for a starting engine's refusal before the screen opens."""
SOCKET_SECONDS = 6.0
"""An engine that has worked this long without a socket will not get one."""
LOOK_SECONDS = 0.05


class NoEngineError(ControlError):
    """No engine runs on the output folder."""


def no_engine(config: RunConfig) -> NoEngineError:
    """Return an error that says how to start an engine."""
    return NoEngineError(start_words(str(config.output), str(config.path)))


def start_words(output: str, config: str) -> str:
    """Return in one sentence that no engine works on an output folder, and how to start one."""
    return f"{output}: no engine is running here; start one with: tui-gen {shlex.quote(config)}"


def is_running(config: RunConfig) -> bool:
    """Return whether an engine runs on the configuration's output folder."""
    return is_held(config.run_folder / LOCK_NAME)


async def attach(config: RunConfig) -> ControlClient:
    """Return a client that has read the engine's version. Raises NoEngineError, ControlError."""
    client = await _client(config)
    try:
        await client.connect()
    except ControlError:
        await client.close()
        raise
    return client


async def open_client(config: RunConfig) -> ControlClient:
    """Return a client that has read nothing yet. Raises NoEngineError, ControlError."""
    client = await _client(config)
    await client.open()
    return client


async def _client(config: RunConfig) -> ControlClient:
    return ControlClient(await detached_call(lambda: _socket_of(config)))


def _socket_of(config: RunConfig) -> Path:
    """Return the path of the engine's socket. Raises NoEngineError, ControlError."""
    lock = config.run_folder / LOCK_NAME
    try:
        if not is_held(lock):
            raise no_engine(config)
        holder = read_holder(lock)
    except OSError as error:
        message = f"{lock}: cannot be read ({error.strerror})"
        raise ControlError(message) from error
    if holder is not None and holder.socket:
        return Path(holder.socket)
    pid = str(holder.pid) if holder is not None else "PID"
    message = (
        f"the engine of {config.output} has no control socket: it starts or ends at this moment, or "
        f"{config.run_folder / LOG_NAME} says why; "
        f"`kill -TERM {pid}` finishes the work in hand, saves and ends the engine"
    )
    raise ControlError(message)


# ---------------------------------------------------------------------------------------- starting


@dataclass(slots=True)
class StartedEngine:
    """An engine process that this process started."""

    process: subprocess.Popen[bytes]
    _output: int  # an anonymous file: the engine's output until its log is open

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while the process runs."""
        return self.process.poll()

    @property
    def is_locked_out(self) -> bool:
        """Whether it has ended because another engine works on the output folder."""
        return self.exit_code == ExitCode.LOCKED

    def last_lines(self) -> tuple[str, ...]:
        """Return the last lines of its output, oldest first."""
        size = os.fstat(self._output).st_size
        return last_lines(os.pread(self._output, TAIL_BYTES, max(0, size - TAIL_BYTES)))

    def refusal(self) -> str | None:
        """Return why the engine refused to start, or None."""
        if self.exit_code != ExitCode.REFUSED:
            return None
        return "\n".join(self.last_lines()).removeprefix("tui-gen: ") or "the engine refused without a reason"

    def close(self) -> None:
        """Close the file of its output."""
        os.close(self._output)

    def ending(self) -> tuple[str, ...]:
        """Return one line about how the engine ended; empty while it runs."""
        code = self.exit_code
        if code is None:
            return ()
        how = f"signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"exit code {code}"
        return (f"the engine ended with {how}",)


class _EngineProcess(subprocess.Popen[bytes]):
    """A child that may outlive its parent without a warning."""

    def __del__(self) -> None:
        """Do not wait for the engine and do not warn."""


def engine_command(config: RunConfig, flags: Sequence[str]) -> list[str]:
    """Return the argument list that starts an engine. It imports nothing from the working folder (-P)."""
    return [sys.executable, "-P", "-m", "tui_gen", "run", str(config.path), "--detached", *flags]


def start(config: RunConfig, flags: Sequence[str]) -> StartedEngine:
    """Start an engine in its own session. Raises OSError."""
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
    """Start an engine and wait until it can be observed. Raises RefusedError with its reason."""
    engine = start(config, flags)
    await wait_for_start(config, engine)
    refusal = engine.refusal()
    if refusal is None and flags and engine.is_locked_out:
        refusal = "\n".join(engine.last_lines()).removeprefix("tui-gen: ")
    if refusal is not None:
        raise RefusedError(refusal)
    return engine


async def wait_for_start(config: RunConfig, engine: StartedEngine) -> None:
    """Wait until a started engine answers, ends, works without a socket, or the time is over.

    The answer of another engine does not end the wait: only the started engine knows whether it is refused.
    """
    deadline = time.monotonic() + START_SECONDS
    next_look = time.monotonic() + SOCKET_SECONDS
    was_at_work = False
    while engine.exit_code is None and time.monotonic() < deadline:
        if await _answers(config, engine):
            return
        await asyncio.sleep(LOOK_SECONDS)
        if time.monotonic() >= next_look:
            if was_at_work:
                return
            was_at_work = await _is_at_work(config, engine)
            next_look = time.monotonic() + SOCKET_SECONDS


async def _answers(config: RunConfig, engine: StartedEngine) -> bool:
    """Return whether a started engine has the lock and answers."""
    holder = await detached_call(lambda: read_holder(config.run_folder / LOCK_NAME))
    if holder is None or holder.pid != engine.pid:
        return False
    try:
        client = await open_client(config)
    except ControlError:
        return False
    await client.close()
    return True


async def _is_at_work(config: RunConfig, engine: StartedEngine) -> bool:
    """Return whether a started engine has written its status."""
    try:
        return (await load_status(config.status_path, time.time())).state.pid == engine.pid
    except StatusError:
        return False
