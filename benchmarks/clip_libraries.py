"""Libraries that decode in the process: each takes the clips of a sample in a process of its own.

    python -m benchmarks.clip_libraries NAME ORDER     (ORDER: see `Order`, as JSON)

Each gets its best ordinary use: one decoder with one thread per core, each for one part of the film, and the
clips of a part in time order. None of them tone-maps: HDR films give pictures in the film's own colours. The
time of a process includes its start and its imports, as that of the program does.

decord, torchcodec and PyNvVideoCodec are not installed with the program: `pip install decord torchcodec`.
torchcodec needs torch and the shared libraries of ffmpeg (those of Debian's ffmpeg will do). On PyPI its
release 0.17 is for CUDA and wants a torch for CUDA, several GB; 0.11.1 works with a torch for processors.
PyNvVideoCodec needs a GPU and its driver; its row was written after its reference and never run. Where a
library cannot be imported, the process ends with MISSING, and the reason is the last line of its stderr.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.clip_frames import Tiles, stored_luma_tiles, tiles_of
from benchmarks.clip_patches import Image, write_patches
from benchmarks.clip_samples import FRAMES, HEIGHT, WIDTH, start_seconds

MISSING = 3
TILES = "tiles.npz"

Frames = tuple[list[Image], list[Tiles]]
"""BGR pictures of 1920x1080, and tiles of the same frames: of the stored luma where the library gives it."""
Read = Callable[[int], Frames]
"""Takes the number of a clip's first frame."""


@dataclass(frozen=True)
class Order:
    """What one library is to do."""

    path: str
    first_frames: tuple[int, ...]  # of the clips, in the order of k
    output: str

    def to_json(self) -> str:
        """Return the order as one line."""
        return json.dumps(asdict(self))


def opencv(path: str) -> Read:
    """OpenCV VideoCapture, positioned for each clip."""
    # The ban is for films of users, whose names may crash it; the sample's name is known.
    capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])  # noqa: TID251

    def read(first: int) -> Frames:
        capture.set(cv2.CAP_PROP_POS_FRAMES, first)
        return _shrunk([np.asarray(capture.read()[1], np.uint8) for _ in range(FRAMES)])

    return read


def pyav(path: str) -> Read:
    """PyAV: seek for each clip, decode up to it, convert seven frames."""
    import av

    container = av.open(path)
    stream = container.streams.video[0]
    stream.codec_context.thread_count = 1

    def read(first: int) -> Frames:
        start = start_seconds(first)
        container.seek(int(start * av.time_base))
        pictures: list[Image] = []
        tiles: list[Tiles] = []
        for frame in container.decode(stream):
            if frame.time is not None and frame.time >= start:
                tiles.append(stored_luma_tiles(frame))
                pictures.append(np.asarray(frame.reformat(WIDTH, HEIGHT, "bgr24").to_ndarray(), np.uint8))
            if len(pictures) == FRAMES:
                break
        return pictures, tiles

    return read


def decord(path: str) -> Read:
    """Decord: a batch of seven frames for each clip, shrunk by its decoder."""
    library = importlib.import_module("decord")
    film = library.VideoReader(path, ctx=library.cpu(0), width=WIDTH, height=HEIGHT, num_threads=1)

    def read(first: int) -> Frames:
        return _from_rgb(film.get_batch(range(first, first + FRAMES)).asnumpy())

    return read


def torchcodec(path: str) -> Read:
    """Torchcodec: seven frames by their numbers for each clip, shrunk by its decoder."""
    library = importlib.import_module("torchcodec.decoders")
    shrunk = importlib.import_module("torchcodec.transforms").Resize((HEIGHT, WIDTH))
    film = library.VideoDecoder(path, num_ffmpeg_threads=1, dimension_order="NHWC", transforms=[shrunk])

    def read(first: int) -> Frames:
        return _from_rgb(film.get_frames_in_range(first, first + FRAMES).data.numpy())

    return read


def pynvvideocodec(path: str) -> Read:
    """PyNvVideoCodec, where there is a GPU: seven frames by their numbers for each clip, decoded to RGB."""
    library = importlib.import_module("PyNvVideoCodec")
    film = library.SimpleDecoder(path, use_device_memory=False, output_color_type=library.OutputColorType.RGB)

    def read(first: int) -> Frames:
        found = film.get_batch_frames_by_index(list(range(first, first + FRAMES)))
        return _from_rgb(np.stack([np.from_dlpack(frame) for frame in found]))

    return read


def import_pynvvideocodec() -> None:
    try:
        ctypes.CDLL("libcuda.so.1")  # of the driver
        importlib.import_module("PyNvVideoCodec")
    except ModuleNotFoundError:
        raise
    except (ImportError, OSError, RuntimeError) as error:
        message = f"needs a GPU: {error}"
        raise OSError(message) from error


LIBRARIES: Mapping[str, tuple[Callable[[], object], Callable[[str], Read]]] = {
    "opencv": (lambda: None, opencv),
    "pyav": (lambda: importlib.import_module("av"), pyav),
    "decord": (lambda: importlib.import_module("decord"), decord),
    "torchcodec": (lambda: importlib.import_module("torchcodec.decoders"), torchcodec),
    "pynvvideocodec": (import_pynvvideocodec, pynvvideocodec),
}
"""Name -> (imports it; raises ImportError, OSError or RuntimeError, opens a film with it)."""


def _from_rgb(frames: NDArray[Any]) -> Frames:
    """Return pictures of RGB frames, (FRAMES, height, width, 3)."""
    return _shrunk([np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), np.uint8) for frame in frames])


def _shrunk(frames: Sequence[Image]) -> Frames:
    """Return 1920x1080 pictures, and their tiles."""
    pictures = [
        frame
        if frame.shape[:2] == (HEIGHT, WIDTH)
        else np.asarray(cv2.resize(frame, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
        for frame in frames
    ]
    return pictures, [tiles_of(picture) for picture in pictures]


def take(open_film: Callable[[str], Read], order: Order) -> None:
    """Make the patches of all clips, with one decoder per core, and write the tiles of their frames."""
    by_time = sorted(enumerate(order.first_frames), key=lambda clip: clip[1])
    workers = os.cpu_count() or 1
    parts = [by_time[len(by_time) * n // workers : len(by_time) * (n + 1) // workers] for n in range(workers)]

    def take_part(part: list[tuple[int, int]]) -> dict[str, Tiles]:
        read = open_film(order.path)
        found: dict[str, Tiles] = {}
        for k, first in part:
            pictures, tiles = read(first)
            write_patches(pictures, k, Path(order.output))
            found[str(first)] = np.stack(tiles)
        return found

    with ThreadPoolExecutor(workers) as pool:
        kept = {name: tiles for found in pool.map(take_part, parts) for name, tiles in found.items()}
    np.savez(Path(order.output) / TILES, allow_pickle=False, **kept)


def main() -> int:
    cv2.setNumThreads(1)  # a decoder per core is at work
    name, line = sys.argv[1:]
    import_library, open_film = LIBRARIES[name]
    try:
        import_library()
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed", file=sys.stderr)
        return MISSING
    except (ImportError, OSError, RuntimeError) as error:
        # RuntimeError: torchcodec cannot load the shared libraries of ffmpeg.
        print(str(error).strip().splitlines()[0], file=sys.stderr)
        return MISSING
    fields = json.loads(line)
    take(open_film, Order(fields["path"], tuple(fields["first_frames"]), fields["output"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
