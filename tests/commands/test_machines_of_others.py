"""Folders of other users and machines with little in them: one sentence says what to change."""

from __future__ import annotations

import json
import os
import pwd
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.users import (
    ANNA,
    BORIS,
    GROUP,
    acting_as,
    shared_by_group,
    skip_where_the_program_is_out_of_reach,
)
from tui_gen.base.files import expanded
from tui_gen.cli.main import main
from tui_gen.engine.control.socket_place import bind_first, socket_paths
from tui_gen.engine.run.session import LEDGER_NAME, LOCK_NAME

COMMANDS = ("plan", "check", "run", "stats", "report", "verify")


@pytest.fixture
def config() -> Iterator[Path]:
    with shared_by_group() as folder:
        path = folder / "c.json"
        text = {
            "base_settings": {"output_base_dir": "out"},
            "videos": [{"name": "A", "path": "/no/film.mkv", "categories": {"general": 1}}],
        }
        path.write_text(json.dumps(text), encoding="utf-8")
        yield path


def made_with(umask: int, config: Path) -> None:
    """Make the run folder of another user, as a run of hers with this umask does."""
    output = config.parent / "out"
    run_folder = output / ".tui-gen"
    run_folder.mkdir(parents=True)
    for place in (output, run_folder):
        os.chown(place, ANNA, GROUP)
        place.chmod(0o2777 & ~umask)
    for name in (LEDGER_NAME, LOCK_NAME):
        (run_folder / name).touch()
        os.chown(run_folder / name, ANNA, GROUP)
        (run_folder / name).chmod(0o666 & ~umask)


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_umask_of_077_hides_is_told_in_one_sentence(
    config: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    skip_where_the_program_is_out_of_reach()
    main([command, str(config)])  # its modules may be out of reach of others
    made_with(0o077, config)
    capsys.readouterr()
    with acting_as(BORIS):
        assert main([command, str(config)]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "Permission denied" in said
    assert f"owner {ANNA}, group {GROUP}, mode 2700" in said
    assert f"its owner {ANNA} can share it with your group (chmod -R g+rwX, then umask 002)" in said


def test_a_machine_without_a_temporary_folder_has_a_control_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "none" / "none"))
    paths = [path for path in socket_paths(tmp_path) if "/run/user/" not in str(path)]
    listener, path, _ = bind_first(iter(paths))
    listener.close()
    assert path.is_relative_to(tmp_path)


def test_a_user_without_a_name_and_without_home_keeps_the_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(number: int) -> pwd.struct_passwd:
        raise KeyError(number)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert expanded("~/digits") == Path("~/digits")
