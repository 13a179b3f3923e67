from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from tests.conftest import MadeOnce
from tests.jobs.anime.films import (
    EVERY_FRAME,
    X264,
    film_of,
    make_numbered,
    nothing,
    run_ffmpeg,
    shown_number,
    surveyed,
)
from tui_gen.jobs.anime.frames import extraction
from tui_gen.jobs.anime.frames.chosen import ChosenFrames
from tui_gen.jobs.anime.frames.extraction import (
    ExtractedFrame,
    MissingFrame,
    encoded_image,
    extracted,
    stretches,
)
from tui_gen.jobs.anime.frames.film import EpisodeFilm

COUNT = 400


@pytest.fixture(scope="module")
def film(made_once: MadeOnce, embedded_ffmpeg: str) -> EpisodeFilm:
    def fill(folder: Path) -> None:
        coding = (*X264, "-g", "48", "-bf", "3", "-output_ts_offset", "3.5")
        make_numbered(embedded_ffmpeg, folder / "film.mkv", COUNT, *coding, rate="8")

    return film_of(embedded_ffmpeg, made_once("anime-extraction", fill) / "film.mkv")


def wanted(*numbers: int, first: int = 3500) -> ChosenFrames:
    return ChosenFrames(Fraction(1, 1000), tuple((number, first + 125 * number) for number in numbers))


def test_exactly_the_wanted_frames_come(film: EpisodeFilm) -> None:
    numbers = (0, 1, 7, 47, 48, 49, 130, 131, 300, 399)
    found = list(extracted(film, wanted(*numbers), alive=nothing))
    assert [frame.number for frame in found] == list(numbers)
    for frame in found:
        assert isinstance(frame, ExtractedFrame)
        assert shown_number(frame.rgb) == frame.number


def test_a_frame_has_the_pixels_of_a_decoding_from_the_start(film: EpisodeFilm, embedded_ffmpeg: str) -> None:
    chain = (
        "zscale=pin=bt709:tin=bt709:min=smpte170m:rin=tv:cin=left:p=bt709:t=bt709:m=gbr:r=full:dither=none"
    )
    raw = run_ffmpeg(
        embedded_ffmpeg,
        "-i",
        film.path,
        "-vf",
        f"{chain},format=gbrp",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-",
    )
    whole = np.frombuffer(raw, np.uint8).reshape(COUNT, 64, 128, 3)
    for frame in extracted(film, wanted(5, 77, 200, 201, 333), alive=nothing):
        assert isinstance(frame, ExtractedFrame)
        assert np.array_equal(frame.rgb, whole[frame.number])


def test_frames_far_apart_are_read_by_decoders_of_their_own() -> None:
    parts = stretches(wanted(0, 10, 11, 200, *range(210, 300)), most_seconds=6)
    assert [len(part) for part in parts] == [3, 64, 27]
    # A gap of 48 frames is 6 seconds: not longer.
    assert [len(part) for part in stretches(wanted(0, 48, 97), most_seconds=6)] == [2, 1]


def test_a_frame_that_is_not_there_is_told_and_the_others_come(film: EpisodeFilm) -> None:
    asked = ChosenFrames(Fraction(1, 1000), ((2, 3750), (3, 3876), (5000, 700_000)))
    found = list(extracted(film, asked, alive=nothing))
    assert [type(each) for each in found] == [ExtractedFrame, MissingFrame, MissingFrame]
    assert [each.number for each in found] == [2, 3, 5000]
    assert all("not among the frames" in each.reason for each in found if isinstance(each, MissingFrame))


def test_damaged_frames_are_told(embedded_ffmpeg: str, tmp_path: Path) -> None:
    path = make_numbered(embedded_ffmpeg, tmp_path / "whole.mkv", 200, *X264, "-g", "20", "-bf", "0")
    film, data = film_of(embedded_ffmpeg, path), bytearray(path.read_bytes())
    (survey,) = surveyed(film, EVERY_FRAME)
    every = ChosenFrames(
        survey.tick_seconds, tuple(zip(survey.numbers.tolist(), survey.pts.tolist(), strict=True))
    )
    middle = len(data) // 2
    data[middle : middle + 60] = bytes(range(60))
    path.write_bytes(data)
    found = list(extracted(film, every, alive=nothing))
    assert sorted(each.number for each in found) == list(range(200))
    missing = [each for each in found if isinstance(each, MissingFrame)]
    assert {each.number for each in missing} & set(range(80, 122))
    assert not {each.number for each in missing} & {*range(60), *range(180, 200)}
    assert {each.reason for each in missing} <= {
        "its data are damaged",
        "it is not among the frames of the file any more",
    }
    for each in found:
        if isinstance(each, ExtractedFrame):
            assert shown_number(each.rgb) == each.number


