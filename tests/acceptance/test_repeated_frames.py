"""With "repeated_frames": "collapse", stacks hold seven pictures in a row, whatever their film repeats."""

from __future__ import annotations

import hashlib
import signal
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.acceptance.conftest import SDR, make_film, write_config
from tests.acceptance.program import Dataset, entry
from tests.acceptance.test_exact import STANDARD, Frames, converted, nearest, timestamps

pytestmark = pytest.mark.timeout(240)

SIZE = (240, 136)
LOSSLESS = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-pix_fmt", "yuv420p", "-g", "40")
MOVING = "testsrc2=s=240x136:r={rate}:d=10,noise=alls=16:allf=t:all_seed=5"
DRAWN = {
    "doubled": MOVING.format(rate=24) + ",fps=48",
    # It stands still from 6 s to 8 s.
    "twos": MOVING.format(rate=12) + ",loop=loop=24:size=1:start=72,setpts=N/12/TB,fps=24",
}
TOGETHER = {"general": 0.5, "space": 0.5}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedded_ffmpeg: str) -> Path:
    """Return a folder with two films that repeat their pictures, to the bit."""
    made = tmp_path_factory.mktemp("repeating")
    for name, graph in DRAWN.items():
        make_film(embedded_ffmpeg, graph + SDR, made / f"{name}.mkv", LOSSLESS)
    return made


def collapsing(folder: Path, films: Path, name: str) -> Dataset:
    videos = [entry(films / f"{film}.mkv", film, TOGETHER) for film in DRAWN]
    data = write_config(folder, videos, name=name, targets={}, base_frame_limit=7)
    data.edit(lambda settings: settings.update(repeated_frames="collapse", gt_frames=7))
    return data


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, films: Path) -> Dataset:
    """Return a dataset that three workers made of them without a disturbance."""
    data = collapsing(tmp_path_factory.mktemp("whole"), films, "whole")
    data.complete("--workers", "3")
    return data


@pytest.mark.soak
def test_every_stack_shows_seven_pictures_in_a_row(whole: Dataset, films: Path, embedded_ffmpeg: str) -> None:
    lines = whole.ledger()
    clips = [line for line in lines if line["kind"] == "clip"]
    made = [line for line in clips if line["outcome"] == "made"]
    reasons = {line["reason"] for line in clips if line["outcome"] != "made"}
    assert reasons == {"too few different frames around it"}, "where it stands still there is no clip"
    names = {
        line["source"]: line["facts"]["entry"]["name"] for line in lines if "entry" in line.get("facts", {})
    }
    for source, name in names.items():
        mine = [line for line in made if line["source"] == source]
        assert len(mine) >= 4
        assert "stretch" in {line["reader"] for line in mine}
        _check(whole, mine, films / f"{name}.mkv", embedded_ffmpeg)


def _check(data: Dataset, lines: list[dict[str, Any]], film: Path, ffmpeg: str) -> None:
    """Hold the clips of a film against a sequential decode, in which equal frames are one picture."""
    times, begins = timestamps(ffmpeg, film), list(_begins(ffmpeg, film))
    windows = []
    for line in lines:
        first = nearest(times, line["pts"][0])
        frames = [first, *(first + sum(line["frame_steps"][:n]) for n in range(1, 7))]
        assert [times[n] for n in frames] == pytest.approx(line["pts"], abs=1e-3)
        place = begins.index(first)
        assert frames == begins[place : place + 7], "not seven pictures in a row"
        windows.append(frames)
    taken = [n for frames in windows for n in frames]
    assert len(taken) == len(set(taken)), "two clips share a frame"
    pictures = converted(ffmpeg, film, STANDARD.format(width=SIZE[0], height=SIZE[1]), sorted(taken))
    for line, frames in zip(lines, windows, strict=True):
        for patch in line["patches"]:
            tiles = np.split(_read(data.output / patch["files"]["gt7"]), 7)
            x, y, width, height = (patch[key] for key in ("x", "y", "width", "height"))
            for number, tile in zip(frames, tiles, strict=True):
                assert np.array_equal(tile, pictures[number][y : y + height, x : x + width])
            assert np.array_equal(tiles[3], _read(data.output / patch["files"]["gt"]))


def _begins(ffmpeg: str, film: Path) -> Iterator[int]:
    """Yield the frames that differ from the one before them."""
    command = [ffmpeg, "-v", "error", "-i", str(film), "-fps_mode", "passthrough", "-f", "rawvideo", "-"]
    raw = subprocess.run(command, check=True, capture_output=True, timeout=100).stdout
    size = SIZE[0] * SIZE[1] * 3 // 2
    prints = [hashlib.sha256(raw[at : at + size]).digest() for at in range(0, len(raw), size)]
    yield 0
    yield from (number for number, (before, after) in enumerate(pairwise(prints), 1) if before != after)


def _read(path: Path) -> Frames:
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


@pytest.mark.soak
def test_neither_workers_nor_a_kill_change_a_byte_and_the_recipe_knows(
    whole: Dataset, films: Path, tmp_path: Path
) -> None:
    killed = collapsing(tmp_path, films, "killed")
    with killed.start("--workers", "1") as at_work:
        at_work.wait_until(lambda: killed.ledger_path.exists() and len(killed.made()) >= 4, "4 patches")
        at_work.signal(signal.SIGKILL)
        at_work.end()
    before = len(killed.made())
    killed.complete("--workers", "2")
    assert before < len(killed.made())
    assert killed.tree() == whole.tree()
    killed.edit(lambda settings: settings.update(repeated_frames="keep"))
    refused = killed.complete(code=2)
    assert "repeated_frames: 'collapse' -> 'keep'" in refused.err, str(refused)
