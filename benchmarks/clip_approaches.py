"""Ways to get the same clips out of a film: those that come to mind first, and this program.

All take the same windows of seven frames and make three patches of each, one per category with the
default formats, under the same kinds of file names. What differs is said at each.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from benchmarks.clip_frames import Taken, Tiles, tiles_of
from benchmarks.clip_libraries import MISSING, TILES, Order
from benchmarks.clip_meter import Meter
from benchmarks.clip_patches import Image, write_patches
from benchmarks.clip_samples import FRAMES, HEIGHT, WIDTH, Sample, ffmpeg, start_seconds
from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres import media
from tui_gen.jobs.superres.config.load import load_settings
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.extraction.rendering import rendering
from tui_gen.jobs.superres.units import PROBED_FRAMES, Probe, Survey
from tui_gen.media.colour import colour_chain
from tui_gen.media.ffmpeg import find_ffmpeg
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.geometry import Size

PROGRAM = "program"
ROOT = Path(__file__).parent.parent

Approach = Callable[[Sample, int, Path, Meter], Taken | None]
"""Takes the clips of a sample into a folder and meters that. Returns what it took; the program's is in its
ledger."""

NAIVE_CHAIN = (
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=mobius,"
    f"zscale=t=bt709:m=bt709,format=yuv420p,scale={WIDTH}:{HEIGHT}:flags=lanczos"
)


class MissingError(Exception):
    """An approach needs something that is not here, a package or a GPU; the message says what."""


# ------------------------------------------------------------------------------------- what one would do


def naive(sample: Sample, clips: int, output: Path, meter: Meter) -> Taken:
    """One ffmpeg per clip, seven PNG through a temporary folder, one clip after the other."""
    taken: dict[int, Tiles] = {}
    with meter.part("whole"):
        for k, first in enumerate(sample.first_frames(clips)):
            with tempfile.TemporaryDirectory(dir=output) as temporary:
                command = [ffmpeg(), "-nostdin", "-loglevel", "error", "-ss", f"{start_seconds(first):.3f}"]
                command += ["-i", f"file:{sample.path}", "-frames:v", str(FRAMES)]
                command += ["-vf", NAIVE_CHAIN] if sample.kind.is_hdr else []
                pictures = f"{temporary}/frame_%d.png"
                subprocess.run([*command, pictures], check=True, stdin=subprocess.DEVNULL)
                frames = [
                    _decoded(Path(temporary) / f"frame_{number}.png") for number in range(1, FRAMES + 1)
                ]
            write_patches(frames, k, output)
            taken[first] = np.stack([tiles_of(frame) for frame in frames])
    return taken


def _decoded(path: Path) -> Image:
    image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(image, np.uint8)


def one_ffmpeg_per_clip(sample: Sample, clips: int, output: Path, meter: Meter) -> Taken:
    """One ffmpeg per clip with one thread, raw frames through a pipe, as many at once as there are cores.

    The filters are the program's own for the whole frame, so that the pixels can be compared.
    """
    settings = load_settings(configuration(sample, clips, output))
    facts = asyncio.run(_probed(settings))
    chain = colour_chain(facts, rendering(settings), frame=Size(WIDTH, HEIGHT))
    taken: dict[int, Tiles] = {}

    def make(k: int, first: int) -> None:
        command = [ffmpeg(), "-nostdin", "-loglevel", "error", "-threads", "1", "-filter_threads", "1"]
        command += ["-ss", f"{start_seconds(first):.3f}", "-i", f"file:{sample.path}"]
        command += ["-frames:v", str(FRAMES), "-vf", chain, "-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
        done = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        frames = np.frombuffer(done.stdout, np.uint8).reshape(FRAMES, HEIGHT, WIDTH, 3)
        write_patches(list(frames), k, output)
        taken[first] = np.stack([tiles_of(frame) for frame in frames])

    with meter.part("whole"), ThreadPoolExecutor(os.cpu_count()) as workers:
        started = [workers.submit(make, k, first) for k, first in enumerate(sample.first_frames(clips))]
        for done in started:
            done.result()
    return taken


def by_library(name: str) -> Approach:
    """Return the approach of a library (clip_libraries). It raises MissingError, CalledProcessError."""

    def approach(sample: Sample, clips: int, output: Path, meter: Meter) -> Taken:
        order = Order(str(sample.path), tuple(sample.first_frames(clips)), str(output))
        command = [sys.executable, "-m", "benchmarks.clip_libraries", name, order.to_json()]
        with meter.part("whole"):
            done = subprocess.run(
                command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=ROOT
            )
        if done.returncode == MISSING:
            raise MissingError(done.stderr.strip().splitlines()[-1])
        if done.returncode:
            message = f"{name} ended with {done.returncode}:\n{done.stderr[-2000:]}"
            raise RuntimeError(message)
        with np.load(output / TILES) as tiles:
            return {int(first): tiles[first] for first in tiles}

    return approach


# ---------------------------------------------------------------------------------------- this program


def configuration(sample: Sample, clips: int, output: Path, **keys: str) -> Path:
    """Write a configuration with this one film, all categories, the chroma of the naive chain, and `keys`."""
    path = output.parent / f"{output.name}.json"
    settings = {
        "base_settings": {
            "base_frame_limit": clips,
            "max_workers": os.cpu_count(),
            "output_base_dir": str(output),
            "min_free_gb": 0,
        },
        "chroma": "420",
        "videos": [
            {
                "name": "sample",
                "path": str(sample.path),
                "categories": {"general": 0.4, "space": 0.3, "toon": 0.3},
            }
        ],
        **keys,
    }
    path.write_text(json.dumps(settings))
    return path


def run_program(config: Path, clips: int) -> None:
    """Run it to the end. Raises RuntimeError."""
    command = [sys.executable, "-m", "tui_gen", "run", str(config), "--limit", str(clips)]
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
        message = f"{' '.join(command)} ended with {done.returncode}:\n{said}"
        raise RuntimeError(message)


def this_program(sample: Sample, clips: int, output: Path, meter: Meter) -> None:
    """`tui-gen run`; then, by itself, what it does once for a film: the probe and the survey."""
    config = configuration(sample, clips, output)
    with meter.part("whole"):
        run_program(config, clips)
    with meter.part("once per film"):
        asyncio.run(_look(config))


def this_program_with(**keys: str) -> Approach:
    """Return the approach of `tui-gen run` with further keys of the configuration."""

    def approach(sample: Sample, clips: int, output: Path, meter: Meter) -> None:
        with meter.part("whole"):
            run_program(configuration(sample, clips, output, **keys), clips)

    return approach


async def _probed(settings: Settings) -> ProbeFacts:
    tools, path = find_ffmpeg(settings.ffmpeg, os.environ), settings.videos[0].path
    facts = await media.probe(Probe("film", path, settings).file, least_frames=PROBED_FRAMES, ffmpeg=tools)
    if isinstance(facts, Unusable):
        raise TypeError(facts.reason)
    return facts


async def _look(config: Path) -> None:
    settings = load_settings(config)
    tools, path = find_ffmpeg(settings.ffmpeg, os.environ), settings.videos[0].path
    facts = await _probed(settings)
    await media.survey(Survey("film", path, "film", settings, facts, None, ()), ffmpeg=tools)
