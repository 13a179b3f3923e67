"""Scores only measure unless told to reject; what they reject is the same however the run went."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.acceptance.program import Dataset, check_whole, entry, run
from tui_gen.jobs.superres.dataset.near_duplicates import found_among
from tui_gen.jobs.superres.extraction.scoring.scores import KINDS

WIDTH, HEIGHT, RATE = 240, 180, 24
TARGET = 12
STRICT = {
    **dict.fromkeys(KINDS, "score"),
    "flat": "reject",
    "near_duplicate": "reject",
}


def texture(seed: int, width: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    noise = np.random.default_rng(seed).normal(0, 1, (HEIGHT, width))
    return 120 + 300 * cv2.GaussianBlur(noise, (0, 0), 6.0).astype(np.float64)


def frames(seed: int) -> Iterator[bytes]:
    """Two seconds of haze, four of ever new pictures in motion, two of a logo that both films have."""
    logo = texture(99, WIDTH)
    haze = np.linspace(100, 106, WIDTH)[None] + np.zeros((HEIGHT, 1))
    for number in range(8 * RATE):
        if number < 2 * RATE:
            picture = haze
        elif number < 6 * RATE:
            shift = 3 * (number % RATE)
            picture = texture(seed + number // RATE, WIDTH + 3 * RATE)[:, shift : shift + WIDTH]
        else:
            picture = logo
        grain = np.random.default_rng(number).normal(0, 1, (HEIGHT, WIDTH))
        yield np.clip(picture + grain, 0, 255).astype(np.uint8).tobytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, embedded_ffmpeg: str) -> Path:
    """Return a folder with two such films."""
    made = tmp_path_factory.mktemp("scores")
    for name, seed in (("one", 10), ("two", 20)):
        given = [
            *("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}"),
            "-r",
            str(RATE),
            "-i",
            "-",
        ]
        encoder = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-crf", "12")
        subprocess.run(
            [embedded_ffmpeg, "-v", "error", *given, *encoder, str(made / f"{name}.mkv")],
            input=b"".join(frames(seed)),
            check=True,
            timeout=100,
        )
    return made


def dataset(folder: Path, name: str, scores: Mapping[str, object]) -> Dataset:
    """Two categories: one whose patches are whole pictures, and one of small crops."""
    settings = {
        "base_settings": {
            "base_frame_limit": 14,
            "max_workers": 3,
            "output_base_dir": name,
            "min_free_gb": 0.01,
        },
        "category_targets": {"general": TARGET, "space": 8},
        "category_paths": {"general": "General", "space": "Space"},
        "format_config": {
            "general": {"whole": {"gt_size": [WIDTH, HEIGHT], "probability": 1}},
            "space": {"tiny": {"gt_size": [96, 96], "probability": 1}},
        },
        "scores": scores,
        "videos": [
            entry(folder / f"{film}.mkv", film, {"general": 0.75, "space": 0.25}, id=film)
            for film in ("one", "two")
        ],
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    return Dataset(path)


@pytest.fixture(scope="module")
def plain(folder: Path) -> Dataset:
    data = dataset(folder, "plain", {})
    data.complete()
    return data


@pytest.fixture(scope="module")
def strict(folder: Path) -> Dataset:
    data = dataset(folder, "strict", STRICT)
    data.complete()
    return data


def clips(data: Dataset) -> list[dict[str, Any]]:
    return [line for line in data.ledger() if line["kind"] == "clip"]


def patches(data: Dataset, category: str) -> dict[tuple[int, str], dict[str, Any]]:
    """Return (clip, film) -> patch."""
    return {
        (int(line["id"].rpartition(":")[2]), line["source"]): patch
        for line in clips(data)
        for patch in line["patches"]
        if patch["category"] == category
    }


def near_duplicates(data: Dataset, category: str) -> set[tuple[int, str]]:
    made = sorted(patches(data, category).items())
    hashes = np.array([int(patch["hash"], 16) for _, patch in made], np.uint64)
    is_found = found_among(hashes, np.arange(len(made)), within=6)
    return {key for (key, _), found in zip(made, is_found.tolist(), strict=True) if found}


def rejected(data: Dataset, category: str) -> set[tuple[int, str]]:
    return {
        (int(line["id"].rpartition(":")[2]), line["source"])
        for line in clips(data)
        for item in line["rejected"]
        if item["category"] == category
    }


@pytest.mark.soak
def test_without_scores_nothing_is_measured_or_rejected(plain: Dataset) -> None:
    check_whole(plain)
    for line in clips(plain):
        assert "scores" not in line
        assert not line["rejected"]
        assert not any({"scores", "hash"} & patch.keys() for patch in line["patches"])


def test_measuring_changes_no_byte_and_gives_every_score(plain: Dataset, folder: Path) -> None:
    data = dataset(folder, "measured", dict.fromkeys(KINDS, "score"))
    data.complete()
    assert data.tree() == plain.tree()
    of_clip = {name for name, kind in KINDS.items() if kind.of == "clip"}
    for line in clips(data):
        assert line["scores"].keys() == of_clip
        for patch in line["patches"]:
            assert patch["scores"].keys() == KINDS.keys() - of_clip - {"near_duplicate"}
            assert len(patch["hash"]) == 16


def test_what_is_rejected_leaves_no_file_and_its_seat_goes_to_the_next_clip(
    plain: Dataset, strict: Dataset
) -> None:
    check_whole(strict)
    for category, target in (("general", TARGET), ("space", 8)):
        kept = patches(strict, category).keys() - near_duplicates(strict, category)
        assert len(kept) == target
        assert all(patch["scores"]["flat"] >= 4 for patch in patches(strict, category).values())
    assert rejected(strict, "general")
    assert near_duplicates(strict, "general")
    assert not near_duplicates(strict, "space")
    in_both = strict.tree().keys() & plain.tree().keys()
    assert in_both
    assert {path: strict.tree()[path] for path in in_both} == {path: plain.tree()[path] for path in in_both}
    flat = [line["rejected_scores"] for line in clips(strict) if line["rejected"]]
    assert all(scores["flat"] < 4 for of_clip in flat for scores in of_clip.values())


@pytest.mark.soak
def test_the_same_is_rejected_however_the_run_went(strict: Dataset, folder: Path) -> None:
    data = dataset(folder, "again", STRICT)
    for _ in range(2):
        data.complete("--workers", "1", "--limit", "4")
    data.complete("--workers", "2")
    assert data.tree() == strict.tree()
    for category in ("general", "space"):
        assert rejected(data, category) == rejected(strict, category)


@pytest.mark.soak
def test_a_lost_patch_is_made_again_whatever_the_limits_are_now(plain: Dataset) -> None:
    before = plain.tree()
    gone = plain.paths()[0]
    gone.unlink()
    plain.edit(lambda settings: settings.update(scores={"flat": {"do": "reject", "under": 255}}))
    done = run("verify", plain.config, "--repair")
    assert done.code == 0, str(done)
    assert plain.tree() == before
