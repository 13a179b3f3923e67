"""Tokens of temporary files tell whether their writer is alive."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tui_gen.base.writer_token import WRITER_PATTERN, is_of_dead_process, new_token

TOLD_BY_A_CHILD = "from tui_gen.base.writer_token import new_token; print(new_token(), flush=True); input()"


def test_tokens_differ_and_fit_the_pattern() -> None:
    tokens = [new_token() for _ in range(100)]
    assert len(set(tokens)) == 100
    assert all(re.fullmatch(WRITER_PATTERN, token) for token in tokens)


def test_a_child_is_alive_until_it_is_dead() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TOLD_BY_A_CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        token = child.stdout.readline().strip()
        assert is_of_dead_process(token) is False
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # a zombie now
        assert is_of_dead_process(token) is True
    assert is_of_dead_process(token) is True


def test_a_forked_process_has_tokens_of_its_own() -> None:
    ours, theirs = os.pipe()
    own = new_token()
    child = os.fork()
    if child == 0:
        os.write(theirs, new_token().encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(theirs)
    with open(ours, "rb") as told:  # noqa: PTH123 - a descriptor
        token = told.read().decode()
    assert is_of_dead_process(token) is True
    assert is_of_dead_process(own) is False


def test_a_process_id_that_is_used_again_is_another_process() -> None:
    host, process, start, number = new_token().split("-")
    assert is_of_dead_process(f"{host}-{process}-{int(start, 16) - 1:x}-{number}") is True


def test_nothing_is_known_of_processes_of_other_hosts() -> None:
    _, process, start, number = new_token().split("-")
    assert is_of_dead_process(f"0badcafe-{process}-{start}-{number}") is None


def test_tokens_of_older_versions_are_of_dead_processes() -> None:
    assert re.fullmatch(WRITER_PATTERN, "5f3a9c12-17")
    assert is_of_dead_process("5f3a9c12-17") is True


@pytest.mark.skipif(not Path("/proc/self/ns/pid").exists(), reason="no namespaces")
def test_a_process_with_other_process_ids_is_of_another_host() -> None:
    command = ["unshare", "-Urpf", "--mount-proc", sys.executable, "-c"]
    told = "from tui_gen.base.writer_token import new_token; print(new_token())"
    done = subprocess.run([*command, told], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no process namespace may be made here: {done.stderr.strip()}")
    assert is_of_dead_process(done.stdout.strip()) is None
