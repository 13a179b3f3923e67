"""`--lr` chooses among several LR: files, ratio and configuration are those of the chosen one."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from tests.acceptance.program import Dataset
from tests.jobs.superres.dataset.export.conftest import decoded, index, made, native, tiles
from tui_gen.cli.main import main
from tui_gen.jobs.superres.dataset.file_kinds import kind_named
from tui_gen.torch.pairs import Wanted, find_pairs

Export = Callable[..., Path]
SELECTION = ("--category", "general", "--format", "tiny")


@pytest.fixture
def halved(copy: Dataset) -> Dataset:
    """Return the dataset with LR_7frames_x2 beside LR_7frames, as its ledger records."""
    lines = copy.ledger()
    for line in lines:
        for patch in line.get("patches", ()):
            file = patch["files"]["gt"].replace("/GT/", "/LR_7frames_x2/")
            patch["files"]["lr7_x2"] = file
            frames = np.split(native(copy, patch, "gt7"), 7)
            half = np.concatenate([np.ascontiguousarray(frame[::2, ::2]) for frame in frames])
            (copy.output / file).parent.mkdir(exist_ok=True)
            (copy.output / file).write_bytes(cv2.imencode(".png", half)[1].tobytes())
    text = "".join(f"{json.dumps(line, separators=(',', ':'))}\n" for line in lines)
    copy.ledger_path.write_text(text, encoding="utf-8")
    return copy


@pytest.mark.parametrize(("choice", "ratio"), [((), 3), (("--lr", "x2"), 2)])
def test_the_chosen_lr_is_written(
    choice: tuple[str, ...], ratio: int, halved: Dataset, export: Export
) -> None:
    whole = export("basicsr-vimeo", *SELECTION, *choice, data=halved)
    kind = "lr7_x2" if choice else "lr7"
    facts = json.loads((whole / "dataset.json").read_text())
    assert (facts["ratio"], facts["lr"], facts["frames"]) == (ratio, kind, 7)
    options = yaml.safe_load((whole / "general" / "tiny" / "train.yml").read_text())
    assert (options["scale"], options["datasets"]["train"]["gt_size"]) == (ratio, 96)
    patches = {patch["files"]["gt"]: patch for patch in made(halved).values()}
    train = whole / "general" / "tiny" / "train"
    (pairs,) = find_pairs(whole, Wanted(split="train"))
    assert set(pairs.kinds(0)) == {"gt", "gt7", kind}
    for position, (name, row) in enumerate(index(train).items()):
        expected = tiles(halved, patches[row["gt"]], kind)
        found = [(train / "LQ" / name / f"im{number}.png").read_bytes() for number in range(1, 8)]
        assert all(map(np.array_equal, map(decoded, found), expected))
        assert pairs.pictures(position, kind_named(kind)) == found


def test_pairs_of_the_chosen_lr_have_its_ratio(halved: Dataset, export: Export) -> None:
    folder = export("neosr", *SELECTION, "--lr", "x2", data=halved) / "general" / "tiny"
    assert tomllib.loads((folder / "train.toml").read_text())["scale"] == 2
    patches = made(halved)
    for path in (folder / "train" / "lq").iterdir():
        assert np.array_equal(decoded(path.read_bytes()), tiles(halved, patches[path.stem], "lr7_x2")[3])


@pytest.mark.parametrize(
    "refusal",
    [
        ("trainner", "x4", "--lr x4: there is no such LR; there is the plain one, x2"),
        ("webdataset", "x2", "webdataset cannot be written with --lr"),
    ],
)
def test_an_lr_that_is_not_there_is_refused_with_those_that_are(
    refusal: tuple[str, str, str], halved: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, choice, message = refusal
    code = main(["export", layout, str(tmp_path / "out"), "-c", str(halved.config), "--lr", choice])
    assert code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_frames_beyond_seven_are_not_looked_for(halved: Dataset, export: Export) -> None:
    """The layouts of Vimeo-90K hold seven frames of a longer clip."""
    whole = export("basicsr-vimeo", *SELECTION, data=halved)
    facts = json.loads((whole / "dataset.json").read_text())
    facts["lr"] = "lr15"
    facts["kinds"]["lr15"] = {"ratio": 3, "frames": 15}
    (whole / "dataset.json").write_text(json.dumps(facts))
    (pairs,) = find_pairs(whole, Wanted(split="train"))
    assert set(pairs.kinds(0)) == {"gt", "gt7", "lr7"}
    assert len(pairs.pictures(0, kind_named("lr7"))) == 7
