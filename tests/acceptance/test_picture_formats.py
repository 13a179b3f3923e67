"""A dataset of WebP files is made, continued, repaired, moved and exported like one of PNG: equal pixels."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.acceptance.conftest import Films, write_config
from tests.acceptance.program import Dataset, entry, run_inside
from tui_gen.jobs.superres.dataset.export.layouts import LAYOUTS
from tui_gen.jobs.superres.dataset.file_kinds import kind_named
from tui_gen.torch.pairs import Wanted, find_pairs

TAKES_WEBP = {"neosr", "webdataset", "parquet"}
"""Layouts whose loaders find files by more than ".png"."""


def read(content: bytes) -> NDArray[Any]:
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED))


def pixels(data: Dataset) -> dict[str, bytes]:
    """Return path without the suffix -> the pixels of all files."""
    return {
        str(path.relative_to(data.output).with_suffix("")): read(path.read_bytes()).tobytes()
        for path in data.paths()
    }


def suffixes(folder: Path) -> set[str]:
    """Return the suffixes of all picture files."""
    return {path.suffix for path in folder.rglob("*") if path.suffix in {".png", ".webp"}}


@pytest.fixture(scope="module")
def made(films: Films, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Return a dataset of WebP, made in two runs."""
    folder = tmp_path_factory.mktemp("formats")
    videos = [
        entry(films.alpha, "Alpha", {"general": 0.5, "space": 0.5}, id="alpha"),
        entry(films.gamma, "Gamma", {"general": 1.0}, split="val", id="gamma"),
    ]
    webp, png = (
        write_config(folder, videos, name=name, targets={}, base_frame_limit=4) for name in ("webp", "png")
    )
    keys = {"gt_frames": 7, "scores": {"near_duplicate": "score"}}
    png.edit(lambda settings: settings.update(keys))
    png.complete()
    webp.edit(lambda settings: settings.update(keys, image_format="webp"))
    webp.complete("--limit", "2")
    begun_with = webp.stamps()
    webp.complete()
    assert begun_with.items() <= webp.stamps().items()
    return webp


@pytest.fixture
def copy(made: Dataset, tmp_path: Path) -> Dataset:
    shutil.copytree(made.output, tmp_path / "webp")
    return Dataset(Path(shutil.copy(made.config, tmp_path)))


def test_the_pixels_are_those_of_png_in_smaller_files_of_the_same_names(made: Dataset) -> None:
    other = Dataset(made.config.with_name("png.json"))
    assert pixels(made) == pixels(other) != {}
    assert (suffixes(made.output), suffixes(other.output)) == ({".webp"}, {".png"})
    sizes = [sum(path.stat().st_size for path in data.paths()) for data in (made, other)]
    assert sizes[0] < sizes[1]
    assert run_inside("verify", made.config).code == 0
    for command in (("stats", made.config), ("split", "-c", made.config)):
        done = run_inside(*command)
        assert done.code == 0, str(done)


def test_damaged_and_missing_files_are_made_again_with_the_same_bytes(copy: Dataset) -> None:
    whole = copy.tree()
    gt, other = [path for path in copy.paths() if path.parent.name == "GT"][:2]
    gt.write_bytes(gt.read_bytes()[:200])
    other.unlink()
    assert run_inside("verify", copy.config).code == 5
    repaired = run_inside("verify", copy.config, "--repair")
    assert repaired.code == 0, str(repaired)
    assert copy.tree() == whole


def test_a_patch_of_a_killed_writer_is_taken_back(copy: Dataset) -> None:
    whole = copy.tree()
    folder = copy.output / "General" / ".tui-gen-tmp"
    folder.mkdir()
    (folder / "patch_alpha_idx0999.GT.tmp").write_bytes(b"RIFF")
    lone = copy.output / "General" / "Patches_tiny" / "LR" / "patch_alpha_idx0999.webp"
    lone.write_bytes(b"RIFF")
    copy.complete()
    assert copy.tree() == whole


def test_another_format_is_refused_in_the_same_folder(copy: Dataset) -> None:
    copy.edit(lambda settings: settings.update(image_format="png"))
    done = run_inside("run", copy.config)
    assert done.code == 2
    assert "image_format" in done.out + done.err


def test_a_film_that_is_held_out_later_moves_with_its_files(copy: Dataset) -> None:
    before = pixels(copy)
    copy.edit(lambda settings: settings["videos"][0].update(split="test"))
    moved = run_inside("split", "--move", "-c", copy.config)
    assert moved.code == 0, str(moved)
    assert not list(copy.output.glob("*/Patches*/GT/*.webp"))
    assert sorted(pixels(copy).values()) == sorted(before.values())
    assert run_inside("verify", copy.config).code == 0