def test_an_interlaced_film_keeps_its_timestamps_and_loses_its_combs(
    embedded_ffmpeg: str, tmp_path: Path
) -> None:
    path = tmp_path / "fields.mkv"
    graph = "testsrc2=s=352x288:r=50:d=2,interlace=scan=tff,setfield=tff"
    coding = ["-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-q:v", "2", "-pix_fmt", "yuv420p"]
    run_ffmpeg(embedded_ffmpeg, "-f", "lavfi", "-i", graph, *coding, str(path))
    film = film_of(embedded_ffmpeg, path)
    assert film.is_interlaced
    (survey,) = surveyed(film, EVERY_FRAME)
    assert survey.numbers.tolist() == list(range(50))
    asked = ChosenFrames(survey.tick_seconds, ((10, int(survey.pts[10])), (30, int(survey.pts[30]))))
    combed = replace(film, facts=replace(film.facts, field_order="progressive"))
    for smooth, rough in zip(
        extracted(film, asked, alive=nothing), extracted(combed, asked, alive=nothing), strict=True
    ):
        assert isinstance(smooth, ExtractedFrame)
        assert isinstance(rough, ExtractedFrame)
        assert smooth.number == rough.number
        assert combing(smooth.rgb) < 0.8 * combing(rough.rgb)


def combing(rgb: NDArray[np.uint8]) -> float:
    """Return how much lines differ from both of their neighbours."""
    luma = rgb.mean(axis=2)
    above, below = luma[1:-1] - luma[:-2], luma[1:-1] - luma[2:]
    return float(np.sqrt(np.clip(above * below, 0, None)).mean())


def test_closing_the_frames_early_leaves_no_process(film: EpisodeFilm) -> None:
    frames = extracted(film, wanted(*range(60)), alive=nothing)
    assert len(list(itertools.islice(frames, 3))) == 3
    assert psutil.Process().children()
    frames.close()  # type: ignore[attr-defined]
    assert not psutil.Process().children()


def test_pixels_do_not_depend_on_the_other_frames(film: EpisodeFilm, monkeypatch: pytest.MonkeyPatch) -> None:
    together = {frame.number: frame for frame in extracted(film, wanted(60, 61, 90), alive=nothing)}
    monkeypatch.setattr(extraction, "STRETCH_FRAMES", 1)
    for frame in extracted(film, wanted(60, 61, 90), alive=nothing):
        other = together[frame.number]
        assert isinstance(frame, ExtractedFrame)
        assert isinstance(other, ExtractedFrame)
        assert np.array_equal(frame.rgb, other.rgb)


def decoded(data: bytes) -> NDArray[np.uint8]:
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert read is not None
    return np.asarray(read, np.uint8)


@pytest.mark.parametrize("image_format", ["png", "webp"])
def test_raw_images_are_lossless(image_format: extraction.RawFormat) -> None:
    rgb = np.random.default_rng(3).integers(0, 256, (40, 60, 3), np.uint8)
    data = encoded_image(rgb, image_format)
    assert np.array_equal(decoded(data), rgb)


def test_a_quality_makes_an_image_smaller() -> None:
    rows, columns = np.mgrid[0:90, 0:160]
    rgb = np.stack([rows * 2, columns, rows + columns], axis=2).astype(np.uint8)
    formats: tuple[extraction.RawFormat, ...] = ("webp", "jpg")
    for image_format in formats:
        data = encoded_image(rgb, image_format, 95)
        assert len(data) < len(encoded_image(rgb, "png"))
        assert np.abs(decoded(data).astype(int) - rgb).mean() < 4


def test_an_image_that_a_format_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        encoded_image(np.zeros((2, 17000, 3), np.uint8), "webp", 95)
