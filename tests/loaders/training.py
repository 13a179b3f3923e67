"""What a trainer does with batches: a model of two layers learns from them; and pictures of batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice, repeat
from typing import Any

import numpy as np
import pytest

from tests.jobs.superres.dataset.export.conftest import Image

STEPS = 20
SIDE = 16
"""Side of the square of LR that the model learns from."""


def batches(dataset: Any, *, workers: int = 2, size: int = 4, shuffle: bool = False) -> Iterator[Any]:  # noqa: ANN401
    """Return the batches of PyTorch's own DataLoader."""
    torch = pytest.importorskip("torch")
    return iter(torch.utils.data.DataLoader(dataset, batch_size=size, num_workers=workers, shuffle=shuffle))


def frames(tensor: Any) -> list[Image]:  # noqa: ANN401
    """Return the pictures of a float tensor ([frames,] 3, height, width), RGB, 0..1, as OpenCV has them."""
    stack = tensor.reshape(-1, *tensor.shape[-3:])
    values = (stack * 255).round().clamp(0, 255).numpy().astype(np.uint8)
    return [np.ascontiguousarray(frame.transpose(1, 2, 0)[..., ::-1]) for frame in values]


_Turn = Callable[[Image], Image]


def _turns() -> Iterator[_Turn]:
    for quarter in range(4):
        for step in (1, -1):
            yield lambda picture, quarter=quarter, step=step: np.rot90(picture[:, ::step], quarter)  # type: ignore[misc]


def is_same(found: Sequence[Image], expected: Sequence[Image]) -> bool:
    """Return whether the frames are the same, all flipped and turned alike."""
    return len(found) == len(expected) and any(
        all(np.array_equal(turn(one), other) for one, other in zip(found, expected, strict=True))
        for turn in _turns()
    )


def check_learning(loader: Iterable[Any], pair: Callable[[Any], tuple[Any, Any]] | None = None) -> None:
    """Train two layers for 20 steps, and assert that the loss falls.

    `pair` returns LR (batch, frames, 3, height, width) and GT (batch, 3, height, width) of a batch.
    """
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    all_batches = list(loader)
    model: Any = None
    optimiser: Any = None
    losses = []
    for batch in islice(chain.from_iterable(repeat(all_batches)), STEPS):
        low, high = pair(batch) if pair else (batch["lq"], batch["gt"])
        low = low.flatten(1, -3) if low.dim() > 4 else low
        high = high[:, high.shape[1] // 2] if high.dim() > 4 else high
        ratio = high.shape[-1] // low.shape[-1]
        low, high = low[..., :SIDE, :SIDE], high[..., : SIDE * ratio, : SIDE * ratio]
        if model is None:
            model = torch.nn.Sequential(
                torch.nn.Conv2d(low.shape[1], 3 * ratio**2, 3, padding=1), torch.nn.PixelShuffle(ratio)
            )
            optimiser = torch.optim.Adam(model.parameters(), 5e-3)
        loss = torch.nn.functional.l1_loss(model(low), high)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert len(losses) == STEPS
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5]), losses
