"""Small samples: aligned sub-patches in every layout, chosen kinds, tiles, and pictures in tables."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from tests.acceptance.program import Dataset
from tests.jobs.superres.dataset.export import loaders
from tests.jobs.superres.dataset.export.conftest import decoded, index, made, native, part_of, tiles
from tui_gen.cli.main import main
from tui_gen.jobs.superres.dataset.export.output import Output

Export = Callable[..., Path]
FLAGS = ("--category", "general", "--format", "tiny", "--split", "train")
CROP = ("--crop", "48", "--stride", "36")
PLACES = [(x, y) for y in (0, 36, 48) for x in (0, 36, 48)]  # the last ones reach the rim of 96 pixels


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--crop 256", "--crop 256 is no multiple of the ratio of GT to LR (3): take 255 or 258"),
        ("--crop 48 --stride 2", "take 3"),
        ("--stride 48", "--crop"),
        ("--crop 300", "all are smaller than --crop"),
    ],
)
def test_sub_patches_are_whole_lr_pixels(
    flags: str, words: str, dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["export", "neosr", str(tmp_path / "o"), "-c", str(dataset.config), *flags.split()])
    assert code == 2
    assert words in capsys.readouterr().err


def test_sub_patches_are_the_same_place_in_every_frame(export: Export, dataset: Dataset) -> None:
    folder = export("basicsr-lmdb", *FLAGS, *CROP) / "general/tiny/train"
    patches, seen = made(dataset), list[tuple[str, str]]()
    gt, lq = (loaders.in_lmdb(folder / f"general_tiny_train_{name}.lmdb") for name in ("GT_all", "LR7frames"))
    rows = index(folder)
    for name, (low, high) in loaders.basicsr_vimeo_recurrent(folder / "meta_info.txt", gt, lq):
        row = rows[name]
        video, _, clip = row["clip"].rpartition(":")
        patch = patches[f"{video}-{int(clip):06d}"]
        x, y, width, height = map(int, row["crop"].split(","))
        assert (width, height) == (48, 48)
        for frame, whole in zip(high, tiles(dataset, patch, "gt7"), strict=True):
            assert np.array_equal(frame, whole[y : y + 48, x : x + 48])
        for frame, whole in zip(low, tiles(dataset, patch), strict=True):
            assert np.array_equal(frame, whole[y // 3 : y // 3 + 16, x // 3 : x // 3 + 16])
        seen.append((row["clip"], row["crop"]))
    clips = {row["clip"] for row in rows.values()}
    assert seen == [(clip, f"{x},{y},48,48") for clip in sorted(clips) for x, y in PLACES]
    assert len(clips) == sum(part_of(patch) == "train" for patch in patches.values())


def test_patches_smaller_than_a_sub_patch_are_left_out_and_counted(
    export: Export, dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = export("trainner", "--category", "general", "--crop", "96")
    small = [patch for patch in made(dataset, form="strip").values() if patch["height"] < 96]
    assert small
    assert f"Left out: {len(small)} patches: smaller than the sub-patches of 96x96" in capsys.readouterr().err
    assert [path.name for path in (folder / "general").iterdir()] == ["tiny"]
    scenes = list(
        loaders.trainner_video(
            folder / "general/tiny/train/lq", folder / "general/tiny/train/gt", clip_size=7
        )
    )
    assert len(scenes) == sum(part_of(patch) == "train" for patch in made(dataset).values())


@pytest.mark.filterwarnings("ignore")  # the loader leaves the shards open
def test_shards_hold_the_chosen_kinds_as_tiles(export: Export, dataset: Dataset) -> None:
    import webdataset

    folder = export("webdataset", *FLAGS, *CROP, "--kinds", "gt,lr7", "--tiles") / "general/tiny/train"
    patches = made(dataset)
    samples = list(webdataset.WebDataset(sorted(map(str, folder.glob("*.tar"))), shardshuffle=False))
    assert len({sample["__key__"] for sample in samples}) == len(samples) > 0
    assert len(samples) % len(PLACES) == 0
    for sample in samples:
        told = json.loads(sample["json"])
        assert {name for name in sample if not name.startswith("__")} == {
            "json",
            "gt.png",
            *(f"lr7.{number}.png" for number in range(7)),
        }
        x, y, _, _ = told["crop"]
        whole = tiles(dataset, patches[f"{told['video']}-{told['clip']:06d}"])
        for number in range(7):
            expected = whole[number][y // 3 : y // 3 + 16, x // 3 : x // 3 + 16]
            assert np.array_equal(decoded(sample[f"lr7.{number}.png"]), expected)
        assert "sha256" not in told


def test_a_table_holds_the_pictures_and_shards_are_as_small_as_asked(
    export: Export, dataset: Dataset
) -> None:
    from pyarrow import dataset as arrow_dataset
    from pyarrow import parquet

    folder = export("parquet", "--embed", "--merge", "--kinds", "gt,lr")
    names = sorted(path.name for path in (folder / "train").glob("*.parquet"))
    assert names == [f"train-{number:06d}.parquet" for number in range(8)]
    rows = arrow_dataset.dataset(folder / "train", format="parquet").to_table().to_pylist()
    patches = {
        (patch["line"]["id"], c, f): patch
        for c in ("general", "space")
        for f in ("tiny", "strip")
        for patch in made(dataset, c, f).values()
        if part_of(patch) == "train"
    }
    assert {(f"{row['video']}:{row['clip']}", row["category"], row["format"]) for row in rows} == set(patches)
    for row in rows:
        patch = patches[f"{row['video']}:{row['clip']}", row["category"], row["format"]]
        for kind in ("gt", "lr"):
            assert row[kind]["bytes"] == (dataset.output / patch["files"][kind]).read_bytes()
        assert np.array_equal(decoded(row["gt"]["bytes"]), native(dataset, patch, "gt"))
    metadata = parquet.read_schema(folder / "train" / names[0]).metadata
    features = json.loads(metadata[b"huggingface"])["info"]["features"]
    assert features == {"gt": {"_type": "Image"}, "lr": {"_type": "Image"}}


def test_a_layout_of_many_files_says_so_before_it_writes(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tui_gen.jobs.superres.dataset.export.exporter.MANY_FILES", 100)
    flags = ["-c", str(dataset.config), *FLAGS]
    assert main(["export", "basicsr-vimeo", str(tmp_path / "a"), *flags]) == 0
    said = capsys.readouterr().err
    files = len(list((tmp_path / "a").rglob("*.png")))
    assert f"Note: basicsr-vimeo makes {files} files of {files // 14} patches; webdataset" in said
    assert main(["export", "webdataset", str(tmp_path / "b"), *flags]) == 0
    assert "files of" not in capsys.readouterr().err


@pytest.mark.parametrize("flags", [("webdataset",), ("parquet", "--embed")])
def test_an_interrupted_export_of_shards_goes_on_with_the_next_one(
    flags: tuple[str, ...], export: Export, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout, *form = flags
    whole = export(layout, *form, *FLAGS)
    expected = {path.relative_to(whole): path.read_bytes() for path in whole.rglob("*") if path.is_file()}
    building, begun = Output.building, list[str]()

    def full_after_three(self: Output, path: str) -> AbstractContextManager[Path]:
        begun.append(path)
        if len(begun) > 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        return building(self, path)

    arguments = ["export", layout, str(tmp_path / "again"), "-c", str(dataset.config), *form, *FLAGS]
    with monkeypatch.context() as patched:
        patched.setattr(Output, "building", full_after_three)
        assert main(arguments) == 4
    partial = tmp_path / "again.partial"
    stood = {path.relative_to(partial): path.stat().st_ino for path in partial.rglob("train-*")}
    assert len(stood) == 3
    assert not (tmp_path / "again").exists()
    assert main(arguments) == 0
    folder = tmp_path / "again"
    found = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == expected
    assert all((folder / path).stat().st_ino == inode for path, inode in stood.items())
