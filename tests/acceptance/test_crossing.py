"""What a training film has in common with one kept aside is in no training folder, however the run went."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import SDR, make_film
from tests.acceptance.program import Dataset, entry, run

TARGET = 8
OPENING = "testsrc2=s=240x180:r=24:d=2,noise=alls=4:allf=t:all_seed=1[a];"
DRAWN = {
    "one": "mandelbrot=s=240x180:r=24:start_scale=0.003:end_scale=0.001:end_pts=400:start_x=-0.7436"
    ":start_y=0.1318:maxiter=200,trim=duration=5",
    "two": "mandelbrot=s=240x180:r=24:start_scale=0.02:end_scale=0.004:end_pts=300:start_x=-0.745"
    ":start_y=0.113:maxiter=200,hue=h=90,trim=duration=5",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, embedded_ffmpeg: str) -> Path:
    """Return a folder with two films that begin alike."""
    made = tmp_path_factory.mktemp("alike")
    for name, own in DRAWN.items():
        graph = f"{OPENING}{own},setpts=PTS-STARTPTS[b];[a][b]concat{SDR}"
        make_film(embedded_ffmpeg, graph, made / f"{name}.mkv")
    return made


def dataset(folder: Path, name: str, second: Mapping[str, object] | None, **more: object) -> Dataset:
    """Return a configuration whose first film is for training; `second` is said of the second one."""
    videos = [entry(folder / "one.mkv", "One", {"general": 1.0}, id="one")]
    if second is not None:
        videos.append(entry(folder / "two.mkv", "Two", {"general": 1.0}, id="two", **second))
    settings: dict[str, Any] = {
        "base_settings": {"base_frame_limit": 16, "output_base_dir": name, "min_free_gb": 0.01},
        "category_targets": {"general": TARGET},
        "category_paths": {"general": "General"},
        "format_config": {"general": {"whole": {"gt_size": [240, 180], "probability": 1}}},
        "videos": videos,
        **more,
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    return Dataset(path)


@pytest.fixture(scope="module")
def apart(folder: Path) -> Dataset:
    data = dataset(folder, "apart", {"split": "val"})
    assert "near duplicates of held-out patches" in data.complete("--workers", "4").out
    return data


@pytest.fixture
def copied(apart: Dataset, tmp_path: Path) -> Dataset:
    """Return a copy of it that a test may change."""
    shutil.copytree(apart.output, tmp_path / apart.output.name)
    return Dataset(Path(shutil.copy(apart.config, tmp_path)))


def hashes(data: Dataset, folder: str) -> dict[str, int]:
    """Return file name -> hash of the patches that stand in a folder, as the ledger's last lines tell."""
    last = {}
    for line in data.ledger():
        for patch in line.get("patches", ()):
            last[line["id"], patch["category"]] = patch
        if line["kind"] == "moved":
            last[f"{line['source']}:{line['clip']}", line["patch"]["category"]] = line["patch"]
    standing = {patch["files"]["gt"]: int(patch["hash"], 16) for patch in last.values()}
    return {path: mark for path, mark in standing.items() if path.split("/")[-3] == folder}


def names(data: Dataset, folder: str, kind: str = "GT") -> set[str]:
    return {path.name for path in (data.output / "General" / folder / kind).glob("*.png")}


def nearest(mark: int, others: Mapping[str, int]) -> int:
    return min((mark ^ other).bit_count() for other in others.values())


def test_no_training_patch_looks_like_one_kept_aside_and_the_target_is_met(apart: Dataset) -> None:
    train, near, val = (hashes(apart, f"{folder}_whole") for folder in ("Patches", "Near", "Val"))
    assert len(train) == TARGET
    assert near
    assert all(nearest(mark, val) > 6 for mark in train.values())
    assert all(nearest(mark, val) <= 6 for mark in near.values())
    for kind in ("GT", "LR", "LR_7frames"):
        assert len(names(apart, "Patches_whole", kind)) == TARGET
        assert names(apart, "Near_whole", kind) == {path.rpartition("/")[2] for path in near}
    checked = run("verify", apart.config)
    assert (checked.code, checked.out) == (0, ""), str(checked)
    assert "look like" not in checked.err + run("split", "-c", apart.config).err


