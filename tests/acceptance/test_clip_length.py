"""Longer clips with a step: their stacks, a kill in the middle of them, and a change of the length."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from tests.acceptance.conftest import Configure
from tests.acceptance.program import Dataset, run


def tiles(path: Path, count: int) -> list[npt.NDArray[np.uint8]]:
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.split(image.astype(np.uint8), count)


@pytest.mark.soak
def test_a_kill_changes_no_byte_of_long_clips_and_their_length_is_of_the_recipe(
    two_films: list[dict[str, Any]], configure: Configure
) -> None:
    def dataset(name: str) -> Dataset:
        data = configure(two_films[1:], name=name, targets={"general": 3}, frames=15, frame_step=2)
        data.edit(lambda settings: settings.update(gt_frames=15))
        return data

    whole, killed = dataset("whole"), dataset("killed")
    whole.complete()
    with killed.start("--workers", "1") as at_work:
        at_work.wait_until(lambda: killed.ledger_path.exists() and len(killed.made()) >= 1, "a patch")
        at_work.signal(signal.SIGKILL)
        at_work.end()
    killed.complete("--workers", "2")
    assert killed.tree() == whole.tree()
    assert len(whole.tree()) == 3 * 4
    assert not list(whole.output.rglob("LR_7frames"))
    for gt in whole.output.glob("*/*/GT/*.png"):
        lr, long_lr, long_gt = (
            tiles(gt.parent.parent / folder / gt.name, count)
            for folder, count in (("LR", 5), ("LR_15frames", 15), ("GT_15frames", 15))
        )
        assert np.array_equal(long_gt[7], tiles(gt, 1)[0])
        assert np.array_equal(lr, long_lr[5:10])
    gaps = np.diff(next(line["pts"] for line in whole.ledger() if line["kind"] == "clip"))
    assert len(gaps) == 14
    assert np.allclose(gaps, 2 / 24, atol=0.002)
    assert run("verify", whole.config).code == 0
    whole.edit(lambda settings: settings["base_settings"].update(frame_step=1))
    assert "frame_step: 2 -> 1" in whole.complete(code=2).err
    whole.edit(lambda settings: settings["base_settings"].update(frame_step=2, frames=30))
    whole.edit(lambda settings: settings.update(gt_frames=1))
    assert "frames: 15 -> 30" in whole.complete(code=2).err
