"""Two users of one group and a folder that they share. Only root can act as others: elsewhere tests skip."""

from __future__ import annotations

import codecs
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ANNA, BORIS, GROUP = 54321, 54322, 54300


@contextmanager
def acting_as(user: int, *, umask: int = 0o002) -> Iterator[None]:
    """Have the rights of a user of the group. Modules must be loaded before: theirs may be out of reach."""
    codecs.lookup("ascii")
    groups, old_umask = os.getgroups(), os.umask(umask)
    os.setgroups([GROUP])
    os.setegid(user)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
        os.umask(old_umask)


@contextmanager
def shared_by_group() -> Iterator[Path]:
    """Make a folder in which files and folders get the group; skip where nobody can act as others."""
    if os.geteuid() != 0:
        pytest.skip("only root can act as two users")
    folder = Path(tempfile.mkdtemp(prefix="tui-gen-group-", dir="/tmp"))
    os.chown(folder, ANNA, GROUP)
    folder.chmod(0o2775)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def skip_where_the_program_is_out_of_reach() -> None:
    """Skip where other users cannot read the environment that the program is installed in."""
    place = Path(sys.prefix).resolve()
    closed = [each for each in (place, *place.parents) if not each.stat().st_mode & stat.S_IXOTH]
    if closed:
        pytest.skip(f"other users cannot reach the program: {closed[0]}")
