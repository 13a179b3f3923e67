"""The server of the control socket: answers clients until it is closed.

Only the same user and root get answers, and the length of lines is limited. If the socket is removed, the
server makes it again. Clients read its path from the lock file. An engine without a socket continues to work:
the server tries again, and the log has the reason.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import struct
import time
from pathlib import Path
from typing import Any

from tui_gen.base.detached_call import detached_call, exhaustion
from tui_gen.engine.control.codec import WireError, from_wire, to_wire
from tui_gen.engine.control.feed import to_send
from tui_gen.engine.control.protocol import ASK_BYTES, MOST_TIMELINES, hello, plain_state
from tui_gen.engine.control.socket_place import PlaceError, bind_first, identity, socket_paths
from tui_gen.engine.model.history import History
from tui_gen.engine.model.state import RunState
from tui_gen.engine.run.history_sampler import wall_offset
from tui_gen.engine.scheduling.commands import Command, CommandRefusedError, EngineController
from tui_gen.engine.storage.lock import Lock
from tui_gen.engine.storage.status import status_of

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0


class ControlServer:
    """Answers clients by the engine's controller until it is closed."""

    def __init__(
        self, controller: EngineController, *, run_folder: Path, lock: Lock, history: History
    ) -> None:
        """Prepare a server; `run` opens the socket."""
        self._controller, self._lock, self._run_folder = controller, lock, run_folder
        self._history = history
        self._clients: set[asyncio.StreamWriter] = set()
        self._trouble = ""

    async def run(self) -> None:
        """Listen until cancelled; make the socket again whenever it is missing."""
        try:
            while True:
                try:
                    await self._listen()
                except (OSError, PlaceError) as error:
                    self._note_trouble(f"no control socket, only signals steer this engine: {error}")
                    await asyncio.sleep(LOOK_SECONDS)
        finally:
            for writer in list(self._clients):
                writer.close()

    async def _listen(self) -> None:
        """Listen as long as the socket exists. Raises OSError, PlaceError."""
        listener, path, refused = bind_first(socket_paths(self._run_folder))
        if refused:
            self._note_trouble(f"the control socket is {path}, because {'; '.join(refused)}")
        begun_as = identity(path)
        server = await asyncio.start_unix_server(self._serve, sock=listener, limit=ASK_BYTES)
        try:
            self._lock.name_holder(str(path))
            while await _is_still(path, begun_as):  # noqa: ASYNC110
                # No event reports that a cleaner of temporary files removed the socket.
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            server.close()
            if identity(path) == begun_as:
                path.unlink(missing_ok=True)

    def _note_trouble(self, text: str) -> None:
        """Log a problem of the socket, once."""
        if text != self._trouble:
            self._trouble = text
            log.warning("%s", text)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            if _peer_uid(writer.get_extra_info("socket")) not in {os.getuid(), 0}:
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
            if "ask" in asked:
                return self._tell(asked)
            command: Command = from_wire(asked["command"], Command)
            return {"done": await self._controller.steer(command)}
        except CommandRefusedError as error:
            return {"refused": str(error)}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, WireError) as error:
            return {"refused": f"not understood: {type(error).__name__}: {error}"}

    def _tell(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer a question. Raises ValueError, KeyError or TypeError for a malformed question."""
        match asked["ask"]:
            case "hello":
                return {"hello": hello()}
            case "status":
                return {"status": self._status()}
            case "state":
                state = self._controller.snapshot()
                return {"state": plain_state(state) if state is not None else None}
            case "snapshot":
                after = int(asked["after"])
                return {"snapshot": state_to_wire(self._controller.snapshot(), after=after)}
            case "history":
                newest = [int(step) for step in asked["after"]]
                return {"history": to_wire(self._history.since(newest, wall_offset()))}
            case "timelines":
                wanted = asked["of"][:MOST_TIMELINES]
                return {"timelines": [to_wire(self._controller.timeline(*each)) for each in wanted]}
        message = f"{asked['ask']!r} is no question"
        raise ValueError(message)

    def _status(self) -> dict[str, Any] | None:
        state = self._controller.snapshot()
        return status_of(state, time.time()) if state is not None else None


def state_to_wire(state: RunState | None, *, after: int = 0) -> Any:  # noqa: ANN401 - JSON
    """Return a state as JSON; of its recent events only those with a number above `after`."""
    if state is None:
        return None
    state.recent = to_send(state.recent, after)
    while state.messages and state.messages[0][0] <= after:
        state.messages.popleft()
    return to_wire(state)


async def _is_still(path: Path, begun_as: tuple[int, int] | None) -> bool:
    """Return whether a path still leads to the same socket. A hanging disk delays nothing else."""
    try:
        return begun_as is not None and await detached_call(lambda: identity(path)) == begun_as
    except (OSError, RuntimeError) as error:
        if exhaustion(error):  # no thread for the check: assume that nothing changed
            return True
        raise


def _peer_uid(connection: socket.socket) -> int:
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", packed)[1])
