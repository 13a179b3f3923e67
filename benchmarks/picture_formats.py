"""Bytes and CPU milliseconds of the files of one clip, by format and encoder.

    python -m benchmarks.picture_formats [--film FILM ...] [--rounds 3] [--only NAME ...] [--threads]

Without films: real films of $TUI_GEN_TEST_MEDIA. Of each film, the first seven frames at 1920x1080 become two
patches: the format `small_540` (GT of 540x540, seven frames of 180x180 in a stack) and `fullhd_1920` (GT of
1920x1080, seven frames of 640x360). Encoders whose package is not installed are named and left out. Every
file is decoded by OpenCV, and by Pillow where it is installed, and compared with the pixels.

The rows are measured in turn, round by round, in one process with one thread; the CPU time of a row is the
least of its rounds. Sizes and times are relative to the default, "rle". With `--threads`, two threads then
encode the same pictures at the same time: 1.0 times the wall time of one: the encoder holds no lock.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import struct
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.extraction.kernels import kernel_for, shrink
from tui_gen.jobs.superres.extraction.png import encode_png
from tui_gen.jobs.superres.extraction.webp import encode_webp
from tui_gen.media.geometry import Region, Size, whole

Image = NDArray[np.uint8]
Encode = Callable[[Image], bytes]

FRAMES, RATIO = 7, 3
FRAME = Size(1920, 1080)
FORMATS = {"small_540": Size(540, 540), "fullhd_1920": FRAME}
FILMS = (
    "androidx__media/portrait_4k60.mp4",
    "androidx__media/bbb_2500ms.ts",
    "androidx__media/hdr10-video-with-sdr-container.mp4",
    "androidx__media/h265_with_metadata_track.mp4",
)
DEFAULT = "png rle (OpenCV)"
DEFLATES = (
    *(("isal", "isal.isal_zlib", "compress", level) for level in (0, 1)),
    *(("zlib-ng", "zlib_ng.zlib_ng", "compress", level) for level in (1, 2)),
    *(("libdeflate", "deflate", "zlib_compress", level) for level in (1, 3, 6)),
)
"""Name, module, function and level."""


# -------------------------------------------------------------------------------------------- pictures


def film_frames(film: Path) -> NDArray[np.uint8]:
    """Return the first frames of a film, (7, 1080, 1920, 3), BGR; fewer frames are repeated."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-noautorotate"]
    command += ["-i", f"file:{film}", "-frames:v", str(FRAMES), "-vf", f"scale={FRAME.width}:{FRAME.height}"]
    command += ["-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
    raw = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True).stdout
    frames = np.frombuffer(raw, np.uint8).reshape(-1, FRAME.height, FRAME.width, 3)
    return frames[[min(number, len(frames) - 1) for number in range(FRAMES)]]


