"""CPU of the frames of the job anime: survey against mpdecimate alone, extraction, near duplicates.

    python benchmarks/anime.py [film ...] [--rounds 5]

Without films, a drawn episode is enlarged to 1920x1080 and encoded once more, with grain. The survey of the
first window and `ffmpeg -vf mpdecimate -f null` on the same part run in turn; the ratio is that of a pair.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.anime.demo.episodes import draw_episodes
from tui_gen.jobs.anime.frames.chosen import chosen_frames
from tui_gen.jobs.anime.frames.extraction import ExtractedFrame, RawFormat, encoded_image, extracted
from tui_gen.jobs.anime.frames.film import EpisodeFilm
from tui_gen.jobs.anime.frames.options import DuplicateOptions, SurveyOptions
from tui_gen.jobs.anime.frames.survey import survey_window
from tui_gen.jobs.anime.frames.survey_files import EpisodeSurvey, episode_survey
from tui_gen.jobs.anime.frames.windows import Window, windows_of
from tui_gen.media.ffmpeg import Ffmpeg, find_ffmpeg
from tui_gen.media.film_facts import FilmFile
from tui_gen.media.probing.probe import probe

Result = TypeVar("Result")
OPTIONS = SurveyOptions()
GOAL = 1.2
ENLARGED = "scale=1920:1080:flags=bicubic,noise=alls=3:allf=t:all_seed=1,format=yuv420p"


def nothing() -> None:
    return


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def measured(work: Callable[[], Result]) -> tuple[float, Result]:
    began = cpu_seconds()
    result = work()
    return cpu_seconds() - began, result


def drawn_film(folder: Path, ffmpeg: str) -> Path:
    episode = draw_episodes(folder, ffmpeg=ffmpeg, say=print)[0]
    path = folder / "enlarged.mkv"
    coding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-g", "240"]
    subprocess.run(
        [
            ffmpeg,
            "-v",
            "error",
            "-y",
            "-stream_loop",
            "1",
            "-i",
            str(episode),
            "-vf",
            ENLARGED,
            *coding,
            str(path),
        ],
        check=True,
    )
    return path


def mpdecimate_alone(film: EpisodeFilm, window: Window) -> None:
    length = [] if window.end_seconds is None else ["-t", str(window.end_seconds)]
    rule = f"mpdecimate=hi={OPTIONS.hi}:lo={OPTIONS.lo}:frac={OPTIONS.frac}"
    threads = ["-threads", "1", "-filter_threads", "1"]
    subprocess.run(
        [
            *(film.ffmpeg, "-nostdin", "-v", "error", *threads, *length, "-i", film.path),
            *("-map", "0:V:0", "-vf", rule, "-fps_mode", "passthrough", "-f", "null", "-"),
        ],
        check=True,
    )


def of_a_film(ffmpeg: Ffmpeg, path: Path, rounds: int) -> None:
    facts = asyncio.run(probe(FilmFile("s", str(path), 0), least_frames=2, ffmpeg=ffmpeg))
    if isinstance(facts, Unusable):
        print(f"{path.name}: {facts.reason}")
        return
    film = EpisodeFilm(str(path), ffmpeg.path, facts, niceness=0)
    window = windows_of(facts.duration_seconds)[0]
    ratios, alone, ours = list[float](), list[float](), list[float]()
    survey = survey_window(film, window, OPTIONS, alive=nothing)
    for _ in range(rounds):
        alone.append(measured(lambda: mpdecimate_alone(film, window))[0])
        ours.append(measured(lambda: survey_window(film, window, OPTIONS, alive=nothing))[0])
        ratios.append(ours[-1] / alone[-1])
    a_frame = 1000 / survey.seen
    print(f"{path.name}: {facts.codec} {film.display_size}, {survey.seen} frames, {len(survey)} candidates")
    print(f"  mpdecimate alone      {statistics.median(alone) * a_frame:8.2f} ms a frame")
    print(f"  survey                {statistics.median(ours) * a_frame:8.2f} ms a frame")
    span = f"{min(ratios):.2f} to {max(ratios):.2f}; goal {GOAL}"
    print(f"  ratio                 {statistics.median(ratios):8.2f} ({span})")
    (chosen,) = chosen_frames([episode_survey((survey,))], DuplicateOptions(), alive=nothing)
    count = max(1, len(chosen.frames))
    seconds, frames = measured(lambda: list(extracted(film, chosen, alive=nothing)))
    print(f"  extraction            {1000 * seconds / count:8.2f} ms a chosen frame, {count} frames")
    pictures = [each.rgb for each in frames if isinstance(each, ExtractedFrame)]
    formats: tuple[RawFormat, ...] = ("png", "webp", "jpg")
    for image_format in formats if pictures else ():
        seconds, data = measured(partial(encoded_image, pictures[0], image_format))
        print(f"  {image_format:5} of a frame       {1000 * seconds:8.2f} ms, {len(data) // 1024} KiB")


def drawn_surveys(count: int, episodes: int) -> list[EpisodeSurvey]:
    """Return thumbnails as of a series: scenes of eight poses, five candidates a pose, noise."""
    draw, size = np.random.default_rng(1), count // episodes
    found = []
    for _ in range(episodes):
        scenes = draw.integers(0, 256, (max(1, size // 40), 4, 8, 3)).astype(np.float32)
        thumbnails = np.empty((size, 16, 32, 3), np.uint8)
        for number in range(size):
            picture = cv2.resize(
                scenes[number * len(scenes) // size], (32, 16), interpolation=cv2.INTER_CUBIC
            )
            pose = number // 5 % 8
            picture[4 * (pose % 4) : 4 * (pose % 4) + 4, 4 * pose : 4 * pose + 4] += 60
            thumbnails[number] = np.clip(picture + draw.normal(0, 3, picture.shape), 0, 255)
        numbers, sharpness = np.arange(size), draw.random(size, np.float32)
        vectors = np.empty((size, 0), np.float32)
        found.append(EpisodeSurvey(Fraction(1, 24), numbers, numbers, thumbnails, sharpness, vectors))
    return found


def of_near_duplicates() -> None:
    for count, episodes in ((4000, 4), (40_000, 24)):
        surveys = drawn_surveys(count, episodes)
        began = time.perf_counter()
        work = partial(chosen_frames, surveys, DuplicateOptions(), alive=nothing)
        seconds, chosen = measured(work)
        wall = time.perf_counter() - began
        groups = sum(len(each.frames) for each in chosen)
        print(f"near duplicates of {count} candidates: {seconds:.2f} s CPU, {wall:.2f} s, {groups} chosen")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("films", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    ffmpeg = find_ffmpeg(None, os.environ)
    with tempfile.TemporaryDirectory() as folder:
        for path in given.films or [drawn_film(Path(folder), ffmpeg.path)]:
            of_a_film(ffmpeg, path, given.rounds)
    of_near_duplicates()


if __name__ == "__main__":
    main()
