"""A run from the command line over two lenders: the same bytes as at home, begun at home and ended there."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import pytest

from tests.cluster.harness import Cluster, cluster_of
from tests.cluster.lender import Lender, gone, lender

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(400)]

RUN_SECONDS = 300
CONFIG = {
    "job": "videomnist", "digits": "drawn", "videos_per_digit": 30, "test_videos_per_digit": 2,
    "create_samples": False, "sequence_length": 8,
}  # fmt: skip


def configured(folder: Path, **more: object) -> Path:
    folder.mkdir()
    path = folder / "c.json"
    path.write_text(json.dumps({**CONFIG, "output_dir": "out", **more}), encoding="utf-8")
    return path


def run(path: Path, *options: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tui_gen", "run", str(path), *options],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUN_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def videos(path: Path) -> dict[str, str]:
    """Return the hash of each array of the HDF5 file that a run made."""
    found: dict[str, str] = {}

    def take(name: str, item: Any) -> None:  # noqa: ANN401 - h5py has no types
        if isinstance(item, h5py.Dataset):
            found[name] = hashlib.sha256(item[()].tobytes()).hexdigest()

    with h5py.File(path.parent / "out" / "videomnist.h5") as file:
        file.visititems(take)
    return found


def machines_of(path: Path) -> set[str]:
    """Return the machines that the ledger names for rendered videos; "" is the engine's own."""
    lines = (path.parent / "out" / ".tui-gen" / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    clips: list[dict[str, Any]] = [line for line in map(json.loads, lines) if line["kind"] == "clip"]
    return {clip.get("machine", "") for clip in clips if clip["stage"] == "render"}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with cluster_of(tmp_path / "boxes") as started:
        yield started


@pytest.fixture
def lenders(cluster: Cluster) -> Iterator[list[Lender]]:
    with (
        lender(cluster.address, "--name", "a", "--workers", "1") as first,
        lender(cluster.address, "--name", "b", "--workers", "1") as second,
    ):
        first.wait_for("connected to")
        second.wait_for("connected to")
        yield [first, second]


def test_a_run_in_the_cluster_makes_the_same_bytes(
    cluster: Cluster, lenders: list[Lender], tmp_path: Path
) -> None:
    at_home, there = configured(tmp_path / "home"), configured(tmp_path / "there")
    run(at_home)
    said = run(there, "--cluster", cluster.address)
    assert "Dataset generation complete" in said
    assert videos(there) == videos(at_home) != {}
    assert machines_of(there) == {"a", "b"}
    assert machines_of(at_home) == {""}
    below = [process for each in lenders for process in each.below()]
    for each in lenders:
        assert each.end(signal.SIGTERM) == 128 + signal.SIGTERM
    assert gone(below, 0.0)


def test_a_run_begun_at_home_goes_on_in_the_cluster_and_ends_at_home(
    cluster: Cluster, lenders: list[Lender], tmp_path: Path
) -> None:
    del lenders
    at_home = configured(tmp_path / "home")
    path = configured(tmp_path / "both", cluster={"address": cluster.address})
    run(at_home)
    run(path, "--cluster", "none", "--limit", "100")
    assert machines_of(path) == {""}
    run(path, "--limit", "100")
    assert machines_of(path) & {"a", "b"}
    run(path, "--cluster", "none")
    assert videos(path) == videos(at_home) != {}
