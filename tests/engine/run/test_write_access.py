"""A second user of the group can go on with a run, and where not, that is found out without a trace."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.users import ANNA, BORIS, acting_as, shared_by_group
from tui_gen.engine.run.session import LEDGER_NAME, LOCK_NAME, Session
from tui_gen.engine.run.write_access import try_to_write
from tui_gen.engine.storage.status import write_status

STATUS = ".generator_status.json"


@pytest.fixture
def output() -> Iterator[Path]:
    """Return an output folder in which Anna has had a run, with the umask of the group."""
    with shared_by_group() as folder:
        output = folder / "out"
        with acting_as(ANNA):
            Session(output / ".tui-gen").close()
            asyncio.run(write_status(output / STATUS, {}))
        yield output


def try_as(user: int, output: Path) -> None:
    with acting_as(user):
        try_to_write(output, output / ".tui-gen", output / STATUS)


def everything_in(output: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in output.rglob("*") if path.is_file()}


def test_files_of_a_run_can_be_written_by_the_group(output: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o7777 for path in (output, *output.rglob("*"))}
    files = {LOCK_NAME: 0o664, LEDGER_NAME: 0o664, STATUS: 0o664}
    assert modes == {"out": 0o2775, ".tui-gen": 0o2775, **files}


def test_a_second_user_takes_the_run_folder_and_replaces_the_status(output: Path) -> None:
    try_as(BORIS, output)
    with acting_as(BORIS):
        Session(output / ".tui-gen").close()
        asyncio.run(write_status(output / STATUS, {"state": "running"}))


@pytest.mark.parametrize("name", [LOCK_NAME, LEDGER_NAME])
def test_a_file_that_only_its_owner_writes_is_named(output: Path, name: str) -> None:
    path = output / ".tui-gen" / name
    path.chmod(0o644)
    try_as(ANNA, output)
    with pytest.raises(PermissionError) as caught:
        try_as(BORIS, output)
    assert caught.value.filename in {path, str(path)}


def test_a_folder_that_only_its_owner_writes_is_named(output: Path) -> None:
    (output / ".tui-gen").chmod(0o2755)
    with pytest.raises(PermissionError) as caught:
        try_as(BORIS, output)
    assert Path(caught.value.filename).parent == output / ".tui-gen"


def test_an_output_folder_that_is_to_come_is_tried_where_it_would_stand(output: Path) -> None:
    try_as(BORIS, output.parent / "new" / "out")
    output.parent.chmod(0o2755)
    with pytest.raises(PermissionError):
        try_as(BORIS, output.parent / "new" / "out")


def test_trying_leaves_nothing_and_changes_nothing(output: Path) -> None:
    before = everything_in(output)
    try_as(BORIS, output)
    try_as(BORIS, output.parent / "new" / "out")
    assert everything_in(output) == before
    assert [path.name for path in output.parent.iterdir()] == ["out"]
