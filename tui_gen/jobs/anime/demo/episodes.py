"""Draws the episodes and encodes them with ffmpeg.

Invariant: a film under its final name is complete; an unfinished film leaves no file.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.jobs.anime.demo.characters import Colour
from tui_gen.jobs.anime.demo.layers import FACE, UNIT, Layer, body, hair_behind, head
from tui_gen.jobs.anime.demo.script import EPISODES, FRAME, FRAMES_PER_SECOND, Figure, Picture, pictures_of
from tui_gen.processes.children import ENVIRONMENT
from tui_gen.processes.launching import launch_arguments

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB

EPISODE_NAMES = tuple(f"Drawn Series - {number + 1:02d}.mkv" for number in range(EPISODES))
MARGIN = 240
"""How much wider a background is than the frame, on both sides: a camera pans over it."""
_TAIL_CHARACTERS = 600
_TAGS = (
    *("-color_primaries", "bt709", "-color_trc", "bt709"),
    *("-colorspace", "smpte170m", "-color_range", "tv"),
)
# Newer versions take the tags from the frames, older versions from the encoder's options.
_AS_TAGGED = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=smpte170m:range=tv"
_ENCODER = (
    *("-c:v", "libx264", "-preset", "superfast", "-crf", "18", "-g", "48", "-threads", "1"),
    *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1", "-f", "matroska"),
)


class DemoFilmError(RefusedError):
    """An episode cannot be made; the text states the reason and a remedy."""


def draw_episodes(folder: Path, *, ffmpeg: str, say: Callable[[str], None]) -> tuple[Path, ...]:
    """Draw the episodes that are not in a folder yet, and return the paths of all.

    `ffmpeg` is the path of the program. Raises DemoFilmError if one cannot be made, OSError if the folder
    cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for episode, name in enumerate(EPISODE_NAMES):
        if not (folder / name).exists():
            say(f"Drawing episode {episode + 1} of {EPISODES}")
            _make(episode, folder / name, ffmpeg)
    return tuple(folder / name for name in EPISODE_NAMES)


