"""Files that several users of a group write: how they are opened, and whose they are, for a message."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path


def open_to_update(path: Path) -> int:
    """Open a file for reading and writing, made if need be, and return its descriptor. Raises OSError.

    The mode of a new file follows the umask and the folder's default ACL, as everywhere in the program.
    """
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


def owner_and_mode(path: Path) -> str:
    """Return whose a file or folder is, for a message: "owner anna, group lab, mode 0644"; "" if unknown."""
    try:
        found = path.stat()
    except OSError:
        return ""
    owner, group = _user_name(found.st_uid), _group_name(found.st_gid)
    return f"owner {owner}, group {group}, mode {stat.S_IMODE(found.st_mode):04o}"


def _user_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group_name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
