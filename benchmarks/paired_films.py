"""Draws a film and other releases of it, so that their exact alignment is known.

    shots of moving textures ──> frame(n) ─┬─> the film: 24 frames/s, H.264
                                           └─> a release: crop, size, rate, logo, cut, noise, another codec

Frame n of the film is frame `truth[n]` of a release, and its pixel x is at `scale * x + shift` of it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import IO

import cv2
import numpy as np
from numpy.typing import NDArray

from tui_gen.media.geometry import Region, Size, whole

Frame = NDArray[np.uint8]

FILM_RATE = "24"
FILM_SIZE, DVD_SIZE = Size(640, 360), Size(360, 288)
SHOT_SECONDS = (2, 5)
NOISES = 8
"""Fields of noise that are drawn once, and shifted for each frame."""
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-g", "24", "-pix_fmt", "yuv420p")
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "5", "-g", "12", "-bf", "2", "-pix_fmt", "yuv420p")
WEB = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "28", "-g", "120", "-pix_fmt", "yuv420p")
TAGS = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


@dataclass(frozen=True, slots=True)
class _Shot:
    """A camera that moves over a texture, with an object in front that moves by itself."""

    ground: Frame
    thing: Frame
    pan: tuple[float, float]  # pixels a frame
    zoom: float  # a frame
    path: tuple[float, float, float, float]  # of the object: place and movement, as shares of the frame

    def frame(self, number: int, size: Size) -> Frame:
        """Return a frame of the shot."""
        scale = (1 + self.zoom) ** number
        side_y, side_x = self.ground.shape[:2]
        left = (side_x - size.width * scale) / 2 + self.pan[0] * number
        top = (side_y - size.height * scale) / 2 + self.pan[1] * number
        matrix = np.array([[scale, 0, left], [0, scale, top]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        area = (size.width, size.height)
        frame = cv2.warpAffine(self.ground, matrix, area, flags=flags, borderMode=cv2.BORDER_REFLECT)
        x, y, speed_x, speed_y = self.path
        height, width = self.thing.shape[:2]
        place_x = (x + speed_x * number) * size.width % (size.width - width)
        place_y = (y + speed_y * number) * size.height % (size.height - height)
        moved = cv2.warpAffine(
            self.thing, np.array([[1, 0, place_x], [0, 1, place_y]]), area, flags=cv2.INTER_LINEAR
        )
        mask = cv2.warpAffine(
            np.full(self.thing.shape[:2], 255, np.uint8), np.array([[1, 0, place_x], [0, 1, place_y]]), area
        )
        return np.where(mask[..., np.newaxis] > 127, moved, frame).astype(np.uint8)


def _texture(random: np.random.Generator, side: Size) -> Frame:
    """Return a texture with detail of all sizes, as pictures of nature have."""
    total = np.zeros((side.height, side.width, 3), np.float32)
    for octave in range(2, 9):
        cells = 2**octave
        rows = max(2, cells * side.height // side.width)
        coarse = random.standard_normal((rows, cells, 3)).astype(np.float32)
        gray = coarse.mean(axis=2, keepdims=True)
        coarse = 0.3 * coarse + 1.2 * gray
        total += cv2.resize(coarse, (side.width, side.height), interpolation=cv2.INTER_CUBIC) / 2 ** (
            0.8 * octave
        )
    total -= total.mean()
    level = random.uniform(90, 150)
    return np.asarray(np.clip(level + total * (45 / total.std()), 0, 255), np.uint8)


@dataclass(frozen=True)
class Film:
    """A film of `count` frames."""

    seed: int
    count: int
    size: Size = FILM_SIZE
    slow: float = 1.0  # factor of all movement

    @cached_property
    def _shots(self) -> list[tuple[int, int]]:
        """The first frame and the seed of each shot."""
        random = np.random.default_rng(self.seed)
        shots, at = [], 0
        while at < self.count:
            shots.append((at, int(random.integers(1 << 30))))
            at += int(random.integers(SHOT_SECONDS[0] * 24, SHOT_SECONDS[1] * 24))
        return shots

    def _drawn(self, seed: int) -> _Shot:
        random = np.random.default_rng(seed)
        ground = _texture(random, Size(self.size.width * 5 // 4, self.size.height * 5 // 4))
        thing = _texture(random, Size(self.size.width // 4, self.size.height // 3))
        pan = random.uniform(-1.2, 1.2, 2) * self.slow
        speed = random.uniform(-0.004, 0.004, 2) * self.slow
        zoom = float(random.uniform(-0.0008, 0.0008)) * self.slow
        start = random.uniform(0, 0.7, 2)
        return _Shot(
            ground, thing, (pan[0], pan[1]), zoom, (start[0], start[1], float(speed[0]), float(speed[1]))
        )

    def frames(self) -> Iterator[Frame]:
        """Yield all frames."""
        shots = [*self._shots, (self.count, 0)]
        for (first, seed), (end, _) in pairwise(shots):
            shot = self._drawn(seed)
            for number in range(first, end):
                yield shot.frame(number - first, self.size)


@dataclass(frozen=True)
class Release:
    """Another release of a film, and its alignment."""

    name: str
    rate: str = "25"
    size: Size = DVD_SIZE
    sample_aspect: str = "64/45"
    crop: Region | None = None  # of the film's picture, in its pixels; None: all of it
    bars: int = 0  # lines of letterbox above and below the picture, within `size`
    logo_frames: int = 0  # before the first frame
    leading: int = 0  # frames of the film that are left out at the start
    cut: tuple[int, int] | None = None  # frames of the film that are left out
    noise: float = 3.0
    gamma: float = 1.0
    encoder: Sequence[str] = field(default=MPEG2)
    edited: bool = False  # the order of its parts is another one, and some frames are doubled

    @cached_property
    def _noises(self) -> NDArray[np.float32]:
        random = np.random.default_rng(17)
        fields = random.standard_normal((NOISES, self.size.height, self.size.width), np.float32)
        return fields * np.float32(self.noise)

    def kept(self, count: int) -> list[int | None]:
        """Return the frames of the film that the release shows, in order; None for a frame of the logo."""
        frames: list[int | None] = [
            number
            for number in range(self.leading, count)
            if self.cut is None or not self.cut[0] <= number < self.cut[1]
        ]
        if self.edited:
            parts = [frames[at : at + 30] for at in range(0, len(frames), 30)]
            random = np.random.default_rng(5)
            frames = [frame for part in random.permutation(len(parts)) for frame in parts[part]]
        return [*[None] * self.logo_frames, *frames]

    def truth(self, count: int) -> dict[int, int]:
        """Return frame of the film -> frame of the release."""
        return {frame: place for place, frame in enumerate(self.kept(count)) if frame is not None}

    def axes(self, film: Size) -> tuple[float, float, float, float]:
        """Return scale and shift across, and scale and shift down, in shares of the frames."""
        crop = self.crop or whole(film)
        scale_x = film.width / crop.width
        lines = (self.size.height - 2 * self.bars) / self.size.height
        scale_y = film.height / crop.height * lines
        return (
            scale_x,
            -crop.x / crop.width,
            scale_y,
            self.bars / self.size.height - crop.y / crop.height * lines,
        )

    def drawn(self, frame: Frame, random: np.random.Generator) -> Frame:
        """Return a frame of the film as the release has it."""
        film = Size(frame.shape[1], frame.shape[0])
        crop = self.crop or whole(film)
        lines = self.size.height - 2 * self.bars
        step_x, step_y = crop.width / self.size.width, crop.height / lines
        blur = [max(0.01, 0.45 * max(0.6, step)) for step in (step_x, step_y)]
        soft = cv2.GaussianBlur(frame, (0, 0), sigmaX=blur[0], sigmaY=blur[1])
        columns = ((np.arange(self.size.width) + 0.5) * step_x + crop.x - 0.5).astype(np.float32)
        rows = ((np.arange(lines) + 0.5) * step_y + crop.y - 0.5).astype(np.float32)
        at_x, at_y = np.meshgrid(columns, rows)
        small = cv2.remap(soft, at_x, at_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        values = 255 * (small.astype(np.float32) / 255) ** self.gamma
        noise = self._noises[int(random.integers(NOISES))]
        values += np.roll(noise, tuple(random.integers(0, 64, 2)), (0, 1))[:lines, :, np.newaxis]
        framed = np.full((self.size.height, self.size.width, 3), 0, np.uint8)
        framed[self.bars : self.bars + lines] = np.clip(values, 0, 255).astype(np.uint8)
        return framed


@dataclass(frozen=True, slots=True)
class _Output:
    """A file to write, and its coding."""

    path: Path
    size: Size
    rate: str
    sample_aspect: str
    encoder: Sequence[str]

    def command(self, ffmpeg: str) -> list[str]:
        """Return the ffmpeg that gets frames on its input."""
        given = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", str(self.size), "-r", self.rate, "-i", "pipe:0"]
        chain = f"scale=out_color_matrix=bt709:out_range=tv,{TAGS},setsar={self.sample_aspect}"
        coding = ["-vf", chain, *self.encoder, "-threads", "2"]
        return [ffmpeg, "-v", "error", "-y", *given, *coding, str(self.path)]


def write_films(
    ffmpeg: str, film: Film, folder: Path, releases: Sequence[Release], *, film_name: str | None = "film.mkv"
) -> dict[str, Path]:
    """Write the film and its releases; return the paths by their names, "film" for the film."""
    paths = {release.name: folder / f"{release.name}.mkv" for release in releases}
    outputs = {
        each.name: _Output(paths[each.name], each.size, each.rate, each.sample_aspect, each.encoder)
        for each in releases
    }
    if film_name is not None:
        paths["film"] = folder / film_name
        outputs["film"] = _Output(paths["film"], film.size, FILM_RATE, "1/1", X264)
    commands = {name: output.command(ffmpeg) for name, output in outputs.items()}
    running = {name: subprocess.Popen(command, stdin=subprocess.PIPE) for name, command in commands.items()}
    try:
        for release in releases:
            logo = cv2.resize(
                _texture(np.random.default_rng(99), Size(96, 54)), (film.size.width, film.size.height)
            )
            for _ in range(release.logo_frames):
                _pipe(running[release.name]).write(
                    release.drawn(logo.astype(np.uint8), np.random.default_rng(1)).tobytes()
                )
        _write_frames(film, releases, running)
        for name, process in running.items():
            _pipe(process).close()
            if process.wait(timeout=300):
                message = f"ffmpeg could not write {name}"
                raise RuntimeError(message)
    finally:
        for process in running.values():
            process.kill()
            process.wait()
    return paths


def _write_frames(
    film: Film, releases: Sequence[Release], running: dict[str, subprocess.Popen[bytes]]
) -> None:
    randoms = {release.name: np.random.default_rng(len(release.name)) for release in releases}
    shown = {release.name: set(release.truth(film.count)) for release in releases}
    edited = [release for release in releases if release.edited]
    everything: list[Frame] = []
    for number, frame in enumerate(film.frames()):
        if "film" in running:
            _pipe(running["film"]).write(frame.tobytes())
        for release in releases:
            if not release.edited and number in shown[release.name]:
                _pipe(running[release.name]).write(release.drawn(frame, randoms[release.name]).tobytes())
        if edited:
            everything.append(frame)
    for release in edited:
        for place in release.kept(film.count):
            if place is not None:
                drawn = release.drawn(everything[place], randoms[release.name])
                _pipe(running[release.name]).write(drawn.tobytes())


def _pipe(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdin is None:
        message = "ffmpeg has no input"
        raise RuntimeError(message)
    return process.stdin
