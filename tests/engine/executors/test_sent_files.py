"""Files that are sent are written whole, in the output folder only, and leave nothing behind."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tui_gen.base.errors import ObstructedError
from tui_gen.engine.executors import messages as say
from tui_gen.engine.executors import sent_files
from tui_gen.engine.executors.sent_files import FileReceiver, FileSender, StagingFolder
from tui_gen.engine.model.work import Clip, Made

OUTCOME = Made(Clip("a", 0), (), 1, 0.5)


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent_files, "PIECE_BYTES", 10)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "output" / ".tui-gen").mkdir(parents=True)
    return tmp_path / "output"


@pytest.fixture
def receiver(output: Path) -> FileReceiver:
    return FileReceiver(run_folder=output / ".tui-gen", output=output)


@pytest.fixture
def staging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StagingFolder]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = StagingFolder()
    yield folder
    folder.remove()
    assert list(tmp_path.glob(f"{sent_files.PREFIX}*")) == []


async def pieces_of(staging: StagingFolder, output: Path, *contents: bytes) -> list[say.FilePiece]:
    """Send files of some contents, and return what was sent."""
    paths = [f"{staging.path}/{k}\udcff.bin" for k in range(len(contents))]
    for path, data in zip(paths, contents, strict=True):
        Path(path).write_bytes(data)
    told: list[say.Answer] = []
    sender = FileSender(lambda _: paths, lambda path: path.replace(staging.path, str(output)), told.append)
    await sender.send(1, OUTCOME)
    assert list(Path(staging.path).iterdir()) == []
    lines = [say.answer_of(say.line_of(answer)) for answer in told]
    return [piece for piece in lines if isinstance(piece, say.FilePiece)]


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [0, 1, 10, 20, 25])
async def test_a_file_arrives_as_it_was(
    staging: StagingFolder, receiver: FileReceiver, output: Path, size: int
) -> None:
    data = os.urandom(size)
    for piece in await pieces_of(staging, output, data):
        assert not (output / "0\udcff.bin").exists()
        await receiver.take("box1", piece)
    assert (output / "0\udcff.bin").read_bytes() == data
    assert files_in(output) == [output / "0\udcff.bin"]


async def test_the_same_file_from_two_machines_at_once_is_whole(
    staging: StagingFolder, receiver: FileReceiver, output: Path
) -> None:
    data = os.urandom(25)
    for piece in await pieces_of(staging, output, data):
        await receiver.take("box1", piece)
        await receiver.take("box2", piece)
    assert (output / "0\udcff.bin").read_bytes() == data


async def test_a_damaged_file_gets_no_final_name(
    staging: StagingFolder, receiver: FileReceiver, output: Path
) -> None:
    *before, last = await pieces_of(staging, output, os.urandom(25))
    for piece in before:
        await receiver.take("box1", piece)
    with pytest.raises(say.MessageError, match="damaged on its way"):
        await receiver.take("box1", replace(last, data=before[0].data))
    assert not (output / "0\udcff.bin").exists()


async def test_what_a_lost_machine_sent_in_part_is_removed(
    staging: StagingFolder, receiver: FileReceiver, output: Path
) -> None:
    first, *_ = await pieces_of(staging, output, os.urandom(25))
    await receiver.take("box1", first)
    await receiver.take("box2", first)
    receiver.forget("box1")
    assert len(files_in(output)) == 1
    receiver.clear()
    assert files_in(output) == []


@pytest.mark.parametrize("path", ["{output}/../a.bin", "{output}", "/etc/passwd", "a.bin", "{output}2/a.bin"])
async def test_a_file_outside_the_output_folder_is_refused(
    receiver: FileReceiver, output: Path, path: str
) -> None:
    piece = say.FilePiece(1, path.format(output=output), 0, "", 0)
    with pytest.raises(say.MessageError, match="not in the output folder"):
        await receiver.take("box1", piece)


async def test_a_folder_that_takes_nothing_obstructs(
    staging: StagingFolder, receiver: FileReceiver, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [piece] = await pieces_of(staging, output, b"x")

    def full(descriptor: int) -> None:
        del descriptor
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ObstructedError, match="No space left"):
        await receiver.take("box1", piece)
    assert not (output / "0\udcff.bin").exists()


async def test_a_final_folder_on_another_file_system_is_written_too(
    staging: StagingFolder, receiver: FileReceiver, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [piece] = await pieces_of(staging, output, b"x")
    replaced = Path.replace

    def other_file_system(source: Path, target: Path) -> Path:
        if source.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replaced(source, target)

    monkeypatch.setattr(Path, "replace", other_file_system)
    await receiver.take("box1", piece)
    assert (output / "0\udcff.bin").read_bytes() == b"x"
    assert files_in(output) == [output / "0\udcff.bin"]


def test_the_staging_folder_of_a_killed_process_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    killed, alive = tmp_path / f"{sent_files.PREFIX}killed", tmp_path / f"{sent_files.PREFIX}alive"
    for folder in (killed, alive):
        (folder / "output").mkdir(parents=True)
        (folder / sent_files.LOCK_NAME).touch()
    with (alive / sent_files.LOCK_NAME).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        StagingFolder().remove()
    assert alive.exists()
    assert not killed.exists()
