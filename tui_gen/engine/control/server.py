"""The control socket: one line of JSON asks, one answers. The server stands beside the engine.

The socket lies in a private folder of the temporary directory, since a session's runtime folder
vanishes at logout; clients read its path from the lock file. Lines are bounded, the peer must be the
same user, and the socket is made anew if somebody cleans it away.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import socket
import stat
import struct
import tempfile
from collections import deque
from pathlib import Path
from typing import Any

from tui_gen.engine.control.protocol import WireError, from_wire, to_wire
from tui_gen.engine.model.run_data import RECENT_KEPT
from tui_gen.engine.model.state import RunState
from tui_gen.engine.scheduling.commands import Command, CommandRefusedError, Controller
from tui_gen.engine.storage.lock import Lock

log = logging.getLogger(__name__)

ASK_BYTES = 64 * 1024
ANSWER_BYTES = 64 * 1024 * 1024
LOOK_SECONDS = 5.0
RECENT_SENT = 200


class ControlError(Exception):
    """The engine cannot be reached, or does not answer as it should."""


def socket_path(run_folder: Path) -> Path:
    """Return where the socket of a run folder lies: short, private, outside the output."""
    name = hashlib.sha256(os.fsencode(run_folder.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"tui-gen-{os.getuid()}" / f"{name}.socket"


def _private_folder(folder: Path) -> None:
    """Make the folder, or check that it is ours alone. Raises ControlError."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        message = f"{folder} belongs to somebody else; set TMPDIR to a folder of your own"
        raise ControlError(message)
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)


def _peer_uid(connection: socket.socket) -> int:
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", packed)[1])


# ------------------------------------------------------------------ the server


class ControlServer:
    """Answers clients from the engine's own controller until it is closed."""

    def __init__(self, controller: Controller, *, run_folder: Path, lock: Lock) -> None:
        """Nothing is opened before `run`."""
        self._controller, self._lock = controller, lock
        self._path = socket_path(run_folder)
        self._clients: set[asyncio.StreamWriter] = set()

    async def run(self) -> None:
        """Listen until cancelled, making the socket anew whenever it is gone."""
        try:
            while True:
                server = await self._listen()
                try:
                    identity = self._identity()
                    while identity is not None and self._identity() == identity:  # noqa: ASYNC110
                        # Nobody tells when a cleaner of temporary files comes by.
                        await asyncio.sleep(LOOK_SECONDS)
                finally:
                    server.close()
        finally:
            for writer in list(self._clients):
                writer.close()
            self._path.unlink(missing_ok=True)

    async def _listen(self) -> asyncio.Server:
        _private_folder(self._path.parent)
        # The lock is held: whatever lies there was left by an engine that died.
        self._path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._serve, self._path, limit=ASK_BYTES)
        self._path.chmod(0o600)
        self._lock.name_holder(str(self._path))
        return server

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self._path.lstat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            peer = writer.get_extra_info("socket")
            if _peer_uid(peer) not in {os.getuid(), 0}:
                return
            while line := await reader.readline():
                answer = await self._answer(line)
                writer.write(json.dumps(answer).encode("ascii") + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.LimitOverrunError) as error:
            log.info("a control client left: %s", error)
        finally:
            self._clients.discard(writer)
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            if asked.get("ask") == "state":
                return {"state": state_to_wire(self._controller.snapshot(), after=int(asked["after"]))}
            command: Command = from_wire(asked["command"], Command)
            return {"done": await self._controller.steer(command)}
        except CommandRefusedError as error:
            return {"refused": str(error)}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, WireError) as error:
            return {"refused": f"not understood: {type(error).__name__}: {error}"}


def state_to_wire(state: RunState | None, *, after: int = 0) -> Any:  # noqa: ANN401 - JSON
    """Return a state as JSON, with the newest of its recent events after a number of them only."""
    if state is None:
        return None
    while state.recent and (len(state.recent) > RECENT_SENT or state.recent[0][0] <= after):
        state.recent.popleft()
    return to_wire(state)


# ------------------------------------------------------------------ the client


class ControlClient:
    """A controller at the other end of the socket. `run` keeps the picture fresh."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened before `connect`."""
        self._path = path
        self._state: RunState | None = None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    async def connect(self) -> None:
        """Open the socket and fetch the state once. Raises ControlError."""
        try:
            self._streams = await asyncio.open_unix_connection(self._path, limit=ANSWER_BYTES)
        except OSError as error:
            message = f"{self._path}: the engine does not answer ({error.strerror})"
            raise ControlError(message) from error
        await self.refresh()

    async def refresh(self) -> None:
        """Fetch the state. Raises ControlError."""
        # What happened is most of a state: it is sent once.
        before = self._state
        answer = await self._ask({"ask": "state", "after": before.recent_count if before else 0})
        try:
            self._state = from_wire(answer["state"], RunState) if answer["state"] else None
        except (KeyError, WireError) as error:
            message = f"the engine speaks another version ({error}); restart it"
            raise ControlError(message) from error
        if before and self._state:
            self._state.recent = deque([*before.recent, *self._state.recent], maxlen=RECENT_KEPT)

    def snapshot(self) -> RunState | None:
        """Return the state as last fetched."""
        return self._state

    async def steer(self, command: Command) -> str:
        """Have the engine carry out a command. Raises CommandRefusedError, ControlError."""
        answer = await self._ask({"command": to_wire(command)})
        if "refused" in answer:
            raise CommandRefusedError(str(answer["refused"]))
        return str(answer["done"])

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        if self._streams is None:
            message = "not connected to the engine"
            raise ControlError(message)
        reader, writer = self._streams
        async with self._turn:
            try:
                writer.write(json.dumps(question).encode("ascii") + b"\n")
                await writer.drain()
                line = await reader.readline()
                answer = json.loads(line) if line else None
            except (OSError, ValueError, asyncio.LimitOverrunError) as error:
                await self.close()
                message = f"the engine is gone ({error})"
                raise ControlError(message) from error
        if not isinstance(answer, dict):
            await self.close()
            message = "the engine is gone"
            raise ControlError(message)
        return answer

    async def close(self) -> None:
        """Let go of the socket."""
        if self._streams is not None:
            writer = self._streams[1]
            self._streams = None
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
