"""Finds out whether a logout ends the engine, from systemd-logind and this process's control group.

    session-N.scope     processes of a login: they end at logout if KillUserProcesses is set, with or without
                        lingering
    user@UID.service    processes below the user's own manager: they end with it at the last logout, unless
    lingering

A fact that cannot be determined is reported as unknown.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_gen.contract.inspect import Condition

ASK_SECONDS = 10.0
WHAT = "logout"
SCOPE = "systemd-run --user --scope tui-gen"
LINGER = "loginctl enable-linger"


class SilentError(Exception):
    """systemd-logind does not answer; the message has the reason."""


@dataclass(frozen=True, slots=True)
class Login:
    """The identity of this process for systemd."""

    user: str
    user_id: int
    control_group: str  # the content of /proc/self/cgroup

    @property
    def is_below_manager(self) -> bool:
        """Whether this process is below the user's own manager."""
        return f"/user@{self.user_id}.service/" in self.control_group


def lingering(ask: Callable[[Sequence[str]], str] | None = None, login: Login | None = None) -> Condition:
    """Return what happens to an engine that is started here when its user logs out."""
    ask, login = ask or loginctl, login or this_login()
    try:
        manager = _properties(ask(["show-session"]))
    except SilentError as error:
        return Condition(WHAT, "unknown", f"whether it ends the engine is not known: {error}")
    lingers = _lingers(ask, login)
    if login.is_below_manager:
        if lingers:
            return Condition(WHAT, "good", "leaves the engine alone: your own service manager lingers")
        says = f"ends your service manager, and the engine with it; allow it to stay: {LINGER}"
        return Condition(WHAT, "warning", says)
    if not _kills(manager, login.user):
        said = manager.get("KillUserProcesses", "not said")
        return Condition(WHAT, "good", f"leaves the engine alone (KillUserProcesses={said})")
    remedy = SCOPE if lingers else f"{LINGER}, then {SCOPE}"
    return Condition(WHAT, "warning", f"ends the engine (KillUserProcesses=yes); start it with: {remedy}")


def _kills(manager: Mapping[str, str], user: str) -> bool:
    only, excluded = manager.get("KillOnlyUsers", "").split(), manager.get("KillExcludeUsers", "").split()
    if manager.get("KillUserProcesses") != "yes" or user in excluded:
        return False
    return not only or user in only


def _lingers(ask: Callable[[Sequence[str]], str], login: Login) -> bool:
    try:
        return _properties(ask(["show-user", str(login.user_id)])).get("Linger") == "yes"
    except SilentError:  # logind does not know the user: neither logged in nor lingering
        return False


def _properties(said: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in said.splitlines())
    return {name: value for name, mark, value in pairs if mark}


def this_login() -> Login:
    """Return the identity of this process."""
    user_id = os.getuid()
    try:
        user = pwd.getpwuid(user_id).pw_name
    except KeyError:  # a container without a name for the user
        user = str(user_id)
    return Login(user, user_id, Path("/proc/self/cgroup").read_text(encoding="utf-8", errors="replace"))


def loginctl(arguments: Sequence[str]) -> str:
    """Return the output of loginctl. Raises SilentError."""
    try:
        done = subprocess.run(
            ["loginctl", "--no-pager", *arguments],  # noqa: S607 - wherever this system keeps it
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ASK_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        message = "there is no loginctl here"
        raise SilentError(message) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"loginctl does not answer ({error})"
        raise SilentError(message) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        message = f"loginctl says: {said[0] if said else f'exit status {done.returncode}'}"
        raise SilentError(message)
    return done.stdout.decode("utf-8", "replace")
