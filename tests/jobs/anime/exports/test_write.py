"""Writing an export: links, whole or not at all, and never over something else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_gen.base.errors import ObstructedError, RefusedError
from tui_gen.jobs.anime.exports import write
from tui_gen.jobs.anime.exports.model import ExportPlan, Link
from tui_gen.jobs.anime.exports.write import refuse_content, write_export

CONTENT = b"RIFF....WEBP"


@pytest.fixture
def plan(tmp_path: Path) -> ExportPlan:
    training = tmp_path / "training"
    training.mkdir()
    links = []
    for number in range(3):
        file = training / f"é {number}.webp"
        file.write_bytes(CONTENT + bytes([number]))
        links.append(Link(file, f'10_a "b"~c/é {number}.webp'))
    return ExportPlan({'10_a "b"~c/é 0.txt': "Frieren, smile\n", "dataset.toml": "x = 1\n"}, tuple(links))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


EXPECTED = {
    "dataset.toml": b"x = 1\n",
    '10_a "b"~c/é 0.txt': b"Frieren, smile\n",
    **{f'10_a "b"~c/é {number}.webp': CONTENT + bytes([number]) for number in range(3)},
}


def test_images_are_links_and_texts_are_files(plan: ExportPlan, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    target = tmp_path / "new" / "export"
    write_export(plan, target, on_done=lambda done, total: told.append((done, total)))
    assert tree(target) == EXPECTED
    for link in plan.links:
        assert (target / link.target).samefile(link.source)
    assert told == [(5, 5)]
    assert [each.name for each in target.parent.iterdir()] == ["export"]


def test_where_links_are_not_possible_images_are_copied(plan: ExportPlan, tmp_path: Path) -> None:
    other = Path("/dev/shm")  # noqa: S108 - a second file system
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system")
    target = other / f"tui-gen-export-{os.getpid()}"
    try:
        write_export(plan, target)
        assert tree(target) == EXPECTED
        assert not (target / plan.links[0].target).samefile(plan.links[0].source)
    finally:
        subprocess.run(["rm", "-rf", str(target)], check=True)


def test_an_empty_folder_is_taken(plan: ExportPlan, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    write_export(plan, tmp_path / "export")
    assert tree(tmp_path / "export") == EXPECTED


@pytest.fixture(params=["content", "file", "link"])
def obstacle(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    target = tmp_path / "export"
    if request.param == "content":
        target.mkdir()
        (target / "mine.txt").write_text("mine")
    elif request.param == "file":
        target.write_text("mine")
    else:
        target.symlink_to(tmp_path / "nowhere")
    yield target
    assert os.path.lexists(target)
    if request.param == "content":
        assert tree(target) == {"mine.txt": b"mine"}


def test_what_has_the_name_already_is_left_alone(plan: ExportPlan, obstacle: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="exists and is not empty; name a new folder for the export"):
        write_export(plan, obstacle)
    with pytest.raises(RefusedError):
        refuse_content(obstacle)
    assert not list(tmp_path.glob("*.partial"))


def test_an_image_that_is_gone_leaves_nothing(plan: ExportPlan, tmp_path: Path) -> None:
    plan.links[1].source.unlink()
    with pytest.raises(RefusedError, match=r"é 1\.webp is gone"):
        write_export(plan, tmp_path / "export")
    assert [each.name for each in tmp_path.iterdir()] == ["training"]


def test_a_name_that_is_not_utf8_is_told_before_anything_is_written(tmp_path: Path) -> None:
    plan = ExportPlan({"dataset.toml": 'image_dir = "\udcff"'}, ())
    with pytest.raises(RefusedError, match=r"dataset\.toml would hold a name that is not UTF-8"):
        write_export(plan, tmp_path / "export")
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_takes_nothing_obstructs(plan: ExportPlan) -> None:
    with pytest.raises(ObstructedError, match="/proc/export"):
        write_export(plan, Path("/proc/export"))


KILLED = """
import os, signal, sys
from pathlib import Path
from tui_gen.jobs.anime.exports import write
from tui_gen.jobs.anime.exports.model import ExportPlan, Link
write._EVERY = 1
calls = []
def alive():
    calls.append(0)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
source = Path(sys.argv[1])
links = tuple(Link(file, f"a/{file.name}") for file in sorted(source.iterdir()))
write.write_export(ExportPlan({"x.txt": "x"}, links), Path(sys.argv[2]), alive=alive)
"""


def test_what_a_killed_export_left_is_removed_by_the_next(plan: ExportPlan, tmp_path: Path) -> None:
    target = tmp_path / "export"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "training"), str(target)],
        check=False,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.glob("export.*.partial")
    assert len(list((left / "a").iterdir())) == 3
    assert not target.exists()
    write_export(plan, target)
    assert tree(target) == EXPECTED
    assert not left.exists()
    assert all(link.source.exists() for link in plan.links)


def test_what_a_running_process_writes_or_nobody_marked_is_left_alone(
    plan: ExportPlan, tmp_path: Path
) -> None:
    running = tmp_path / f"export.{os.getppid()}.partial"
    unmarked = tmp_path / "export.999999999.partial"
    for each in (running, unmarked):
        each.mkdir()
    (running / write._MARK).touch()
    write_export(plan, tmp_path / "export")
    assert running.exists()
    assert unmarked.exists()
