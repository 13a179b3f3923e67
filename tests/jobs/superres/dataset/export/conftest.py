"""A small finished dataset: two films for training, one kept for validation, one for a test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from tests.acceptance.conftest import Films, write_config
from tests.acceptance.conftest import films as _films
from tests.acceptance.program import Dataset, Done, entry, run
from tests.conftest import MadeOnce
from tui_gen.cli.main import main

Image = npt.NDArray[np.uint8]
films = _films


@pytest.fixture(scope="session")
def dataset(made_once: MadeOnce, films: Films) -> Dataset:
    """Made once by a run; nobody changes it."""
    videos = [
        entry(films.alpha, "Alpha\tand [b]tab", {"general": 0.5, "space": 0.5}, id="alpha"),
        entry(films.beta, "Beta", {"general": 1.0}, id="beta"),
        entry(films.gamma, "Gamma", {"general": 0.5}, split="val", id="gamma"),
        entry(films.delta, "Delta", {"general": 0.4}, split="test", id="delta"),
    ]

    def fill(folder: Path) -> None:
        data = write_config(folder, videos, name="one", targets={}, base_frame_limit=8)
        data.edit(
            lambda settings: settings.update(gt_frames=7, scores={"near_duplicate": "score", "flat": "score"})
        )
        data.complete()

    return Dataset(made_once("exported", fill) / "one.json")


@pytest.fixture
def copy(dataset: Dataset, tmp_path: Path) -> Dataset:
    """Return a copy of the dataset that a test may change."""
    shutil.copytree(dataset.output, tmp_path / "one")
    return Dataset(Path(shutil.copy(dataset.config, tmp_path)))


@pytest.fixture
def export(dataset: Dataset, tmp_path: Path) -> Callable[..., Path]:
    """Export the dataset into a folder of the test's own, and see that it went well."""

    def make(layout: str, *flags: str, data: Dataset = dataset) -> Path:
        folder = tmp_path / layout
        assert main(["export", layout, str(folder), "-c", str(data.config), *flags]) == 0
        assert not folder.with_name(f"{layout}.partial").exists()
        return folder

    return make


def refused(data: Dataset, layout: str, folder: Path, *flags: str) -> Done:
    """Export in vain."""
    done = run("export", layout, folder, "-c", data.config, *flags)
    assert done.code == 2, str(done)
    assert not folder.exists()
    return done


def made(data: Dataset, category: str = "general", form: str = "tiny") -> dict[str, dict[str, Any]]:
    """Return clip key -> ledger entry of the patches of a category and format, held-out ones included."""
    return {
        f"{line['source']}-{int(line['id'].rpartition(':')[2]):06d}": {**patch, "line": line}
        for line in data.ledger()
        if line["kind"] == "clip" and line["outcome"] == "made"
        for patch in line["patches"]
        if patch["category"].split("/")[0] == category and patch["format"] == form
    }


def part_of(patch: dict[str, Any]) -> str:
    """Return the part a patch was made for."""
    return str(patch["category"].partition("/")[2] or "train")


def decoded(content: bytes) -> Image:
    """Return the picture of a PNG."""
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


def native(data: Dataset, patch: dict[str, Any], kind: str) -> Image:
    """Return the picture of a file of the dataset."""
    return decoded((data.output / patch["files"][kind]).read_bytes())


def tiles(data: Dataset, patch: dict[str, Any], kind: str = "lr7") -> list[Image]:
    """Return the seven tiles of a stack."""
    return list(np.split(native(data, patch, kind), 7))


def index(folder: Path) -> dict[str, dict[str, str]]:
    """Return the rows of an index by name; those left out by their clip."""
    head, *rows = (folder / "index.tsv").read_text(encoding="utf-8").splitlines()
    names = head.split("\t")
    read = [dict(zip(names, row.split("\t"), strict=True)) for row in rows]
    return {row["name"] or row["clip"]: row for row in read}


def shown(value: object) -> str:
    """Return a value as the program prints it as JSON."""
    return json.dumps(value)
