"""Writes the status file: a JSON snapshot for people and monitors. A run never reads it back."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tui_gen.base.nouns import as_json
from tui_gen.engine.model.machine_metrics import clips_per_minute, machines_with_work
from tui_gen.engine.model.machine_state import MachineState
from tui_gen.engine.model.metrics import CategoryMetrics, Metrics, listed, metrics_of
from tui_gen.engine.model.run_verdict import run_verdict, verdict_json
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES, SourceState
from tui_gen.engine.storage.lock import boot_id

PHASE_WORDS = {"quarantined": "set aside", "unreachable": "away"}
"""Phases of a source that have another name in the file, whose words never change."""
VERSION = "2.0"
SCHEMA = 1
DETAILS_SHOWN = 20
"""All problems are listed, the details of the newest only: they may be pages of text."""
_GIGA = 1e9


def status_of(state: RunState, now: float) -> dict[str, Any]:
    """Return the status as plain JSON values. Times are seconds since the epoch."""
    metrics = metrics_of(state, now)
    current = next((slot.source for slot in state.slots.values()), None)
    return {
        "version": VERSION,
        "schema": SCHEMA,
        "started_at": state.first_started_at,
        "last_update": now,
        "heartbeat": now,
        "status": "completed" if state.phase == "finished" else state.phase,
        "state": state.phase,
        "reason": state.reason,
        "stage": state.stage,
        "named_stage": state.named_stage,
        "nouns": as_json(state.nouns),
        "verdict": verdict_json(run_verdict(state, metrics, now)),
        "pid": state.pid,
        "host": state.host,
        "boot_id": boot_id(),
        "job": state.job,
        "config": state.config,
        "output": state.output,
        "workers": state.workers_target,
        "workers_allowed": state.workers_allowed,
        "schedule": _schedule(state),
        "workers_held": state.workers_held.reason if state.workers_held is not None else "",
        "elapsed_seconds": round(metrics.elapsed_seconds, 3),
        "exit_code": state.exit_code,
        "progress": {
            "total_videos": metrics.videos.total,
            "completed_videos": metrics.videos.done,
            "current_video": current,
            "clips_made": state.clips_made,
            "clips_rejected": state.clips_rejected,
            "clips_failed": state.clips_failed,
            "clips_left": metrics.clips_left,
            "share_done": metrics.share_done,
            "success_rate": metrics.success_rate,
            "retry_rate": metrics.retry_rate,
            "average_attempts": metrics.average_attempts,
            "clips_retried": state.clips_retried,
            "attempts": state.attempts,
            "patches_per_minute": metrics.patches_per_minute,
        },
        "eta": None if state.phase in ENDED_PHASES else metrics.seconds_left,
        "category_stats": {
            name: _category(category, state.categories[name].surplus)
            for name, category in metrics.categories.items()
        },
        "video_checkpoints": {source.id: _checkpoint(source) for source in listed(state)},
        "dataset_checkpoint": next((_checkpoint(s) for s in state.sources.values() if s.is_dataset), None),
        "slots": [
            {
                "slot": slot.number,
                "source": slot.source,
                "clip": slot.clip,
                "what": slot.what,
                "attempt": slot.attempt,
                "since": slot.since,
                "is_draining": slot.is_draining,
                "machine": slot.machine,
            }
            for slot in state.slots.values()
        ],
        "machines": {machine.name: _machine(state, machine, now) for machine in machines_with_work(state)},
        "disk": _disk(state, metrics),
        "problem_counts": {"error": metrics.problems.errors, "warning": metrics.problems.warnings},
        "errors_top": [
            {
                "level": problem.level,
                "text": problem.text,
                "source": problem.source,
                "detail": problem.detail if place < DETAILS_SHOWN else "",
                "count": problem.count,
                "first_at": problem.first_at,
                "last_at": problem.last_at,
            }
            for place, problem in enumerate(reversed(state.problems))
        ],
        "throughput": [[m.minute, m.patches, m.clips, m.size_bytes] for m in state.minutes],
        "system": _system(state),
        "clips_before": state.clips_before,
        "made_before": state.made_before,
        "unbroken_seconds": None if state.active_since is None else round(now - state.active_since, 3),
        "elapsed_seconds_before": round(state.active_seconds_before, 3),
        "run_started_at": state.started_at,
        "making": asdict(state.making),
        "rested_since": state.rested_since,
        "streak": asdict(state.streak),
        "last_end_seconds": round(state.last_end_seconds, 3),
        "recipe": state.recipe,
    }


def _schedule(state: RunState) -> dict[str, Any] | None:
    return asdict(state.schedule) if state.schedule is not None else None


def _system(state: RunState) -> dict[str, Any] | None:
    return asdict(state.system) if state.system is not None else None


def _machine(state: RunState, machine: MachineState, now: float) -> dict[str, Any]:
    load = machine.load
    return {
        "phase": machine.phase,  # empty: it made clips in earlier runs only
        "reason": machine.reason,
        "workers": machine.workers,
        "in_hand": machine.in_hand,
        "cores": machine.cores,
        "changed_at": machine.changed_at,
        "clips_made": machine.clips_made,
        "patches": machine.patches,
        "clips_per_minute": clips_per_minute(state, machine, now),
        "load": asdict(load) if load is not None else None,
        "throughput": [[m.minute, m.patches, m.clips, m.size_bytes] for m in machine.minutes],
    }


def _category(category: CategoryMetrics, surplus: int) -> dict[str, Any]:
    return {
        "videos_processed": category.videos_done,
        "videos_total": category.videos,
        "images_created": category.images,
        "target": category.target,
        "planned": category.planned,
        "surplus": surplus,
        "disk_usage_gb": round(category.size_bytes / _GIGA, 6),
        "disk_usage_bytes": category.size_bytes,
    }


def _checkpoint(source: SourceState) -> dict[str, Any]:
    words = {"done": "completed", "working": "in_progress"}
    word = PHASE_WORDS.get(source.phase, source.phase)
    return {
        "name": source.name,
        "path": source.path,
        "state": word,
        "status": words.get(source.phase, word),
        "extractions_done": source.clips_made,
        "extractions_wanted": source.clips_wanted,
        "rejected": source.rejected,
        "failed": source.failed,
        "made": source.made,
        "ended": source.ended,
        "attempts": source.attempts,
        "retried": source.retried,
        "priority": source.priority,
        "place": source.place,
        "images": source.images,
        "quotas": source.quotas,
        "disk_usage_bytes": source.size_bytes,
        "reason": source.reason,
        "streak": asdict(source.streak) if source.streak.clips else None,
    }


def _disk(state: RunState, metrics: Metrics) -> dict[str, Any] | None:
    if state.disk is None:
        return None
    return {
        "free_bytes": state.disk.free_bytes,
        "total_bytes": state.disk.total_bytes,
        "pauses_below_bytes": state.disk.pauses_below_bytes,
        "needed_bytes": metrics.bytes_left,
        "full_in_seconds": metrics.seconds_until_disk_full,
    }


async def write_status(path: Path, status: dict[str, Any]) -> None:
    """Replace the status file, completely or not at all. Raises OSError with the old file unchanged."""
    # In one call: a file that is opened in one thread and closed in the next stays open where the machine
    # has no room for the second.
    await asyncio.to_thread(_replace, path, status)


def _replace(path: Path, status: dict[str, Any]) -> None:
    # Always the same temporary name: the next write replaces the file of a killed run.
    beside = path.with_name(f"{path.name}.tmp")
    data = _bytes_of(status)
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _bytes_of(status: dict[str, Any]) -> bytes:
    return _text_of(status).encode("ascii")


def _text_of(status: dict[str, Any]) -> str:
    """Return the status as readable text: a line for each entry, and for each video and category.

    `json.dumps` would indent everything, at five times the cost; the file is written once per second.
    """
    return _object({key: _entry(value) for key, value in status.items()}, " ") + "\n"


def _entry(value: object) -> str:
    if isinstance(value, dict) and value and all(isinstance(inner, dict) for inner in value.values()):
        return _object({key: json.dumps(inner) for key, inner in value.items()}, "  ")
    return json.dumps(value)


def _object(texts: dict[str, str], indent: str) -> str:
    inside = ",\n".join(f"{indent}{json.dumps(key)}: {text}" for key, text in texts.items())
    return f"{{\n{inside}\n{indent[1:]}}}"
