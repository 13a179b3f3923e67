"""mmagic's own BasicFramesDataset and transforms read exports by the configuration in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.superres.dataset.export.conftest import index, made, part_of
from tests.loaders.checkouts import MMAGIC
from tests.loaders.conftest import Case, Export
from tests.loaders.training import batches, check_learning, frames, is_same

pytestmark = pytest.mark.loaders
mmengine = pytest.importorskip("mmengine", reason="mmagic needs mmengine: pip install '.[loaders]'")
pytest.importorskip("mmengine.registry")
pytest.importorskip("mmcv", reason="mmagic's transforms need mmcv: pip install '.[loaders]'")
_TRANSFORMS = ("aug_shape", "crop", "generate_frame_indices", "loading", "values")


def built(options: Any) -> Any:  # noqa: ANN401 - mmengine's
    """Return the dataset of a configuration, without the last transform, which packs what models take."""
    MMAGIC.module("datasets.basic_frames_dataset")
    for name in _TRANSFORMS:
        MMAGIC.module(f"datasets.transforms.{name}")
    registry = MMAGIC.module("registry").DATASETS
    *pipeline, last = options["pipeline"]
    assert last["type"] == "PackInputs"
    return registry.build({**options, "pipeline": pipeline})


def as_item(loaded: dict[str, Any]) -> dict[str, Any]:
    """Return tensors of what the transforms load: (height, width, 3), RGB, 0..255."""
    import numpy as np
    import torch

    def stacked(pictures: Any) -> Any:  # noqa: ANN401
        stack = np.stack(pictures if isinstance(pictures, list) else [pictures])
        return torch.from_numpy(np.ascontiguousarray(stack)).float().permute(0, 3, 1, 2) / 255

    return {"lq": stacked(loaded["img"]), "gt": stacked(loaded["gt"]), "key": loaded["key"]}


class _Items:
    """A dataset of another one's items, changed."""

    def __init__(self, data: Any, change: Callable[[Any], Any]) -> None:  # noqa: ANN401
        self.data, self.change = data, change

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, position: int) -> Any:  # noqa: ANN401
        return self.change(self.data[position])


@pytest.mark.parametrize("layout", ["mmagic-vimeo", "mmagic-reds"])
def test_mmagic_trains_and_validates(layout: str, chosen: Case, export: Export) -> None:
    whole = export(layout, "--category", "general", "--format", "tiny", *chosen.flags, data=chosen.data)
    folder = whole / "general" / "tiny"
    options = mmengine.Config.fromfile(folder / "train.py")
    mmengine.registry.init_default_scope(options.default_scope)  # as mmengine's Runner does
    assert options.scale == chosen.ratio
    reach = 3 if layout == "mmagic-vimeo" else None
    patches = made(chosen.data)
    for part in ("train", "val"):
        data = built(options[f"{part}_dataloader"].dataset.to_dict())
        rows, seen = index(folder / part), set()
        for item in batches(_Items(data, as_item), size=1):
            parts = Path(item["key"][0]).parts
            row = next(rows[name] for name in ("/".join(parts[-2:]), parts[0], parts[-1]) if name in rows)
            video, _, clip = row["clip"].rpartition(":")
            key = f"{video}-{int(clip):06d}"
            expected = chosen.clip(patches[key], reach) + chosen.truths(patches[key], reach)
            assert is_same(frames(item["lq"]) + frames(item["gt"]), expected)
            seen.add(key)
        assert seen == {key for key, patch in patches.items() if part_of(patch) == part} != set()
    data = built(options.train_dataloader.dataset.to_dict())
    check_learning(batches(_Items(data, as_item), shuffle=True))
