"""An export says what it is, and has a configuration with which its trainer starts."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.acceptance.program import Dataset
from tests.jobs.superres.dataset.export import loaders
from tests.jobs.superres.dataset.export.conftest import made, part_of
from tui_gen import __version__
from tui_gen.jobs.superres.dataset.export.trainers.basicsr import basicsr_configuration
from tui_gen.jobs.superres.dataset.export.trainers.mmagic import mmagic_configuration
from tui_gen.jobs.superres.dataset.export.trainers.neosr import neosr_configuration
from tui_gen.jobs.superres.dataset.export.trainers.training_set import TrainingSet
from tui_gen.jobs.superres.dataset.export.trainers.trainner import trainner_configuration
from tui_gen.media.geometry import Size

Export = Callable[..., Path]
FLAGS = ("--category", "general", "--format", "tiny")
SET = TrainingSet(
    name="general-tiny",
    train=Path("/x/train"),
    val=Path("/x/val"),
    ratio=4,
    frames=7,
    truths=1,
    smallest=Size(540, 540),
    val_sizes=frozenset({Size(540, 540)}),
    pairs=100,
    databases=("gt.lmdb", "lr.lmdb"),
)


def parts(data: Dataset) -> dict[str, int]:
    patches = [part_of(patch) for patch in made(data).values()]
    return {part: patches.count(part) for part in ("train", "val", "test")}


def checked(options: dict[str, Any]) -> None:
    """See that a square cut at random has whole LR pixels and fits into a patch of 96x96."""
    assert 0 < options["gt_size"] <= 96
    assert options["gt_size"] % 3 == 0


@pytest.mark.parametrize("layout", ["basicsr-vimeo", "basicsr-lmdb"])
def test_basicsr_starts_with_its_configuration(layout: str, export: Export, dataset: Dataset) -> None:
    folder = export(layout, *FLAGS) / "general" / "tiny"
    options = yaml.safe_load((folder / "train.yml").read_text())
    assert options["scale"] == options["network_g"]["scale"] == 3
    for part in ("train", "val"):
        data = options["datasets"][part]
        reader = {"disk": loaders.on_disk, "lmdb": loaders.in_lmdb}[data["io_backend"]["type"]]
        gt, lq = (reader(Path(data[root])) for root in ("dataroot_gt", "dataroot_lq"))
        meta = Path(data["meta_info_file"])
        read = list(loaders.basicsr_vimeo(meta, gt, lq, num_frame=data["num_frame"]))
        assert len(read) == parts(dataset)[part] > 0
        assert read[0][1][1][0].shape[0] == 3 * read[0][1][0][0].shape[0]
    # BasicSR asserts that validation is read from files.
    assert options["datasets"]["val"]["io_backend"]["type"] == "disk"
    checked(options["datasets"]["train"])


def test_trainner_and_neosr_start_with_their_configurations(export: Export, dataset: Dataset) -> None:
    options = yaml.safe_load((export("trainner", *FLAGS) / "general/tiny/train.yml").read_text())
    assert options["scale"] == 3
    for part in ("train", "val"):
        data = options["datasets"][part]
        (gt,), (lq,) = data["dataroot_gt"], data["dataroot_lq"]
        read = list(loaders.trainner_video(Path(lq), Path(gt), clip_size=data["clip_size"]))
        assert len(read) == parts(dataset)[part]
    assert options["network_g"]["num_frames"] == data["clip_size"] == 7
    settings = tomllib.loads((export("neosr", *FLAGS) / "general/tiny/train.toml").read_text())
    assert settings["scale"] == 3
    for part in ("train", "val"):
        assert len(list(loaders.neosr_paired(settings["datasets"][part]))) == parts(dataset)[part]


@pytest.mark.parametrize("layout", ["mmagic-vimeo", "mmagic-reds"])
def test_mmagic_starts_with_its_configuration(layout: str, export: Export, dataset: Dataset) -> None:
    values: dict[str, Any] = {}
    exec((export(layout, *FLAGS) / "general/tiny/train.py").read_text(), values)  # noqa: S102 - as mmengine does
    for part in ("train", "val"):
        data = values[f"{part}_dataloader"]["dataset"]
        root = Path(data["data_root"])
        lines = (root / data["ann_file"]).read_text(encoding="ascii").splitlines()
        assert len(lines) == parts(dataset)[part]
        for line in lines:
            path = line.split(" ")[0]
            assert path.count("/") == data["depth"] - 1
            for key, folder in data["data_prefix"].items():
                present = loaders.names_in(root / folder / path)
                assert data.get("load_frames_list", {}).get(key, present) == present
                assert len(present) == data["num_input_frames"] == 7
    assert values["model"]["type"] == "BasicVSR"
    assert values["train_pipeline"][0]["type"] == (
        "GenerateSegmentIndices" if layout == "mmagic-reds" else "LoadImageFromFile"
    )


def test_a_configuration_has_a_model_that_does_the_ratio_or_warns() -> None:
    edvr = basicsr_configuration(SET, is_lmdb=False)
    assert yaml.safe_load(edvr.text)["network_g"]["type"] == "EDVR"
    assert "cannot validate on 135x135" in " ".join(edvr.warnings)
    recurrent = basicsr_configuration(replace(SET, truths=7), is_lmdb=True)
    options = yaml.safe_load(recurrent.text)
    assert (options["network_g"]["type"], recurrent.warnings) == ("BasicVSR", ())
    assert options["datasets"]["train"]["type"] == "Vimeo90KRecurrentDataset"
    at_3 = replace(SET, ratio=3, val_sizes=frozenset())
    assert "EDVR and BasicVSR are x4 alone" in " ".join(basicsr_configuration(at_3, is_lmdb=False).warnings)
    assert "x4 alone" in " ".join(mmagic_configuration(at_3, is_reds=False).warnings)
    assert mmagic_configuration(replace(SET, val_sizes=frozenset()), is_reds=False).warnings == ()
    assert trainner_configuration(replace(SET, frames=6)).warnings
    assert neosr_configuration(replace(SET, pairs=165_000)).warnings
    assert SET.gt_patch == 256
    for of in (at_3, replace(SET, val=None)):
        for configuration in (
            basicsr_configuration(of, is_lmdb=False),
            trainner_configuration(of),
        ):
            assert ("val" in yaml.safe_load(configuration.text)["datasets"]) == (of.val is not None)


def test_an_export_says_what_it_is(export: Export, dataset: Dataset) -> None:
    folder = export("basicsr-vimeo", *FLAGS)
    told = json.loads((folder / "dataset.json").read_text())
    assert (told["layout"], told["ratio"], told["frames"], told["gt_frames"]) == ("basicsr-vimeo", 3, 7, 7)
    assert (told["lr_kernel"], told["lr_border"]) == ("bicubic", "crop")
    assert (told["made_by"], told["patches"]) == (f"tui-gen {__version__}", parts(dataset))
    assert told["frames_per_second"]
    assert len(told["recipe_sha256"]) == 64
    assert [tree["gt_sizes"] for tree in told["trees"]] == [[[96, 96]]] * 3


@pytest.mark.parametrize(
    ("layout", "flag", "suffix"), [("webdataset", "--tiles", "tar"), ("parquet", "--embed", "parquet")]
)
def test_the_card_names_the_shards_and_nothing_else(
    layout: str, flag: str, suffix: str, export: Export
) -> None:
    folder = export(layout, flag, "--category", "general")
    _, head, body = (folder / "README.md").read_text().split("---\n", 2)
    card = yaml.safe_load(head)
    found = {
        path
        for config in card["configs"]
        for data in config["data_files"]
        for path in folder.glob(data["path"])
    }
    assert found == set(folder.rglob(f"*.{suffix}"))
    splits = [data["split"] for config in card["configs"] for data in config["data_files"]]
    assert splits == ["train", "validation", "test"] * 2
    assert "## Rights" in body
