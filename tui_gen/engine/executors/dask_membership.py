"""The connection to a dask scheduler: which dask workers are lent, and actors on them."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import socket
import uuid
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_gen.base.detached_call import detached_call
from tui_gen.base.errors import RefusedError, reason_of
from tui_gen.config.cluster_settings import RESOURCE, ClusterSettings
from tui_gen.engine.executors.link import LinkLostError
from tui_gen.engine.executors.post import Post
from tui_gen.engine.executors.post_link import PostLink, answered
from tui_gen.engine.executors.scheduler_probe import DISTRIBUTED

if TYPE_CHECKING:
    from distributed import Client

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0
START_TICKS = 45
"""The longest time in seconds for a unit runner to start, and for the one before it to end."""
BUSY_SECONDS = 5.0
"""The time before a machine that works for another run is asked again."""
LOGGERS = ("distributed", "distributed.client", "distributed.gc", "bokeh", "tornado", "tornado.application")


class BusyError(RefusedError):
    """A machine works for another run."""


@dataclass(frozen=True, slots=True)
class LentWorker:
    """A dask worker that lends its machine."""

    name: str
    address: str
    workers: int


def owner_of(output: Path) -> str:
    """Return the name under which a machine works for an output folder."""
    return f"{socket.gethostname()}:{os.path.realpath(output)}"


class Membership:
    """A connection to the scheduler, which is made again when it is lost."""

    def __init__(self, settings: ClusterSettings, owner: str) -> None:
        """Keep the address; `open` connects."""
        self._settings, self._owner = settings, owner
        self._client: Client | None = None

    async def open(self) -> None:
        """Connect. Raises RefusedError."""
        address = self._settings.address
        if not address.startswith(("tcp://", "tls://")):
            message = f'{address}: not an address of a dask scheduler; it has the form "tcp://HOST:PORT"'
            raise RefusedError(message)
        if address.startswith("tls://") != (self._settings.tls is not None):
            message = f"{address}: certificates belong to an address that begins with tls://, and only to one"
            raise RefusedError(message)
        try:
            self._client = await self._connected()
        except ImportError as error:
            message = f"several machines need {DISTRIBUTED}"
            raise RefusedError(message) from error
        except (OSError, ValueError, LinkLostError) as error:
            message = f"{address}: no dask scheduler answers there ({_innermost(error)})"
            raise RefusedError(message) from error

    async def close(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            await _closed(client)

    async def workers(self) -> Mapping[str, LentWorker]:
        """Return the dask workers that are lent, by name. Raises LinkLostError."""
        client = await self._running_client()
        scheduler: Any = client.scheduler
        try:
            identity = await answered(scheduler.identity(n_workers=-1))
        except OSError as error:
            raise LinkLostError(reason_of(error), "gone") from error
        found = (_lent(address, worker) for address, worker in identity["workers"].items())
        return {lent.name: lent for lent in found if lent is not None}

    async def connect(self, address: str, *, takes_over: bool) -> PostLink:
        """Start a unit runner on a dask worker. Raises LinkLostError and RefusedError."""
        client = await self._running_client()
        future = client.submit(
            Post,
            self._owner,
            actor=True,
            key=f"tui-gen-{uuid.uuid4().hex}",
            workers=[address],
            allow_other_workers=False,
            retries=0,
        )
        try:
            post = await answered(future)
            holder = await answered(post.start(takes_over=takes_over), ticks=START_TICKS)
        except Exception as error:
            future.release()
            raise _not_started(error) from error
        if holder:
            future.release()
            message = f"it works for {holder}"
            raise BusyError(message)
        return PostLink(post, future.release)

    async def _running_client(self) -> Client:
        """Return the client, or a new one if it has given up. Raises LinkLostError."""
        if self._client is not None and self._client.status == "closed":
            await self.close()
        if self._client is None:
            try:
                self._client = await self._connected()
            except OSError as error:
                raise LinkLostError(_innermost(error), "gone") from error
            log.warning("%s: connected again", self._settings.address)
        if self._client.status != "running":
            message = "the scheduler does not answer"
            raise LinkLostError(message, "gone")
        return self._client

    async def _connected(self) -> Client:
        """Return a client. Raises ImportError, OSError, ValueError and LinkLostError."""
        await detached_call(lambda: importlib.import_module("distributed"))  # it takes a second
        from distributed import Client
        from distributed.security import Security
        from distributed.versions import VersionMismatchWarning

        _keep_quiet()
        # A machine is judged by what it makes, and a warning would be printed across the screen.
        warnings.filterwarnings("ignore", category=VersionMismatchWarning)
        tls = self._settings.tls
        security = None
        if tls is not None:
            security = Security(
                tls_ca_file=tls.ca, tls_client_cert=tls.cert, tls_client_key=tls.key, require_encryption=True
            )
        client = Client(
            self._settings.address,
            asynchronous=True,
            timeout=CONNECT_SECONDS,
            security=security,
            set_as_default=True,  # actors look for it
            name=RESOURCE,
        )
        try:
            await answered(_opened(client), ticks=int(CONNECT_SECONDS) + 5)
        except BaseException:
            await _closed(client)
            raise
        return client


class DaskConnector:
    """Makes the connections to one machine while its dask worker is there."""

    def __init__(self, membership: Membership) -> None:
        """Keep the connection to the scheduler; `turn` says where the machine is."""
        self._membership = membership
        self._address: str | None = None
        self._news = asyncio.Event()
        self._is_busy = False

    def turn(self, address: str | None) -> None:
        """Set the address of the machine's dask worker, None while there is none."""
        if address != self._address:
            self._address = address
            self.allow()

    def allow(self) -> None:
        """Permit another attempt."""
        self._news.set()

    async def present(self) -> None:
        """Wait until there is a dask worker."""
        while self._address is None:
            self._news.clear()
            await self._news.wait()

    async def connect(self) -> PostLink:
        """Start a unit runner. Raises LinkLostError and RefusedError."""
        self._news.clear()
        self._is_busy = False
        if self._address is None:
            message = "its dask worker is gone"
            raise LinkLostError(message, "gone")
        try:
            return await self._membership.connect(self._address, takes_over=True)
        except BusyError:
            self._is_busy = True
            raise

    async def changed(self) -> None:
        """Wait for another dask worker or for `allow`; for some time if the machine works for another run."""
        try:
            async with asyncio.timeout(BUSY_SECONDS if self._is_busy else None):
                await self._news.wait()
        except TimeoutError:
            return


def _lent(address: str, worker: Mapping[str, Any]) -> LentWorker | None:
    amount = worker.get("resources", {}).get(RESOURCE)
    if not amount:
        return None
    return LentWorker(str(worker.get("name") or address), address, int(amount))


def _not_started(error: Exception) -> Exception:
    """Return the error for a unit runner that could not be started."""
    if isinstance(error, LinkLostError):
        return error
    if isinstance(error, (ImportError, AttributeError, TypeError)):
        message = f"it has another version of the program, or none: {reason_of(error)}"
        return RefusedError(message)
    return LinkLostError(reason_of(error), "gone")


async def _opened(client: Client) -> None:
    await client


async def _closed(client: Client) -> None:
    try:
        await answered(client.close(timeout=2))
    except Exception:  # of any kind: nothing is left to be done
        log.exception("closing the connection to the scheduler")


def _innermost(error: BaseException) -> str:
    """Return the reason of the first of a chain of errors."""
    while error.__cause__ is not None:
        error = error.__cause__
    return reason_of(error)


def _keep_quiet() -> None:
    """Send what dask logs to the log of this program: by itself it would be printed across the screen."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