@pytest.mark.soak
def test_the_same_stand_apart_however_the_run_went(apart: Dataset, folder: Path) -> None:
    data = dataset(folder, "again", {"split": "val"})
    data.complete("--workers", "1", "--limit", "3")
    with data.start("--workers", "1") as running:
        lines = data.ledger_path.stat().st_size
        running.outlasts(lambda: data.ledger_path.stat().st_size > lines + 1500)
        running.signal(signal.SIGKILL)
        running.process.wait()
    data.complete("--workers", "1")
    assert data.tree() == apart.tree()
    assert run("run", data.config).code == 0
    assert data.tree() == apart.tree()


@pytest.mark.soak
def test_a_film_kept_aside_later_moves_what_it_has_in_common_and_nothing_is_lost(
    apart: Dataset, folder: Path
) -> None:
    data = dataset(folder, "later", None, scores={"near_duplicate": "score"})
    data.complete()
    before = data.tree()
    assert len(before) == 3 * TARGET
    data = dataset(folder, "later", {"split": "val"})
    told = run("check", data.config)
    assert "near duplicates" not in told.out
    data.complete()
    assert sorted(before.values()) == sorted(
        content for path, content in data.tree().items() if path.replace("/Near_", "/Patches_") in before
    )
    assert data.tree() == apart.tree()


@pytest.mark.soak
def test_what_waits_to_be_moved_is_told_by_every_command_and_moved_by_split(copied: Dataset) -> None:
    tree = copied.tree()
    lines = copied.ledger_path.read_bytes().splitlines(keepends=True)
    moves = [line for line in lines if b'"kind":"moved"' in line]
    assert moves
    copied.ledger_path.write_bytes(b"".join(line for line in lines if line not in moves))
    for path in copied.output.glob("General/Near_whole/*/*.png"):
        if path.parent.name != "LR":  # as a kill after the first file would leave it
            path.rename(copied.output / "General" / "Patches_whole" / path.parent.name / path.name)
    for command in (("split", "-c"), ("verify",), ("report",), ("check",)):
        said = run(*command, copied.config)
        words = " ".join((said.out + said.err).split())
        assert "near duplicates of held-out patches" in words, (command, str(said))
    moved = run("split", "--move", "-c", copied.config)
    assert f"Moved {len(moves)} patches" in moved.err, str(moved)
    assert copied.tree() == tree


@pytest.mark.soak
def test_what_crosses_no_longer_goes_back(copied: Dataset) -> None:
    contents = sorted(copied.tree().values())
    back = run("split", "--train", "Two", "--move", "-c", copied.config)
    assert back.code == 0, str(back)
    assert sorted(copied.tree().values()) == contents
    assert {path.rsplit("/", 2)[0] for path in copied.tree()} == {"General/Patches_whole"}
    assert run("verify", copied.config).code == 0


def test_one_that_stands_apart_is_repaired_where_it_stood(copied: Dataset) -> None:
    tree = copied.tree()
    next(copied.output.glob("General/Near_whole/LR/*.png")).unlink()
    repaired = run("verify", copied.config, "--repair")
    assert repaired.code == 0, str(repaired)
    assert copied.tree() == tree


def test_an_export_leaves_out_what_stands_apart(apart: Dataset, tmp_path: Path) -> None:
    done = run("export", "vsrpp", tmp_path / "out", "-c", apart.config)
    assert done.code == 0, str(done)
    exported = {path.name for path in (tmp_path / "out").rglob("Patches_whole/GT/*.png")}
    assert exported == names(apart, "Patches_whole")


@pytest.mark.soak
def test_off_means_that_nothing_is_looked_for(folder: Path) -> None:
    data = dataset(folder, "off", {"split": "val"}, scores={"near_duplicate": "off"})
    data.complete()
    assert not names(data, "Near_whole")
    assert all("hash" not in patch for line in data.ledger() for patch in line.get("patches", ()))
