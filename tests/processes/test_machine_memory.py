"""Memory as the system tells it: of this machine, and of real child processes."""

from __future__ import annotations

import subprocess
import sys
import time

from tui_gen.processes.machine_memory import machine_memory, memory_of_children

HOLD = "import sys; held = bytearray(150_000_000); print('held', flush=True); sys.stdin.read()"


def test_the_machine_has_memory_and_not_more_than_all_of_it() -> None:
    memory = machine_memory()
    assert 0 < memory.available_bytes <= memory.total_bytes


def test_the_memory_of_children_counts_while_they_live() -> None:
    before = memory_of_children()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        assert 150_000_000 <= memory_of_children() - before < 300_000_000
        child.communicate()
    deadline = time.monotonic() + 5
    while memory_of_children() - before > 100_000_000:
        assert time.monotonic() < deadline
