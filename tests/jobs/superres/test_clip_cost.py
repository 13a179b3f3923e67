"""The benchmark of clips finds an approach that takes other frames, and prints ratios within one round."""

from __future__ import annotations

import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.clip_frames import Tiles, compare, film_tiles, stored_luma_tiles, tiles_of
from benchmarks.clip_libraries import opencv, pyav
from benchmarks.clip_meter import Cost
from benchmarks.clip_samples import FRAMES, KINDS, Sample
from benchmarks.clip_tables import Measured, Row, table
from tests.conftest import MadeOnce

FIRST = 9


@pytest.fixture(scope="module")
def sample(made_once: MadeOnce, embedded_ffmpeg: str) -> Sample:
    """Return a film of one second with grain and two frames at most between references."""

    def fill(folder: Path) -> None:
        picture = "mandelbrot=s=480x270:r=24,scale=1920:1080,noise=alls=7:allf=t,format=yuv420p"
        coding = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-bf", "2", "-g", "12")
        command = [embedded_ffmpeg, "-loglevel", "error", "-f", "lavfi", "-i", picture, "-t", "1", *coding]
        subprocess.run([*command, str(folder / "film.mkv")], check=True)
        film_tiles(Sample(KINDS["sdr"], folder / "film.mkv", 1))

    return Sample(KINDS["sdr"], made_once("film-of-the-clip-benchmark", fill) / "film.mkv", 1)


def stored(sample: Sample, first: int) -> Tiles:
    with av.open(str(sample.path)) as container:
        frames = [stored_luma_tiles(frame) for frame in container.decode(video=0)]
    return np.stack(frames[first : first + FRAMES])


def test_stored_luma_of_the_planned_frames_is_equal_and_that_of_others_is_not(sample: Sample) -> None:
    film = film_tiles(sample)
    assert compare({FIRST: stored(sample, FIRST)}, film).words == "equal"
    assert compare({FIRST: stored(sample, FIRST + 1)}, film).words == "NOT the same in 1 of 1 clips"


def test_converted_pictures_of_the_planned_frames_are_the_same_and_others_are_not(sample: Sample) -> None:
    film = film_tiles(sample)
    pictures, tiles = pyav(str(sample.path))(FIRST)
    assert compare({FIRST: np.stack(tiles)}, film).words == "equal"
    # Another brightness and contrast, as without tone mapping.
    converted = [tiles_of((picture // 2 + 40).astype(np.uint8)) for picture in pictures]
    assert compare({FIRST: np.stack(converted)}, film).words == "same"
    repeated = [converted[0], *converted[:-1]]
    assert compare({FIRST: np.stack(repeated)}, film).words == "NOT the same in 1 of 1 clips"
    assert compare({FIRST: np.stack(converted[:-1])}, film).words == "NOT the same in 1 of 1 clips"


def test_opencv_takes_the_planned_frames(sample: Sample) -> None:
    _, tiles = opencv(str(sample.path))(FIRST)
    assert compare({FIRST: np.stack(tiles)}, film_tiles(sample)).words == "same"


def test_a_film_without_room_for_its_clips_is_refused() -> None:
    sample = Sample(KINDS["24"], Path("-"), 42)
    firsts = sorted(sample.first_frames(64))
    assert min(np.diff(firsts)) >= FRAMES
    with pytest.raises(ValueError, match="no room for 200 clips"):
        sample.first_frames(200)


def test_ratios_are_within_a_round_and_a_row_that_was_not_measured_says_why() -> None:
    def measured(*rounds: float) -> list[Measured]:
        return [Measured({"whole": Cost(seconds, 2 * seconds)}, clips=2, patches=6) for seconds in rounds]

    rows = {
        "pipe": Row("pipe", "exact", "same", rounds=measured(8, 30, 6)),
        "decord": Row("decord", "none", missing="decord is not installed"),
        "program": Row("program", "exact", "equal", rounds=measured(4, 10, 2)),
    }
    _, _, pipe, decord, program = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table(rows, 3).splitlines()
    ]
    assert pipe == ["pipe", "exact", "same", "6", "4.00", "8.00", "3.00", "", "3.00", ""]
    assert decord[:2] == ["decord", "not measured: decord is not installed"]
    assert program == ["program", "exact", "equal", "6", "2.00", "4.00", "1.00", "", "1.00", ""]
