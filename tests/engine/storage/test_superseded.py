"""Files that are replaced are kept under a name of their own, whole, and not twice."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tui_gen.engine.storage.superseded import keep_file, keep_folder


def files_in(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_kept_file_stays_in_its_place_and_is_not_kept_twice(tmp_path: Path) -> None:
    output, run_folder = tmp_path / "out", tmp_path / "run"
    output.mkdir()
    for text in ("one", "one", "two", "one", "two"):
        (output / "a.txt").write_text(text)
        keep_file(output / "a.txt", output=output, run_folder=run_folder)
        assert (output / "a.txt").read_text() == text
        (output / "a.txt").unlink()  # as a rename over it does
    assert files_in(run_folder / "superseded") == {"a.txt": "one", "a.txt.2": "two"}


@pytest.mark.parametrize("has_links", [True, False])
def test_a_folder_is_kept_as_a_whole_and_not_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_links: bool
) -> None:
    if not has_links:
        monkeypatch.setattr(os, "link", refused)
    output, run_folder = tmp_path / "out", tmp_path / "run"
    folder, inner = output / "texts", output / "texts" / "inner"
    inner.mkdir(parents=True)
    files = [folder / "a.txt", inner / "b.txt"]

    def replace(text: str, replaced: Sequence[Path]) -> None:
        keep_folder(folder, files, replaced=replaced, output=output, run_folder=run_folder)
        for file in replaced:
            file.unlink()
            file.write_text(text)

    for file in files:
        file.write_text("one")
    replace("two", files[1:])
    replace("one", files[1:])
    replace("two", files[1:])
    assert files_in(run_folder / "superseded") == {
        "texts/a.txt": "one",
        "texts/inner/b.txt": "one",
        "texts.2/a.txt": "one",
        "texts.2/inner/b.txt": "two",
    }


def refused(*_: object) -> None:
    raise PermissionError


def test_a_folder_that_a_kill_left_unfinished_is_written_anew(tmp_path: Path) -> None:
    output, run_folder = tmp_path / "out", tmp_path / "run"
    (output / "texts").mkdir(parents=True)
    file = output / "texts" / "a.txt"
    file.write_text("whole")
    unfinished = run_folder / "superseded" / "texts.part"
    unfinished.mkdir(parents=True)
    (unfinished / "b.txt").write_text("torn")
    keep_folder(output / "texts", [file], replaced=[file], output=output, run_folder=run_folder)
    assert files_in(run_folder / "superseded") == {"texts/a.txt": "whole"}