def _make(episode: int, target: Path, ffmpeg: str) -> None:
    """Encode an episode under a temporary name, sync it to the disk, and rename it."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        _encode(episode, part, ffmpeg)
        with part.open("rb") as made:
            os.fsync(made.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _encode(episode: int, output: Path, ffmpeg: str) -> None:
    launched = [*launch_arguments("--may-write"), ffmpeg]
    given = ["-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", str(FRAME)]
    given += ["-framerate", str(FRAMES_PER_SECOND), "-i", "pipe:0"]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            [
                *(*launched, "-hide_banner", "-nostats", "-loglevel", "error", "-y", *given),
                *("-vf", _AS_TAGGED, *_TAGS, *_ENCODER, f"file:{output.absolute()}"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
            env=ENVIRONMENT,
        ) as child,
    ):
        try:
            _feed(child, episode)
            child.wait()
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
        errors.seek(0)
        tail = errors.read().decode("utf-8", "replace").strip()[-_TAIL_CHARACTERS:]
    if child.returncode != 0:
        wrong = f"{ffmpeg} could not make episode {episode + 1} (status {child.returncode}): {tail}"
        raise DemoFilmError(display_name(wrong))


def _feed(child: subprocess.Popen[bytes], episode: int) -> None:
    """Write the frames to an encoder; one that ends early says why on its stderr."""
    if child.stdin is None:
        raise TypeError(child)
    try:
        with child.stdin as pipe:
            for picture in pictures_of(episode):
                # With the matrix of BT.601, as `_TAGS` says; converted once for a hold of many frames.
                frame = cv2.cvtColor(drawn(picture), cv2.COLOR_RGB2YUV_I420).tobytes()
                for _ in range(picture.frames):
                    pipe.write(frame)
    except BrokenPipeError:
        return


# ------------------------------------------------------------------------------------- drawing


def drawn(picture: Picture) -> RGB:
    """Return a frame."""
    left = round(MARGIN + picture.shift)
    frame = _background(picture.background)[:, left : left + FRAME.width].copy()
    for figure in picture.figures:
        for layer, tilt_degrees in _layers(figure):
            _lay(frame, layer, figure, tilt_degrees)
    if picture.light != (1.0, 1.0, 1.0):
        table = np.arange(256)[:, None] * np.array(picture.light)
        frame = np.asarray(cv2.LUT(frame, np.rint(table).astype(np.uint8)[None]), np.uint8)
    return frame


def _layers(figure: Figure) -> Iterator[tuple[Layer, float]]:
    yield hair_behind(figure.name), 0.0
    yield body(figure.name, figure.arms, figure.kind), 0.0
    yield head(figure.name, figure.mouth, figure.kind), figure.tilt_degrees


def _lay(frame: RGB, layer: Layer, figure: Figure, tilt_degrees: float) -> None:
    """Lay a layer over a frame, turned around the chin."""
    scale = figure.unit / UNIT
    chin = (0 - layer.left, FACE[3] * UNIT - layer.top)
    move = cv2.getRotationMatrix2D(chin, tilt_degrees, scale)
    move[0, 2] += figure.x - chin[0]
    move[1, 2] += figure.y + FACE[3] * figure.unit - chin[1]
    height, width = layer.opacity.shape
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ move.T
    (left, top), (right, bottom) = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    left, right = (int(np.clip(each, 0, FRAME.width)) for each in (left, right))
    top, bottom = (int(np.clip(each, 0, FRAME.height)) for each in (top, bottom))
    if left >= right or top >= bottom:
        return
    move[:, 2] -= (left, top)
    size = (right - left, bottom - top)
    rgb = cv2.warpAffine(layer.rgb, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    opacity = cv2.cvtColor(cv2.warpAffine(layer.opacity, move, size), cv2.COLOR_GRAY2RGB)
    under = frame[top:bottom, left:right]
    over = cv2.multiply(rgb, opacity, scale=1 / 255)
    under[:] = cv2.add(over, cv2.multiply(under, cv2.bitwise_not(opacity), scale=1 / 255))


@cache
def _background(name: str) -> RGB:
    """Return a painted place, wider than the frame by the margins."""
    high, low, ground, things = _PLACES[name]
    choose = Random(name)
    width, height = FRAME.width + 2 * MARGIN, FRAME.height
    share = np.linspace(0, 1, height)[:, None, None]
    painted = (np.array(high) * (1 - share) + np.array(low) * share) * np.ones((1, width, 1))
    picture = np.rint(painted).astype(np.uint8)
    horizon = round(height * 0.68)
    for _ in range(18):
        x, size = choose.randrange(width), choose.randrange(60, 190)
        colour = tuple(int(np.clip(each + choose.randrange(-24, 24), 0, 255)) for each in things)
        top = horizon - size - choose.randrange(60)
        if name in {"park", "sky", "sea", "sunset"}:
            cv2.ellipse(picture, (x, top + size // 2), (size, size // 2), 0, 0, 360, colour, -1, cv2.LINE_AA)
        else:
            cv2.rectangle(picture, (x, top), (x + size, horizon), colour, -1)
            cv2.rectangle(picture, (x, top), (x + size, horizon), (70, 70, 80), 2)
    picture[horizon:] = ground
    for _ in range(24):
        x, y = choose.randrange(width), choose.randrange(horizon + 8, height)
        colour = tuple(max(0, each - 22) for each in ground)
        cv2.line(picture, (x, y), (x + choose.randrange(40, 160), y), colour, 3, cv2.LINE_AA)
    return picture


_PLACES: dict[str, tuple[Colour, Colour, Colour, Colour]] = {
    "sky": ((90, 150, 230), (200, 226, 250), (150, 190, 120), (244, 246, 250)),
    "sunset": ((250, 150, 90), (252, 214, 150), (110, 84, 90), (250, 190, 140)),
    "town": ((150, 196, 240), (226, 236, 246), (150, 150, 158), (190, 170, 150)),
    "school": ((222, 214, 190), (238, 232, 214), (170, 130, 90), (110, 150, 120)),
    "park": ((140, 200, 240), (220, 240, 230), (120, 180, 90), (70, 140, 70)),
    "room": ((206, 190, 206), (224, 210, 214), (136, 100, 80), (160, 120, 110)),
    "sea": ((110, 180, 240), (190, 226, 246), (226, 206, 160), (240, 244, 248)),
}
"""Colours at the top and above the horizon, of the ground, and of the things in between."""
