"""`VsrDataset` reads each kind of LR of long clips, from the folders of a run and from exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.acceptance.program import Dataset
from tests.jobs.superres.dataset.export.conftest import made, native, part_of
from tests.loaders.conftest import Case, Export
from tests.loaders.training import batches, check_learning, frames

pytestmark = pytest.mark.loaders
pytest.importorskip("torch", reason="needs PyTorch: pip install '.[torch]'")


class Kind(NamedTuple):
    """A kind of LR, and the choice of it."""

    choice: dict[str, Any]
    name: str
    ratio: int


KINDS = (Kind({}, "lr15", 4), Kind({"scale": 2}, "lr15_x2", 2), Kind({"variant": "h264"}, "lr15_h264", 4))


@pytest.mark.parametrize("layout", ["", "vsrpp", "webdataset"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_of_lr_is_read(layout: str, kind: Kind, long: Dataset, export: Export) -> None:
    from tui_gen.torch import VsrDataset

    case = Case(long, 4, 15)
    folder = export(layout, data=long) if layout else long.output
    data = VsrDataset(folder, frames=15, gt_frames=15, split="train", **kind.choice)
    patches = {key: patch for key, patch in made(long).items() if part_of(patch) == "train"}
    by_pixels = {native(long, patch, "gt").tobytes(): patch for patch in patches.values()}
    found = set()
    for item in batches(data, size=1):
        high = frames(item["gt"])
        patch = by_pixels[high[7].tobytes()]
        assert all(map(np.array_equal, high, case.truths(patch)))
        assert all(map(np.array_equal, frames(item["lq"]), case.stack(patch, kind.name)))
        found.add(high[7].tobytes())
    assert found == set(by_pixels)
    small = VsrDataset(folder, frames=5, split="train", crop=16, augment=True, **kind.choice)
    loader = list(batches(small, shuffle=True))
    assert loader[0]["lq"].shape[1:] == (5, 3, 16, 16)
    assert loader[0]["gt"].shape[1:] == (1, 3, 16 * kind.ratio, 16 * kind.ratio)
    check_learning(loader)


def test_the_folders_of_vsrpp_hold_stacks_beside_each_other(case: Case, export: Export) -> None:
    """VSR++ reads `GT/<name>`, `LR/<name>` (five frames) and `LR_7frames/<name>` as stacks of tiles."""
    folder = export("vsrpp", "--category", "general", "--format", "tiny", data=case.data)
    patches = made(case.data)
    truths = sorted(folder.rglob("GT/*.png"))
    assert len(truths) == len(list(folder.rglob("LR/*.png"))) > 0
    by_name = {patch["files"]["gt"].rpartition("/")[2]: patch for patch in patches.values()}
    for path in truths:
        for kind, file in by_name[path.name]["files"].items():
            place = path.parent.parent / file.split("/")[-2] / path.name
            assert place.read_bytes() == (case.data.output / file).read_bytes(), kind


def test_the_lines_of_the_readme_give_a_batch(dataset: Dataset) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    lines = readme.partition("## Training with PyTorch")[2].partition("```python\n")[2].partition("```")[0]
    for shown, here in (("/mnt/data/training/dataset", str(dataset.output)), ("crop=64", "crop=16")):
        assert shown in lines
        lines = lines.replace(shown, here)
    names: dict[str, Any] = {}
    exec(lines, names)  # noqa: S102 - the documentation is what is tested
    assert names["lq"].shape[1:] == (7, 3, 16, 16)
    assert names["gt"].shape[1:] == (1, 3, 48, 48)


@pytest.mark.parametrize("layout", ["basicsr-vimeo", "basicsr-lmdb"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_layouts_of_seven_frames_hold_the_middle_ones_of_a_chosen_lr(
    layout: str, kind: Kind, long: Dataset, export: Export
) -> None:
    from tui_gen.torch import VsrDataset

    case = Case(long, 4, 15)
    name = kind.name.partition("_")[2]
    folder = export(layout, *(("--lr", name) if name else ()), data=long)
    assert json.loads((folder / "dataset.json").read_text())["ratio"] == kind.ratio
    by_pixels = {native(long, patch, "gt").tobytes(): patch for patch in made(long).values()}
    for item in batches(VsrDataset(folder, gt_frames=7, **kind.choice), size=1):
        high = frames(item["gt"])
        patch = by_pixels[high[3].tobytes()]
        assert all(map(np.array_equal, high, case.truths(patch, 3)))
        assert all(map(np.array_equal, frames(item["lq"]), case.stack(patch, kind.name)[4:11]))
