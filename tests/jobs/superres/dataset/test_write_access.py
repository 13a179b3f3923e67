"""Whether patches can be put in their places is found out by doing it, without a trace."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.users import ANNA, BORIS, acting_as, shared_by_group
from tui_gen.jobs.superres.dataset.folders import (
    TEMPORARY_FOLDER,
    USUAL_KINDS,
    OutputError,
    patch_folders,
    prepare_folders,
    temporaries_opened,
)
from tui_gen.jobs.superres.dataset.leftovers import sweep_leftovers
from tui_gen.jobs.superres.dataset.write_access import try_to_write
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.media.geometry import Size

FORMATS = [PatchFormat("small_540", Size(540, 540), Size(180, 180), "Patches", "")]
CATEGORY = "Universal/Learn"
FOLDERS = patch_folders(CATEGORY, FORMATS, kinds=USUAL_KINDS)


@pytest.fixture
def output() -> Iterator[Path]:
    """Return an output folder that Anna has prepared, with the umask of the group."""
    with shared_by_group() as folder:
        with acting_as(ANNA):
            prepare_folders(folder / "out", CATEGORY, FORMATS)
        yield folder / "out"


def try_as(user: int, output: Path) -> None:
    with acting_as(user):
        try_to_write(output, CATEGORY, FOLDERS)


def refused_at(user: int, output: Path) -> Path:
    with pytest.raises(OutputError) as caught:
        try_as(user, output)
    return Path(str(caught.value.filename))


def everything_in(output: Path) -> set[Path]:
    return set(output.rglob("*"))


def test_a_second_user_of_the_group_can_put_patches_in_their_places(output: Path) -> None:
    before = everything_in(output)
    try_as(BORIS, output)
    assert everything_in(output) == before


def test_temporaries_of_a_killed_run_can_be_swept_by_the_group(output: Path) -> None:
    with acting_as(ANNA), temporaries_opened(output, CATEGORY) as folder:
        os.close(os.open("patch_a_idx0001.GT.tmp", os.O_CREAT | os.O_WRONLY, 0o666, dir_fd=folder))
    with acting_as(BORIS):
        assert sweep_leftovers(output, CATEGORY, lambda _path: False) == 1
    assert not (output / CATEGORY / TEMPORARY_FOLDER).exists()


def test_a_folder_of_temporaries_that_only_its_owner_writes_is_named(output: Path) -> None:
    with acting_as(ANNA):
        (output / CATEGORY / TEMPORARY_FOLDER).mkdir(mode=0o700)
    assert refused_at(BORIS, output) == output / CATEGORY / TEMPORARY_FOLDER
    try_as(ANNA, output)
    assert (output / CATEGORY / TEMPORARY_FOLDER).is_dir(), "it was not made by the try"


def test_a_folder_of_patches_that_only_its_owner_writes_is_named(output: Path) -> None:
    (output / FOLDERS[1]).chmod(0o2755)
    before = everything_in(output)
    assert refused_at(BORIS, output) == output / FOLDERS[1]
    assert everything_in(output) == before


def test_a_folder_that_is_to_come_is_tried_where_it_would_stand(output: Path) -> None:
    (output / FOLDERS[0]).rmdir()
    try_as(BORIS, output)
    above = (output / FOLDERS[0]).parent
    above.chmod(0o2755)
    assert refused_at(BORIS, output) == above


def test_an_output_folder_that_is_to_come_is_not_made(tmp_path: Path) -> None:
    try_to_write(tmp_path / "out", CATEGORY, FOLDERS)
    assert list(tmp_path.iterdir()) == []
