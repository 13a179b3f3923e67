"""LR at a half, a third and a quarter of GT, from one decode of one film: a reference shrinks GT alike."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.acceptance.conftest import SDR, Configure, make_film
from tests.acceptance.program import Dataset, entry, run_inside
from tests.conftest import MadeOnce
from tui_gen.jobs.superres.dataset.picture import draw_patch

Picture = NDArray[np.uint8]
DRAWN = "testsrc2=s=960x540:r=24:d=2,noise=alls=12:allf=t:all_seed=3"


@pytest.fixture(scope="module")
def film(made_once: MadeOnce, embedded_ffmpeg: str) -> Path:
    """Return a film of 2 s in which the format of 720x405 fits."""

    def fill(folder: Path) -> None:
        make_film(embedded_ffmpeg, DRAWN + SDR, folder / "film.mkv")

    return made_once("film_for_scales", fill) / "film.mkv"


def configured(configure: Configure, film: Path, **base: object) -> Dataset:
    data = configure([entry(film, "Film", {"general": 1.0})], targets={"general": 2}, **base)
    data.edit(lambda settings: settings.update(format_config={"general": {"medium_169": 1.0}}))
    return data


@pytest.mark.soak
def test_half_of_ground_truth(film: Path, configure: Configure) -> None:
    data = configured(configure, film, scale=2)
    planned = run_inside("plan", data.config)
    assert "sizes: medium_169 is 720x404, not 720x405: GT divides by 2" in planned.out, str(planned)
    data.complete()
    assert data.count("GT") == 2
    assert {path.parent.name for path in data.paths()} == {"GT", "LR", "LR_7frames"}
    check_stacks(data, gt=(404, 720), folders={"LR": 2})


@pytest.mark.soak
def test_a_quarter_with_further_scales_from_the_same_ground_truth(film: Path, configure: Configure) -> None:
    data = configured(configure, film, scale=4, lr_scales=[2, 3, 4])
    planned = run_inside("plan", data.config)
    assert "sizes: medium_169 is 720x408, not 720x405: GT divides by 2, 3 and 4" in planned.out
    assert "2 to make, 14 files" in planned.out, str(planned)
    data.complete()
    check_stacks(data, gt=(408, 720), folders={"LR": 4, "LR_x2": 2, "LR_x3": 3})
    folders = {"GT", "LR", "LR_7frames", "LR_x2", "LR_7frames_x2", "LR_x3", "LR_7frames_x3"}
    assert {path.parent.name for path in data.paths()} == folders
    for command in (["check", "--json"], ["stats"], ["sheet", "-o", str(data.config.parent / "sheet")]):
        done = run_inside(*command, data.config)
        assert done.code == 0, str(done)
    (patch,) = next(line for line in data.ledger() if line["kind"] == "clip")["patches"]
    assert len(draw_patch(data.output, patch, columns=40, rows=12)) == 12
    check_moves(data, folders)
    check_repair(data, patch)
    for key, value, difference in (("scale", 3, "scale: 4 -> 3"), ("lr_scales", [2], "[2, 3] -> [2]")):
        changed = json.dumps(
            {**data.settings, "base_settings": {**data.settings["base_settings"], key: value}}
        )
        other = data.config.with_name("other.json")
        other.write_text(changed, encoding="utf-8")
        refused = run_inside("run", other)
        assert refused.code == 2, str(refused)
        assert difference in refused.err
        assert "--mix" in refused.err


def check_moves(data: Dataset, folders: set[str]) -> None:
    """Assert that all files of a patch move to validation and back."""
    before = data.tree()
    moved = run_inside("split", "--val", "Film", "--move", "-c", data.config)
    assert "Moved 2 patches" in moved.err, str(moved)
    assert {path.parent.name for path in data.output.glob("**/Val_Medium169/*/*.png")} == folders
    assert run_inside("verify", data.config).code == 0
    assert run_inside("split", "--train", "Film", "--move", "-c", data.config).code == 0
    assert data.tree() == before


def check_repair(data: Dataset, patch: dict[str, Any]) -> None:
    """Assert that a stack of a further scale is missed, and made again as it was."""
    before, lost = data.tree(), patch["files"]["lr7_x2"]
    (data.output / lost).unlink()
    found = run_inside("verify", data.config)
    assert (found.code, found.out) == (5, f"{lost}: missing\n")
    assert run_inside("verify", data.config, "--repair").code == 0
    assert data.tree() == before


def check_stacks(data: Dataset, *, gt: tuple[int, int], folders: dict[str, int]) -> None:
    """Assert that the middle tiles are GT shrunk by the scale of their folder, and the others fit."""
    paths = sorted(data.output.glob("**/GT/*.png"))
    assert paths
    for path in paths:
        truth = read(path)
        assert truth.shape == (*gt, 3)
        for folder, scale in folders.items():
            short_folder, long_folder = folder, folder.replace("LR", "LR_7frames")
            short = np.split(read(path.parents[1] / short_folder / path.name), 5)
            long = np.split(read(path.parents[1] / long_folder / path.name), 7)
            assert all(np.array_equal(*pair) for pair in zip(short, long[1:6], strict=True))
            expected = shrunken(truth, scale)
            difference = np.abs(long[3].astype(int) - expected.astype(int))
            assert difference.max() <= 1, path
            assert np.count_nonzero(difference) < difference.size / 1000, path
            assert not np.array_equal(long[2], long[3]), f"nothing moves in {path}"


def read(path: Path) -> Picture:
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None, path
    return picture.astype(np.uint8)


def shrunken(picture: Picture, scale: int) -> Picture:
    """Return a picture shrunk by Keys' cubic (a = -0.5), widened by the scale: mirrored rim, rounded once."""
    down, across = (weights(length, scale) for length in picture.shape[:2])
    values = np.einsum("ih,hwc,jw->ijc", down, picture.astype(np.float64), across, optimize=True)
    rounded: Picture = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return rounded


@cache
def weights(length: int, scale: int) -> NDArray[np.float64]:
    """Return the matrix (length / scale, length) that shrinks one axis."""
    pixel = np.arange(-2 * scale, length + 2 * scale)
    centre = scale * np.arange(length // scale) + (scale - 1) / 2
    x = np.abs(pixel - centre[:, None]) / scale
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    cubic = np.where(x <= 1, near, np.where(x < 2, far, 0))
    matrix = np.zeros((length // scale, length))
    mirrored = np.where(pixel < 0, -1 - pixel, np.minimum(pixel, 2 * length - 1 - pixel))
    np.add.at(matrix.T, mirrored, cubic.T)
    matrix /= matrix.sum(axis=1, keepdims=True)
    return matrix
