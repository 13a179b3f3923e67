"""A configuration whose output folder stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_gen.config.run_config import RunConfig


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    (tmp_path / "out" / ".tui-gen").mkdir(parents=True)
    return RunConfig("toy", tmp_path / "c.json", tmp_path / "out", 1)
