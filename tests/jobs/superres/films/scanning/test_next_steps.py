from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.jobs.superres.planning.test_plan import FILM, settings, video
from tui_gen.jobs.superres.films.scanning.next_steps import next_steps


def lines(output: Path, *, is_probed: bool = True, target: int | None = None) -> list[str]:
    videos = tuple(video(name, {"general": 1.0})[1] for name in "ab")
    wanted = settings({"general": target}, videos=videos, output=output, base_frame_limit=100)
    probes = {each.path: FILM for each in wanted.videos if is_probed}
    return list(next_steps(wanted, probes, Path("my films.json")))


def test_it_ends_with_what_to_type(tmp_path: Path) -> None:
    *_, following, then = lines(tmp_path)
    assert following.startswith("Next: tui-gen check 'my films.json' ")
    assert then.startswith("Then: tui-gen 'my films.json' ")


def test_it_says_how_many_how_large_and_where(tmp_path: Path) -> None:
    patches, output, *_ = lines(tmp_path, target=60)
    assert patches.startswith("Patches: 60 in 180 files, about ")
    assert patches.endswith(" MB")
    assert output.startswith(f"Output: {tmp_path}, ")
    assert output.endswith(" free")


def test_films_that_were_not_opened_give_a_bound(tmp_path: Path) -> None:
    assert lines(tmp_path, is_probed=False)[0].startswith("Patches: at most ")


def test_a_target_out_of_reach_is_named(tmp_path: Path) -> None:
    assert lines(tmp_path, target=10**9)[1].startswith("Targets that these films cannot meet: general ")


def test_an_output_on_a_disk_that_is_not_there_says_what_to_change(tmp_path: Path) -> None:
    (said,) = [line for line in lines(tmp_path / "disk" / "out") if line.startswith("Output")]
    assert f"but {tmp_path} is all that exists of it: mount its disk, or change" in said
    assert said.endswith('"output_base_dir" in my films.json')


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_an_output_that_cannot_be_written_says_what_to_change(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    (said,) = [line for line in lines(tmp_path / "out") if line.startswith("Output")]
    assert f"{tmp_path} cannot be written by you: change" in said


def test_an_output_whose_parent_is_a_file_says_what_to_change(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (said,) = [line for line in lines(tmp_path / "file" / "out") if line.startswith("Output")]
    assert f"{tmp_path / 'file'} cannot be written by you" in said
