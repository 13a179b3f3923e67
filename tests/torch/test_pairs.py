"""The same patches are found in the output of a run, in its folders and in its exports."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.acceptance.program import Dataset
from tests.jobs.superres.dataset.export.conftest import decoded, made, native, part_of, tiles
from tui_gen.jobs.superres.dataset.file_kinds import GT, FileKind
from tui_gen.torch.pairs import LAYOUTS, Pairs, PairsError, Wanted, find_pairs

LR7 = FileKind(is_gt=False, frames=7)
TINY = Wanted("general", "tiny", "train")


def by_key(found: list[Pairs]) -> dict[str, tuple[Pairs, int]]:
    return {key: (pairs, place) for pairs in found for place, key in enumerate(pairs.keys)}


def test_the_ledger_tells_category_format_and_part(dataset: Dataset) -> None:
    for split in ("train", "val", "test"):
        found = by_key(find_pairs(dataset.output, Wanted("general", "tiny", split)))
        expected = {key: patch for key, patch in made(dataset).items() if part_of(patch) == split}
        assert expected
        assert found.keys() == expected.keys()
        for key, (pairs, place) in found.items():
            (gt,), (stack,) = pairs.pictures(place, GT), pairs.pictures(place, LR7)
            assert np.array_equal(decoded(gt), native(dataset, expected[key], "gt"))
            assert np.array_equal(decoded(stack), native(dataset, expected[key], "lr7"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_exports_hold_the_same_pictures(layout: str, dataset: Dataset, export: Callable[..., Path]) -> None:
    found = find_pairs(export(layout), TINY)
    copied: list[Pairs] = pickle.loads(pickle.dumps(found))  # noqa: S301 - as a DataLoader does
    expected = {key: patch for key, patch in made(dataset).items() if part_of(patch) == "train"}
    pictures = set()
    for pairs, place in by_key(copied).values():
        kinds = pairs.kinds(place)
        assert {"gt", "lr7", "gt7"} <= set(kinds)
        (gt,), low = pairs.pictures(place, GT), pairs.pictures(place, LR7)
        lr = np.concatenate([decoded(picture) for picture in low])
        pictures.add((decoded(gt).tobytes(), lr.tobytes()))
    assert pictures == {
        (native(dataset, patch, "gt").tobytes(), np.concatenate(tiles(dataset, patch)).tobytes())
        for patch in expected.values()
    }


def test_one_folder_of_patches_is_enough(dataset: Dataset) -> None:
    (patch, *_) = (patch for patch in made(dataset).values() if part_of(patch) == "train")
    folder = (dataset.output / patch["files"]["gt"]).parent.parent
    (pairs,) = find_pairs(folder, Wanted())
    assert len(pairs.keys) == len(list((folder / "GT").iterdir()))
    assert {"gt", "lr", "lr7", "gt7"} == set(pairs.kinds(0))


def test_what_is_not_there_is_named(dataset: Dataset, export: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(PairsError, match="no patches of category space, split val"):
        find_pairs(dataset.output, Wanted("space", None, "val"))
    with pytest.raises(PairsError, match="the layout neosr is not read here"):
        find_pairs(export("neosr"), TINY)
    with pytest.raises(PairsError, match="neither the output of a run"):
        find_pairs(tmp_path, TINY)


def test_a_tree_without_a_gt_for_every_frame_offers_none(tmp_path: Path) -> None:
    """An export writes them where all patches of a tree have them, and `dataset.json` is of all trees."""
    folder = tmp_path / "general" / "tiny" / "train"
    for name in ("GT/00001/0001/im4.png", "GT/00001/0002/im4.png", "LQ/00001/0001/im3.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    (folder / "meta_info.txt").write_text("00001/0001 7 (96,96,3)\n00001/0002 7 (96,96,3)\n")
    kinds = {name: {"ratio": 3, "frames": 7} for name in ("gt", "gt7", "lr7")}
    tree = {"folder": "general/tiny/train", "category": "general", "format": "tiny", "split": "train"}
    facts = {"layout": "basicsr-vimeo", "lr": "lr7", "kinds": kinds, "trees": [tree]}
    (tmp_path / "dataset.json").write_text(json.dumps(facts))
    (pairs,) = find_pairs(tmp_path, TINY)
    assert set(pairs.kinds(0)) == {"gt", "lr7"}
    (folder / "GT/00001/0001/im3.png").write_bytes(b"")
    (pairs,) = find_pairs(tmp_path, TINY)
    assert set(pairs.kinds(0)) == {"gt", "gt7", "lr7"}
