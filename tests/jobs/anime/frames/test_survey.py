from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from tests.conftest import MadeOnce
from tests.jobs.anime.films import (
    EVERY_FRAME,
    X264,
    film_of,
    make_numbered,
    nothing,
    numbers_of,
    run_ffmpeg,
    shown_number,
    surveyed,
)
from tui_gen.jobs.anime.frames.decoding import DecodeOrder, decoding
from tui_gen.jobs.anime.frames.film import EpisodeFilm, film_from_json, film_to_json
from tui_gen.jobs.anime.frames.pictures import sharpness
from tui_gen.jobs.anime.frames.survey import Survey, survey_window
from tui_gen.jobs.anime.frames.survey_files import read_surveys, write_survey
from tui_gen.jobs.anime.frames.windows import windows_of
from tui_gen.media.geometry import Size
from tui_gen.processes.children import ChildError

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB, Floats

LONG = 600
"""Frames of the long film: 150 s at 4 frames a second, in three windows."""


@pytest.fixture(scope="module")
def long_film(made_once: MadeOnce, embedded_ffmpeg: str) -> EpisodeFilm:
    def fill(folder: Path) -> None:
        make_numbered(embedded_ffmpeg, folder / "long.mkv", LONG, *X264, "-g", "50", "-bf", "2", rate="4")

    return film_of(embedded_ffmpeg, made_once("anime-long", fill) / "long.mkv")


@pytest.fixture(scope="module")
def long_surveys(long_film: EpisodeFilm) -> tuple[Survey, ...]:
    return surveyed(long_film, EVERY_FRAME)


def test_every_frame_belongs_to_exactly_one_window(long_surveys: tuple[Survey, ...]) -> None:
    assert numbers_of(long_surveys) == [list(range(240)), list(range(240, 480)), list(range(480, LONG))]
    assert [survey.seen for survey in long_surveys] == [240, 240, 120]


def test_thumbnails_are_of_the_frames_with_these_numbers(long_surveys: tuple[Survey, ...]) -> None:
    for survey in long_surveys:
        assert [shown_number(each) for each in survey.thumbnails] == survey.numbers.tolist()
        assert survey.tick_seconds == Fraction(1, 1000)
        assert survey.pts.tolist() == [250 * number for number in survey.numbers]


def test_a_survey_does_not_depend_on_what_was_surveyed_before(
    long_film: EpisodeFilm, long_surveys: tuple[Survey, ...], tmp_path: Path
) -> None:
    for window in reversed(windows_of(long_film.facts.duration_seconds)):
        again = survey_window(long_film, window, EVERY_FRAME, alive=nothing)
        one = write_survey(tmp_path / "one", window, again).read_bytes()
        other = write_survey(tmp_path / "other", window, long_surveys[window.index]).read_bytes()
        assert one == other


@pytest.mark.parametrize(
    ("name", "arguments", "rate"),
    [
        ("shifted.mkv", (*X264, "-output_ts_offset", "7.3"), "30000/1001"),
        ("stream.ts", (*X264, "-bf", "2", "-muxdelay", "0"), "25"),
        ("nine.mp4", (*X264, "-video_track_timescale", "90000"), "24000/1001"),
    ],
)
def test_numbers_count_from_the_first_frame(
    embedded_ffmpeg: str, tmp_path: Path, name: str, arguments: tuple[str, ...], rate: str
) -> None:
    film = film_of(
        embedded_ffmpeg, make_numbered(embedded_ffmpeg, tmp_path / name, 50, *arguments, rate=rate)
    )
    (survey,) = surveyed(film, EVERY_FRAME)
    assert survey.numbers.tolist() == list(range(50))
    assert [shown_number(each) for each in survey.thumbnails] == list(range(50))


