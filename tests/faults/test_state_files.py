"""What lies in the run folder may be torn, wiped, forged or stale: the patches stand, and the run goes on."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import Dataset, environment, run_inside
from tests.faults.conftest import Scene, check_words, lying_in, with_root
from tui_gen.base.errors import RefusedError
from tui_gen.commands.run.starting_over import archive_previous
from tui_gen.config.run_config import RUN_FOLDER
from tui_gen.contract.registry import read_config
from tui_gen.engine.run.session import LOCK_NAME
from tui_gen.engine.storage.lock import is_held

GARBAGE = {
    "empty": b"",
    "zeroes": bytes(5000),
    "cut": b'{"schema": 1, "state": "run',
    "wrong types": b'{"schema": "x", "pid": [], "progress": 7, "heartbeat": NaN}',
    "a later version": b'{"schema": 99, "version": "9.9"}',
    "byte order mark": b'\xef\xbb\xbf{"schema": 1}',
    "deep": b"[" * 100_000,
    "nothing in it": b"{}",
}
HUGE_BYTES = 500_000_000


@pytest.mark.parametrize("kind", [*GARBAGE, "huge", "gone"])
def test_a_ruined_status_file_costs_nothing(kind: str, finished: Scene) -> None:
    status = finished.data.output / ".generator_status.json"
    status.unlink()
    if kind == "huge":
        status.touch()
        os.truncate(status, HUGE_BYTES)
    elif kind != "gone":
        status.write_bytes(GARBAGE[kind])
    watched = run_inside("monitor", finished.data.config, "--once")
    assert "Traceback" not in watched.err, str(watched)
    finished.finish()
    assert finished.data.status()["state"] == "finished"


def test_a_monitor_writes_nothing(finished: Scene) -> None:
    before = lying_in(finished.data.output)
    for flag in ("--once", "--json"):
        watched = run_inside("monitor", finished.data.config, "--once", flag)
        assert watched.code == 0, str(watched)
    assert lying_in(finished.data.output) == before


@pytest.mark.soak
def test_a_folder_in_the_place_of_the_status_file_costs_only_the_view(scene: Scene) -> None:
    (scene.data.output / ".generator_status.json").mkdir(parents=True)
    done = scene.run()
    assert done.code == 0, str(done)
    assert "cannot write the status file" in scene.log()
    (scene.data.output / ".generator_status.json").rmdir()
    scene.finish(done)


def clip_lines(data: Dataset) -> list[int]:
    return [number for number, line in enumerate(data.ledger()) if line["kind"] == "clip"]


SELDOM = [pytest.param(damage, marks=pytest.mark.soak) for damage in ("zeroed", "deleted", "doubled")]


@pytest.mark.parametrize("damage", ["halved", "foreign", *SELDOM])
def test_a_damaged_line_of_the_ledger_costs_its_clip_alone(damage: str, finished: Scene) -> None:
    path = finished.data.ledger_path
    lines = path.read_bytes().splitlines(keepends=True)
    number = clip_lines(finished.data)[4]
    lines[number] = {
        "zeroed": bytes(len(lines[number]) - 1) + b"\n",
        "halved": lines[number][:90] + b"\n",
        "deleted": b"",
        "doubled": lines[number] * 2,
        "foreign": b'{"kind": "clip", "id": "\\u001b[31mx:1"}\n',
    }[damage]
    path.write_bytes(b"".join(lines))
    done = finished.run()
    assert done.code == 0, str(done)
    check_words(done)
    assert finished.data.tree() == finished.reference
    if damage in {"zeroed", "halved", "foreign"}:
        assert "damaged line of the ledger" in done.err


@pytest.mark.soak
def test_a_damaged_line_of_names_gives_no_film_another_name(finished: Scene) -> None:
    path = finished.data.ledger_path
    lines = path.read_bytes().splitlines(keepends=True)
    named = [number for number, line in enumerate(lines) if b'"slug:' in line]
    assert named
    for number in named:
        lines[number] = bytes(len(lines[number]) - 1) + b"\n"
    lost = lines.pop(clip_lines(finished.data)[4])
    path.write_bytes(b"".join(lines))
    done = finished.run()
    assert done.code == 0, str(done)
    assert finished.data.tree() == finished.reference
    assert json.loads(lost)["id"] in {clip for clip, _ in made_in(path)}


def made_in(ledger: Path) -> list[tuple[str, int]]:
    """Return (clip, patches) of the lines that can be read."""
    found = []
    for line in ledger.read_bytes().splitlines():
        if b'"outcome":"made"' in line:
            entry = json.loads(line)
            found.append((entry["id"], len(entry["patches"])))
    return found


@pytest.mark.parametrize("tail", [bytes(4096), b'{"at": 12.5, "kind": "cl', b"\xff" * 100])
def test_a_torn_end_of_the_ledger_is_dropped(tail: bytes, finished: Scene) -> None:
    with finished.data.ledger_path.open("ab") as ledger:
        ledger.write(tail)
    done = finished.finish()
    assert "damaged" not in done.err


def test_a_ledger_cut_in_the_middle_repeats_what_it_lost_into_the_same_files(finished: Scene) -> None:
    path = finished.data.ledger_path
    lines = path.read_bytes().splitlines(keepends=True)
    names = [number for number, line in enumerate(lines) if b'"slug:' in line]
    kept = lines[: max(names[-1] + 1, clip_lines(finished.data)[3])]  # all names, and three clips
    path.write_bytes(b"".join(kept) + lines[len(kept)][:90])
    finished.finish()


def test_a_ledger_that_lost_the_names_of_a_film_replaces_none_of_its_files(finished: Scene) -> None:
    path, stamps = finished.data.ledger_path, finished.data.stamps()
    lines = path.read_bytes().splitlines(keepends=True)
    lost = [b'"source":"cleo"' in line and (b'"slug:' in line or b'"kind":"clip"' in line) for line in lines]
    path.write_bytes(b"".join(line for line, is_lost in zip(lines, lost, strict=True) if not is_lost))
    done = finished.run()
    assert done.code == 0, str(done)
    assert (
        "Space has files patch_cleo_... that the ledger does not record: written as patch_cleo_cleo_"
        in done.err
    )
    after = finished.data.stamps()
    assert {name: after[name] for name in stamps} == stamps
    again = {name for name in after if "patch_cleo_cleo_" in name}
    assert {name.replace("patch_cleo_cleo_", "patch_cleo_") for name in again} == {
        name for name in stamps if "patch_cleo_" in name
    }


def test_deleted_patches_are_told_by_verify_and_a_whole_run_leaves_them(finished: Scene) -> None:
    for path in finished.data.paths()[::20]:
        path.unlink()
    assert run_inside("verify", finished.data.config).code == 5
    assert run_inside("verify", finished.data.config, "--repair").code == 0
    assert finished.data.tree() == finished.reference


@pytest.mark.parametrize(
    "text", [b"", b"not json", b'{"pid": 1, "host": "elsewhere", "boot_id": "x", "socket": "/nowhere"}\n']
)
def test_a_stale_or_forged_lock_file_keeps_nobody_out(text: bytes, finished: Scene) -> None:
    (finished.data.output / ".tui-gen" / "lock").write_bytes(text)
    finished.finish()


def test_a_status_file_is_whole_at_every_instant(scene: Scene) -> None:
    path, stop = scene.data.output / ".generator_status.json", threading.Event()
    read = 0
    torn: list[str] = []

    def look() -> None:
        nonlocal read
        while not stop.is_set():
            try:
                json.loads(path.read_bytes())
                read += 1
            except FileNotFoundError:
                continue
            except ValueError as error:
                torn.append(str(error))

    looker = threading.Thread(target=look)
    looker.start()
    try:
        with scene.start(patience={"beat": 0.01}) as running:
            done = running.end()
    finally:
        stop.set()
        looker.join()
    assert done.code == 0, str(done)
    assert torn == []
    assert read > 50
    scene.finish(done)


@pytest.mark.soak
def test_a_file_in_the_place_of_the_socket_s_folder_sends_the_socket_elsewhere(
    scene: Scene, tmp_path: Path
) -> None:
    odd = tmp_path / "tmp"
    odd.mkdir()
    (odd / f"tui-gen-{os.getuid()}").write_text("in the way")
    done = scene.run(env=environment(TMPDIR=str(odd)))
    assert done.code == 0, str(done)
    assert "the control socket is" in scene.log()
    assert f"tui-gen-{os.getuid()}" in scene.log()  # why it lies elsewhere
    assert (odd / f"tui-gen-{os.getuid()}").read_text() == "in the way"
    scene.finish(done)


@pytest.mark.soak
def test_hundreds_of_half_open_control_clients_hold_up_nothing(scene: Scene) -> None:
    with scene.start("--workers", "1") as running:
        scene.wait_for_clips(running, 1)
        holder = json.loads((scene.data.output / ".tui-gen" / "lock").read_bytes())
        clients = []
        for number in range(200):
            client = socket.socket(socket.AF_UNIX)
            client.connect(holder["socket"])
            client.sendall(b'{"ask": "sta' if number % 2 else b"\x1b[31m\n" * 5)
            clients.append(client)
        done = running.end()
        for client in clients:
            client.close()
    assert done.code == 0, str(done)
    scene.finish(done)


@pytest.mark.soak
def test_a_renamed_category_is_another_one_and_the_files_of_the_old_one_stay(finished: Scene) -> None:
    before = finished.data.stamps()

    def rename(settings: dict[str, Any]) -> None:
        settings["category_paths"]["cosmos"] = "Cosmos"
        settings["format_config"]["cosmos"] = settings["format_config"].pop("space")
        for video in settings["videos"]:
            if "space" in video["categories"]:
                video["categories"]["cosmos"] = video["categories"].pop("space")

    finished.data.edit(rename)
    done = finished.run("--mix")
    assert done.code == 0, str(done)
    check_words(done)
    after = finished.data.stamps()
    assert {path: after.get(path) for path in before} == before
    added = {path.split("/")[0] for path in after.keys() - before.keys()}
    assert added == {"Cosmos"}
    assert len(after) - len(before) == sum(path.startswith("Space/") for path in before)


@pytest.mark.soak
def test_starting_over_that_would_be_refused_moves_nothing(finished: Scene) -> None:
    before = finished.data.stamps()
    done = finished.run("--fresh", "--yes", env=environment(TUI_GEN_FFMPEG="/nowhere/ffmpeg"))
    assert done.code == 2, str(done)
    done = finished.run("--fresh", "--yes", "--only", "Nobody")
    assert done.code == 2, str(done)
    assert finished.data.stamps() == before
    finished.finish()


@pytest.mark.soak
def test_starting_over_makes_the_same_bytes_beside_what_stood_there(finished: Scene) -> None:
    done = finished.run("--fresh", "--yes")
    assert done.code == 0, str(done)
    kept = {path: digest for path, digest in finished.data.tree().items() if path not in finished.reference}
    assert sorted(kept.values()) == sorted(finished.reference.values())
    assert kept.keys().isdisjoint(finished.reference)
    assert finished.data.tree().items() >= finished.reference.items()


def test_starting_over_where_a_folder_cannot_be_moved_moves_none(
    finished: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, rename = finished.data.tree(), Path.rename

    def refusing(path: Path, target: Path) -> Path:
        if path.name == "Space":
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(RefusedError, match="Space: cannot be renamed"):
        archive_previous(read_config(finished.data.config))
    assert finished.data.tree() == before
    assert finished.data.ledger_path.exists()


def test_starting_over_lets_no_engine_begin_meanwhile(
    finished: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, rename, held = finished.data.output / RUN_FOLDER / LOCK_NAME, Path.rename, list[bool]()

    def noting(path: Path, target: Path) -> Path:
        held.append(is_held(lock))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", noting)
    archive_previous(read_config(finished.data.config))
    assert set(held) == {True}
    assert not is_held(lock)


def test_ctrl_c_at_the_very_end_changes_no_exit_code(tmp_path: Path) -> None:
    script = """
import atexit, os, signal, sys
from tui_gen.cli.main import program
atexit.register(os.kill, os.getpid(), signal.SIGINT)
sys.argv = ["tui-gen", "plan", "nowhere.json"]
sys.exit(program())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, env=with_root(None),
        check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "KeyboardInterrupt" not in done.stderr


def test_a_refusal_of_many_lines_names_the_program_as_one_of_one_line_does(scene: Scene) -> None:
    scene.data.edit(lambda settings: settings.update(seed="x", chroma="411"))
    done = scene.run()
    assert done.code == 2, str(done)
    assert len(done.err.splitlines()) > 1
    assert done.err.startswith("tui-gen: ")
    assert done.err.count("tui-gen: ") == 1
