"""How an engine is started."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tui_gen.commands.engine_client import engine_command
from tui_gen.config.run_config import RunConfig


@pytest.mark.parametrize("name", ["random.py", "tui_gen.py"])
def test_an_engine_imports_nothing_from_the_working_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("raise SystemExit('a file of the user was imported')")
    config = RunConfig("superres", tmp_path / "missing.json", tmp_path / "out", 1)
    done = subprocess.run(
        engine_command(config, []), cwd=tmp_path, capture_output=True, check=False, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "missing.json" in done.stderr
    assert "a file of the user" not in done.stderr
