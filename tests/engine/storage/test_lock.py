from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tui_gen.base.errors import RefusedError
from tui_gen.engine.storage.lock import Lock, LockedError, is_held, read_holder

HOLD = """
import sys, time
from pathlib import Path
from tui_gen.engine.storage.lock import Lock
lock = Lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_engine_is_told_who_works(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "lock")
    assert is_held(lock.path)
    with pytest.raises(LockedError, match=f"process {os.getpid()} on ") as caught:
        Lock(tmp_path / "lock")
    assert caught.value.holder == read_holder(lock.path)
    lock.release()
    assert not is_held(lock.path)
    Lock(tmp_path / "lock").release()


def test_a_lock_dies_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockedError, match=f"process {holder.pid} "):
            Lock(path)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        Lock(path).release()


LEAVES_A_CHILD = """
import os, sys, time
from pathlib import Path
from tui_gen.engine.storage.lock import Lock
lock = Lock(Path(sys.argv[1]))
if os.fork() == 0:  # as between fork and exec of a child that the engine starts
    time.sleep(1)
    os._exit(0)
print("held", flush=True)
sys.stdin.read()
"""


def test_the_lock_of_a_killed_engine_is_waited_for_while_its_children_die(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", LEAVES_A_CHILD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert is_held(path)
        Lock(path).release()


def test_a_damaged_lock_file_does_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_bytes(b"\x00not json")
    assert read_holder(path) is None
    Lock(path).release()


def test_the_socket_is_named_for_clients(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "lock")
    lock.name_holder("/tmp/x/socket")  # noqa: S108 - only a name
    found = read_holder(lock.path)
    assert found is not None
    assert found.socket == "/tmp/x/socket"  # noqa: S108 - only a name
    lock.release()


def test_a_file_system_that_fails_is_not_told_as_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    path = tmp_path / "lock"
    path.touch()
    monkeypatch.setattr(fcntl, "flock", failing)
    for use in (Lock, is_held):
        with pytest.raises(RefusedError, match="Input/output error") as caught:
            use(path)
        assert str(path) in str(caught.value)
        assert "process" not in str(caught.value)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_locks_are_refused_the_holder_counts_while_it_lives(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refusing)
    first = Lock(tmp_path / "lock")
    with pytest.raises(LockedError, match=f"process {os.getpid()} on "):
        Lock(tmp_path / "lock")
    first.release()
    Lock(tmp_path / "lock").release()
