"""The client of the control socket: reads the state of an engine in another process and sends commands.

Every version of an engine can be paused, drained and stopped. Its state is read only if both programs have
the same state format.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui_gen.base.detached_call import detached_call
from tui_gen.engine.control.codec import WireError, from_wire, to_wire
from tui_gen.engine.control.protocol import (
    ANSWER_BYTES,
    NOTHING_RECENT,
    STABLE_COMMANDS,
    ControlError,
    EngineVersion,
    engine_version,
)
from tui_gen.engine.control.socket_place import connected
from tui_gen.engine.model.history import HistoryPart
from tui_gen.engine.model.run_data import MESSAGES_KEPT, RECENT_KEPT
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.timeline import SourceTimeline
from tui_gen.engine.scheduling.commands import Command, CommandRefusedError

log = logging.getLogger(__name__)

ANSWER_SECONDS = 60.0
"""If an engine does not answer within this time, it counts as suspended or hanging."""


class ControlClient:
    """A controller that uses the socket."""

    def __init__(self, path: Path) -> None:
        """Prepare a client; `open` and `connect` open the socket."""
        self._path = path
        self._state: RunState | None = None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()
        self.engine: EngineVersion | None = None

    async def connect(self) -> EngineVersion:
        """Open the socket, read the version, and the state if its format fits. Raises ControlError."""
        await self.open()
        self.engine = await self.greet()
        if self.engine.is_same:
            await self.refresh()
        return self.engine

    async def open(self) -> None:
        """Open the socket. Raises ControlError."""
        try:
            opened = await detached_call(lambda: connected(self._path))
            self._streams = await asyncio.open_unix_connection(sock=opened, limit=ANSWER_BYTES)
        except OSError as error:
            message = f"{self._path}: the engine does not answer ({error.strerror or error})"
            raise ControlError(message) from error

    async def greet(self) -> EngineVersion:
        """Return the version of the engine. Raises ControlError."""
        answer = await self._ask({"ask": "hello"})
        if "hello" in answer:
            return engine_version(answer["hello"])
        # Protocol 1 has no hello and refuses the question.
        return EngineVersion(1, str((await self.raw_state()).get("version", "unknown")))

    async def ping(self) -> None:
        """Check that the engine answers. Raises ControlError."""
        await self._ask({"ask": "hello"})

    async def refresh(self) -> None:
        """Read the state. Raises ControlError."""
        # Recent events are most of a state: each is sent only once.
        before = self._state
        answer = await self._ask({"ask": "snapshot", "after": before.recent_count if before else 0})
        try:
            self._state = from_wire(answer["snapshot"], RunState) if answer["snapshot"] else None
        except (KeyError, WireError) as error:
            message = f"the engine's state cannot be read ({error})"
            raise ControlError(message) from error
        if before and self._state:
            self._state.recent = deque([*before.recent, *self._state.recent], maxlen=RECENT_KEPT)
            self._state.messages = deque([*before.messages, *self._state.messages], maxlen=MESSAGES_KEPT)

    async def timelines(self, wanted: Sequence[tuple[str, int]]) -> list[SourceTimeline | None]:
        """Return a timeline, or None, for each (source, number of parts). Raises ControlError."""
        answer = await self._ask({"ask": "timelines", "of": wanted})
        try:
            return list(from_wire(answer["timelines"], list[SourceTimeline | None]))
        except (KeyError, WireError) as error:
            message = f"the engine's timelines cannot be read ({error})"
            raise ControlError(message) from error

    async def raw_state(self) -> dict[str, Any]:
        """Return the fields of the state that every version of an engine sends. Raises ControlError."""
        return _object(await self._ask({"ask": "state", "after": NOTHING_RECENT}), "state")

    async def status(self) -> dict[str, Any]:
        """Return the contents of the status file. Needs protocol 2 or later. Raises ControlError."""
        return _object(await self._ask({"ask": "status"}), "status")

    async def history(self, newest: Sequence[int]) -> HistoryPart | None:
        """Return the points after the `newest` step of each span; None if the engine sends no history.

        Raises ControlError if the engine is gone.
        """
        answer = await self._ask({"ask": "history", "after": list(newest)})
        if "history" not in answer:
            return None
        try:
            part: HistoryPart = from_wire(answer["history"], HistoryPart)
        except WireError as error:
            log.info("the engine's history has another form: %s", error)
            return None
        return part

    def snapshot(self) -> RunState | None:
        """Return the state that was read last."""
        return self._state

    async def steer(self, command: Command) -> str:
        """Make the engine carry out a command. Raises CommandRefusedError, ControlError."""
        if self.engine is not None and not self.engine.is_same and not isinstance(command, STABLE_COMMANDS):
            raise CommandRefusedError(only_stable(self.engine))
        answer = await self._ask({"command": to_wire(command)})
        if "refused" in answer:
            raise CommandRefusedError(str(answer["refused"]))
        return str(answer.get("done", ""))

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        async with self._turn:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    answer = await self._exchange(question)
            except TimeoutError as error:
                message = f"the engine has not answered for {ANSWER_SECONDS:.0f} s"
                raise ControlError(message) from error
            except (OSError, ValueError, asyncio.LimitOverrunError) as error:
                message = f"the engine is gone ({error})"
                raise ControlError(message) from error
        if not isinstance(answer, dict):
            await self.close()
            message = "the engine is gone"
            raise ControlError(message)
        return answer

    async def _exchange(self, question: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        if self._streams is None:
            message = "not connected to the engine"
            raise ControlError(message)
        reader, writer = self._streams
        try:
            writer.write(json.dumps(question).encode("ascii") + b"\n")
            await writer.drain()
            line = await reader.readline()
            return json.loads(line) if line else None
        except BaseException:
            # A late answer would be read as the answer to the next question.
            self._streams = None
            writer.close()
            raise

    async def close(self) -> None:
        """Close the socket."""
        if self._streams is not None:
            writer = self._streams[1]
            self._streams = None
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


def only_stable(engine: EngineVersion) -> str:
    """Return a message about the commands that an engine of another version accepts."""
    return (
        f"{engine.difference()}: pause, resume, drain and stop work, nothing else does; "
        "drain the engine and start it again to use this version"
    )


def _object(answer: dict[str, Any], key: str) -> dict[str, Any]:
    found = answer.get(key)
    if not isinstance(found, dict):
        message = str(answer.get("refused") or "the engine has nothing to say yet; ask again in a moment")
        raise ControlError(message)
    return found
