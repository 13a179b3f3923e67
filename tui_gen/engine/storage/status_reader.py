"""Reads a status file for display by a monitor. It is never used to resume.

The file may be missing, half written by another program, or left by a dead engine; each case is reported.
"""

from __future__ import annotations

import json
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import aiofiles

from tui_gen.base.detached_call import DETACHED
from tui_gen.base.nouns import from_json
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.machine_state import MachineState
from tui_gen.engine.model.making_time import MakingTime
from tui_gen.engine.model.problems import Problem
from tui_gen.engine.model.run_verdict import EngineSigns
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES, CategoryState, Minute, SlotState, SourceState
from tui_gen.engine.model.streaks import NO_STREAK, Streak
from tui_gen.engine.model.work import DATASET
from tui_gen.engine.storage.lock import boot_id

STALE_SECONDS = 15.0
MAX_BYTES = 64 * 1024 * 1024


class StatusError(Exception):
    """The status file cannot be shown; the text names the file and the reason."""


@dataclass(frozen=True, slots=True)
class StatusSnapshot:
    """The contents of a status file."""

    state: RunState
    heartbeat: float
    liveness: str  # "alive", "ended", "stale" or "dead"
    raw: dict[str, Any]
    silent_seconds: float = 0.0  # since the heartbeat

    @property
    def signs(self) -> EngineSigns:
        """What the file tells about the engine, for the verdict."""
        return EngineSigns(
            is_gone=self.liveness == "dead",
            silent_seconds=self.silent_seconds if self.liveness == "stale" else None,
        )