def patch_of(frames: Image, gt: Size) -> list[Image]:
    """Return GT of the middle frame, and the stack of LR of all frames."""
    at = Region((FRAME.width - gt.width) // 2, (FRAME.height - gt.height) // 2, gt.width, gt.height)
    kernel = kernel_for("bicubic", RATIO)
    crop = frames[FRAMES // 2, at.y : at.y + at.height, at.x : at.x + at.width]
    stack = np.concatenate([shrink(frame, at, kernel, bounds=whole(FRAME)) for frame in frames])
    return [np.ascontiguousarray(crop), stack.astype(np.uint8)]


# ------------------------------------------------------------------------------------------------- PNG


def filtered(rgb: Image, kind: str) -> NDArray[np.uint8]:
    """Return the lines of a PNG, each after its filter's byte: none, sub, up or average."""
    height, width = rgb.shape[:2]
    line = rgb.reshape(height, 3 * width)
    lines = np.empty((height, 1 + 3 * width), np.uint8)
    out = lines[:, 1:]
    lines[:, 0] = {"sub": 1, "up": 2, "average": 3}[kind]
    if kind == "sub":
        out[:, :3] = line[:, :3]
        np.subtract(line[:, 3:], line[:, :-3], out=out[:, 3:])
    elif kind == "up":
        out[0] = line[0]
        np.subtract(line[1:], line[:-1], out=out[1:])
    else:
        left = np.zeros_like(line)
        left[:, 3:] = line[:, :-3]
        above = np.zeros_like(line)
        above[1:] = line[:-1]
        np.subtract(line, (left & above) + ((left ^ above) >> 1), out=out)
    return lines


def framed(size: Size, compressed: bytes) -> bytes:
    """Return a PNG around a zlib stream."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    head = struct.pack(">IIBBBBB", size.width, size.height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", compressed), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def png(compression: str) -> Encode:
    """Return the program's encoder for a value of `png_compression`."""
    return lambda image: encode_png(image, compression)


def own_png(kind: str, module: str, compress: str, level: int) -> Encode:
    """Return an encoder with one filter for all lines, and a function of a package that compresses."""
    function = getattr(package(module), compress)

    def encode(image: Image) -> bytes:
        lines = filtered(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8), kind)
        return framed(Size(image.shape[1], image.shape[0]), bytes(function(lines.tobytes(), level)))

    return encode


def opencv(suffix: str, *parameters: int) -> Encode:
    """Return an encoder of OpenCV."""
    return lambda image: cv2.imencode(suffix, image, parameters)[1].tobytes()


# ------------------------------------------------------------------------------------------- encoders


def encoders() -> Iterator[tuple[str, str, Callable[[], Encode]]]:
    """Yield name, package, and how the encoder is made; the import fails without the package."""
    for level in ("rle", "fast", "0", "1", "3", "6"):
        yield f"png {level} (OpenCV)", "cv2", partial(png, level)
    yield "png igzip (this program)", "isal", partial(png, "igzip")
    for kind, (name, module, compress, number) in product(("sub", "up", "average"), DEFLATES):
        found = module.partition(".")[0]
        yield f"png {kind}, {name} {number}", found, partial(own_png, kind, module, compress, number)
    yield "png fpng", "fpng", lambda: package("fpng").from_cv2
    for number in (1, 4, 6):
        yield f"png libspng {number}", "imagecodecs", partial(codec, "spng", level=number)
    yield "webp lossless (this program)", "av", lambda: encode_webp
    yield "webp lossless (OpenCV)", "cv2", partial(opencv, ".webp", cv2.IMWRITE_WEBP_QUALITY, 101)
    for number in (0, 1, 4):
        options = {"lossless": True, "quality": 50, "method": number, "exact": True}
        yield f"webp lossless, method {number} (Pillow)", "PIL", partial(pillow, "WEBP", **options)
    for number in (1, 2, 3):
        options = {"lossless": True, "effort": number, "numthreads": 1}
        yield f"jxl lossless, effort {number}", "imagecodecs", partial(codec, "jpegxl", **options)
    options = {"level": 100, "speed": 9, "numthreads": 1}
    yield "avif lossless, speed 9", "imagecodecs", partial(codec, "avif", **options)
    yield "qoi", "imagecodecs", partial(codec, "qoi")


def package(name: str) -> Any:  # noqa: ANN401 - of packages without types
    return importlib.import_module(name)


def codec(name: str, **options: object) -> Encode:
    """Return an encoder of imagecodecs."""
    encode = getattr(package("imagecodecs"), f"{name}_encode")
    return lambda image: bytes(encode(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), **options))


def pillow(name: str, **options: object) -> Encode:
    """Return an encoder of Pillow."""
    images = package("PIL.Image")

    def encode(image: Image) -> bytes:
        file = BytesIO()
        images.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)).save(file, name, **options)
        return file.getvalue()

    return encode


# -------------------------------------------------------------------------------------------- reading


