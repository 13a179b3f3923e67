"""Awkward real films: they are surveyed and extracted without an exception, in the same colours."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.jobs.anime.films import nothing
from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.anime.frames.chosen import chosen_frames
from tui_gen.jobs.anime.frames.extraction import ExtractedFrame, extracted
from tui_gen.jobs.anime.frames.film import EpisodeFilm
from tui_gen.jobs.anime.frames.near_duplicates import Thumbnails
from tui_gen.jobs.anime.frames.options import DuplicateOptions, SurveyOptions
from tui_gen.jobs.anime.frames.pictures import thumbnail
from tui_gen.jobs.anime.frames.survey import survey_window
from tui_gen.jobs.anime.frames.survey_files import episode_survey
from tui_gen.jobs.anime.frames.windows import windows_of
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.media.film_facts import FilmFile
from tui_gen.media.probing.probe import probe

FEW = (
    "Zulko__moviepy/-video-with-dash-.mp4",
    "androidx__media/bear-vp9-odd-dimensions.webm",
    "androidx__media/sample_android_slow_motion.mp4",
    "joeyparrish__shaka-packager/bear_no_iframe_start.h264",
    "joeyparrish__shaka-packager/bear-640x360-non_square_pixel-with_pasp.mp4",
    "openpreserve__format-corpus/dv-pal-interlaced.mov",
    "pytorch__torchcodec/h265_10bits.mp4",
)
LONG = "long_1080p_videoonly_lowbitrate.mp4"
SAME = 3.0
"""The largest distance of the survey's thumbnail from that of the extracted frame, if the film is SDR."""
SAME_HDR = 12.0
"""The survey looks at 8 of 10 bits."""


def look_at(program: str, path: Path) -> int:
    """Survey and extract the first window of a film; return the number of frames extracted."""
    facts = asyncio.run(probe(FilmFile("s", str(path), 0), least_frames=2, ffmpeg=Ffmpeg(program, "9")))
    if isinstance(facts, Unusable):
        return 0
    film = EpisodeFilm(str(path), program, facts, niceness=0)
    window = windows_of(facts.duration_seconds)[0]
    survey = episode_survey((survey_window(film, window, SurveyOptions(), alive=nothing),))
    (chosen,) = chosen_frames([survey], DuplicateOptions(), alive=nothing)
    seen = dict(zip(survey.numbers.tolist(), survey.thumbnails, strict=True))
    found = list(extracted(film, chosen, alive=nothing))
    assert sorted(each.number for each in found) == [number for number, _ in chosen.frames]
    for each in found:
        if isinstance(each, ExtractedFrame):
            both = Thumbnails.of(np.stack([seen[each.number], thumbnail(each.rgb)]))
            apart = both.distances(np.array([0]), np.array([1]))[0]
            assert apart <= (SAME if facts.hdr_class == "sdr" else SAME_HDR), path.name
            assert each.rgb.shape[:2] == (film.display_size.height, film.display_size.width)
    return sum(isinstance(each, ExtractedFrame) for each in found)


@pytest.mark.media
@pytest.mark.parametrize("name", FEW)
def test_an_awkward_film_is_surveyed_and_extracted(embedded_ffmpeg: str, media: Path, name: str) -> None:
    extracted_frames = look_at(embedded_ffmpeg, media / name)
    assert extracted_frames or "no_iframe_start" in name


@pytest.mark.media
@pytest.mark.soak
def test_every_real_film_is_surveyed_and_extracted(embedded_ffmpeg: str, media: Path) -> None:
    films = [
        path for path in sorted(media.rglob("*")) if path.is_file() and path.suffix not in {".json", ".md"}
    ]
    found = [look_at(embedded_ffmpeg, path) for path in films if path.name not in {LONG, "single-frame.hevc"}]
    assert sum(map(bool, found)) > 40
