"""Files that several users of a group write: how they are opened, and whose they are, for a message."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path


def expanded(path: str) -> Path:
    """Return a path with `~` as the user's home; unchanged if the home is unknown (no HOME, no such user)."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - that of pathlib raises


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
    owner, group = user_name(found.st_uid), _group_name(found.st_gid)
    return f"owner {owner}, group {group}, mode {stat.S_IMODE(found.st_mode):04o}"


def nearest_existing(path: Path) -> Path:
    """Return a path, or the nearest path above it, that exists and can be reached."""
    return next(place for place in (path, *path.parents) if os.path.exists(place))  # noqa: PTH110 - never raises


def sharing_remedy(path: Path) -> str:
    """Return how another user's file or folder can be shared with this user, as a clause; else ""."""
    try:
        owner = path.stat().st_uid
    except OSError:
        return ""
    if owner == os.geteuid():
        return ""
    return f"its owner {user_name(owner)} can share it with your group (chmod -R g+rwX, then umask 002)"


def denial(error: PermissionError) -> str:
    """Return one sentence about a file that may not be read or written: whose it is, and what to change."""
    path = Path(os.path.abspath(os.fsdecode(error.filename)))  # noqa: PTH100 - lexical
    place = nearest_existing(path)
    whose, of = owner_and_mode(place), "" if place == path else f"{place}: "
    remedy = sharing_remedy(place) or f"change the mode of {place}"
    return f"{path}: {error.strerror} ({of}{whose}); {remedy}"


def user_name(number: int) -> str:
    """Return the name of a user id; the number where it has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group_name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
