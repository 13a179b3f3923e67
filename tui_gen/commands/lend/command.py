"""The command: connects this machine to a scheduler, and connects it again whenever the connection is lost.

    connecting ──> connected ──> lost ──> trying again, after a pause of 1, 2, 4 ... 30 s
         └── refused, unreachable ──────────^

It prints a line for each of these events, and no line twice in succession: a scheduler that is away for
days fills no log. A signal ends it, with its dask worker and all that works there.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import NoReturn, TextIO

from tui_gen.base.detached_call import detached_call
from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name, size
from tui_gen.base.uncancelled import uncancelled
from tui_gen.commands.lend.worker_process import (
    Kind,
    LentMachine,
    WorkerProcess,
    notice_of,
    worker_command,
    worker_environment,
)
from tui_gen.config.cluster_address import Address, AddressError, exposure, parse_address, public_addresses
from tui_gen.config.cluster_settings import TlsFiles
from tui_gen.engine.executors.scheduler_probe import DISTRIBUTED, SchedulerError, probe, tls_context
from tui_gen.processes.machine_memory import machine_memory
from tui_gen.processes.orphans import adopt_orphans

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 10.0
"""After a connection that lasted so long, the pauses begin anew."""
LOST = "lost: the connection to the scheduler ended"


@dataclass(frozen=True, slots=True)
class LendRequest:
    """The arguments of the command."""

    address: str
    name: str | None = None  # None: the name of this machine
    workers: int | None = None  # None: one fewer than there are cores
    port: int | None = None
    tls: TlsFiles | None = None


def tls_files(ca: str | None, cert: str | None, key: str | None) -> TlsFiles | None:
    """Return the files of TLS by absolute paths, None without any. Raises RefusedError if one is missing."""
    files = [os.path.abspath(path) for path in (ca, cert, key) if path is not None]  # noqa: PTH100 - links stay
    if not files:
        return None
    if len(files) < len(("ca", "cert", "key")):
        message = "--tls-ca, --tls-cert and --tls-key belong together: give all three, or none"
        raise RefusedError(message)
    return TlsFiles(*files)


def lend(request: LendRequest, *, out: TextIO) -> int:
    """Lend this machine until a signal comes; return the exit code. Raises RefusedError."""
    try:
        address = parse_address(request.address)
    except AddressError as error:
        raise RefusedError(str(error)) from error
    if request.tls is not None and not address.is_encrypted:
        message = f"{address} uses no certificates: leave out --tls-ca, --tls-cert and --tls-key"
        raise RefusedError(message)
    if address.is_encrypted and request.tls is None:
        message = f"{address} needs certificates: give --tls-ca, --tls-cert and --tls-key (docs/cluster.md)"
        raise RefusedError(message)
    if find_spec("distributed") is None:
        message = f"lend needs {DISTRIBUTED}"
        raise RefusedError(message)
    if request.tls is not None:
        tls_context(request.tls)
    cores = len(os.sched_getaffinity(0))
    lent = LentMachine(
        str(address),
        request.name or socket.gethostname(),
        request.workers or max(1, cores - 1),
        request.port,
        request.tls,
    )
    adopt_orphans()
    return asyncio.run(_Lender(lent, address, out).run(cores))


def pauses() -> Iterator[float]:
    """Yield the pauses between attempts, in seconds."""
    pause = 1.0
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


@dataclass(slots=True)
class _Lender:
    """A machine that is lent."""

    lent: LentMachine
    address: Address
    out: TextIO
    received: list[int] = field(default_factory=list)  # signals, in order
    _said: str = ""
    _worker: WorkerProcess | None = None
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, cores: int) -> int:
        """Lend the machine until a signal comes; return the exit code."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            # nohup and service managers ignore a signal on purpose: leave it ignored.
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._obey, number)
        workers = "1 worker" if self.lent.workers == 1 else f"{self.lent.workers} workers"
        memory = size(machine_memory().total_bytes)
        self._say(f"lending {self.lent.name}: {workers}, {cores} cores, {memory} of memory")
        lending = asyncio.create_task(self._lend(), name="lending")
        ended = asyncio.create_task(self._ended.wait(), name="signal")
        await asyncio.wait({lending, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        lending.cancel()
        with suppress(asyncio.CancelledError):
            await lending
        name = signal.Signals(self.received[0]).name
        self._say(f"received {name}: {self.lent.name} is lent no more")
        return 128 + self.received[0]

    def _obey(self, number: int) -> None:
        """End at the first signal, and without waiting for the dask worker at the second one."""
        self.received.append(number)
        self._ended.set()
        if len(self.received) > 1 and self._worker is not None:
            self._worker.kill()

    def _say(self, text: str) -> None:
        """Write an event with its time, unless it is the one that was written last."""
        if text != self._said:
            self._said = text
            self.out.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {display_name(text)}\n")
            self.out.flush()

    async def _lend(self) -> NoReturn:
        """Connect, and connect again after each end."""
        if found := await detached_call(lambda: public_addresses(self.address)):
            self._say(f"warning: {exposure(found)}")
        self._say(f"connecting to {self.lent.address}")
        waits = pauses()
        while True:
            began = time.monotonic()
            reason = await self._stay()
            if time.monotonic() - began > STEADY_SECONDS:
                waits = pauses()
            pause = next(waits)
            self._say(f"{reason}; trying again in {pause:.0f} s")
            await asyncio.sleep(pause)

    async def _stay(self) -> str:
        """Stay connected for as long as possible; return why that ended."""
        try:
            host = await probe(self.address, self.lent.tls)
            worker = self._worker = await WorkerProcess.start(
                worker_command(self.lent, host), worker_environment(self.lent, os.environ)
            )
        except (SchedulerError, RefusedError) as error:
            return str(error)
        except OSError as error:
            return f"the dask worker cannot be started: {error.strerror}"
        try:
            return await self._follow(worker)
        finally:
            self._worker = None
            await uncancelled(worker.end())

    async def _follow(self, worker: WorkerProcess) -> str:
        """Report what happens to the connection until the dask worker ends; return why it ended."""
        reasons = dict[Kind, str]()
        was_connected = False
        async for line in worker.lines():
            notice = notice_of(line)
            if notice is None:
                continue
            if notice.kind == "connected":
                was_connected = True
                reasons.clear()
                self._say(f"connected to {self.lent.address}")
            elif notice.kind == "restarted" and was_connected:
                self._say(f"lost: {reasons.get('killed', 'the dask worker ended')}; it is started again")
            else:
                reasons.setdefault(notice.kind, notice.reason)
        if "refused" in reasons:
            return reasons["refused"]
        if was_connected:
            return LOST
        return reasons.get("failed") or f"the dask worker ended with exit status {await worker.wait()}"
