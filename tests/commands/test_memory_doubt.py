"""Plan and check say that workers of an unusual size do not fit in the memory."""

from pathlib import Path

from tui_gen.commands.memory_doubt import memory_doubt
from tui_gen.config.run_config import RunConfig
from tui_gen.processes.machine_memory import Memory


def test_large_workers_that_do_not_fit_are_told() -> None:
    run = RunConfig("superres", Path("/c.json"), Path("/out"), 1, workers=12, worker_bytes=3_000_000_000)
    doubt = memory_doubt(run, Memory(8_000_000_000, 16_000_000_000))
    assert doubt is not None
    assert doubt.startswith("12 workers of about 3.0 GB each (estimated) do not fit in 16.0 GB of memory")
    assert doubt.endswith("about 5 of them")
    assert memory_doubt(run, Memory(8_000_000_000, 64_000_000_000)) is None


def test_workers_of_a_usual_size_are_let_grow_without_a_word() -> None:
    run = RunConfig("superres", Path("/c.json"), Path("/out"), 1, workers=99, worker_bytes=800_000_000)
    assert memory_doubt(run, Memory(1_000_000_000, 2_000_000_000)) is None
