"""Engines of other versions: they answer as an earlier version did, and as a later version may."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tui_gen.engine.control.client import ControlClient
from tui_gen.engine.model.state import RunState
from tui_gen.engine.storage.status import status_of

Answer = Callable[[dict[str, Any]], dict[str, Any]]


def protocol_1(asked: dict[str, Any]) -> dict[str, Any]:
    """Answer as version 0.1.0 did, whose state has fields that no other version knows."""
    if asked.get("ask") == "state":
        return {"state": {"is": "RunState", "phase": "running", "version": "0.1.0", "set_aside": 3}}
    if "command" in asked:
        return {"done": f"carried out {asked['command']['is']}"}
    return {"refused": "not understood: KeyError: 'command'"}


def protocol_9(asked: dict[str, Any]) -> dict[str, Any]:
    """Answer as a version to come may."""
    if asked.get("ask") == "hello":
        return {"hello": {"protocol": 9, "version": "7.1", "state_format": "f00", "mood": "good"}}
    if asked.get("ask") == "state":
        return {"state": {"is": "RunState", "phase": "running", "reason": "", "version": "7.1", "mood": 3}}
    if asked.get("ask") == "status":
        return {"status": {**status_of(RunState(phase="running", clips_made=12), 1.0), "mood": "good"}}
    if "command" in asked:
        return {"done": f"carried out {asked['command']['is']}", "at": 12}
    return {"refused": "no longer understood"}


@asynccontextmanager
async def answering(folder: Path, answer: Answer) -> AsyncIterator[ControlClient]:
    """Yield a client of an engine that answers as told."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(answer(json.loads(line))).encode() + b"\n")
        writer.close()

    path = folder / "s"
    async with await asyncio.start_unix_server(serve, path):
        client = ControlClient(path)
        try:
            yield client
        finally:
            await client.close()
