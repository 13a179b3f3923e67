"""A configuration whose output folder stands there, and shell scripts in place of engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tui_gen.commands import engine_client
from tui_gen.commands.engine_client import StartedEngine
from tui_gen.config.run_config import RunConfig


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    (tmp_path / "out" / ".tui-gen").mkdir(parents=True)
    return RunConfig("toy", tmp_path / "c.json", tmp_path / "out", 1)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, config: RunConfig) -> Iterator[Callable[[str], StartedEngine]]:
    """Start a shell script in place of an engine."""
    started: list[StartedEngine] = []
    real_start = engine_client.start

    def start_script(*_: object) -> StartedEngine:
        started.append(real_start(config, ()))
        return started[-1]

    def start(script: str) -> StartedEngine:
        monkeypatch.setattr(engine_client, "engine_command", lambda *_: ["/bin/sh", "-c", script])
        monkeypatch.setattr(engine_client, "start", start_script)
        return start_script()

    yield start
    for engine in started:
        engine.process.kill()
        engine.process.wait()