class HeartbeatWatch:
    """Measures how long an engine is silent, by the reader's monotonic clock, which has no steps.

    The age of the first heartbeat is only known from wall time. The clocks of two machines may differ, so a
    heartbeat from the future counts as old as one from the past.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        """Start without a heartbeat. `steady` is a monotonic clock in seconds."""
        self._steady = steady
        self._heartbeat: float | None = None
        self._heard_at = 0.0  # by the monotonic clock

    def hear(self, heartbeat: float, now: float) -> None:
        """Process a heartbeat that was read at the wall time `now`."""
        if self._heartbeat is None:
            self._heard_at = self._steady() - abs(now - heartbeat)
        elif heartbeat != self._heartbeat:
            self._heard_at = self._steady()
        self._heartbeat = heartbeat

    @property
    def silent_seconds(self) -> float | None:
        """The seconds since the last heartbeat, or None before the first one."""
        return None if self._heartbeat is None else self._steady() - self._heard_at


def read_status(path: Path, now: float, watch: HeartbeatWatch | None = None) -> StatusSnapshot:
    """Return the contents of a status file; for repeated reads pass the same `watch`. Raises StatusError."""
    with _errors_named(path):
        with path.open("rb") as file:
            data = file.read(MAX_BYTES)
        return _snapshot(json.loads(data), now, watch)


async def load_status(path: Path, now: float, watch: HeartbeatWatch | None = None) -> StatusSnapshot:
    """Return the contents of a status file, read off the event loop. Raises StatusError."""
    with _errors_named(path):
        async with aiofiles.open(path, "rb", executor=DETACHED) as file:
            data = await file.read(MAX_BYTES)
        return _snapshot(json.loads(data), now, watch)


@contextmanager
def _errors_named(origin: Path | str) -> Iterator[None]:
    """Translate the errors of reading a status into a StatusError."""
    try:
        yield
    except FileNotFoundError as error:
        why = "no run has begun here, or the file was removed; `tui-gen report` shows what was made"
        message = f"{origin}: there is no status file: {why}"
        raise StatusError(message) from error
    except OSError as error:
        message = f"{origin}: cannot be read ({error.strerror})"
        raise StatusError(message) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"{origin}: not a status file of this program ({type(error).__name__}: {error})"
        raise StatusError(message) from error


def snapshot_of(raw: dict[str, Any], now: float, *, origin: str) -> StatusSnapshot:
    """Return the contents of a status from an engine. Raises StatusError, which names the origin."""
    with _errors_named(origin):
        return _snapshot(raw, now, None)


def _snapshot(raw: dict[str, Any], now: float, watch: HeartbeatWatch | None) -> StatusSnapshot:
    state, heartbeat = _state(raw), float(raw["heartbeat"])
    watch = watch or HeartbeatWatch()
    watch.hear(heartbeat, now)
    silent_seconds = watch.silent_seconds or 0.0
    return StatusSnapshot(state, heartbeat, _liveness(raw, silent_seconds), raw, silent_seconds)


def _liveness(raw: dict[str, Any], silent_seconds: float) -> str:
    if raw["state"] in ENDED_PHASES:
        return "ended"
    if raw["host"] == socket.gethostname():
        is_there = raw["boot_id"] == boot_id() and Path(f"/proc/{int(raw['pid'])}").exists()
        if not is_there:
            return "dead"
    return "stale" if silent_seconds > STALE_SECONDS else "alive"


def _state(raw: dict[str, Any]) -> RunState:
    progress = raw["progress"]
    at = float(raw["last_update"])
    since = _active_since(raw, at)
    state = RunState(
        phase=raw["state"],
        reason=raw["reason"],
        job=raw.get("job", ""),  # missing in files of an earlier version
        config=raw["config"],
        output=raw["output"],
        pid=raw["pid"],
        host=raw["host"],
        stage=raw["stage"],
        named_stage=raw.get("named_stage", ""),  # missing in files of an earlier version
        nouns=from_json(raw.get("nouns", {})),
        exit_code=raw["exit_code"],
        first_started_at=raw["started_at"],
        started_at=raw["run_started_at"],
        last_at=at,
        active_seconds=float(raw["elapsed_seconds"]) - (at - since if since is not None else 0.0),
        active_since=since,
        active_seconds_before=float(raw["elapsed_seconds_before"]),
        clips_before=raw["clips_before"],
        made_before=raw.get("made_before", raw["clips_before"]),
        workers_target=raw["workers"],
        workers_held=_workers_held(raw, at),
        schedule=_schedule(raw.get("schedule")),  # missing in files of an earlier version
        clips_made=progress["clips_made"],
        clips_rejected=progress["clips_rejected"],
        clips_failed=progress["clips_failed"],
        clips_retried=progress["clips_retried"],
        attempts=progress["attempts"],
        is_paused=raw["state"] == "paused",
        recipe=raw["recipe"],
        making=_making(raw, at, since),
        rested_since=raw.get("rested_since"),
        streak=_streak(raw.get("streak")),
        last_end_seconds=float(raw.get("last_end_seconds", raw["elapsed_seconds"])),
    )
    state.minutes.extend(Minute(*entry) for entry in raw["throughput"])
    state.categories = {name: _category(name, entry) for name, entry in raw["category_stats"].items()}
    state.slots = {entry["slot"]: _slot(entry) for entry in raw["slots"]}
    state.machines = {name: _machine(name, entry) for name, entry in raw.get("machines", {}).items()}
    state.sources = {name: _source(name, entry) for name, entry in raw["video_checkpoints"].items()}
    if raw.get("dataset_checkpoint") is not None:
        state.sources[DATASET] = _source(DATASET, raw["dataset_checkpoint"])
        state.sources[DATASET].is_dataset = True
    for slot in state.slots.values():
        if slot.source in state.sources:
            state.sources[slot.source].in_hand += 1
    state.problems = [_problem(entry) for entry in reversed(raw["errors_top"])]
    state.problems_dropped = _problems_dropped(raw, state.problems)
    state.disk = _disk(raw["disk"], at)
    state.system = _system(raw["system"])
    return state


def _workers_held(raw: dict[str, Any], at: float) -> ev.WorkersHeld | None:
    """Return why fewer workers than requested are allowed; None for files of older programs."""
    if "workers_held" not in raw:
        return None
    return ev.WorkersHeld(at, raw["workers_allowed"], raw["workers_held"])


def _schedule(entry: dict[str, Any] | None) -> ev.ScheduleApplied | None:
    return None if entry is None else _event(ev.ScheduleApplied, entry)


_Event = TypeVar("_Event", ev.ScheduleApplied, ev.SystemMeasured, ev.MachineMeasured)


def _event(kind: type[_Event], entry: dict[str, Any]) -> _Event:
    """Return an event; fields of later versions are ignored."""
    return kind(**{field.name: entry[field.name] for field in fields(kind)})


def _active_since(raw: dict[str, Any], at: float) -> float | None:
    """Return since when the run has worked without a break; None for files of older programs."""
    if raw["state"] not in {"running", "draining"}:
        return None
    seconds = raw.get("unbroken_seconds")
    return at if seconds is None else at - float(seconds)


def _making(raw: dict[str, Any], at: float, since: float | None) -> MakingTime:
    """Return the time of making; files of older programs only have that of all work."""
    entry = raw.get("making")
    if entry is None:
        seconds = float(raw["elapsed_seconds"]) - (at - since if since is not None else 0.0)
        return MakingTime(seconds, since, float(raw["elapsed_seconds_before"]))
    spans = tuple((float(start), float(end)) for start, end in entry["spans"])
    return MakingTime(entry["seconds"], entry["since"], entry["seconds_before"], spans)


def _problems_dropped(raw: dict[str, Any], problems: list[Problem]) -> dict[str, int]:
    """Return level -> problems that the file counts but does not list; missing in older files."""
    listed = Counter(problem.level for problem in problems)
    return {level: int(number) - listed[level] for level, number in raw.get("problem_counts", {}).items()}


def _category(name: str, entry: dict[str, Any]) -> CategoryState:
    return CategoryState(
        name,
        entry["target"],
        entry["planned"],
        surplus=entry.get("surplus", 0),
        images=entry["images_created"],
        size_bytes=entry["disk_usage_bytes"],
    )


def _slot(entry: dict[str, Any]) -> SlotState:
    return SlotState(
        entry["slot"],
        entry["source"],
        entry["clip"],
        entry["what"],
        entry["attempt"],
        entry["since"],
        entry["is_draining"],
        entry.get("machine", ""),  # missing in files of an earlier version
    )


def _machine(name: str, entry: dict[str, Any]) -> MachineState:
    load = entry["load"]
    machine = MachineState(
        name,
        phase=entry["phase"],
        reason=entry["reason"],
        workers=entry["workers"],
        cores=entry["cores"],
        changed_at=float(entry["changed_at"]),
        in_hand=entry["in_hand"],
        clips_made=entry["clips_made"],
        patches=entry["patches"],
        load=None if load is None else _event(ev.MachineMeasured, load),
    )
    machine.minutes.extend(Minute(*each) for each in entry["throughput"])
    return machine


def _source(name: str, entry: dict[str, Any]) -> SourceState:
    kind, reason = entry["state"], entry["reason"]
    return SourceState(
        name,
        entry["name"],
        entry["path"],
        entry["priority"],
        place=entry.get("place", 0),
        clips_made=entry["extractions_done"],
        clips_left=entry["extractions_wanted"] - entry["extractions_done"],
        rejected=entry["rejected"],
        failed=entry["failed"],
        ended=entry["ended"],
        made=entry["made"],
        attempts=entry["attempts"],
        retried=entry["retried"],
        images=entry["images"],
        size_bytes=entry["disk_usage_bytes"],
        quotas=entry["quotas"],
        is_skipped=kind == "skipped",
        is_missing=kind == "missing",
        missing_reason=reason if kind == "missing" else "",
        unusable=reason if kind == "unusable" else None,
        quarantined=reason if kind == "set aside" else None,
        unreachable=reason if kind == "away" else None,
        is_planned=kind != "unknown",
        streak=_streak(entry.get("streak")),
    )


def _streak(entry: dict[str, Any] | None) -> Streak:
    """Return a streak; files of older programs have none."""
    return Streak(entry["clips"], entry["began_seconds"], dict(entry["reasons"])) if entry else NO_STREAK


def _problem(entry: dict[str, Any]) -> Problem:
    return Problem(
        entry["level"],
        entry["text"],
        entry["source"],
        entry["detail"],
        entry["first_at"],
        entry["last_at"],
        entry["count"],
    )


def _system(entry: dict[str, Any] | None) -> ev.SystemMeasured | None:
    if entry is None:
        return None
    return _event(ev.SystemMeasured, {**entry, "cpu_percents": tuple(entry["cpu_percents"])})


def _disk(entry: dict[str, Any] | None, at: float) -> ev.DiskMeasured | None:
    if entry is None:
        return None
    return ev.DiskMeasured(at, entry["free_bytes"], entry["total_bytes"], entry["pauses_below_bytes"])