def test_the_contact_sheet_shows_the_files(made: Dataset, tmp_path: Path) -> None:
    done = run_inside("sheet", made.config, "-o", tmp_path / "sheet")
    assert done.code == 0, str(done)
    assert list((tmp_path / "sheet" / "pictures").glob("*-pair.png"))
    assert "damaged" not in (tmp_path / "sheet" / "sheet.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("layout", sorted({*LAYOUTS} - {"basicsr-reds", "parquet"}))
def test_each_layout_has_files_that_its_loaders_read(layout: str, made: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run_inside("export", layout, out, "-c", made.config)
    assert done.code == 0, str(done)
    is_converted = layout not in TAKES_WEBP
    assert ("converted to png" in done.out + done.err) == is_converted
    known = set(pixels(made).values())
    gts = {path.stat().st_ino for path in made.paths() if path.parent.name == "GT"}
    if layout == "webdataset":
        for shard in out.rglob("*.tar"):
            with tarfile.open(shard) as members:
                for member in members:
                    if not member.name.endswith(".json"):
                        assert member.name.endswith(".webp")
                        opened = members.extractfile(member)
                        assert opened is not None
                        assert read(opened.read()).tobytes() in known
        return
    expected = {".png"} if is_converted else {".webp"}
    assert suffixes(out) == expected
    pictures = [path for path in out.rglob("*") if path.suffix in expected]
    tiles = {tile.tobytes() for path in made.paths() for tile in _tiles(path)}
    assert {read(path.read_bytes()).tobytes() for path in pictures} <= tiles | known
    linked = {path.stat().st_ino for path in pictures} & gts
    assert bool(linked) != is_converted


def _tiles(path: Path) -> list[NDArray[Any]]:
    frames = {"GT": 1, "LR": 5}.get(path.parent.name, 7)
    return np.split(read(path.read_bytes()), frames)


def test_databases_hold_png_of_the_same_pixels(made: Dataset, tmp_path: Path) -> None:
    lmdb = pytest.importorskip("lmdb")
    assert run_inside("export", "basicsr-lmdb", tmp_path / "out", "-c", made.config).code == 0
    tiles = {tile.tobytes() for path in made.paths() for tile in _tiles(path)}
    count = 0
    for place in (tmp_path / "out").rglob("*.lmdb"):
        with lmdb.open(str(place), readonly=True, lock=False).begin() as transaction:
            for _, content in transaction.cursor():
                assert content.startswith(b"\x89PNG")
                assert read(content).tobytes() in tiles
                count += 1
    assert count > 0


def test_rows_and_sub_patches_are_webp(made: Dataset, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    flags = ("--embed", "--crop", "48", "--category", "space")
    done = run_inside("export", "parquet", tmp_path / "out", "-c", made.config, *flags)
    assert done.code == 0, str(done)
    rows = parquet.read_table(next((tmp_path / "out").rglob("*.parquet"))).to_pylist()
    assert all(row["gt"]["path"].endswith(".gt.webp") for row in rows)
    assert {read(row["gt"]["bytes"]).shape for row in rows} == {(48, 48, 3)}
    table = run_inside("export", "parquet", tmp_path / "paths", "-c", made.config)
    assert table.code == 0, str(table)
    assert "converted" not in table.out + table.err


@pytest.mark.parametrize("layout", ["", "one folder", "vsrpp", "webdataset", "basicsr-vimeo"])
def test_the_dataset_for_pytorch_finds_the_files(layout: str, made: Dataset, tmp_path: Path) -> None:
    folder = made.output
    if layout == "one folder":
        folder = made.output / "Space" / "Patches_tiny"
    elif layout:
        folder = tmp_path / "out"
        assert run_inside("export", layout, folder, "-c", made.config).code == 0
    known = {tile.tobytes() for path in made.paths() for tile in _tiles(path)}
    found = 0
    for pairs in find_pairs(folder, Wanted(category=None, format=None, split="train")):
        for position in range(len(pairs.keys)):
            files = pairs.pictures(position, kind_named("gt"))
            found += len(files)
            assert all(read(file).tobytes() in known for file in files)
    assert found >= 2


def test_mixed_files_become_one_format_in_an_export(copy: Dataset, tmp_path: Path) -> None:
    copy.edit(lambda settings: settings.update(image_format="png"))
    copy.edit(lambda settings: settings["base_settings"].update(base_frame_limit=5))
    copy.complete("--mix")
    assert suffixes(copy.output) == {".png", ".webp"}
    assert run_inside("verify", copy.config).code == 0
    done = run_inside("export", "neosr", tmp_path / "out", "-c", copy.config)
    assert "patches are converted to png: the pixels stay the same" in done.out + done.err
    assert suffixes(tmp_path / "out") == {".png"}
    assert json.loads((tmp_path / "out" / "dataset.json").read_text())["layout"] == "neosr"