def readers() -> dict[str, Callable[[bytes], NDArray[Any]]]:
    """Return name -> what decodes a file to BGR."""
    found: dict[str, Callable[[bytes], NDArray[Any]]] = {
        "cv2": lambda content: np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR))
    }
    if importlib.util.find_spec("PIL"):
        images = package("PIL.Image")
        found["Pillow"] = lambda content: np.asarray(images.open(BytesIO(content)).convert("RGB"))[:, :, ::-1]
    if importlib.util.find_spec("torchvision"):
        io, torch = package("torchvision.io"), package("torch")
        found["torchvision"] = lambda content: (
            io.decode_image(torch.frombuffer(bytearray(content), dtype=torch.uint8), mode="RGB")
            .numpy()
            .transpose(1, 2, 0)[:, :, ::-1]
        )
    return found


def exact_readers(encode: Encode, image: Image) -> list[tuple[str, float]]:
    """Return the readers that give the pixels back, with the CPU seconds of reading one file."""
    content, found = encode(image), []
    for name, read in readers().items():
        began = time.process_time()
        try:
            decoded = read(content)
        except Exception as error:  # noqa: BLE001 - each reader has errors of its own
            print(f"  {name} does not read it: {type(error).__name__}: {str(error)[:70]}")
            continue
        seconds = time.process_time() - began
        if decoded.shape == image.shape and np.array_equal(decoded, image):
            found.append((name, seconds))
        else:
            print(f"  {name} reads other pixels")
    return found


# ------------------------------------------------------------------------------------------- measuring


@dataclass
class Row:
    """One encoder, measured."""

    encode: Encode
    readers: list[tuple[str, float]]
    size: int
    cpu_seconds: float = float("inf")

    def measure(self, images: list[Image]) -> None:
        """Encode all images once."""
        began = time.process_time()
        for image in images:
            self.encode(image)
        self.cpu_seconds = min(self.cpu_seconds, time.process_time() - began)

    def threads_ratio(self, images: list[Image]) -> float:
        """Return the wall time of two threads that encode all images each, divided by that of one."""
        walls = []
        for threads in (1, 2):
            with ThreadPoolExecutor(threads) as pool:
                began = time.perf_counter()
                list(pool.map(lambda _: [self.encode(image) for image in images], range(threads)))
                walls.append(time.perf_counter() - began)
        return walls[1] / walls[0]


def rows_of(images: list[Image], only: list[str]) -> Mapping[str, Row]:
    rows = {}
    for name, needed, make in encoders():
        if only and name != DEFAULT and not any(part in name for part in only):
            continue
        if importlib.util.find_spec(needed) is None:
            print(f"  {name}: {needed} is not installed")
            continue
        encode = make()
        size = sum(len(encode(image)) for image in images)
        rows[name] = Row(encode, exact_readers(encode, images[-1]), size)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--film", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="encoders with this in the name"
    )
    parser.add_argument("--threads", action="store_true", help="also encode with two threads at once")
    parser.add_argument("--format", nargs="+", default=list(FORMATS), choices=FORMATS)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    media = Path(os.environ.get("TUI_GEN_TEST_MEDIA", "."))
    films = options.film or [media / film for film in FILMS]
    clips = [film_frames(film) for film in films]
    for name in options.format:
        images = [image for frames in clips for image in patch_of(frames, FORMATS[name])]
        print(f"\n{name}: GT and a stack of seven frames, of {len(films)} films")
        rows = rows_of(images, options.only)
        for _ in range(options.rounds):
            for row in rows.values():
                row.measure(images)
        base = rows[DEFAULT]
        for title, row in rows.items():
            locked = f" {row.threads_ratio(images):5.2f} wall of two threads" if options.threads else ""
            read = ", ".join(f"{reader} {1000 * seconds:.0f}" for reader, seconds in row.readers) or "none"
            print(
                f"{title:<42} {row.size / len(films) / 1e6:7.3f} MB {row.size / base.size:5.2f}"
                f" {1000 * row.cpu_seconds / len(films):8.1f} ms {row.cpu_seconds / base.cpu_seconds:5.2f}"
                f"{locked}  read (ms a stack): {read}"
            )


if __name__ == "__main__":
    main()
