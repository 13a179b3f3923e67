"""The benchmark of clips finds an approach that takes other frames, and prints ratios within one round."""

from __future__ import annotations

import subprocess
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.clip_frames import compare, film_tiles, stored_luma_tiles, tiles_of
from benchmarks.clip_libraries import opencv, pyav
from benchmarks.clip_meter import Cost
from benchmarks.clip_samples import FRAMES, KINDS, Sample, repeat_packets
from benchmarks.clip_tables import Measured, Row, table
from tests.conftest import MadeOnce

GROUP = 24
FIRST = 20
"""The number of the first frame of a clip that begins in one group of pictures and ends in the next."""


@pytest.fixture(scope="module")
def sample(made_once: MadeOnce, embedded_ffmpeg: str) -> Sample:
    """Return a film with grain and B-frames that repeats one group of pictures."""

    def fill(folder: Path) -> None:
        picture = "mandelbrot=s=480x270:r=24,scale=1920:1080,noise=alls=7:allf=t,format=yuv420p"
        coding = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-bf", "2", "-g", f"{GROUP}")
        command = [embedded_ffmpeg, "-loglevel", "error", "-f", "lavfi", "-i", picture, "-t", "1", *coding]
        subprocess.run([*command, str(folder / "group.mkv")], check=True)
        repeat_packets(folder / "group.mkv", folder / "film.mkv", 2)
        film_tiles(Sample(KINDS["24"], folder / "film.mkv", 2, folder / "group.mkv"))

    folder = made_once("film-of-the-clip-benchmark", fill)
    return Sample(KINDS["24"], folder / "film.mkv", 2, folder / "group.mkv")


def test_a_sample_repeats_one_group_of_pictures_at_even_times(sample: Sample) -> None:
    with av.open(str(sample.path)) as film, av.open(str(sample.group)) as group:
        packets = [packet for packet in film.demux(video=0) if packet.size]
        repeated = [bytes(packet) for packet in group.demux(video=0) if packet.size] * 2
    assert [bytes(packet) for packet in packets] == repeated
    assert [n for n, packet in enumerate(packets) if packet.is_keyframe] == [0, GROUP]
    times = sorted(packet.pts * packet.time_base for packet in packets if packet.pts is not None)
    assert [1000 * time for time in times] == [round(1000 * n / 24) for n in range(2 * GROUP)]


def test_stored_luma_of_the_planned_frames_is_equal_and_that_of_others_is_not(sample: Sample) -> None:
    film = film_tiles(sample)
    with av.open(str(sample.path)) as container:
        decoded = islice(container.decode(video=0), FIRST, FIRST + FRAMES + 1)
        tiles = np.stack([stored_luma_tiles(frame) for frame in decoded])
    assert compare({FIRST: tiles[:-1]}, film).words == "equal"
    assert compare({FIRST: tiles[1:]}, film).words == "NOT the same in 1 of 1 clips"


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
    sample = Sample(KINDS["24"], Path("-"), 42, Path("-"))
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
