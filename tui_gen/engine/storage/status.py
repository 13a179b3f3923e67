"""The status file: a JSON snapshot for people and monitors. A view, never read back as truth."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tui_gen.engine.model import eta
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES, SourceState
from tui_gen.engine.storage.lock import boot_id

VERSION = "2.0"
SCHEMA = 1
ERRORS_SHOWN = 5
_GIGA = 1e9


def status_of(state: RunState, now: float) -> dict[str, Any]:
    """Return the status as plain JSON values. Times are seconds since the epoch."""
    sources = [source for source in state.sources.values() if source.is_planned or source.is_missing]
    completed = [source for source in sources if source.phase == "done"]
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
        "pid": state.pid,
        "host": state.host,
        "boot_id": boot_id(),
        "config": state.config,
        "output": state.output,
        "workers": state.workers_target,
        "elapsed_seconds": round(state.elapsed_seconds(now), 3),
        "exit_code": state.exit_code,
        "progress": {
            "total_videos": len(sources),
            "completed_videos": len(completed),
            "current_video": current,
            "clips_made": state.clips_made,
            "clips_rejected": state.clips_rejected,
            "clips_failed": state.clips_failed,
            "clips_left": eta.clips_left(state),
            "success_rate": state.success_rate,
            "retry_rate": state.retry_rate,
            "average_attempts": state.average_attempts,
            "clips_retried": state.clips_retried,
            "attempts": state.attempts,
            "patches_per_minute": eta.patches_per_minute(state, now),
        },
        "eta": None if state.phase in ENDED_PHASES else eta.seconds_left(state, now),
        "category_stats": _categories(state, sources),
        "video_checkpoints": {source.id: _checkpoint(source) for source in sources},
        "slots": [
            {
                "slot": slot.number,
                "source": slot.source,
                "clip": slot.clip,
                "what": slot.what,
                "attempt": slot.attempt,
                "since": slot.since,
                "is_draining": slot.is_draining,
            }
            for slot in state.slots.values()
        ],
        "disk": _disk(state, now),
        "errors_top": [
            {
                "level": problem.level,
                "text": problem.text,
                "source": problem.source,
                "detail": problem.detail,
                "count": problem.count,
                "first_at": problem.first_at,
                "last_at": problem.last_at,
            }
            for problem in reversed(state.problems[-ERRORS_SHOWN:])
        ],
        "throughput": [[m.minute, m.patches, m.clips, m.size_bytes] for m in state.minutes],
        "system": _system(state),
        "clips_before": state.clips_before,
        "elapsed_seconds_before": round(state.active_seconds_before, 3),
        "run_started_at": state.started_at,
        "recipe": state.recipe,
    }


def _system(state: RunState) -> dict[str, Any] | None:
    return asdict(state.system) if state.system is not None else None


def _categories(state: RunState, sources: list[SourceState]) -> dict[str, Any]:
    return {
        category.name: {
            "videos_processed": sum(
                1 for s in sources if s.phase == "done" and s.quotas.get(category.name, 0)
            ),
            "videos_total": sum(1 for s in sources if s.quotas.get(category.name, 0)),
            "images_created": category.images,
            "target": category.target,
            "planned": category.planned,
            "disk_usage_gb": round(category.size_bytes / _GIGA, 6),
            "disk_usage_bytes": category.size_bytes,
        }
        for category in state.categories.values()
    }


def _checkpoint(source: SourceState) -> dict[str, Any]:
    words = {"done": "completed", "working": "in_progress"}
    return {
        "name": source.name,
        "path": source.path,
        "state": source.phase,
        "status": words.get(source.phase, source.phase),
        "extractions_done": source.clips_made,
        "extractions_wanted": source.clips_wanted,
        "rejected": source.rejected,
        "failed": source.failed,
        "made": source.made,
        "ended": source.ended,
        "attempts": source.attempts,
        "retried": source.retried,
        "priority": source.priority,
        "images": source.images,
        "quotas": source.quotas,
        "disk_usage_bytes": source.size_bytes,
        "reason": source.reason,
    }


def _disk(state: RunState, now: float) -> dict[str, Any] | None:
    if state.disk is None:
        return None
    return {
        "free_bytes": state.disk.free_bytes,
        "total_bytes": state.disk.total_bytes,
        "pauses_below_bytes": state.disk.pauses_below_bytes,
        "needed_bytes": eta.bytes_left(state),
        "full_in_seconds": eta.seconds_until_disk_full(state, now),
    }


def write_status(path: Path, status: dict[str, Any]) -> None:
    """Replace the status file, whole or not at all. Raises OSError with the old one untouched."""
    # Always the same name: what a killed run left there is the next one's to replace.
    beside = path.with_name(f"{path.name}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(_text_of(status).encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _text_of(status: dict[str, Any]) -> str:
    """Return the status as text for people too: a line for each entry, and for each video and category.

    `json.dumps` would indent everything, at five times the cost: with all films once a second.
    """
    return _object({key: _entry(value) for key, value in status.items()}, " ") + "\n"


def _entry(value: object) -> str:
    if isinstance(value, dict) and value and all(isinstance(inner, dict) for inner in value.values()):
        return _object({key: json.dumps(inner) for key, inner in value.items()}, "  ")
    return json.dumps(value)


def _object(texts: dict[str, str], indent: str) -> str:
    inside = ",\n".join(f"{indent}{json.dumps(key)}: {text}" for key, text in texts.items())
    return f"{{\n{inside}\n{indent[1:]}}}"
