"""Sends one command to the running engine from a shell, and prints the answer."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.commands.engine_client import NoEngineError, is_running, no_engine, open_client
from tui_gen.commands.run.opening import find_source
from tui_gen.config.run_config import RunConfig
from tui_gen.engine.control.client import ControlClient, only_stable
from tui_gen.engine.control.protocol import HAS_HELLO, ControlError, EngineVersion
from tui_gen.engine.model.machine_metrics import doubt_of_workers, machines_of
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.worker_room import doubts
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.storage.status_reader import StatusError, StatusSnapshot, load_status, snapshot_of
from tui_gen.views.text.machine_lines import machine_table, machines_line, trouble_lines
from tui_gen.views.text.run_lines import progress_line, verdict_line
from tui_gen.views.text.schedule_line import schedule_words
from tui_gen.views.text.tables import line_width

RENEWED_SECONDS = 3.0
"""The longest time between two writes of the status by an engine, also on a busy machine."""
START_SECONDS = 2.0
"""The time to wait for the socket of an engine that has just begun."""
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class CtlOrder:
    """A command as the user typed it."""

    word: str
    name: str | None = None
    machine: str | None = None
    number: int | None = None
    count: int | None = None
    yes: bool = False
    json: bool = False


def carry_out(config: RunConfig, order: CtlOrder) -> str:
    """Make the engine carry out a command and return its answer. Raises RefusedError."""
    try:
        return asyncio.run(_carry_out(config, order))
    except (ControlError, StatusError, do.CommandRefusedError) as error:
        raise RefusedError(str(error)) from error


async def _carry_out(config: RunConfig, order: CtlOrder) -> str:
    try:
        client = await _opened(config)
    except NoEngineError:
        raise
    except ControlError as error:
        if order.word not in _LOOKS:
            raise
        return _LOOKS[order.word](await load_status(config.status_path, time.time()), str(error), order)
    try:
        return await _ask(config, client, order)
    except ControlError as error:
        if is_running(config):
            raise
        raise no_engine(config) from error  # it has ended since its socket was opened
    finally:
        await client.close()


async def _opened(config: RunConfig) -> ControlClient:
    """Return a client; wait for the socket of an engine that has just begun.

    Raises NoEngineError, ControlError.
    """
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return await open_client(config)
        except NoEngineError:
            raise
        except ControlError:
            if time.monotonic() >= deadline:
                raise
        await asyncio.sleep(LOOK_SECONDS)


async def _ask(config: RunConfig, client: ControlClient, order: CtlOrder) -> str:
    if order.word in _WHOLE_RUN:
        return display_name(await client.steer(_WHOLE_RUN[order.word]))
    engine = await client.greet()
    if order.word in _LOOKS:
        return await _look(config, client, engine, order)
    if not engine.is_same:
        raise do.CommandRefusedError(only_stable(engine))
    await client.refresh()
    state = client.snapshot()
    if state is None:
        message = "the engine has nothing to say yet; ask again in a moment"
        raise RefusedError(message)
    command = _command(order, state)
    doubt = _doubt(command, state) if isinstance(command, do.SetWorkers) else ""
    if doubt and not order.yes:
        message = f"{doubt} Nothing was changed; with --yes it is done all the same."
        raise do.CommandRefusedError(message)
    answer = display_name(await client.steer(command))
    return f"{answer}\n{doubt}" if doubt else answer


def _doubt(command: do.SetWorkers, state: RunState) -> str:
    """Return why a number of workers is more than the machine bears, in sentences; empty if it is not."""
    room, count = state.worker_memory, command.count
    machine = state.machines.get(command.machine or "")
    if machine is not None:
        return display_name(doubt_of_workers(machine, count))
    if room is None or count <= state.workers_target or do.refusal_of_workers(count):
        return ""
    return " ".join(doubts(room, count))


async def _look(config: RunConfig, client: ControlClient, engine: EngineVersion, order: CtlOrder) -> str:
    """Return the standing of the run or its machines; an engine of any version can answer."""
    if engine.protocol >= HAS_HELLO:
        seen = snapshot_of(await client.status(), time.time(), origin="the engine's status")
    else:
        await client.raw_state()
        seen = await _renewed_status(config)
    return _LOOKS[order.word](seen, "" if engine.is_same else only_stable(engine), order)


async def _renewed_status(config: RunConfig) -> StatusSnapshot:
    """Return the next status that an engine without the status question writes. Raises StatusError.

    Such an engine writes its status file once per second. The first contents that are read may be older than
    a command that was sent just before.
    """
    first = seen = await load_status(config.status_path, time.time())
    for _ in range(round(RENEWED_SECONDS / LOOK_SECONDS)):
        if seen.heartbeat != first.heartbeat or seen.liveness == "ended":
            break
        await asyncio.sleep(LOOK_SECONDS)
        seen = await load_status(config.status_path, time.time())
    return seen


def _status_text(seen: StatusSnapshot, note: str, order: CtlOrder) -> str:
    if order.json:
        return json.dumps(seen.raw, indent=1)
    state = seen.state
    reason = f" ({display_name(state.reason)})" if state.reason else ""
    verdict = verdict_line(state, seen.heartbeat, seen.signs)
    lines = [f"{state.phase}{reason}", verdict, progress_line(state, seen.heartbeat)]
    lines += [words] if (words := schedule_words(state, seen.heartbeat)) else []
    if machines := machines_line(state):
        lines += [machines, *(f"  {line}" for line in trouble_lines(state, seen.heartbeat))]
    return "\n".join([*lines, display_name(note)] if note else lines)


def _machines_text(seen: StatusSnapshot, note: str, order: CtlOrder) -> str:
    if order.json:
        return json.dumps(seen.raw.get("machines", {}), indent=1)
    if machines_of(seen.state):
        lines = list(machine_table(seen.state, seen.heartbeat, line_width(sys.stdout)))
    else:
        lines = ["this run has no other machines"]
    return "\n".join([*lines, display_name(note)] if note else lines)


_LOOKS: dict[str, Callable[[StatusSnapshot, str, CtlOrder], str]] = {
    "status": _status_text,
    "machines": _machines_text,
}
"""The orders that only look; without an engine, the status file answers."""
_WHOLE_RUN: dict[str, do.Command] = {
    "pause": do.Pause(),
    "resume": do.Resume(),
    "drain": do.Drain(),
    "stop": do.Stop(),
}


def _command(order: CtlOrder, state: RunState) -> do.Command:
    if order.word == "workers":
        return do.SetWorkers(order.count or 0, order.machine)
    if order.word == "retry" and order.name is None:
        return do.Retry()
    names = {source.id: source.name for source in state.sources.values()}
    source = find_source(order.name or "", names, state.nouns.source)
    if order.number is not None:
        return do.SetPriority(source, order.number)
    if order.word == "skip":
        return do.Skip(source)
    return do.Unskip(source) if order.word == "unskip" else do.Retry(source)
