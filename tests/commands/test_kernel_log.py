"""The kernel's words on ending a process for memory."""

from __future__ import annotations

import time
from pathlib import Path

from tui_gen.commands.kernel_log import memory_kill

WORDS = "Out of memory: Killed process 4711 (python3) total-vm:9000kB, anon-rss:8000kB, oom_score_adj:0"


def log_of(path: Path, at: float, text: str = WORDS) -> Path:
    log = path / "kmsg"
    microseconds = int((at - time.time() + time.monotonic()) * 1e6)
    log.write_bytes(
        b"5,0,0,-;Linux version 6.18\n"
        + f"3,912,{microseconds},-;{text}\n SUBSYSTEM=memory\n".encode()
        + b"6,913,99,-;usb 1-1: Killed process 4711\n"
    )
    return log


def test_a_process_that_was_ended_for_memory_is_found(tmp_path: Path) -> None:
    now = time.time()
    log = log_of(tmp_path, now)
    assert memory_kill(4711, now - 60, log) == WORDS
    assert memory_kill(471, now - 60, log) == ""


def test_one_that_a_group_of_processes_had_no_memory_for_too(tmp_path: Path) -> None:
    words = "Memory cgroup out of memory: Killed process 4711 (python3) total-vm:9000kB"
    assert memory_kill(4711, 0.0, log_of(tmp_path, time.time(), words)) == words


def test_an_earlier_process_of_the_same_number_is_another(tmp_path: Path) -> None:
    now = time.time()
    assert memory_kill(4711, now, log_of(tmp_path, now - 60)) == ""


def test_a_log_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    assert memory_kill(4711, 0.0, tmp_path / "none") == ""
    assert memory_kill(2**22 + 1, 0.0) == ""  # the log of this machine, if it is readable
