"""PyTorch's own DataLoader takes the dataset, in several workers, and a model learns from it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from tests.acceptance.program import Dataset
from tests.jobs.superres.dataset.export.conftest import made, native, part_of, tiles
from tui_gen.torch.pairs import LAYOUTS, PairsError

pytestmark = pytest.mark.loaders
torch = pytest.importorskip("torch", reason="needs PyTorch: pip install '.[torch]'")


def whole(folder: Path, **choices: object) -> object:
    from tui_gen.torch import VsrDataset

    return VsrDataset(folder, category="general", format="tiny", **choices)  # type: ignore[arg-type]


def test_items_are_the_pixels_of_the_files(dataset: Dataset) -> None:
    expected = {key: patch for key, patch in made(dataset).items() if part_of(patch) == "train"}
    loader = torch.utils.data.DataLoader(whole(dataset.output, gt_frames=7), num_workers=2)
    found = 0
    for batch in loader:
        patch = expected[batch["key"][0]]
        lq = np.stack(tiles(dataset, patch))[..., ::-1].transpose(0, 3, 1, 2)
        gt = np.stack(tiles(dataset, patch, "gt7"))[..., ::-1].transpose(0, 3, 1, 2)
        assert np.array_equal((batch["lq"][0] * 255).round().numpy().astype(np.uint8), lq)
        assert np.array_equal((batch["gt"][0] * 255).round().numpy().astype(np.uint8), gt)
        assert np.array_equal(gt[3], native(dataset, patch, "gt")[..., ::-1].transpose(2, 0, 1))
        found += 1
    assert found == len(expected)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_fills_batches_in_workers(layout: str, export: Callable[..., Path]) -> None:
    data = whole(export(layout), frames=5, crop=8, augment=True)
    loader = torch.utils.data.DataLoader(
        data, batch_size=4, num_workers=2, shuffle=True, multiprocessing_context="spawn"
    )
    shapes = {(tuple(batch["lq"].shape[1:]), tuple(batch["gt"].shape[1:])) for batch in loader}
    assert shapes == {((5, 3, 8, 8), (1, 3, 24, 24))}


def test_crops_of_both_show_the_same_place_however_they_are_turned(dataset: Dataset) -> None:
    data = whole(dataset.output, crop=8, augment=True)
    torch.manual_seed(0)
    for index in range(20):
        item = data[index % len(data)]  # type: ignore[index, arg-type]
        middle = torch.nn.functional.avg_pool2d(item["gt"][0], 3)
        assert (item["lq"][3] - middle).abs().mean() < 0.08


def test_random_numbers_are_those_of_pytorch(dataset: Dataset) -> None:
    data = whole(dataset.output, crop=8, augment=True)

    def epoch(seed: int) -> list[bytes]:
        torch.manual_seed(seed)
        return [batch["lq"].numpy().tobytes() for batch in torch.utils.data.DataLoader(data, num_workers=2)]

    one, again, other = epoch(1), epoch(1), epoch(2)
    assert one == again
    assert one != other
    assert len(set(one)) == len(one)


def test_a_small_model_learns(dataset: Dataset) -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3 * 7, 32, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(32, 27, 3, padding=1),
        torch.nn.PixelShuffle(3),
    )
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)
    loader = torch.utils.data.DataLoader(
        whole(dataset.output, crop=16, augment=True), batch_size=4, shuffle=True
    )
    losses = []
    for batch in islice((batch for _ in range(50) for batch in loader), 40):
        loss = torch.nn.functional.mse_loss(model(batch["lq"].flatten(1, 2)), batch["gt"][:, 0])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


def test_what_a_patch_lacks_is_said_at_once(dataset: Dataset) -> None:
    with pytest.raises(PairsError, match="no LR_7frames_x2; it has gt, gt7, lr, lr7"):
        whole(dataset.output, scale=2)
