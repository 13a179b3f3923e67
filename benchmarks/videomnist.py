"""Moving digits beside the usual way to make them: CPU a video, memory of a process, time to read a video.

    python benchmarks/videomnist.py [--videos 500] [--read 2000] [--digits PATH]

The other way is what the description of VideoMNIST says: scipy's affine_transform with order=1 for each
frame, all frames in one array, then one gzip dataset with the chunks that h5py chooses. Without scipy or
h5py their part is left out and the output says so. Times are of the process (CPU), medians of five rounds;
the ways take turns.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import multiprocessing.connection
import random
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.videomnist.digits.find import load_pool
from tui_gen.jobs.videomnist.digits.pool import DigitPool
from tui_gen.jobs.videomnist.model import MOTIONS, SPLITS, RenderedVideo, VideoSettings
from tui_gen.jobs.videomnist.render.renderer import Renderer

ROUNDS = 5
SEQUENCE = 16
SIDE = 64
CHUNK = (SEQUENCE + 1, SIDE, SIDE, 3)

Frames = NDArray[np.uint8]


def usual_video(image: Frames, motion: str, chance: random.Random) -> Frames:
    """Make 16 frames as described: translate in each, rotate in each tenth, scale in each fifteenth."""
    from scipy.ndimage import affine_transform

    still = np.zeros((SIDE, SIDE))
    still[:28, :28] = image / 255
    frames = []
    for number, (x, y) in enumerate(usual_way(motion, chance)):
        frame = affine_transform(still, np.eye(2), offset=(-y, -x), order=1)
        if number % 10 == 0:
            angle = math.radians(chance.uniform(-10, 10))
            turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
            frame = affine_transform(frame, turn, order=1)
        if number % 15 == 0:
            frame = affine_transform(frame, np.eye(2) * chance.uniform(0.9, 1.1), order=1)
        frames.append(np.clip(frame * 255, 0, 255).astype(np.uint8))
    return np.array(frames)


def usual_way(motion: str, chance: random.Random) -> NDArray[np.float64]:
    """Return the corner of the tile in each frame, [16, 2]: a sine, a circle or a line with jitter."""
    passed = np.linspace(0, 1, SEQUENCE)
    if motion == "bounce":
        x, y = 5 + 26 * passed, 18 + 13 * np.sin(4 * np.pi * passed)
    elif motion == "circular":
        x, y = 18 + 10 * np.cos(2 * np.pi * passed), 18 + 10 * np.sin(2 * np.pi * passed)
    else:
        x, y = 5 + 26 * passed, 5 + 26 * passed
    jitter = np.array([[chance.gauss(0, 0.3) for _ in range(2)] for _ in range(SEQUENCE)])
    way: NDArray[np.float64] = np.clip(np.stack([x, y], axis=1) + jitter, 5, SIDE - 28 - 5)
    return way


def here(settings: VideoSettings, pool: DigitPool, videos: int) -> list[RenderedVideo]:
    made = Renderer(settings, pool).render("train", 3, range(videos))
    return [video for _, video in made if isinstance(video, RenderedVideo)]


def chunk_of(frames: Frames) -> bytes:
    """Return a video as the file holds it: three channels, deflated."""
    return zlib.compress(np.repeat(frames[..., None], 3, axis=3).tobytes(), 1)


def milliseconds(work: Callable[[], object], videos: int) -> float:
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began) / videos


def written_here(videos: list[RenderedVideo], path: Path) -> None:
    """Write a chunk a video, deflated here, as the job does."""
    import h5py

    with h5py.File(path, "w") as file:
        shape = (len(videos) * CHUNK[0], *CHUNK[1:])
        data = file.create_dataset(
            "train_data", shape, "u1", chunks=CHUNK, compression="gzip", compression_opts=1
        )
        for number, video in enumerate(videos):
            data.id.write_direct_chunk((number * CHUNK[0], 0, 0, 0), chunk_of(video.frames))


def written_usually(videos: list[Frames], path: Path) -> None:
    """Write everything at once and leave the chunks to h5py."""
    import h5py

    with h5py.File(path, "w") as file:
        file.create_dataset("train_data", data=np.concatenate(videos), compression="gzip")


def costs(pool: DigitPool, videos: int) -> None:
    motions = VideoSettings().motion_types
    images = [pool.image("train", 3, number % 500) for number in range(videos)]
    chance = random.Random(1)

    def usual() -> list[Frames]:
        return [usual_video(image, motions[number % 3], chance) for number, image in enumerate(images)]

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "videos.h5")
        ways: dict[str, Callable[[], object]] = {
            "here: rendered, 17 frames": lambda: here(VideoSettings(), pool, videos)
        }
        if has("h5py"):
            ways["here: written, 3 channels"] = lambda: written_here(
                here(VideoSettings(), pool, videos), file
            )
        if has("scipy"):
            ways["usual: rendered, 16 frames"] = usual
            if has("h5py"):
                ways["usual: written, 1 channel"] = lambda: written_usually(usual(), file)
        in_turns(ways, videos)
    size = statistics.mean(len(chunk_of(video.frames)) for video in here(VideoSettings(), pool, videos))
    print(f"size {'a video, deflated':34} {size / 1024:7.2f} KiB")


def in_turns(ways: dict[str, Callable[[], object]], videos: int) -> None:
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            found[name].append(milliseconds(way, videos))
    for name, times in found.items():
        print(
            f"CPU  {name:34} {statistics.median(times):7.3f} ms a video ({min(times):.3f}-{max(times):.3f})"
        )


def kinds(pool: DigitPool, videos: int) -> None:
    for name, settings in {
        **{motion: VideoSettings(motion_types=(motion,)) for motion in MOTIONS},
        "two digits, 20 frames": VideoSettings(digits_per_video=(2,), frames=20, motion_types=("reflect",)),
        "128 pixels, 33 frames": VideoSettings(image_size=128, frames=33),
        "with masks": VideoSettings(masks=True),
    }.items():

        def work(settings: VideoSettings = settings) -> object:
            return here(settings, pool, videos)

        print(f"CPU  {name:34} {milliseconds(work, videos):7.3f} ms a video")


def memory(digits: str) -> None:
    """Render in a process of its own, all classes of both splits, and print the most it held."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    child = context.Process(target=render_all, args=(digits, send))
    child.start()
    print(f"memory of a process that renders        {receive.recv() / 1024:7.1f} MiB")
    child.join()


