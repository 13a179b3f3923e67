"""The same patches are found in the output of a run, in its folders and in its exports."""

from __future__ import annotations

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
