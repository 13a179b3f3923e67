"""The packages datasets, polars and pyarrow read the pictures in tables; a model learns from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.jobs.superres.dataset.export.conftest import Image, decoded, made, native, part_of
from tests.loaders.conftest import Case, Export
from tests.loaders.training import batches, check_learning

pytestmark = pytest.mark.loaders
FLAGS = ("--embed", "--category", "general", "--format", "tiny")


def check(rows: dict[str, dict[str, Image]], case: Case) -> None:
    """Assert that each patch is there once, with all of its pictures."""
    patches = {key: patch for key, patch in made(case.data).items() if part_of(patch) == "train"}
    assert rows.keys() == patches.keys()
    for key, pictures in rows.items():
        assert pictures.keys() == patches[key]["files"].keys()
        for kind, picture in pictures.items():
            assert np.array_equal(picture, native(case.data, patches[key], kind))


def kinds(case: Case) -> list[str]:
    return list(next(iter(made(case.data).values()))["files"])


def test_pyarrow_and_polars_read_the_pictures(case: Case, export: Export) -> None:
    dataset = pytest.importorskip("pyarrow.dataset")
    polars = pytest.importorskip("polars")
    folder = export("parquet", *FLAGS, data=case.data) / "general" / "tiny" / "train"
    paths = sorted(folder.glob("*.parquet"))
    for rows in (
        dataset.dataset(paths, format="parquet").to_table().to_pylist(),
        polars.read_parquet(paths).to_dicts(),
    ):
        read = {row["key"]: {kind: decoded(row[kind]["bytes"]) for kind in kinds(case)} for row in rows}
        assert len(read) == len(rows)
        check(read, case)


def test_datasets_loads_what_the_card_names(
    case: Case, export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    torch = pytest.importorskip("torch")
    folder = export("parquet", *FLAGS, data=case.data)
    loaded = datasets.load_dataset(str(folder), "general-tiny", cache_dir=str(tmp_path / "cache"))
    assert {"train", "validation"} <= set(loaded)
    train = loaded["train"]

    def picture(image: Any) -> Image:  # noqa: ANN401 - of Pillow
        return np.asarray(image)[..., ::-1]

    check({row["key"]: {kind: picture(row[kind]) for kind in kinds(case)} for row in train}, case)

    def tensors(rows: dict[str, Any]) -> dict[str, Any]:
        def of(kind: str, count: int) -> list[Any]:
            stacks = [np.stack(np.split(np.asarray(image), count)) for image in rows[kind]]
            return [torch.from_numpy(stack).permute(0, 3, 1, 2) / 255 for stack in stacks]

        return {"lq": of(f"lr{case.frames}", case.frames), "gt": of("gt", 1)}

    check_learning(batches(train.with_transform(tensors), shuffle=True))
