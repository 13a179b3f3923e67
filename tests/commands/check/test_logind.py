"""What a logout does to the engine, by what systemd-logind says: every case of it, and silence."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tui_gen.commands.check.logind import Login, SilentError, lingering, this_login

SESSION = "0::/user.slice/user-1000.slice/session-3.scope\n"
MANAGER = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/tmux.scope\n"
DAEMON = "0::/system.slice/tui-gen.service\n"


def told(
    *, kills: str = "no", lingers: bool = False, only: str = "", excluded: str = "root", group: str = SESSION
) -> tuple[str, str]:
    def ask(arguments: Sequence[str]) -> str:
        if arguments[0] == "show-session":
            return (
                f"KillUserProcesses={kills}\nKillOnlyUsers={only}\nKillExcludeUsers={excluded}\nHandle=x=y\n"
            )
        return f"UID=1000\nLinger={'yes' if lingers else 'no'}\n"

    found = lingering(ask, Login("ada", 1000, group))
    return found.level, found.says


def test_where_nothing_is_killed_a_logout_leaves_the_engine_alone() -> None:
    assert told(kills="no")[0] == "good"


def test_lingering_does_not_save_what_belongs_to_a_login() -> None:
    level, says = told(kills="yes", lingers=True)
    assert level == "warning"
    assert says.endswith("start it with: systemd-run --user --scope tui-gen")


def test_without_lingering_a_scope_of_its_own_is_not_enough() -> None:
    assert "loginctl enable-linger, then systemd-run" in told(kills="yes")[1]


@pytest.mark.parametrize(
    ("only", "excluded", "level"),
    [("", "root ada", "good"), ("", "root", "warning"), ("bob", "root", "good"), ("ada", "", "warning")],
)
def test_some_users_are_spared(only: str, excluded: str, level: str) -> None:
    assert told(kills="yes", only=only, excluded=excluded)[0] == level


@pytest.mark.parametrize("kills", ["yes", "no"])
def test_below_the_users_own_manager_lingering_decides(kills: str) -> None:
    assert told(kills=kills, lingers=True, group=MANAGER)[0] == "good"
    level, says = told(kills=kills, lingers=False, group=MANAGER)
    assert level == "warning"
    assert "enable-linger" in says


def test_a_service_of_the_system_is_no_login() -> None:
    assert told(group=DAEMON)[0] == "good"


def test_silence_is_told_as_what_it_is() -> None:
    def ask(_arguments: Sequence[str]) -> str:
        message = "there is no loginctl here"
        raise SilentError(message)

    found = lingering(ask, Login("ada", 1000, SESSION))
    assert found.level == "unknown"
    assert "there is no loginctl here" in found.says


def test_a_user_whom_logind_does_not_know_does_not_linger() -> None:
    def ask(arguments: Sequence[str]) -> str:
        if arguments[0] == "show-user":
            message = "loginctl says: no such user"
            raise SilentError(message)
        return "KillUserProcesses=yes\n"

    assert "enable-linger" in lingering(ask, Login("ada", 1000, SESSION)).says


def test_this_machine_says_something() -> None:
    assert this_login().control_group
    assert lingering().level in {"good", "warning", "unknown"}
