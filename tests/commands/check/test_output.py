"""What is said of the disk: room against need, and a speed that leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_gen.base.files import nearest_existing
from tui_gen.commands.check.output import (
    DiskSpace,
    folder_conditions,
    room_at,
    room_conditions,
    written_per_second,
)
from tui_gen.contract.inspect import Condition
from tui_gen.engine.model.disk_estimate import Need

GB = 10**9


def need(size_bytes: float, files: int = 30, *, is_measured: bool = False) -> Need:
    return Need(clips=10, patches=10, files=files, size_bytes=size_bytes, is_measured=is_measured)


def levels(room: DiskSpace, wanted: Need | None, min_free: int = 5 * GB) -> dict[str, str]:
    return {condition.what: condition.level for condition in room_conditions(room, wanted, min_free)}


def conditions(output: Path, *, is_busy: bool = False) -> list[Condition]:
    status = output / "status.json"
    return list(folder_conditions(output, output / ".tui-gen", status, is_busy=is_busy, output_key="where"))


def test_room_for_the_plan_and_for_what_is_to_stay_free_is_enough() -> None:
    assert levels(DiskSpace(20 * GB, 100_000), need(15 * GB)) == {"space": "good", "files": "good"}


def test_a_plan_that_would_reach_the_threshold_does_not_fit() -> None:
    assert levels(DiskSpace(20 * GB, 100_000), need(15 * GB + 1))["space"] == "wrong"


def test_a_disk_below_its_threshold_is_wrong_without_any_plan() -> None:
    assert levels(DiskSpace(4 * GB, 100_000), None) == {"space": "wrong", "files": "good"}


def test_files_run_out_before_bytes_do() -> None:
    assert levels(DiskSpace(20 * GB, 2000), need(GB, files=3000))["files"] == "wrong"


def test_a_file_system_that_counts_no_files_is_not_blamed() -> None:
    assert levels(DiskSpace(20 * GB, None), need(GB))["files"] == "unknown"


def test_it_is_said_whether_the_need_is_an_estimate() -> None:
    estimate, *_ = room_conditions(DiskSpace(20 * GB, None), need(GB), 0)
    measured, *_ = room_conditions(DiskSpace(20 * GB, None), need(GB, is_measured=True), 0)
    assert "(an estimate)" in estimate.says
    assert "(by the patches made so far)" in measured.says


def test_the_speed_is_measured_and_nothing_is_left(tmp_path: Path) -> None:
    assert written_per_second(tmp_path) > 0
    assert list(tmp_path.iterdir()) == []


def test_a_folder_to_come_is_looked_for_above(tmp_path: Path) -> None:
    output = tmp_path / "not" / "there"
    assert nearest_existing(output) == tmp_path
    assert room_at(output).free_bytes == pytest.approx(room_at(tmp_path).free_bytes, rel=0.1)
    folder, speed = conditions(output)
    assert folder.level == "good"
    assert f"below {tmp_path}" in folder.says
    assert speed.level == "unknown"
    assert not output.exists()


def test_a_file_in_the_place_of_the_folder_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("x", encoding="ascii")
    (folder,) = conditions(tmp_path / "output")
    assert folder.level == "wrong"
    assert "choose another where or" in folder.says


def test_beside_an_engine_nothing_is_written(tmp_path: Path) -> None:
    *_, speed = conditions(tmp_path, is_busy=True)
    assert speed.level == "unknown"
