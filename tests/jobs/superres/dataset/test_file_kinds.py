"""A kind's name in the ledger and its folder lead to each other, and foreign folders are no kinds."""

import pytest

from tui_gen.jobs.superres.dataset.file_kinds import (
    FileKind,
    is_kind_folder,
    kind_folder,
    kind_named,
    lr_stack,
)
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.media.geometry import Size

FORMAT = PatchFormat("small_540", Size(540, 540), Size(180, 180), "Patches", "")


@pytest.mark.parametrize(
    ("name", "folder", "tile"),
    [
        ("gt", "GT", Size(540, 540)),
        ("gt7", "GT_7frames", Size(540, 540)),
        ("lr", "LR", Size(180, 180)),
        ("lr7", "LR_7frames", Size(180, 180)),
        ("lr_x2", "LR_x2", Size(270, 270)),
        ("lr100_x4", "LR_100frames_x4", Size(135, 135)),
        ("lr7_h264", "LR_7frames_h264", Size(180, 180)),
    ],
)
def test_a_kind_has_one_name_one_folder_and_one_size(name: str, folder: str, tile: Size) -> None:
    kind = kind_named(name)
    assert (kind.name, kind.folder, kind.tile(FORMAT)) == (name, folder, tile)
    assert kind_folder(name) == folder
    assert is_kind_folder(folder)


@pytest.mark.parametrize(
    "folder", ["Val", "gt", "LR_", "LR_7", "LR_X2", "GT_7frames.tmp", "LR_x2_x3", "Patches"]
)
def test_other_folders_are_no_kinds(folder: str) -> None:
    assert not is_kind_folder(folder)


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="depth"):
        kind_named("depth")


def test_the_shortest_plain_stack_is_drawn() -> None:
    assert lr_stack(["gt", "lr7", "lr", "lr_x2"]) == FileKind(is_gt=False, frames=5)
    assert lr_stack(["gt", "lr7", "lr_h264"]) == FileKind(is_gt=False, frames=7)
    assert lr_stack(["gt", "gt7"]) is None
