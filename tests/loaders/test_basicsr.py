"""BasicSR's own datasets read the exports for it by the configuration that is among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import Dataset
from tests.jobs.superres.dataset.export.conftest import index, made, native, part_of
from tests.loaders.checkouts import BASICSR
from tests.loaders.conftest import Case, Export
from tests.loaders.training import batches, check_learning, frames, is_same

pytestmark = pytest.mark.loaders
SELECTION = ("--category", "general", "--format", "tiny")


def configured(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the options of each data set, as basicsr/utils/options.py completes them."""
    options = BASICSR.module("utils.options").yaml_load(str(folder / "train.yml"))
    for phase, data in options["datasets"].items():
        data.update(phase=phase, scale=options["scale"])
    return dict(options["datasets"])


def check(folder: Path, case: Case, data: Any, part: str, *, is_recurrent: bool) -> None:  # noqa: ANN401
    """Compare all items with the files of the dataset, one batch after another."""
    names = data.keys if hasattr(data, "keys") else [Path(p[0]).parent for p in data.data_info["lq_path"]]
    rows, patches, seen = index(folder / part), made(case.data), set()
    for name, item in zip(names, batches(data, size=1), strict=True):
        row = rows["/".join(Path(name).parts[-2:])]
        video, _, clip = row["clip"].rpartition(":")
        key = f"{video}-{int(clip):06d}"
        patch = patches[key]
        truths = case.truths(patch, 3) if is_recurrent else [native(case.data, patch, "gt")]
        expected = case.clip(patch, 3) + truths
        if is_recurrent and data.opt["flip_sequence"]:
            clip_frames, truth_frames = expected[:7], expected[7:]
            expected = [*clip_frames, *clip_frames[::-1], *truth_frames, *truth_frames[::-1]]
        assert is_same(frames(item["lq"]) + frames(item["gt"]), expected)
        seen.add(key)
    assert seen == {key for key, patch in patches.items() if part_of(patch) == part} != set()


@pytest.mark.parametrize("layout", ["basicsr-vimeo", "basicsr-lmdb"])
@pytest.mark.parametrize("kind", ["Vimeo90KDataset", "Vimeo90KRecurrentDataset"])
def test_basicsr_trains_and_validates(layout: str, kind: str, chosen: Case, export: Export) -> None:
    module = BASICSR.module("data.vimeo90k_dataset")
    folder = export(layout, *SELECTION, *chosen.flags, data=chosen.data) / "general" / "tiny"
    options = configured(folder)
    assert options["train"]["scale"] == chosen.ratio
    # The configuration names the recurrent one where BasicVSR can do the ratio.
    assert options["train"]["type"] == (
        "Vimeo90KRecurrentDataset" if chosen.ratio == 4 else "Vimeo90KDataset"
    )
    training = {"flip_sequence": False, **options["train"]}

    def built() -> Any:  # noqa: ANN401 - reading takes keys out of the options
        return getattr(module, kind)({**training, "io_backend": dict(training["io_backend"])})

    check(folder, chosen, built(), "train", is_recurrent=kind != "Vimeo90KDataset")
    check_learning(batches(built(), shuffle=True))
    validation = BASICSR.module("data.video_test_dataset").VideoTestVimeo90KDataset(options["val"])
    check(folder, chosen, validation, "val", is_recurrent=False)


@pytest.mark.parametrize("kind", ["REDSDataset", "REDSRecurrentDataset"])
def test_basicsr_reads_clips_of_100_frames_as_reds(kind: str, hundred: Dataset, export: Export) -> None:
    module = BASICSR.module("data.reds_dataset")
    folder = export("basicsr-reds", *SELECTION, data=hundred) / "general" / "tiny"
    options = configured(folder)["train"]
    assert options["type"] == "REDSRecurrentDataset"
    count = 15 if kind == "REDSRecurrentDataset" else 7
    chosen = {**options, "num_frame": count, "dataroot_flow": None}

    def built() -> Any:  # noqa: ANN401 - reading takes keys out of the options
        return getattr(module, kind)({**chosen, "io_backend": dict(chosen["io_backend"])})

    data, case, patches = built(), Case(hundred, 4, 100), made(hundred)
    assert len(data.keys) == 100 * len(patches) > 0
    for name, item in zip(data.keys, batches(data, size=1), strict=True):
        clip, _, number = name.partition("/")
        first = int(number) if count == 15 else int(number) - 3
        if not 0 <= first <= 100 - count:
            continue  # it takes frames at random there
        low, high = (case.stack(patches[clip], kind) for kind in ("lr100", "gt100"))
        truths = high[first : first + count] if count == 15 else [high[int(number)]]
        assert is_same(frames(item["lq"]) + frames(item["gt"]), low[first : first + count] + truths)
    check_learning(batches(built(), shuffle=True))
