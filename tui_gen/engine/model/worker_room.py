"""How many workers the memory and the processors of a machine bear, from measured values. Pure.

    memory of all child processes / most workers at once  ── the largest so far ──> memory of a worker
    free memory - reserve - what the workers at work will still take              ──> further workers

Before workers were measured, a worker counts as the job's estimate.
"""

from __future__ import annotations

from dataclasses import replace

from tui_gen.base.formatting import size
from tui_gen.engine.model.events import WorkersMeasured

MEASUREMENTS_NEEDED = 5
"""Measurements with workers at work before they replace the job's estimate: new processes are still small."""
RESERVED_SHARE = 0.05
"""The share of the memory that is left to other programs and to the cache of the system."""
WORKERS_A_CORE = 2
"""A worker keeps about one core busy; a second one uses the core while the first waits for a disk."""
NO_MEMORY = "memory for no more"
STEP_BY_STEP = "one more a second"


def measured_again(before: WorkersMeasured, now: WorkersMeasured) -> WorkersMeasured:
    """Return a new measurement, with what the earlier ones of the run showed.

    The number of workers in a mean is the largest so far, because processes of workers that ended may be kept
    for the next ones.
    """
    most = max(before.most_workers, now.workers)
    mean_bytes = now.in_use_bytes // most if now.workers else 0
    return replace(
        now,
        most_workers=most,
        seen_bytes=max(before.seen_bytes, mean_bytes),
        seen_count=before.seen_count + bool(now.workers),
    )


def is_measured(room: WorkersMeasured) -> bool:
    """Return whether the memory of a worker is measured; otherwise it is the job's estimate."""
    return room.seen_count >= MEASUREMENTS_NEEDED and room.seen_bytes > 0


def worker_bytes(room: WorkersMeasured) -> int:
    """Return the memory of one worker."""
    return room.seen_bytes if is_measured(room) else max(room.seen_bytes, room.estimate_bytes)


def workers_in_memory(room: WorkersMeasured, workers: int) -> int:
    """Return the number of workers that the memory bears while `workers` are at work; 1 at least.

    Where the memory could not be measured (`total_bytes` 0), it bears a worker for each core.
    """
    if not room.total_bytes:
        return max(1, workers, room.cores)
    each = worker_bytes(room)
    growing_bytes = max(0, workers * each - room.in_use_bytes)
    free_bytes = room.available_bytes - int(room.total_bytes * RESERVED_SHARE) - growing_bytes
    return max(1, workers + free_bytes // each) if free_bytes > 0 else max(1, workers)


def workers_borne(room: WorkersMeasured) -> int:
    """Return the number of workers that memory and cores bear."""
    return min(workers_in_memory(room, room.workers), WORKERS_A_CORE * room.cores)


def doubts(room: WorkersMeasured, count: int) -> list[str]:
    """Return why a number of workers is more than the machine bears, a sentence each; empty if it is not."""
    said = list[str]()
    in_memory, busy = workers_in_memory(room, room.workers), WORKERS_A_CORE * room.cores
    if count > in_memory and room.total_bytes:
        how = "measured" if is_measured(room) else "estimated"
        said.append(
            f"Memory bears {in_memory}: a worker takes {size(worker_bytes(room))} ({how}), "
            f"{size(room.available_bytes)} of {size(room.total_bytes)} are free."
        )
    if count > busy:
        cores = "1 core" if room.cores == 1 else f"{room.cores} cores"
        said.append(f"{cores} keep up with {busy} workers; more make nothing faster.")
    return said
