"""The socket finds a private place under a path of any length, and an engine without a socket works on."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

from tests.engine.control.conftest import served
from tests.engine.toy import Bench, ToyStage
from tui_gen.engine.control import server
from tui_gen.engine.control.client import ControlClient
from tui_gen.engine.control.server import ControlServer
from tui_gen.engine.control.socket_place import PlaceError, bind_first, connected, socket_paths
from tui_gen.engine.model.history import History
from tui_gen.engine.storage.lock import Lock, read_holder


@pytest.fixture(autouse=True)
def no_runtime_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))


def temporary_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    folder.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder / f"tui-gen-{os.getuid()}"


async def answer_through(path: Path) -> None:
    client = ControlClient(path)
    await client.connect()
    await client.close()


async def test_a_temporary_folder_with_a_long_name_holds_the_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = temporary_folder(monkeypatch, tmp_path / ("x" * 120))
    bench = Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl")
    async with served(bench, tmp_path / "run") as (path, _):
        assert path.parent == folder
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        await answer_through(path)
    assert not path.exists()


def make_file(folder: Path) -> None:
    folder.touch()


def make_link(folder: Path) -> None:
    folder.symlink_to(folder.parent)


def make_foreign(folder: Path) -> None:
    folder.mkdir()
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(folder, 12345, 12345)


@pytest.mark.parametrize("obstruct", [make_file, make_link, make_foreign])
@pytest.mark.parametrize("has_runtime_folder", [True, False])
async def test_a_place_of_somebody_else_is_left_alone_and_another_is_taken(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    obstruct: object,
    *,
    has_runtime_folder: bool,
) -> None:
    assert callable(obstruct)
    foreign = temporary_folder(monkeypatch, tmp_path / "tmp")
    obstruct(foreign)
    before = foreign.lstat()
    runtime = tmp_path / "runtime"
    if has_runtime_folder:
        runtime.mkdir(mode=0o700)
    bench = Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl")
    async with served(bench, tmp_path / ("run" * 40)) as (path, _):
        in_run_folder = tmp_path / ("run" * 40) / f"control-{os.getuid()}"
        assert path.parent == (runtime / "tui-gen" if has_runtime_folder else in_run_folder)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert str(foreign) in caplog.text
        await answer_through(path)
    assert foreign.lstat() == before


def test_a_place_that_others_may_enter_is_closed_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = temporary_folder(monkeypatch, tmp_path / "tmp")
    folder.mkdir(mode=0o755)
    listener, path, refused = bind_first(socket_paths(tmp_path))
    listener.close()
    assert (path.parent, refused) == (folder, ())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_a_dead_engine_left_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary_folder(monkeypatch, tmp_path / "tmp")
    left, path, _ = bind_first(socket_paths(tmp_path))
    left.close()
    with pytest.raises(ConnectionRefusedError):
        connected(path)
    listener, again, _ = bind_first(socket_paths(tmp_path))
    listener.listen()
    assert again == path
    connected(path).close()
    listener.close()


def test_where_no_place_can_be_used_each_is_named(tmp_path: Path) -> None:
    (tmp_path / "one").touch()
    paths = [tmp_path / "one" / "s", tmp_path / "none" / "deep" / "s"]
    with pytest.raises(PlaceError, match=r"one is not a folder of this user; .*deep: No such file"):
        bind_first(iter(paths))


async def test_an_engine_without_a_socket_goes_on_and_gets_one_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "LOOK_SECONDS", 0.0)
    run_folder = tmp_path / "run"
    run_folder.mkdir()
    looks, place = [], [tmp_path / "gone" / "later" / "s"]

    def paths(_: Path) -> object:
        looks.append(1)
        if len(looks) == 3:
            place[0].parent.mkdir(parents=True)
        return iter(place)

    monkeypatch.setattr(server, "socket_paths", paths)
    bench = Bench(ToyStage({"a": 3}), tmp_path / "ledger.jsonl")
    lock = Lock(run_folder / "lock")
    task = asyncio.create_task(
        ControlServer(bench.steering, run_folder=run_folder, lock=lock, history=History()).run()
    )
    while not (holder := read_holder(lock.path)) or not holder.socket:
        assert not task.done()
        await asyncio.sleep(0)
    assert Path(holder.socket) == place[0]
    await answer_through(place[0])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    lock.release()
    assert caplog.text.count("no control socket, only signals steer this engine") == 1
