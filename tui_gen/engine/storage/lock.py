"""Allows one engine per run folder, by a lock that the kernel releases when its holder dies.

The file names the holder (pid, host, boot, socket), so that other programs can name and reach it. If the file
system does not support flock, a holder counts as alive while its heartbeat in the status file is recent.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.base.files import open_to_update

_REFUSED = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})
STALE_AFTER_SECONDS = 30.0
_TRY_SECONDS = 0.05
_LOOKER_SECONDS = 0.2
"""The longest time for which a program that only checks the lock (`is_held`) holds it."""
_DYING_SECONDS = 5.0
"""The longest time for which starting children of a killed engine hold its lock: until they exec or end."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The holder of a lock."""

    pid: int
    host: str
    boot_id: str
    socket: str = ""


class LockedError(Exception):
    """Another engine uses this run folder."""

    def __init__(self, path: Path, holder: Holder | None) -> None:
        """Name the lock and, if it can be read, its holder."""
        who = f"process {holder.pid} on {holder.host}" if holder else "another process"
        super().__init__(f"{path}: {who} is working on this output folder")
        self.holder = holder


def boot_id() -> str:
    """Return the kernel's id of this boot, so that a pid from an earlier boot is not used."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def read_holder(path: Path) -> Holder | None:
    """Return the program that wrote the lock file last, or None if it cannot be read."""
    try:
        entry = json.loads(path.read_bytes())
        return Holder(
            int(entry["pid"]), str(entry["host"]), str(entry["boot_id"]), str(entry.get("socket", ""))
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError):
        # The file is being written at this moment, or damaged: flock decides, not the text.
        return None


def is_held(path: Path) -> bool:
    """Return whether a live engine holds the lock. Raises RefusedError if that cannot be determined."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno not in _REFUSED:
            raise _unusable(path, error) from error
        return _seems_alive(path)
    finally:
        os.close(fd)
    return False


def _unusable(path: Path, error: OSError) -> RefusedError:
    """Return an error about a failing file system, which does not mean that the lock is held."""
    message = (
        f"{path}: the lock cannot be used ({error.strerror}), so it is not known whether an engine works "
        "here; look at the disk or the network share of this folder, then try again"
    )
    return RefusedError(message)


def _seems_alive(path: Path) -> bool:
    holder = read_holder(path)
    if holder is None:
        return False
    if holder.host == socket.gethostname():
        return holder.boot_id == boot_id() and Path(f"/proc/{holder.pid}").exists()
    # The holder touches the file while it lives.
    return time.time() - path.stat().st_mtime < STALE_AFTER_SECONDS


def _is_gone(holder: Holder | None) -> bool:
    """Return whether the engine in the lock file ran on this machine and has ended."""
    if holder is None or holder.host != socket.gethostname():
        return False
    return holder.boot_id != boot_id() or not Path(f"/proc/{holder.pid}").exists()


class Lock:
    """The held lock. Keep the object: deleting it releases the lock."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises LockedError if a live engine holds the lock, RefusedError if the file system cannot lock,
        OSError if the file cannot be opened or written.
        """
        self.path = path
        self._fd = open_to_update(path)
        try:
            self._take()
            self.name_holder("")
        except BaseException:
            os.close(self._fd)
            raise

    def _take(self) -> None:
        try:
            self._ask_kernel()
        except BlockingIOError as error:
            raise LockedError(self.path, read_holder(self.path)) from error
        except OSError as error:
            if error.errno not in _REFUSED:
                raise _unusable(self.path, error) from error
            if _seems_alive(self.path):
                raise LockedError(self.path, read_holder(self.path)) from error

    def _ask_kernel(self) -> None:
        """Take the lock; try again while the holder may be another program than an engine. Raises OSError."""
        patience = _DYING_SECONDS if _is_gone(read_holder(self.path)) else _LOOKER_SECONDS
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_TRY_SECONDS)
            else:
                return
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def name_holder(self, socket_path: str) -> Holder:
        """Write the holder and the path of its control socket into the file."""
        holder = Holder(os.getpid(), socket.gethostname(), boot_id(), socket_path)
        data = json.dumps(asdict(holder)).encode("ascii") + b"\n"
        os.pwrite(self._fd, data, 0)
        os.ftruncate(self._fd, len(data))
        return holder

    def beat(self) -> None:
        """Touch the file: the sign of life on file systems without flock."""
        os.utime(self._fd)

    def release(self) -> None:
        """Release the lock. The file stays: removing it would let two engines lock two files of one name."""
        try:
            os.ftruncate(self._fd, 0)
        finally:
            os.close(self._fd)
