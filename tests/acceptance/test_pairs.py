"""LR of another release of a film: aligned with GT to the frame and the pixel, or refused with a sentence."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.paired_films import Film, Release, write_films
from tests.acceptance.conftest import write_config
from tests.acceptance.program import Dataset, entry, run_inside
from tests.conftest import MadeOnce
from tui_gen.media.geometry import Region, Size

FRAMES, RATE, CLIPS = 12 * 24, 25, 6
DRAWN = Film(3, FRAMES, Size(384, 216))
DVD = Release("dvd", size=Size(240, 192), sample_aspect="64/45", crop=Region(6, 4, 372, 208), logo_frames=21)
GT, LR = 120, 40
FORMAT = {"small": {"gt_size": [GT, GT], "lr_size": [LR, LR], "probability": 1.0}}


@pytest.fixture(scope="module")
def releases(made_once: MadeOnce, embedded_ffmpeg: str) -> Path:
    """Return the folder of a film, of a DVD of it, and of another film."""

    def fill(folder: Path) -> None:
        write_films(embedded_ffmpeg, DRAWN, folder, [DVD])
        write_films(embedded_ffmpeg, Film(4, FRAMES, DRAWN.size), folder, [], film_name="other.mkv")

    return made_once("releases", fill)


def dataset(folder: Path, films: Path, videos: dict[str, tuple[str, Path]]) -> Dataset:
    """Return a configuration of videos: name -> film and pair."""
    entries = [
        entry(films / film, name, {"general": 1.0}, id=name, pair=str(pair))
        for name, (film, pair) in videos.items()
    ]
    data = write_config(folder, entries, name="one", targets={}, base_frame_limit=CLIPS)
    data.edit(lambda written: written.update(format_config={"general": FORMAT}))
    return data


@pytest.fixture(scope="module")
def made(releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Return the dataset of a film with its DVD, checked before the run."""
    data = dataset(tmp_path_factory.mktemp("pairs"), releases, {"film": ("film.mkv", releases / "dvd.mkv")})
    checked = run_inside("check", data.config, "--json")
    assert checked.code == 0, str(checked)
    data.complete("--workers", "1")
    return data


def patches(data: Dataset) -> list[dict[str, Any]]:
    lines = [line for line in data.ledger() if line["kind"] == "clip" and line["outcome"] == "made"]
    return [{**patch, "clip": line} for line in lines for patch in line["patches"]]


def read(data: Dataset, path: str) -> npt.NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer((data.output / path).read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


def test_the_alignment_is_exact(made: Dataset) -> None:
    facts: dict[str, Any] = {}
    for line in made.ledger():
        facts |= line.get("facts", {}) if line["kind"] == "facts" else {}
    found = facts["pair"]
    assert found["rate"] == pytest.approx(24 / 25)
    (segment,) = found["segments"]
    assert segment["offset_seconds"] == pytest.approx(DVD.logo_frames / RATE, abs=0.1 / RATE)
    scale_x, shift_x, scale_y, shift_y = DVD.axes(DRAWN.size)
    across, down = found["placement"]["across"], found["placement"]["down"]
    for share in (0.0, 0.5, 1.0):
        off_x = across["scale"] * share + across["shift"] - scale_x * share - shift_x
        off_y = down["scale"] * share + down["shift"] - scale_y * share - shift_y
        assert abs(off_x) * DVD.size.width < 0.1
        assert abs(off_y) * DVD.size.height < 0.1
    assert found["residual_pixels"] < 0.3


def test_lr_of_the_pair_stands_beside_lr_and_shows_the_same_frames_and_places(made: Dataset) -> None:
    found = patches(made)
    assert len(found) >= CLIPS // 2
    truth = DVD.truth(FRAMES)
    for patch in found:
        assert {"LR", "LR_7frames", "LR_pair", "LR_7frames_pair", "GT"} == {
            path.split("/")[-2] for path in patch["files"].values()
        }
        shown = [round(seconds * RATE) for seconds in patch["pair"]["pts"]]
        assert shown == [truth[round(seconds * 24)] for seconds in patch["clip"]["pts"]]
        assert patch["pair"]["residual"] <= 0.25
        plain, paired = (read(made, patch["files"][kind]) for kind in ("lr7", "lr7_pair"))
        assert paired.shape == plain.shape == (7 * LR, LR, 3)
        assert np.array_equal(read(made, patch["files"]["lr_pair"]), paired[LR : 6 * LR])
        assert np.corrcoef(plain.ravel(), paired.ravel())[0, 1] > 0.9
        assert not np.array_equal(plain, paired)


@pytest.mark.soak
def test_a_second_run_makes_the_same_bytes(made: Dataset, releases: Path, tmp_path: Path) -> None:
    again = dataset(tmp_path, releases, {"film": ("film.mkv", releases / "dvd.mkv")})
    again.complete("--workers", "2")
    assert again.tree() == made.tree()


def test_check_plan_verify_and_export_know_the_pair(made: Dataset, tmp_path: Path) -> None:
    checked = run_inside("check", made.config)
    words = " ".join(checked.out.split())
    assert "pair: dvd.mkv, 240x192, offset +0.840 s, rate 0.960000, residual 0." in words, str(checked)
    assert "for one of LR (small), more than LR has: it is shrunk" in words
    planned = " ".join(run_inside("plan", made.config).out.split())
    assert "film: pair: dvd.mkv, 240x192, offset +0.840 s" in planned
    assert run_inside("verify", made.config).code == 0
    target = tmp_path / "export"
    done = run_inside("export", "basicsr-vimeo", target, "-c", made.config, "--lr", "pair")
    assert done.code == 0, str(done)
    clip = next(target.rglob("LQ/*/*/im4.png"))
    image = cv2.imdecode(np.frombuffer(clip.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    tiles = [read(made, patch["files"]["lr7_pair"])[3 * LR : 4 * LR] for patch in patches(made)]
    assert any(np.array_equal(image, tile) for tile in tiles)


def _with_pair(written: dict[str, Any], pair: Path) -> None:
    written["videos"][0]["pair"] = str(pair)


def test_pairs_that_cannot_be_used_are_refused_with_a_sentence(releases: Path, tmp_path: Path) -> None:
    shutil.copy(releases / "film.mkv", tmp_path / "copy.mkv")
    (tmp_path / "text.mkv").write_text("no film")
    data = dataset(
        tmp_path,
        releases,
        {
            "missing": ("film.mkv", tmp_path / "nothing.mkv"),
        },
    )
    cases = {
        tmp_path / "nothing.mkv": "file not found",
        tmp_path / "copy.mkv": "it is the same file as the film",
        tmp_path / "text.mkv": "",
        releases / "other.mkv": "it does not show the same film: no offset in time fits",
    }
    for pair, reason in cases.items():
        data.edit(partial(_with_pair, pair=pair))
        found = json.loads(run_inside("check", data.config, "--json").out)
        (film,) = found["films"] if "films" in found else found["videos"]
        assert film["state"] == "unusable", film
        assert film["reason"].startswith("its pair cannot be used: "), film
        assert reason in film["reason"]
        assert film["reason"].endswith('take "pair" out of its entry to use the film alone')
    data.edit(lambda written: written["videos"][0].pop("pair"))
    data.complete("--workers", "1")
    assert {path.split("/")[-2] for path in data.tree()} == {"GT", "LR", "LR_7frames"}
