"""Validation patches come from a block of each film or from whole films, clear of all training patches."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import SDR, Configure, Films, make_film
from tests.acceptance.program import Dataset, check_whole, entry, run

SECONDS = 640
FRAME_SECONDS = 0.5
LONG = f"testsrc2=s=160x90:r=2:d={SECONDS},noise=alls=12:allf=t:all_seed=5"


@pytest.fixture(scope="module")
def long_film(tmp_path_factory: pytest.TempPathFactory, embedded_ffmpeg: str) -> Path:
    """Make a film of more than ten minutes, few of whose frames are worth their time."""
    path = tmp_path_factory.mktemp("long") / "long.mkv"
    encoder = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "30", "-pix_fmt", "yuv420p", "-g", "5")
    make_film(embedded_ffmpeg, LONG + SDR, path, encoder)
    return path


@pytest.fixture(scope="module")
def divided(tmp_path_factory: pytest.TempPathFactory, long_film: Path, films: Films) -> Dataset:
    from tests.acceptance.conftest import write_config

    videos = [
        entry(long_film, "Long", {"general": 1.0}),
        entry(films.beta, "Beta", {"general": 0.2}, split="val", group="Beta"),
        entry(films.delta, "Delta", {"general": 0.2}, group="Beta"),
    ]
    folder = tmp_path_factory.mktemp("divided")
    data = write_config(
        folder, videos, name="one", targets={"general": 24}, base_frame_limit=40, val_percent=25
    )
    data.edit(lambda settings: settings.update(format_config={"general": small()}))
    data.complete()
    return data


def small() -> dict[str, Any]:
    """Return formats that fit 160x90, one of them with a folder like the built-in ones."""
    return {
        "tiny": {"gt_size": [48, 48], "lr_size": [16, 16], "probability": 0.6},
        "strip": {"gt_size": [60, 30], "lr_size": [20, 10], "probability": 0.4},
    }


def moments(data: Dataset, part: str, name: str) -> list[float]:
    """Return when the patches of a film were taken, as the ledger tells."""
    return [
        line["pts_seconds"]
        for line in data.ledger()
        if line["kind"] == "clip" and line["outcome"] == "made"
        for patch in line["patches"]
        if patch["category"] == part and f"_{name}_" in patch["files"]["gt"]
    ]


def apart(one: Iterable[float], other: Iterable[float]) -> float:
    others = list(other)
    return min(abs(a - b) for a in one for b in others) - 7 * FRAME_SECONDS


def test_validation_stands_in_folders_of_its_own_beside_a_full_target(divided: Dataset) -> None:
    check_whole(divided)
    stats = divided.status()["category_stats"]
    assert stats["general"]["images_created"] == 24
    folders = {path.rsplit("/", 2)[0] for path in divided.tree()}
    assert folders == {
        f"General/{folder}" for folder in ("Patches_tiny", "Patches_strip", "Val_tiny", "Val_strip")
    }
    assert {path.name for path in (divided.output / "General" / "Val_tiny").iterdir()} == {
        "GT",
        "LR",
        "LR_7frames",
    }
    assert len(moments(divided, "general/val", "long")) >= 4
    assert moments(divided, "general", "beta") == moments(divided, "general", "delta") == []
    assert moments(divided, "general/val", "beta")
    assert moments(divided, "general/val", "delta"), "it is of the group of a held-out film"


def test_validation_keeps_ten_seconds_clear_of_training(divided: Dataset) -> None:
    train, val = (moments(divided, part, "long") for part in ("general", "general/val"))
    assert apart(train, val) >= 10
    assert max(val) - min(val) <= 0.25 * SECONDS


def test_the_plan_and_the_check_know_of_validation(divided: Dataset) -> None:
    planned = run("plan", divided.config)
    assert planned.code == 0, str(planned)
    assert "general/val" in planned.out
    assert "a block of 25 % of 1 films" in planned.out
    checked = run("verify", divided.config)
    assert (checked.code, checked.out) == (0, ""), str(checked)


@pytest.mark.soak
def test_a_share_changed_on_the_way_moves_nothing_and_leaks_nothing(
    long_film: Path, configure: Configure
) -> None:
    data = configure([entry(long_film, "Long", {"general": 1.0})], base_frame_limit=20, val_percent=20)
    data.edit(lambda settings: settings.update(format_config={"general": small()}))
    data.complete()
    assert moments(data, "general/val", "long")
    for percent, limit in ((0, 28), (30, 32)):
        before = data.stamps()
        data.edit(
            lambda its, share=percent, most=limit: its["base_settings"].update(  # type: ignore[misc]
                val_percent=share, base_frame_limit=most
            )
        )
        data.complete()
        after = data.stamps()
        assert {path: after.get(path) for path in before} == before
        check_whole(data)
        train, val = (moments(data, part, "long") for part in ("general", "general/val"))
        assert apart(train, val) >= 10
