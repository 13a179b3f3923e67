"""Every layout is read back as its trainer reads it, and shows the pictures of the dataset."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from tests.acceptance.program import Dataset
from tests.jobs.superres.dataset.export import loaders
from tests.jobs.superres.dataset.export.conftest import Image, decoded, index, made, native, part_of, tiles

Export = Callable[..., Path]
PARTS = ("train", "val", "test")


def alike(one: Iterable[Image], other: Iterable[Image]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def keys_of(data: Dataset, part: str) -> set[str]:
    return {key for key, patch in made(data).items() if part_of(patch) == part}


def key_in(folder: Path, name: str) -> str:
    """Return the clip key that an index gives for a name."""
    video, _, clip = index(folder)[name]["clip"].rpartition(":")
    return f"{video}-{int(clip):06d}"


def is_linked(path: Path, data: Dataset, file: str) -> bool:
    return path.stat().st_ino == (data.output / file).stat().st_ino


@pytest.mark.parametrize("part", PARTS)
def test_basicsr_reads_its_vimeo(part: str, export: Export, dataset: Dataset) -> None:
    folder = export("basicsr-vimeo", "--category", "general", "--format", "tiny") / "general" / "tiny" / part
    patches, seen = made(dataset), set()
    gt, lq = loaders.on_disk(folder / "GT"), loaders.on_disk(folder / "LQ")
    for name, (low, high) in loaders.basicsr_vimeo(folder / "meta_info.txt", gt, lq):
        key = key_in(folder, name)
        assert alike(low, tiles(dataset, patches[key]))
        assert alike(high, [native(dataset, patches[key], "gt")])
        assert is_linked(folder / "GT" / name / "im4.png", dataset, patches[key]["files"]["gt"])
        seen.add(key)
    for name, (low, high) in loaders.basicsr_vimeo_recurrent(folder / "meta_info.txt", gt, lq):
        assert len(low) == 7
        assert alike(high, tiles(dataset, patches[key_in(folder, name)], "gt7"))
    assert seen == keys_of(dataset, part) != set()
    assert (folder / "meta_info.txt").read_bytes().startswith(b"00001/0001 7 (96,96,3)\n")


def test_basicsr_reads_its_databases(export: Export, dataset: Dataset) -> None:
    folder = (
        export("basicsr-lmdb", "--category", "general", "--format", "tiny") / "general" / "tiny" / "train"
    )
    patches, seen = made(dataset), set()
    gt, lq = (folder / f"general_tiny_train_{name}.lmdb" for name in ("GT_all", "LR7frames"))
    get = loaders.in_lmdb(gt)
    for name, (low, high) in loaders.basicsr_vimeo_recurrent(
        folder / "meta_info.txt", get, loaders.in_lmdb(lq)
    ):
        key = key_in(folder, name)
        assert alike(low, tiles(dataset, patches[key]))
        assert alike(high, tiles(dataset, patches[key], "gt7"))
    read = loaders.basicsr_vimeo(folder / "meta_info.txt", get, loaders.in_lmdb(lq))
    for name, (low, high) in read:
        key = key_in(folder, name)
        assert alike(low, tiles(dataset, patches[key]))
        assert alike(high, [native(dataset, patches[key], "gt")])
        assert get(f"{name}/im4") == (dataset.output / patches[key]["files"]["gt"]).read_bytes()
        seen.add(key)
    assert seen == keys_of(dataset, "train")
    assert loaders.basicsr_lmdb_keys(gt)[:2] == ["00001/0001/im1", "00001/0001/im2"]
    assert len(loaders.basicsr_lmdb_keys(gt)) == 7 * len(seen)
    assert len(loaders.basicsr_lmdb_keys(lq)) == 7 * len(seen)
    assert (gt / "meta_info.txt").read_text().splitlines()[3] == "00001/0001/im4.png (96,96,3) 1"
    assert (lq / "meta_info.txt").read_text().splitlines()[0] == "00001/0001/im1.png (32,32,3) 1"


def test_mmagic_reads_its_vimeo_and_its_reds(export: Export, dataset: Dataset) -> None:
    flags = ("--category", "general", "--format", "tiny")
    patches = made(dataset)
    folder = export("mmagic-vimeo", *flags) / "general" / "tiny" / "train"
    assert (folder / "meta_info.txt").read_bytes().startswith(b"00001/0001 (96, 96, 3)\n")
    seen = set()
    for name, (low, high) in loaders.mmagic_vimeo(folder):
        key = key_in(folder, name)
        assert alike(low, tiles(dataset, patches[key]))
        assert alike(high, [native(dataset, patches[key], "gt")])
        seen.add(key)
    assert seen == keys_of(dataset, "train")
    folder = export("mmagic-reds", *flags) / "general" / "tiny" / "train"
    frames = list(loaders.mmagic_reds(folder))
    assert {name.split("/")[0] for name, _ in frames} == keys_of(dataset, "train")
    assert len(frames) == 7 * len(seen)
    assert set(index(folder)) == seen
    for name, (low, high) in frames:
        key, _, frame = name.partition("/")
        assert alike(low, tiles(dataset, patches[key]))
        assert alike(high, [tiles(dataset, patches[key], "gt7")[int(frame)]])


def test_vimeo_as_published_has_two_lists_in_one_tree(export: Export, dataset: Dataset) -> None:
    folder = export("vimeo90k", "--category", "general", "--format", "tiny") / "general" / "tiny"
    patches = made(dataset)
    for part, expected in (("train", {"train"}), ("test", {"val", "test"})):
        seen = set()
        for name, frames in loaders.vimeo90k(folder, part):
            key = key_in(folder, name)
            assert alike(frames, tiles(dataset, patches[key], "gt7"))
            seen.add(key)
        assert seen == {key for key, patch in patches.items() if part_of(patch) in expected} != set()
    assert {row["split"] for row in index(folder).values()} == set(PARTS)


@pytest.mark.parametrize("clip_size", [7, 5])
def test_trainner_finds_one_clip_a_scene(clip_size: int, export: Export, dataset: Dataset) -> None:
    folder = export("trainner", "--category", "general", "--format", "tiny") / "general" / "tiny" / "train"
    patches, seen = made(dataset), []
    rim = (7 - clip_size) // 2
    for key, (low, high) in loaders.trainner_video(folder / "lq", folder / "gt", clip_size=clip_size):
        assert alike(low, tiles(dataset, patches[key])[rim : 7 - rim])
        assert alike(high, [native(dataset, patches[key], "gt")])
        seen.append(key)
    assert sorted(seen) == sorted(keys_of(dataset, "train"))


def test_neosr_pairs_every_picture(export: Export, dataset: Dataset) -> None:
    folder = export("neosr", "--category", "general", "--format", "tiny") / "general" / "tiny" / "train"
    patches, seen = made(dataset), set()
    options = {"dataroot_gt": f"{folder}/gt", "dataroot_lq": f"{folder}/lq"}
    for key, (low, high) in loaders.neosr_paired(options):
        assert alike(low, [tiles(dataset, patches[key])[3]])
        assert alike(high, [native(dataset, patches[key], "gt")])
        seen.add(key)
    assert seen == keys_of(dataset, "train")


@pytest.mark.filterwarnings("ignore")  # the loader leaves the shards open
def test_webdataset_reads_its_shards(export: Export, dataset: Dataset) -> None:
    import webdataset

    root = export("webdataset", "--category", "general", "--format", "tiny") / "general" / "tiny"
    patches = made(dataset)
    for part in PARTS:
        shards = sorted(map(str, (root / part).glob("*.tar")))
        expected = range(min(8, len(keys_of(dataset, part))))
        assert [Path(shard).name for shard in shards] == [f"{part}-{number:06d}.tar" for number in expected]
        samples = list(webdataset.WebDataset(shards, shardshuffle=False))
        assert {sample["__key__"] for sample in samples} == keys_of(dataset, part)
        for sample in samples:
            patch = patches[sample["__key__"]]
            for kind in ("gt", "lr", "lr7", "gt7"):
                assert sample[f"{kind}.png"] == (dataset.output / patch["files"][kind]).read_bytes()
            told = json.loads(sample["json"])
            assert (told["key"], told["split"], told["sha256"]) == (sample["__key__"], part, patch["sha256"])
            assert len(told["pts"]) == 7
            assert (told["film_scale"], told["ratio"]) == (patch["scale"], 3)
            assert "scale" not in told
            assert "flat" in told["scores"]
    shards = sorted(map(str, (root / "train").glob("*.tar")))
    order = [sample["__key__"] for sample in webdataset.WebDataset(shards, shardshuffle=False)]
    assert order != sorted(order)
    films = [key.rpartition("-")[0] for key in order]
    assert films != sorted(films)
    assert films != sorted(films, reverse=True)


def test_shards_hold_the_same_bytes_each_time(export: Export, tmp_path: Path) -> None:
    first = export("webdataset", "--category", "space")
    first.rename(tmp_path / "first")
    second = export("webdataset", "--category", "space")
    tars = [path.relative_to(second) for path in second.rglob("*.tar")]
    assert tars
    for path in tars:
        assert (tmp_path / "first" / path).read_bytes() == (second / path).read_bytes()
        with tarfile.open(second / path) as shard:
            assert {(entry.mtime, entry.uid, entry.gid, entry.uname, entry.mode) for entry in shard} == {
                (0, 0, 0, "", 0o644)
            }


def test_parquet_has_a_row_for_each_patch(export: Export, dataset: Dataset) -> None:
    from pyarrow import dataset as tables

    root = export("parquet")
    rows = tables.dataset(sorted(root.rglob("*.parquet")), format="parquet").to_table().to_pylist()
    patches = {
        (key, c): patch
        for c in ("general", "space")
        for f in ("tiny", "strip")
        for key, patch in made(dataset, c, f).items()
    }
    assert {(row["key"], row["category"]) for row in rows} == set(patches)
    for row in rows:
        patch = patches[row["key"], row["category"]]
        assert (row["split"], row["width"], row["gt_sha256"]) == (
            part_of(patch),
            patch["width"],
            patch["sha256"]["gt"],
        )
        assert (dataset.output / row["lr7_path"]).stat().st_size == row["lr7_bytes"]
        assert (
            sum(row[f"{kind}_bytes"] for kind in ("gt", "lr", "lr7", "gt7")) == row["bytes"] == patch["bytes"]
        )
        assert (row["film_scale"], row["ratio"]) == (patch["scale"], 3)
        assert row["pts_seconds"] == patch["line"]["pts_seconds"]
        assert row["score_flat"] == patch["scores"]["flat"]
        assert json.loads(row["weights"])
    films = {row["film"] for row in rows}
    assert films == {"Alpha\tand [b]tab", "Beta", "Gamma", "Delta"}


def test_vsrpp_has_the_folders_of_a_run_linked(export: Export, dataset: Dataset) -> None:
    folder = export("vsrpp")
    tree = {str(path.relative_to(folder)) for path in folder.rglob("*.png")}
    assert tree == {path for path in dataset.tree() if "/Patches" in path}
    assert all(is_linked(folder / path, dataset, path) for path in tree)


def test_an_index_leads_from_every_name_to_its_clip(export: Export, dataset: Dataset) -> None:
    folder = export("neosr") / "general" / "tiny" / "train"
    rows = index(folder)
    assert set(rows) == set(loaders.names_in(folder / "gt"))
    for name, row in rows.items():
        assert name == f"{row['clip'].rpartition(':')[0]}-{int(row['clip'].rpartition(':')[2]):06d}.png"
        assert (dataset.output / row["gt"]).is_file()
        assert row["film"] in {r"Alpha\tand [b]tab", "Beta"}
        assert row["left_out"] == ""
    assert decoded((folder / "gt" / next(iter(rows))).read_bytes()).shape == (96, 96, 3)


@pytest.mark.filterwarnings("ignore")  # the loader leaves the shards open
def test_each_of_two_loader_workers_gets_shards(
    export: Export, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    import webdataset

    shards = sorted(map(str, (export("webdataset", "--category", "general") / "general/tiny/val").glob("*")))
    shards = [shard for shard in shards if shard.endswith(".tar")]
    monkeypatch.setenv("NUM_WORKERS", "2")
    seen = []
    for worker in ("0", "1"):
        monkeypatch.setenv("WORKER", worker)
        read = [sample["__key__"] for sample in webdataset.WebDataset(shards, shardshuffle=False)]
        assert read
        seen += read
    assert sorted(seen) == sorted(keys_of(dataset, "val"))


def test_a_merged_tree_numbers_over_all_and_names_category_and_format(
    export: Export, dataset: Dataset
) -> None:
    folder = export("basicsr-vimeo", "--merge") / "train"
    lines = (folder / "meta_info.txt").read_text().splitlines()
    expected = [
        patch
        for category in ("general", "space")
        for form in ("tiny", "strip")
        for patch in made(dataset, category, form).values()
        if part_of(patch) == "train"
    ]
    assert [line.split(" ")[0] for line in lines] == [
        f"00001/{number:04d}" for number in range(1, len(expected) + 1)
    ]
    rows = index(folder)
    assert {row["gt"] for row in rows.values()} == {patch["files"]["gt"] for patch in expected}
    for name, row in rows.items():
        whole = native(dataset, {"files": {"gt": row["gt"]}}, "gt")
        assert np.array_equal(decoded((folder / "GT" / name / "im4.png").read_bytes()), whole)
    merged = loaders.names_in(export("neosr", "--merge") / "train" / "gt")
    assert {tuple(name.split("-")[:2]) for name in merged} == {
        (row["category"], row["format"]) for row in rows.values()
    }
    assert not any("_" in name for name in merged)
