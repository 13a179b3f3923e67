"""Ground truth of all seven frames: a stack under the patch's own name, beside GT, and nothing else moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from tests.acceptance.conftest import Configure
from tests.acceptance.program import Done, run


def read(path: Path) -> npt.NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


@pytest.mark.soak
def test_seven_ground_truths_stand_beside_the_usual_files(
    two_films: list[dict[str, Any]], configure: Configure
) -> None:
    targets = {"general": 4, "space": 2}
    usual = configure(two_films, name="usual", targets=targets)
    usual.complete()
    data = configure(two_films, name="seven", targets=targets)
    data.edit(lambda settings: settings.update(gt_frames=7))
    planned = run("plan", data.config)
    assert "6 to make, 24 files" in planned.out, str(planned)
    data.complete()
    tree = data.tree()
    stacks = [path for path in tree if "/GT_7frames/" in path]
    assert len(stacks) == 6
    assert {path: tree[path] for path in tree if path not in stacks} == usual.tree()
    for path in stacks:
        tiles = np.split(read(data.output / path), 7)
        gt = read(data.output / path.replace("/GT_7frames/", "/GT/"))
        assert np.array_equal(tiles[3], gt)
        assert not np.array_equal(tiles[2], gt)
    (data.output / stacks[0]).unlink()
    found = run("verify", data.config)
    assert found.code == 5, str(found)
    assert found.out == f"{stacks[0]}: missing\n"
    assert run("verify", data.config, "--repair").code == 0
    assert data.tree() == tree
    refused = _with_one(data.config)
    assert "gt_frames: 7 -> 1" in refused.err, str(refused)


def _with_one(config: Path) -> Done:
    config.write_text(config.read_text(encoding="utf-8").replace('"gt_frames": 7', '"gt_frames": 1'))
    return run("run", config)