def test_a_window_without_a_key_frame_nearby_is_surveyed_like_any_other(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    # A stream without an index: seeking gets somewhere near the place.
    path = make_numbered(embedded_ffmpeg, tmp_path / "gop.ts", 360, *X264, "-g", "300", rate="4")
    assert numbers_of(surveyed(film_of(embedded_ffmpeg, path), EVERY_FRAME)) == [
        list(range(240)),
        list(range(240, 360)),
    ]


def test_frames_of_a_variable_rate_are_numbered_by_their_place(embedded_ffmpeg: str, tmp_path: Path) -> None:
    plain = make_numbered(embedded_ffmpeg, tmp_path / "plain.mkv", 120)
    path = tmp_path / "varied.mkv"
    varied = "setpts='(N+3*floor(N/7)+9*floor(N/31))/24/TB'"
    run_ffmpeg(embedded_ffmpeg, "-i", str(plain), "-vf", varied, "-fps_mode", "passthrough", *X264, str(path))
    film = film_of(embedded_ffmpeg, path)
    assert film.facts.frame_times is not None
    (survey,) = surveyed(film, EVERY_FRAME)
    assert survey.numbers.tolist() == list(range(120))
    assert [shown_number(each) for each in survey.thumbnails] == list(range(120))


def test_only_key_frames_are_looked_at_on_request(long_film: EpisodeFilm) -> None:
    (first, *_) = windows_of(long_film.facts.duration_seconds)
    found = survey_window(long_film, first, replace(EVERY_FRAME, extract_key=True), alive=nothing)
    assert found.numbers.tolist() == [0, 50, 100, 150, 200]


@pytest.mark.parametrize(
    ("matrix", "limits", "size"),
    [
        ("bt709", "tv", "320x180"),
        ("smpte170m", "tv", "320x180"),
        ("bt709", "pc", "320x180"),
        ("bt470bg", "tv", "720x576"),
    ],
)
def test_colours_follow_the_tags_of_the_film(
    embedded_ffmpeg: str, tmp_path: Path, matrix: str, limits: str, size: str
) -> None:
    path, wanted = tmp_path / "flat.mkv", (200, 60, 40)
    tags = f"scale=out_color_matrix={matrix}:out_range={limits},format=yuv420p"
    tags += f",setparams=colorspace={matrix}:range={limits}:color_trc=bt709:color_primaries=bt709"
    colour = f"color=c=#{bytes(wanted).hex()}:s={size}:d=0.5,format=gbrp"
    coding = ["-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-colorspace", matrix]
    run_ffmpeg(
        embedded_ffmpeg, "-f", "lavfi", "-i", colour, "-vf", tags, *coding, "-color_range", limits, str(path)
    )
    (survey,) = surveyed(film_of(embedded_ffmpeg, path))
    import cv2

    expected = cv2.cvtColor(np.array([[wanted]], np.uint8), cv2.COLOR_RGB2Lab)[0, 0].astype(int)
    assert np.abs(survey.thumbnails[0].astype(int) - expected).max() <= 2


def test_pixels_become_square_and_a_film_is_turned_upright(embedded_ffmpeg: str, tmp_path: Path) -> None:
    wide, turned = tmp_path / "wide.mkv", tmp_path / "turned.mp4"
    make_numbered(embedded_ffmpeg, wide, 4, "-vf", "setsar=3/2", *X264)
    assert film_of(embedded_ffmpeg, wide).display_size == Size(192, 64)
    make_numbered(embedded_ffmpeg, tmp_path / "tall.mkv", 4, "-vf", "setsar=2/3", *X264)
    assert film_of(embedded_ffmpeg, tmp_path / "tall.mkv").display_size == Size(128, 96)
    make_numbered(embedded_ffmpeg, tmp_path / "flat.mp4", 4, *X264)
    run_ffmpeg(
        embedded_ffmpeg,
        "-display_rotation",
        "90",
        "-i",
        str(tmp_path / "flat.mp4"),
        "-c",
        "copy",
        str(turned),
    )
    assert film_of(embedded_ffmpeg, turned).display_size == Size(64, 128)
    assert len(surveyed(film_of(embedded_ffmpeg, turned), EVERY_FRAME)[0]) == 4


def test_frames_of_damaged_data_are_left_out_and_counted(embedded_ffmpeg: str, tmp_path: Path) -> None:
    path = make_numbered(embedded_ffmpeg, tmp_path / "whole.mkv", 200, *X264, "-g", "20", "-bf", "0")
    film, data = film_of(embedded_ffmpeg, path), bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 60] = bytes(range(60))
    path.write_bytes(data)
    (survey,) = surveyed(film, EVERY_FRAME)
    numbers = survey.numbers.tolist()
    assert 0 < survey.damaged <= 60
    assert numbers[:20] == list(range(20))
    assert numbers[-20:] == list(range(180, 200))
    assert [shown_number(each) for each in survey.thumbnails] == numbers


def test_a_picture_out_of_focus_is_less_sharp() -> None:
    import cv2

    noise = np.random.default_rng(1).integers(0, 255, (180, 320, 3), np.uint8)
    assert sharpness(noise) > 10 * sharpness(np.asarray(cv2.GaussianBlur(noise, (5, 5), 2), np.uint8))


