"""Steers the running engine from a shell: one order, one answer."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.commands.engine_client import attach
from tui_gen.commands.run.opening import find_source
from tui_gen.contract.job import JobConfig
from tui_gen.engine.control.server import ControlClient, ControlError
from tui_gen.engine.model.state import RunState
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.storage.status import status_of
from tui_gen.views.text.run_lines import progress_line


@dataclass(frozen=True, slots=True)
class CtlOrder:
    """An order as it was typed."""

    word: str
    name: str | None = None
    number: int | None = None
    count: int | None = None
    json: bool = False


def carry_out(config: JobConfig, order: CtlOrder) -> str:
    """Have the engine carry out an order and return its answer. Raises RefusedError."""
    try:
        return asyncio.run(_carry_out(config, order))
    except (ControlError, do.CommandRefusedError) as error:
        raise RefusedError(str(error)) from error


async def _carry_out(config: JobConfig, order: CtlOrder) -> str:
    client = await attach(config)
    try:
        return await _ask(client, order)
    finally:
        await client.close()


async def _ask(client: ControlClient, order: CtlOrder) -> str:
    state = client.snapshot()
    if state is None:
        message = "the engine has nothing to say yet; ask again in a moment"
        raise RefusedError(message)
    if order.word == "status":
        return json.dumps(status_of(state, time.time()), indent=1) if order.json else _standing(state)
    return display_name(await client.steer(_command(order, state)))


def _standing(state: RunState) -> str:
    reason = f" ({display_name(state.reason)})" if state.reason else ""
    return f"{state.phase}{reason}\n{progress_line(state, time.time())}"


def _command(order: CtlOrder, state: RunState) -> do.Command:
    plain: dict[str, do.Command] = {
        "pause": do.Pause(),
        "resume": do.Resume(),
        "drain": do.Drain(),
        "stop": do.Stop(),
    }
    if order.word in plain:
        return plain[order.word]
    if order.word == "workers":
        return do.SetWorkers(order.count or 0)
    if order.word == "retry" and order.name is None:
        return do.Retry()
    names = {source.id: source.name for source in state.sources.values()}
    source = find_source(order.name or "", names)
    if order.number is not None:
        return do.SetPriority(source, order.number)
    if order.word == "skip":
        return do.Skip(source)
    return do.Unskip(source) if order.word == "unskip" else do.Retry(source)
