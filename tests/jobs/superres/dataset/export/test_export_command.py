"""An export is whole or not there; what stands in the way, is missing or cannot be laid out is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import Dataset, Running, command, run
from tests.jobs.superres.dataset.export import loaders
from tests.jobs.superres.dataset.export.conftest import index, made, part_of, refused
from tui_gen.cli.main import main

Export = Callable[..., Path]


def test_a_layout_that_is_not_there_is_answered_with_those_that_are(dataset: Dataset, tmp_path: Path) -> None:
    done = refused(dataset, "vimeo", tmp_path / "out")
    assert "basicsr-vimeo" in done.err
    assert "webdataset" in done.err


def test_the_help_has_a_line_for_each_layout(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    shown = capsys.readouterr().out.splitlines()
    for name in ("vsrpp", "webdataset", "parquet", "kohya", "moving-mnist"):
        assert any(line.split()[:1] == [name] and len(line.split()) > 3 for line in shown)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("basicsr-reds", "exactly 100 frames, and these have 7"),
        ("neosr --category toon", "there are general, space"),
        ("neosr --format huge", "there are strip, tiny"),
        ("neosr --category space --split test", "no patch is left"),
        ("neosr --tiles", "neosr cannot be written with --tiles"),
        ("vsrpp --merge", "--crop, --stride"),
    ],
)
def test_what_cannot_be_exported_is_refused(
    arguments: str, words: str, dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, *flags = arguments.split()
    assert main(["export", layout, str(tmp_path / "out"), "-c", str(dataset.config), *flags]) == 2
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_layouts_of_seven_ground_truths_are_refused_without(
    copy: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, comma, after = copy.ledger_path.read_bytes().partition(b',"gt7":')  # of one patch's files
    copy.ledger_path.write_bytes(before + b',"gt8":' + after)
    assert comma
    for layout in ("vimeo90k", "mmagic-reds"):
        assert main(["export", layout, str(tmp_path / layout), "-c", str(copy.config)]) == 2
        assert '"gt_frames": 7' in capsys.readouterr().err
    assert main(["export", "basicsr-vimeo", str(tmp_path / "b"), "-c", str(copy.config)]) == 0
    assert main(["export", "basicsr-lmdb", str(tmp_path / "c"), "-c", str(copy.config)]) == 0
    folders = [path.name for path in (tmp_path / "c").rglob("*.lmdb")]
    assert sum(name.endswith("_GT_only4th.lmdb") for name in folders) == 1
    assert any(name.endswith("_GT_all.lmdb") for name in folders)


def test_a_folder_with_something_in_it_is_left_alone(dataset: Dataset, tmp_path: Path) -> None:
    mine = tmp_path / "out" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert main(["export", "neosr", str(mine.parent), "-c", str(dataset.config)]) == 2
    stray = tmp_path / "new.partial" / "mine.txt"
    stray.parent.mkdir()
    stray.write_text("mine")
    assert main(["export", "neosr", str(tmp_path / "new"), "-c", str(dataset.config)]) == 2
    assert mine.read_text() == stray.read_text() == "mine"


def test_a_film_chosen_for_validation_afterwards_is_exported_for_validation(
    copy: Dataset, tmp_path: Path
) -> None:
    copy.edit(lambda settings: settings["videos"][1].update(split="val"))
    assert main(["export", "neosr", str(tmp_path / "out"), "-c", str(copy.config)]) == 0
    folder = tmp_path / "out" / "general" / "tiny"
    assert {row["film"] for row in index(folder / "val").values()} == {"Beta", "Gamma"}
    assert "Beta" not in {row["film"] for row in index(folder / "train").values() if not row["left_out"]}


def test_a_patch_moved_by_hand_is_found_and_one_that_is_gone_is_said(
    copy: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = [(key, patch) for key, patch in made(copy).items() if part_of(patch) == "train"]
    moved, patch = next(each for each in train if "beta" in each[0])
    gone, other = next(each for each in train if "beta" not in each[0])
    for path in patch["files"].values():
        place = copy.output / path
        target = place.parents[2] / "Val_tiny" / place.parent.name / place.name
        target.parent.mkdir(parents=True, exist_ok=True)
        place.rename(target)
    (copy.output / other["files"]["gt"]).unlink()
    code = main(["export", "neosr", str(tmp_path / "out"), "-c", str(copy.config), "--json"])
    said = capsys.readouterr()
    assert code == 3
    told = json.loads(said.out)
    assert told["damaged"] == [f"missing: {other['files']['gt']}"]
    assert f"Not exported: missing: {other['files']['gt']}" in said.err
    folder = tmp_path / "out" / "general" / "tiny"
    assert f"{moved}.png" in loaders.names_in(folder / "val" / "gt")
    assert f"{gone}.png" not in loaders.names_in(folder / "train" / "gt")
    # Its neighbours in the film are too near to be trained on now.
    assert "within 10 s of a held-out patch" in told["left_out"]
    assert any(row["left_out"] for row in index(folder / "train").values()) or not (folder / "train").exists()


def test_a_killed_export_does_not_look_whole_and_is_gone_on_with(
    dataset: Dataset, export: Export, tmp_path: Path
) -> None:
    whole = export("basicsr-vimeo")
    expected = {
        str(path.relative_to(whole)): path.read_bytes() for path in whole.rglob("*") if path.is_file()
    }
    folder = tmp_path / "killed"
    partial = tmp_path / "killed.partial"
    with Running(command("export", "basicsr-vimeo", folder, "-c", dataset.config)) as running:
        is_alive = running.outlasts(lambda: len(list(partial.rglob("im*.png"))) > 20)
        running.process.kill()
        running.process.wait()
    if not is_alive:
        pytest.skip("it was done before it could be killed")
    assert not folder.exists()
    stood = {
        path: path.stat().st_ino
        for septuplet in partial.glob("*/*/*/LQ/*/*")
        if len(paths := list(septuplet.glob("im*.png"))) == 7
        for path in paths
    }
    assert stood
    done = run("export", "basicsr-vimeo", folder, "-c", dataset.config)
    assert done.code == 0, str(done)
    assert not partial.exists()
    found = {
        str(path.relative_to(folder)): path.read_bytes().replace(bytes(folder), bytes(whole))
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert found == expected
    assert all((folder / path.relative_to(partial)).stat().st_ino == inode for path, inode in stood.items())


def test_nothing_of_the_dataset_is_touched(dataset: Dataset, export: Export) -> None:
    before = dataset.stamps()
    export("vsrpp")
    export("webdataset")
    assert dataset.stamps() == before


def test_without_its_package_a_layout_says_what_to_install(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    for name in ("lmdb", "pyarrow"):
        monkeypatch.setitem(sys.modules, name, None)
    for layout in ("basicsr-lmdb", "parquet"):
        assert main(["export", layout, str(tmp_path / "out"), "-c", str(dataset.config)]) == 2
        assert "pip install '.[export]'" in capsys.readouterr().err


def test_vsrpp_says_what_it_validates_on_and_which_category_has_nothing(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "vsrpp", str(tmp_path / "out"), "-c", str(dataset.config)]) == 0
    said = capsys.readouterr().err
    dropped = sum(
        part_of(patch) != "train"
        for form in ("tiny", "strip")
        for category in ("general", "space")
        for patch in made(dataset, category, form).values()
    )
    assert dropped
    assert f"Left out: {dropped} patches: held out, but VSR++ validates on the format of Patches/" in said
    assert "Note: general has no Val" in said
    assert "Note: space has no Val" in said


def _without_parts(settings: dict[str, Any]) -> None:
    for video in settings["videos"]:
        video.pop("split", None)


def test_hashes_are_missed_only_if_something_is_held_out(
    copy: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy.ledger_path.write_bytes(copy.ledger_path.read_bytes().replace(b'"hash":', b'"hush":'))
    assert main(["export", "neosr", str(tmp_path / "a"), "-c", str(copy.config)]) == 0
    assert "near duplicates across the parts were not looked for" in capsys.readouterr().err
    lines = copy.ledger_path.read_bytes().splitlines(keepends=True)
    left = [line for line in lines if b"/val" not in line and b"/test" not in line]
    copy.ledger_path.write_bytes(b"".join(left))
    copy.edit(_without_parts)
    assert main(["export", "neosr", str(tmp_path / "b"), "-c", str(copy.config)]) == 0
    assert "near duplicates" not in capsys.readouterr().err