def render_all(digits: str, send: multiprocessing.connection.Connection) -> None:
    renderer = Renderer(VideoSettings(), load_pool(digits, config_folder=Path.cwd(), seed=42))
    for split in SPLITS:
        for digit in range(10):
            for _ in renderer.render(split, digit, range(64)):
                pass
    status = Path("/proc/self/status").read_text(encoding="ascii")  # getrusage has the parent's most, too
    send.send(int(status.split("VmHWM:")[1].split()[0]))


def reading(pool: DigitPool, videos: int) -> None:
    """Read 50 videos anywhere in a file of each kind; the same 64 videos are in it again and again."""
    import h5py

    made = here(VideoSettings(), pool, 64)
    every = [made[number % len(made)] for number in range(videos)]
    with tempfile.TemporaryDirectory() as folder:
        written_here(every, Path(folder, "here.h5"))
        written_usually([video.frames[:SEQUENCE] for video in every], Path(folder, "usual.h5"))
        for name, frames in (("here", CHUNK[0]), ("usual", SEQUENCE)):
            with h5py.File(Path(folder, f"{name}.h5")) as file:
                data = file["train_data"]
                order = random.Random(1).sample(range(videos), 50)
                began = time.perf_counter()
                for number in order:
                    data[number * frames : (number + 1) * frames]
                spent = 1000 * (time.perf_counter() - began) / len(order)
                print(f"read a video, {name:5} chunks {data.chunks!s:16} {spent:8.2f} ms")


@cache
def has(module: str) -> bool:
    try:
        __import__(module)
    except ImportError:
        print(f"{module} cannot be imported: what needs it is left out")
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--videos", type=int, default=500)
    parser.add_argument("--read", type=int, default=2000)
    parser.add_argument("--digits", default="drawn")
    chosen = parser.parse_args()
    pool = load_pool(chosen.digits, config_folder=Path.cwd(), seed=42)
    print(f"digits: {pool.description}")
    costs(pool, chosen.videos)
    kinds(pool, chosen.videos)
    memory(chosen.digits)
    if has("h5py"):
        reading(pool, chosen.read)


if __name__ == "__main__":
    main()
