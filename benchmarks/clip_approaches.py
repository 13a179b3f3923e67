"""Ways to get the same clips out of a film: those that come to mind first, and this program.

All take the same windows of seven frames and make three patches of each, one per category with the
default formats, under the same kinds of file names. What differs is said at each.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.clip_meter import Meter
from benchmarks.clip_samples import FRAMES, FRAMES_PER_SECOND, MIDDLE, Sample, ffmpeg
from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres import media
from tui_gen.jobs.superres.config.load import load_settings
from tui_gen.jobs.superres.units import PROBED_FRAMES, Probe, Survey
from tui_gen.media.ffmpeg import find_ffmpeg

PROGRAM = "program"
Image = NDArray[np.uint8]

WIDTH, HEIGHT = 1920, 1080
# name -> ((format folder, width, height, share), ...): the default categories and distributions.
CATEGORIES = {
    "general": (("Patches", 540, 540, 0.45), ("Medium169", 720, 405, 0.35), ("Large", 720, 720, 0.2)),
    "space": (("Patches", 540, 540, 0.3), ("XLarge169", 1440, 810, 0.45), ("FullHD", 1920, 1080, 0.25)),
    "toon": (("Patches", 540, 540, 0.65), ("Medium169", 720, 405, 0.35)),
}
NAIVE_CHAIN = (
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=mobius,"
    f"zscale=t=bt709:m=bt709,format=yuv420p,scale={WIDTH}:{HEIGHT}:flags=lanczos"
)


def _filters(sample: Sample) -> list[str]:
    return ["-vf", NAIVE_CHAIN] if sample.kind.is_hdr else []


def _start_seconds(middle_seconds: float) -> float:
    # Half a frame early, so that rounding does not lose the first of the seven.
    return max(0.0, middle_seconds - (MIDDLE + 0.5) / FRAMES_PER_SECOND)


def _write_patches(frames: Sequence[Image], k: int, output: Path) -> None:
    draw = random.Random(k)
    for category, formats in CATEGORIES.items():
        folder, width, height, _ = draw.choices(formats, [share for *_, share in formats])[0]
        x, y = draw.randint(0, WIDTH - width), draw.randint(0, HEIGHT - height)
        crops = [frame[y : y + height, x : x + width] for frame in frames]
        small = [
            cv2.resize(crop, (width // 3, height // 3), interpolation=cv2.INTER_LANCZOS4) for crop in crops
        ]
        patch = {"GT": crops[MIDDLE], "LR": np.vstack(small[1:6]), "LR_7frames": np.vstack(small)}
        for kind, image in patch.items():
            path = output / category / folder / kind / f"patch_sample_idx{k:04d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(cv2.imencode(".png", image)[1].tobytes())


# ------------------------------------------------------------------------------------- what one would do


def naive(sample: Sample, clips: int, output: Path, meter: Meter) -> None:
    """One ffmpeg per clip, seven PNG through a temporary folder, one clip after the other."""
    with meter.part("whole"):
        for k, seconds in enumerate(sample.clip_times(clips)):
            with tempfile.TemporaryDirectory(dir=output) as temporary:
                command = [
                    ffmpeg(),
                    "-nostdin",
                    "-loglevel",
                    "error",
                    "-ss",
                    f"{_start_seconds(seconds):.3f}",
                ]
                command += ["-i", f"file:{sample.path}", "-frames:v", str(FRAMES), *_filters(sample)]
                pictures = f"{temporary}/frame_%d.png"
                subprocess.run([*command, pictures], check=True, stdin=subprocess.DEVNULL)
                frames = [
                    _decoded(Path(temporary) / f"frame_{number}.png") for number in range(1, FRAMES + 1)
                ]
            _write_patches(frames, k, output)


def _decoded(path: Path) -> Image:
    image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(image, np.uint8)


def one_ffmpeg_per_clip(sample: Sample, clips: int, output: Path, meter: Meter) -> None:
    """One ffmpeg per clip with one thread, raw frames through a pipe, as many at once as there are cores."""

    def make(k: int, seconds: float) -> None:
        command = [ffmpeg(), "-nostdin", "-loglevel", "error", "-threads", "1", "-filter_threads", "1"]
        command += ["-ss", f"{_start_seconds(seconds):.3f}", "-i", f"file:{sample.path}"]
        command += ["-frames:v", str(FRAMES), *_filters(sample), "-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
        done = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        frames = np.frombuffer(done.stdout, np.uint8).reshape(FRAMES, HEIGHT, WIDTH, 3)
        _write_patches(list(frames), k, output)

    _make_all(make, sample, clips, meter)


def opencv(sample: Sample, clips: int, output: Path, meter: Meter) -> None:
    """One OpenCV VideoCapture, positioned for each clip. Its HDR is not tone-mapped: it cannot be."""
    with meter.part("whole"):
        # The ban is for films of users, whose names may crash it; the sample's name is known.
        capture = cv2.VideoCapture(str(sample.path))  # noqa: TID251
        for k, seconds in enumerate(sample.clip_times(clips)):
            capture.set(cv2.CAP_PROP_POS_FRAMES, round(seconds * FRAMES_PER_SECOND) - MIDDLE)
            frames = [np.asarray(capture.read()[1], np.uint8) for _ in range(FRAMES)]
            _write_patches([_fitted(frame) for frame in frames], k, output)
        capture.release()


def _fitted(frame: Image) -> Image:
    if frame.shape[:2] == (HEIGHT, WIDTH):
        return frame
    return np.asarray(cv2.resize(frame, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def pyav(sample: Sample, clips: int, output: Path, meter: Meter) -> None:
    """PyAV: seek for each clip, decode up to it, convert seven frames. Its HDR is not tone-mapped."""
    with meter.part("whole"), av.open(str(sample.path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for k, seconds in enumerate(sample.clip_times(clips)):
            start = _start_seconds(seconds)
            container.seek(int(start * av.time_base))
            frames: list[Image] = []
            for frame in container.decode(stream):
                if frame.time is not None and frame.time >= start:
                    picture = frame.reformat(WIDTH, HEIGHT, "bgr24")
                    frames.append(np.asarray(picture.to_ndarray(), np.uint8))
                if len(frames) == FRAMES:
                    break
            _write_patches(frames, k, output)


def _make_all(make: Callable[[int, float], None], sample: Sample, clips: int, meter: Meter) -> None:
    with meter.part("whole"), ThreadPoolExecutor(os.cpu_count()) as workers:
        times: Iterable[float] = sample.clip_times(clips)
        for done in [workers.submit(make, k, seconds) for k, seconds in enumerate(times)]:
            done.result()


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


def this_program_fast(sample: Sample, clips: int, output: Path, meter: Meter) -> None:
    """`tui-gen run` with `"hdr": "fast"`: other bytes, on HDR films."""
    with meter.part("whole"):
        run_program(configuration(sample, clips, output, hdr="fast"), clips)


def this_program_at_key_frames(sample: Sample, clips: int, output: Path, meter: Meter) -> None:
    """`tui-gen run` with `"sampling": "keyframe"`: other windows than all the rest."""
    with meter.part("whole"):
        run_program(configuration(sample, clips, output, sampling="keyframe"), clips)


async def _look(config: Path) -> None:
    settings = load_settings(config)
    tools, path = find_ffmpeg(settings.ffmpeg, os.environ), settings.videos[0].path
    facts = await media.probe(Probe("film", path, settings).file, least_frames=PROBED_FRAMES, ffmpeg=tools)
    if isinstance(facts, Unusable):
        raise TypeError(facts.reason)
    await media.survey(Survey("film", path, "film", settings, facts, None, ()), ffmpeg=tools)
