"""A sweep at the start removes temporaries of dead writers only; a sweep at the end removes all."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tui_gen.base.dead_writers import LIVING_SECONDS, Whose
from tui_gen.base.writer_token import new_token
from tui_gen.jobs.superres.dataset.folders import TEMPORARY_FOLDER, prepare_folders
from tui_gen.jobs.superres.dataset.leftovers import sweep_leftovers
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.media.geometry import Size

CATEGORY = "Universal/Learn"
STEM = "patch_a_idx0001"
OTHER_HOST = "0badcafe-2a-5f-1"
Put = Callable[[str], Path]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    prepare_folders(tmp_path, CATEGORY, [PatchFormat("any", Size(6, 6), Size(2, 2), "Patches", "")])
    return tmp_path


@pytest.fixture
def put(output: Path) -> Put:
    def put_file(path: str) -> Path:
        file = output / CATEGORY / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
        return file

    return put_file


def half_written(put: Put, token: str) -> list[Path]:
    """Put what a writer leaves that is killed after the first rename."""
    kept = [put(f"{TEMPORARY_FOLDER}/{STEM}.{token}.{kind}.tmp") for kind in ("GT", "LR_7frames")]
    return [*kept, put(f"Patches/LR/{STEM}.png")]


def age(files: list[Path], seconds: float) -> None:
    for file in files:
        time = file.stat().st_mtime - seconds
        os.utime(file, (time, time))


def sweep(output: Path, whose: Whose) -> int:
    return sweep_leftovers(output, CATEGORY, lambda _: False, whose=whose)


def test_files_of_a_living_process_of_this_host_are_left(output: Path, put: Put) -> None:
    files = half_written(put, new_token())
    age(files, 10 * LIVING_SECONDS)
    assert sweep(output, "dead") == 0
    assert all(file.exists() for file in files)
    assert sweep(output, "all") == 3
    assert not any(file.exists() for file in files)


def test_files_of_a_dead_process_of_this_host_are_removed_at_once(output: Path, put: Put) -> None:
    host, process, start, number = new_token().split("-")
    files = half_written(put, f"{host}-{process}-{int(start, 16) - 1:x}-{number}")
    assert sweep(output, "dead") == 3
    assert not any(file.exists() for file in files)
    assert not (output / CATEGORY / TEMPORARY_FOLDER).exists()


def test_files_of_another_host_are_left_until_they_are_old(output: Path, put: Put) -> None:
    files = half_written(put, OTHER_HOST)
    age(files, LIVING_SECONDS - 60)
    assert sweep(output, "dead") == 0
    assert all(file.exists() for file in files)
    assert len(list((output / CATEGORY / TEMPORARY_FOLDER).iterdir())) == 2, "only what was there before"
    age(files, 61)
    assert sweep(output, "dead") == 3
    assert not (output / CATEGORY / TEMPORARY_FOLDER).exists()


def test_one_new_file_of_a_writer_on_another_host_saves_its_older_ones(output: Path, put: Put) -> None:
    gt, *others = half_written(put, OTHER_HOST)
    age([gt], 2 * LIVING_SECONDS)
    assert sweep(output, "dead") == 0
    assert all(file.exists() for file in (gt, *others))


def test_the_age_is_counted_by_the_clock_of_the_file_server(
    output: Path, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = half_written(put, OTHER_HOST)
    monkeypatch.setattr("time.time", lambda: files[0].stat().st_mtime + 3600)
    assert sweep(output, "dead") == 0
    assert all(file.exists() for file in files)


@pytest.mark.parametrize("name", [f"{STEM}.GT.tmp", f"{STEM}.5f3a9c12-17.GT.tmp", ".check-5f3a9c12-17", "x"])
def test_files_of_older_versions_are_removed_at_once(output: Path, put: Put, name: str) -> None:
    put(f"{TEMPORARY_FOLDER}/{name}")
    assert sweep(output, "dead") == 1
    assert not (output / CATEGORY / TEMPORARY_FOLDER).exists()


def test_files_by_which_a_living_process_tests_the_folder_are_left(output: Path, put: Put) -> None:
    file = put(f"{TEMPORARY_FOLDER}/.check-{new_token()}")
    assert sweep(output, "dead") == 0
    assert file.exists()


def test_files_of_a_dead_writer_are_removed_beside_those_of_a_living_one(output: Path, put: Put) -> None:
    living = put(f"{TEMPORARY_FOLDER}/{STEM}.{new_token()}.GT.tmp")
    dead = put(f"{TEMPORARY_FOLDER}/{STEM}.GT.tmp")
    assert sweep(output, "dead") == 1
    assert (living.exists(), dead.exists()) == (True, False)
