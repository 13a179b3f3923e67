"""The dask worker of a lent machine: a child process, and what its log says of the connection.

    lend ── launch ──> dask worker (nanny) ── worker process ── unit runner ── decoders

Invariant: the child ends with the process that started it. When `end` returns, no process below this one is
left.
"""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tui_gen.base.detached_call import detached_call
from tui_gen.config.cluster_settings import RESOURCE, TlsFiles
from tui_gen.processes.launching import launch_arguments, send_signal
from tui_gen.processes.orphans import end_descendants

END_SECONDS = 10.0
"""The time in which a dask worker must end after SIGTERM before it is killed."""
LINE_BYTES = 1 << 16

SETTINGS: Mapping[str, str] = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__ADMIN__TICK__CYCLE": "10s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__GIL__ENABLED": "False",
    "DASK_LOGGING__DISTRIBUTED": "info",
    "DASK_DISTRIBUTED__ADMIN__LOG_FORMAT": "%(name)s - %(levelname)s - %(message)s",
}
"""Settings of dask that keep an idle worker idle, and its log readable to `notice_of`."""
ENCRYPTED: Mapping[str, str] = {"DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True"}


@dataclass(frozen=True, slots=True)
class LentMachine:
    """What is lent, and to whom."""

    address: str
    name: str
    workers: int
    port: int | None = None  # of the dask worker; None: any
    tls: TlsFiles | None = None


def worker_command(lent: LentMachine, host: str) -> list[str]:
    """Return the argument list of the dask worker. It imports nothing from the working folder (-P).

    `host` is the address of this machine at which the dask worker listens, and at no other.
    """
    command = [sys.executable, "-P", "-m", "dask", "worker", lent.address, "--name", lent.name]
    command += ["--host", host]
    command += ["--nworkers", "1", "--nthreads", "1", "--memory-limit", "0"]
    command += ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    command += ["--resources", f"{RESOURCE}={lent.workers}"]
    if lent.port is not None:
        command += ["--worker-port", str(lent.port)]
    if lent.tls is not None:
        command += ["--tls-ca-file", lent.tls.ca, "--tls-cert", lent.tls.cert, "--tls-key", lent.tls.key]
    return command


def worker_environment(lent: LentMachine, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the dask worker."""
    return {**environ, **SETTINGS, **(ENCRYPTED if lent.tls is not None else {})}


# ------------------------------------------------------------------------------------ the log

Kind = Literal["connected", "killed", "restarted", "refused", "failed"]
_MEANINGS: Sequence[tuple[re.Pattern[str], Kind, str]] = (
    (re.compile(r"^distributed\.worker - INFO - +Registered to: +\S"), "connected", ""),
    (re.compile(r"name taken, "), "refused", "another machine has this name: choose another one with --name"),
    (
        re.compile(r"^distributed\.worker - ERROR - Unable to connect to scheduler: (.*)"),
        "refused",
        "the scheduler refuses this machine: {}",
    ),
    (
        re.compile(r"^distributed\.nanny - \w+ - Worker process \d+ was killed by signal (\d+)"),
        "killed",
        "the dask worker was killed by signal {}",
    ),
    (re.compile(r"^distributed\.nanny - \w+ - Restarting worker"), "restarted", ""),
    (
        re.compile(r"Address already in use"),
        "refused",
        "another program has the port: choose another one with --port",
    ),
    (re.compile(r"^distributed\.\S+ - (?:ERROR|CRITICAL) - (.*)"), "failed", "{}"),
)
"""What lines of the log mean; the first pattern that fits decides.

"killed" comes before "restarted", and also where dask itself ends a worker. "failed" is an error of any kind:
often not the first cause.
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a line of the log means for the connection."""

    kind: Kind
    reason: str = ""  # why there is no connection


def notice_of(line: str) -> Notice | None:
    """Return what a line of the dask worker's log means, None for lines that mean nothing to a lender."""
    for pattern, kind, words in _MEANINGS:
        if found := pattern.search(line):
            return Notice(kind, words.format(*found.groups()))
    return None


# -------------------------------------------------------------------------------- the process


class WorkerProcess:
    """A started dask worker."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Wrap a process; call `start` instead."""
        assert process.stderr is not None  # noqa: S101 - it is a pipe
        self._process, self._errors = process, process.stderr

    @classmethod
    async def start(cls, command: Sequence[str], environment: Mapping[str, str]) -> WorkerProcess:
        """Start a dask worker from the main thread, in a neutral folder. Raises OSError."""
        # With the flag for devices: it writes files, and maps the memory that it needs.
        process = await asyncio.create_subprocess_exec(
            *launch_arguments("--device"),
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
            start_new_session=True,
            cwd="/",
            env=dict(environment),
        )
        return cls(process)

    async def lines(self) -> AsyncIterator[str]:
        """Yield the lines of the log until the process ends; longer ones are cut."""
        while True:
            try:
                line = await self._errors.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                line = await self._errors.readexactly(error.consumed)
            except asyncio.IncompleteReadError as error:
                if error.partial:
                    yield error.partial.decode("utf-8", "replace").rstrip()
                return
            yield line.decode("utf-8", "replace").rstrip()

    async def wait(self) -> int:
        """Return the exit status, negative for a signal."""
        return await self._process.wait()

    def kill(self) -> None:
        """Kill the process; its own children end with it."""
        send_signal(self._process, signal.SIGKILL)

    async def end(self) -> None:
        """Ask the process to end, wait for it, and kill what is left below this process."""
        send_signal(self._process, signal.SIGTERM)
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()
        await detached_call(end_descendants)
