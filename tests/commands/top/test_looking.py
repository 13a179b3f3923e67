"""What `top` sees: engines by their open locks, runs by their status files, and what no disk answers."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.commands.engines import lock_held, write_state
from tests.engine.control.versions import answering
from tests.users import ANNA, acting_as
from tui_gen.base.errors import RefusedError
from tui_gen.commands.top import looking
from tui_gen.commands.top.command import config_of
from tui_gen.commands.top.engines import engines_of_others, open_run_folders
from tui_gen.commands.top.looking import Runs
from tui_gen.config.run_config import RunConfig
from tui_gen.views.text.run_rows import RunRow, RunsSeen, row_lines
from tui_gen.views.text.tables import LineWidth

HOLDER = 1
"""The process in the lock that `lock_held` holds."""


def configured(folder: Path, **more: object) -> RunConfig:
    """Return a configuration, written to a file, whose output folder stands there."""
    (folder / "out" / ".tui-gen").mkdir(parents=True)
    text = json.dumps({"base_settings": {"output_base_dir": "out", **more}, "videos": []})
    (folder / "c.json").write_text(text, encoding="utf-8")
    return RunConfig("superres", folder / "c.json", folder / "out", 1)


def change_status(of: RunConfig, **changes: str) -> None:
    status = json.loads(of.status_path.read_text(encoding="ascii"))
    of.status_path.write_text(json.dumps(status | changes), encoding="ascii")


def row_of(seen: RunsSeen, config: RunConfig) -> RunRow | None:
    return next((row for row in seen.rows if Path(row.output) == config.output), None)


async def test_an_engine_is_found_by_its_lock_and_stays_when_it_ends(config: RunConfig) -> None:
    runs = Runs()
    assert row_of(await runs.look(), config) is None
    write_state(config, pid=HOLDER, phase="paused", job="toy", is_paused=True)
    change_status(config, config="/etc/c.json")
    with lock_held(config):
        found = row_of(await runs.look(), config)
    assert found is not None
    assert (found.word, found.job, found.config) == ("PAUSED", "toy", "/etc/c.json")
    assert found.is_engine_there
    write_state(config, pid=HOLDER, phase="finished", exit_code=0)
    change_status(config, config="/etc/c.json")
    ended = row_of(await runs.look(), config)
    assert ended is not None
    assert (ended.word, ended.is_engine_there) == ("FINISHED", False)
    assert ended.start_hint.endswith("start one with: tui-gen /etc/c.json")
    with pytest.raises(RefusedError, match=r"start one with: tui-gen /etc/c\.json"):
        config_of(ended)


def test_a_lock_that_is_only_looked_at_is_told_of_by_no_row(config: RunConfig) -> None:
    with (config.run_folder / "lock").open("w"):
        assert config.run_folder in open_run_folders()
        seen = asyncio.run(Runs().look())
    assert row_of(seen, config) is None


async def test_given_runs_are_listed_in_their_order_whether_or_not_an_engine_is_there(tmp_path: Path) -> None:
    configs = []
    for name in ("never", "dead", "begun"):
        (tmp_path / name / ".tui-gen").mkdir(parents=True)
        configs.append(RunConfig("toy", tmp_path / f"{name}.json", tmp_path / name, 1))
    never, dead, begun = configs
    write_state(dead, pid=2**22 + 1, phase="running")
    change_status(dead, host=socket.gethostname())
    with lock_held(begun):
        rows = (await Runs([*configs, never]).look()).rows
    assert [row.word for row in rows] == ["NO RUN", "DEAD", "STARTING"]
    assert rows[0].note.startswith("there is no status file: no run has begun here")
    assert [row.is_engine_there for row in rows] == [False, False, True]
    assert (
        rows[0].start_hint
        == f"{never.output}: no engine is running here; start one with: tui-gen {never.path}"
    )


async def test_an_engine_whose_status_is_elsewhere_is_asked_for_its_configuration_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "DISK_SECONDS", 60.0)  # the job is imported, on a machine that may be busy
    config = configured(tmp_path, status_file=str(tmp_path / "elsewhere.json"))
    asked = []

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        asked.append(question["ask"])
        return {"state": {"is": "RunState", "config": str(config.path), "job": "superres"}}

    async with answering(tmp_path, answer):
        runs = Runs()
        with lock_held(config, str(tmp_path / "s")):
            begun = row_of(await runs.look(), config)
            write_state(config, pid=HOLDER, phase="running")
            config.status_path.rename(tmp_path / "elsewhere.json")
            found = row_of(await runs.look(), config)
    assert begun is not None
    assert found is not None
    assert (begun.word, begun.config) == ("STARTING", str(config.path))
    assert found.word == "RUNNING"
    assert asked == ["state"]


async def test_a_disk_that_hangs_delays_no_other_row(
    tmp_path: Path, config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "DISK_SECONDS", 0.3)
    other = RunConfig("toy", tmp_path / "d.json", tmp_path / "other", 1)
    other.run_folder.mkdir(parents=True)
    os.mkfifo(other.status_path)  # opening it waits for a writer
    write_state(config, pid=HOLDER, phase="finished", exit_code=0)
    runs = Runs([other, config])
    assert [row.word for row in (await runs.look()).rows] == ["NO ANSWER", "FINISHED"]
    writer = os.open(other.status_path, os.O_WRONLY)
    other.status_path.unlink()
    os.write(writer, b"{")
    os.close(writer)
    while (row := (await runs.look()).rows[0]).word == "NO ANSWER":
        await asyncio.sleep(0.01)
    assert row.word == "NO RUN"


OTHER = 54399
"""A user of whom no test has an engine."""


@pytest.fixture
def short() -> Iterator[Path]:
    """Return a folder with a path that leaves room for the name of a socket: 108 bytes are the most."""
    with TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def test_engines_of_other_users_are_counted_in_one_line(short: Path) -> None:
    folder = short / f"tui-gen-{OTHER}"
    folder.mkdir()
    is_root = os.geteuid() == 0
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / f"{'0a' * 8}.socket"))
        assert engines_of_others()[OTHER] == 0  # nobody listens
        listener.listen()
        with acting_as(ANNA) if is_root else nullcontext():
            assert engines_of_others()[OTHER] == 1
        assert not is_root or not engines_of_others()  # root sees their locks
    lines = list(row_lines(RunsSeen((), {OTHER: 2, 0: 1}), LineWidth(80, is_cut=False)))
    assert lines[0] == "No engine of yours runs on this machine."
    assert lines[1].startswith("3 more of other users")
    assert lines[1].endswith(f": {OTHER} 2, root 1")