def test_the_model_sees_every_candidate_in_batches(long_film: EpisodeFilm) -> None:
    sizes = list[int]()

    class Counting:
        name = "counting"
        digest = "1"

        def embed(self, frames: Sequence[RGB]) -> Floats:
            sizes.append(len(frames))
            return np.array([[shown_number(frame), 1] for frame in frames], np.float32)

    options = replace(EVERY_FRAME, duplicate_method="embedding", detect_duplicate_batch_size=100)
    window = windows_of(long_film.facts.duration_seconds)[1]
    survey = survey_window(long_film, window, options, alive=nothing, embedder=Counting())
    assert sizes == [100, 100, 40]
    assert survey.vectors[:, 0].astype(int).tolist() == survey.numbers.tolist()
    with pytest.raises(ValueError, match="detect_duplicate_model"):
        survey_window(long_film, window, options, alive=nothing)


def test_facts_in_the_ledger_give_the_same_film(long_film: EpisodeFilm) -> None:
    facts = film_to_json(long_film)
    assert film_from_json(facts, path=long_film.path, ffmpeg=long_film.ffmpeg, niceness=0) == long_film


# ------------------------------------------------------------------------------ ends and failures


class Stopped(Exception):  # noqa: N818 - as the work's own signal
    """The work is to stop."""


def test_a_survey_that_is_to_stop_leaves_no_process(long_film: EpisodeFilm) -> None:
    calls = 0

    def stop() -> None:
        nonlocal calls
        calls += 1
        if calls == 20:
            raise Stopped

    with pytest.raises(Stopped):
        survey_window(long_film, windows_of(150)[0], EVERY_FRAME, alive=stop)
    assert not psutil.Process().children(recursive=True)
    assert len(os.listdir("/proc/self/fd")) < 60  # noqa: PTH208 - descriptors, no files


def test_a_decoder_that_hangs_ends_with_the_work(long_film: EpisodeFilm, tmp_path: Path) -> None:
    calls, hanging = 0, tmp_path / "hanging"
    hanging.write_text("#!/bin/sh\nexec sleep 60\n")
    hanging.chmod(0o755)

    def stop() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Stopped

    began = time.monotonic()
    with pytest.raises(Stopped):
        survey_window(replace(long_film, ffmpeg=str(hanging)), windows_of(150)[0], EVERY_FRAME, alive=stop)
    assert time.monotonic() - began < 5
    assert not psutil.Process().children()


def test_a_film_that_is_gone_is_worth_another_attempt(long_film: EpisodeFilm) -> None:
    gone = replace(long_film, path=f"{long_film.path}.gone")
    with pytest.raises(ChildError, match="reading the file failed"):
        survey_window(gone, windows_of(150)[0], EVERY_FRAME, alive=nothing)
    with pytest.raises(ChildError, match="could not start"):
        survey_window(replace(long_film, ffmpeg="/no/ffmpeg"), windows_of(150)[0], EVERY_FRAME, alive=nothing)


def test_an_ffmpeg_that_lacks_a_filter_is_no_fault_of_the_film(long_film: EpisodeFilm) -> None:
    order = DecodeOrder(long_film, None, select="mpnothing", render="null", size=Size(128, 64))
    with (
        decoding(order, nothing) as decoder,
        pytest.raises(ChildError, match="this ffmpeg has no filter mpnothing: name another one"),
    ):
        list(decoder.frames())


WORKER = """
import pickle, sys
from pathlib import Path
from tui_gen.jobs.anime.frames.survey import survey_window
from tui_gen.jobs.anime.frames.survey_files import write_survey
film, options, windows, folder = pickle.load(sys.stdin.buffer)
print("surveying", flush=True)
surveys = [survey_window(film, window, options, alive=lambda: None) for window in windows]
for survey in surveys:
    write_survey(Path(folder), survey.window, survey)
print("writing", flush=True)
while True:
    for survey in surveys:
        write_survey(Path(folder), survey.window, survey)
"""


@pytest.mark.crash
@pytest.mark.parametrize("moment", ["surveying", "writing"])
def test_a_killed_worker_leaves_only_whole_files_and_no_process(
    long_film: EpisodeFilm, long_surveys: tuple[Survey, ...], tmp_path: Path, moment: str
) -> None:
    order = pickle.dumps((long_film, EVERY_FRAME, windows_of(150), str(tmp_path)))
    with subprocess.Popen(
        [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(order)
        worker.stdin.close()
        while worker.stdout.readline().decode().strip() != moment:
            pass
        process, children = psutil.Process(worker.pid), list[psutil.Process]()
        while moment == "surveying" and not children:
            children = process.children()
        time.sleep(0.05)
        worker.send_signal(signal.SIGKILL)
    assert not psutil.wait_procs(children, timeout=10)[1]
    found = read_surveys(tmp_path)
    assert moment == "surveying" or len(found) == 3
    for survey in found:
        assert survey.numbers.tolist() == long_surveys[survey.window.index].numbers.tolist()
