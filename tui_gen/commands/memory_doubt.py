"""States whether the configured workers, if they are unusually large, take more than the machine has."""

from __future__ import annotations

from tui_gen.base.formatting import size
from tui_gen.config.run_config import USUAL_WORKER_BYTES, RunConfig
from tui_gen.processes.machine_memory import Memory


def memory_doubt(run: RunConfig, memory: Memory) -> str | None:
    """Return a sentence about the memory of the workers, or None if they fit or are of a usual size."""
    needed = run.workers * run.worker_bytes
    if run.worker_bytes <= USUAL_WORKER_BYTES or needed <= memory.total_bytes:
        return None
    borne = max(1, memory.total_bytes // run.worker_bytes)
    each = f"{run.workers} workers of about {size(run.worker_bytes)} each (estimated)"
    return (
        f"{each} do not fit in {size(memory.total_bytes)} of memory; a run begins with about {borne} of them"
    )
