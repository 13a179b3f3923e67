"""neosr's own `paired` reads an export by the configuration that is among its files."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.jobs.superres.dataset.export.conftest import made, native, part_of
from tests.loaders.checkouts import NEOSR
from tests.loaders.conftest import Case, Export
from tests.loaders.training import batches, check_learning, frames, is_same

pytestmark = pytest.mark.loaders


def test_neosr_trains_and_validates(chosen: Case, export: Export) -> None:
    kind = NEOSR.module("data.paired_dataset").paired
    flags = ("--category", "general", "--format", "tiny")
    folder = export("neosr", *flags, *chosen.flags, data=chosen.data) / "general" / "tiny"
    options = tomllib.loads((folder / "train.toml").read_text(encoding="utf-8"))
    assert options["scale"] == chosen.ratio
    patches = made(chosen.data)
    for part in ("train", "val"):
        options["datasets"][part].update(phase=part, scale=options["scale"])
        seen = set()
        for item in batches(kind(options["datasets"][part]), size=1):
            key = Path(item["gt_path"][0]).stem
            expected = [*chosen.clip(patches[key], 0), native(chosen.data, patches[key], "gt")]
            assert is_same(frames(item["lq"]) + frames(item["gt"]), expected)
            seen.add(key)
        assert seen == {key for key, patch in patches.items() if part_of(patch) == part} != set()
    check_learning(batches(kind(options["datasets"]["train"]), shuffle=True))


def test_neosr_reads_no_list(tmp_path: Path) -> None:
    """The reason why the export writes none: the path of each LR file would be that of its folder."""
    (tmp_path / "list.txt").write_text("one.png (96,96,3)\n")
    read = NEOSR.module("data.data_util").paired_paths_from_meta_info_file
    pairs = read(["lq", "gt"], ["lq", "gt"], str(tmp_path / "list.txt"))
    assert pairs == [{"lq_path": "lq", "gt_path": "gt/one.png"}]
