"""The package webdataset reads shards in two workers: each patch once, with the pictures of its files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.jobs.superres.dataset.export.conftest import decoded, made, native, part_of
from tests.loaders.conftest import Case, Export
from tests.loaders.training import batches, check_learning, frames

pytestmark = pytest.mark.loaders
torch = pytest.importorskip("torch", reason="needs PyTorch: pip install '.[torch]'")
webdataset = pytest.importorskip("webdataset")


def opened(export: Export, case: Case, *flags: str) -> Any:  # noqa: ANN401 - a package without types
    folder = export("webdataset", "--category", "general", "--format", "tiny", *flags, data=case.data)
    shards = sorted(map(str, (folder / "general" / "tiny" / "train").glob("*.tar")))
    assert len(shards) >= 2
    return webdataset.WebDataset(shards, shardshuffle=False)


def test_workers_read_each_patch_once(case: Case, export: Export) -> None:
    patches = {key: patch for key, patch in made(case.data).items() if part_of(patch) == "train"}
    loader = webdataset.WebLoader(opened(export, case), batch_size=None, num_workers=2)
    seen = []
    for item in loader:
        key = item["__key__"]
        kinds = [name.removesuffix(".png") for name in item if name.endswith(".png")]
        assert sorted(kinds) == sorted(patches[key]["files"])
        for kind in kinds:
            assert np.array_equal(decoded(item[f"{kind}.png"]), native(case.data, patches[key], kind))
        seen.append(key)
    assert sorted(seen) == sorted(patches)


def test_a_model_learns_from_shards_of_each_lr(case: Case, export: Export) -> None:
    data = opened(export, case, "--tiles").decode("torchrgb")
    patches = made(case.data)
    longest = f"lr{case.frames}"
    kinds = [longest] if case.ratio == 3 else [longest, f"{longest}_x2", f"{longest}_h264"]
    for kind in kinds:
        names = [f"{kind}.{number}.png" for number in range(case.frames)]

        def pair(item: dict[str, Any], names: list[str] = names) -> dict[str, Any]:
            low = torch.stack([item[name] for name in names])
            return {"lq": low, "gt": item["gt.png"], "key": item["__key__"]}

        loader = list(batches(data.map(pair), size=2))
        for batch in loader:
            for number, key in enumerate(batch["key"]):
                expected = case.stack(patches[key], kind)
                assert all(map(np.array_equal, frames(batch["lq"][number]), expected))
        check_learning(loader)
