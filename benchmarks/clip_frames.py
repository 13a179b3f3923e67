"""Which frames of a sample an approach took, held against all frames of the film.

    reference   luma of tiles of every frame of the group that the sample repeats, decoded in order
    equal       the stored luma of all frames of a clip is that of the planned frames, value by value
    same        the pictures were converted before they could be compared: each resembles its planned frame
                more than any other within NEAR frames (correlation of the luma inside the tiles)

Only tiles are kept of a frame, so that the comparison adds about a millisecond to a clip.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.clip_samples import FRAMES, FRAMES_PER_SECOND, HEIGHT, MIDDLE, WIDTH, Sample

TILE = 8
"""Side of a tile in pixels of the 1920x1080 picture. Of a larger picture a tile has as many pixels more."""
ACROSS, DOWN = 16, 12
NEAR = 16
"""Frames before and after the planned one that a converted picture is compared with: the next frame with the
same picture is a group of pictures away."""
BLUE, GREEN, RED = 0.0722, 0.7152, 0.2126
"""BT.709 luma, ITU-R BT.709-6, item 3.2. Other matrices differ by less than two frames do."""

Tiles = NDArray[Any]
"""(tiles, rows, columns) of luma, or (tiles, rows, columns, 3) of BGR."""
Taken = Mapping[int, Tiles]
"""Number of the first frame of a clip -> (FRAMES, tiles, ...)."""


def tiles_of(picture: NDArray[Any]) -> Tiles:
    """Return the tiles of a picture, (height, width) of luma or (height, width, 3) of BGR."""
    times = picture.shape[0] // HEIGHT
    side = TILE * times
    return np.stack([picture[y * times :][:side, x * times :][:, :side] for x, y in corners()])


def corners() -> Iterator[tuple[int, int]]:
    """Yield the upper left corners of the tiles, in pixels of the 1920x1080 picture."""
    for row in range(DOWN):
        for column in range(ACROSS):
            yield (2 * column + 1) * WIDTH // (2 * ACROSS), (2 * row + 1) * HEIGHT // (2 * DOWN)


def film_tiles(sample: Sample) -> NDArray[np.uint16]:
    """Return the luma of the tiles of all frames, (frames, tiles, TILE, TILE)."""
    kept = sample.group.with_suffix(".tiles.npy")
    if not kept.exists():
        with av.open(str(sample.group)) as container:
            container.streams.video[0].thread_type = "AUTO"
            found = [_luma(stored_luma_tiles(frame)).astype(np.uint16) for frame in container.decode(video=0)]
        unfinished = kept.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            np.save(file, np.stack(found))
        unfinished.rename(kept)
    group = np.asarray(np.load(kept), np.uint16)
    return np.tile(group, (sample.seconds * FRAMES_PER_SECOND // len(group), 1, 1, 1))


def stored_luma_tiles(frame: av.VideoFrame) -> Tiles:
    """Return the tiles of the stored luma of a planar frame with 8 or 10 bits."""
    plane, bits = frame.planes[0], frame.format.components[0].bits
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return tiles_of((rows if bits <= 8 else rows.view("<u2"))[:, : frame.width])


def _luma(tiles: Tiles) -> NDArray[Any]:
    """Return the luma of tiles, (..., TILE, TILE): of pixels, or sums of them where tiles are larger."""
    if tiles.shape[-1] == 3:
        return np.asarray(np.asarray(tiles, np.float64) @ np.array([BLUE, GREEN, RED]))
    times = tiles.shape[-1] // TILE
    blocks = tiles.reshape(*tiles.shape[:-2], TILE, times, TILE, times)
    return np.asarray(blocks.sum(axis=(-3, -1), dtype=np.int32))


@dataclass(frozen=True)
class FramesFound:
    """The comparison of the frames of all clips with the planned ones."""

    clips: int
    equal: int  # clips whose stored luma is that of the planned frames
    same: int  # clips whose converted pictures are those of the planned frames

    @property
    def words(self) -> str:
        """What a table says about it."""
        if self.equal == self.clips:
            return "equal"
        if self.equal + self.same == self.clips:
            return "same"
        return f"NOT the same in {self.clips - self.equal - self.same} of {self.clips} clips"


def compare(taken: Taken, film: NDArray[np.uint16]) -> FramesFound:
    """Compare the frames that an approach took with those of the film."""
    equal = same = 0
    for first, tiles in taken.items():
        luma, planned = _luma(tiles), [*range(first, first + FRAMES)]
        if tiles.shape[-1] != 3:
            equal += np.array_equal(luma, film[planned])
        elif len(luma) == FRAMES:
            same += planned == [_nearest(one, n, film) for one, n in zip(luma, planned, strict=True)]
    return FramesFound(len(taken), equal, same)


def _nearest(luma: NDArray[Any], planned: int, film: NDArray[np.uint16]) -> int:
    """Return the number of the frame near the planned one that a picture resembles most."""
    begin = max(0, planned - NEAR)
    others = _detail(film[begin : planned + NEAR + 1])
    products = (others * _detail(luma[None])).sum(axis=(1, 2, 3))
    resemblance = products / np.sqrt((others**2).sum(axis=(1, 2, 3)))
    return begin + int(np.argmax(resemblance))


def _detail(luma: NDArray[Any]) -> NDArray[np.float64]:
    """Return tiles, (frames, tiles, TILE, TILE), less the mean of each: what tone mapping keeps."""
    return np.asarray(luma - luma.mean(axis=(-2, -1), keepdims=True), np.float64)


# ---------------------------------------------------------------------------------------- this program


@dataclass(frozen=True)
class PixelsFound:
    """The comparison of the program's GT with the middle frames of an approach with the same colours."""

    patches: int
    compared: int  # patches with at least one tile of a clip that both took
    equal: int


def made_clips(output: Path) -> Iterator[dict[str, Any]]:
    """Yield the ledger's lines of the clips that the program made."""
    for line in (output / ".tui-gen" / "ledger.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["kind"] == "clip" and entry["outcome"] == "made":
            yield entry


def frames_of(clip: Mapping[str, Any]) -> list[int]:
    """Return the numbers of a clip's frames, from the timestamps in the ledger."""
    return [round(pts * FRAMES_PER_SECOND) for pts in clip["pts"]]


def compare_program(output: Path, planned: list[int]) -> FramesFound:
    """Compare the frames in the program's ledger with the planned ones, given by the first of each clip."""
    wanted = {first: [*range(first, first + FRAMES)] for first in planned}
    found = [frames for clip in made_clips(output) if (frames := frames_of(clip)) == wanted.get(frames[0])]
    return FramesFound(len(planned), len(found), 0)


def compare_pixels(output: Path, taken: Taken) -> PixelsFound:
    """Compare the program's GT with the tiles of middle frames, value by value."""
    patches = compared = equal = 0
    for clip in made_clips(output):
        tiles = taken.get(frames_of(clip)[0])
        for patch in clip["patches"]:
            patches += 1
            if tiles is None:
                continue
            png = np.fromfile(output / patch["files"]["gt"], np.uint8)
            gt = np.asarray(cv2.imdecode(png, cv2.IMREAD_COLOR))
            places = [
                (number, x - patch["x"], y - patch["y"])
                for number, (x, y) in enumerate(corners())
                if patch["x"] <= x <= patch["x"] + patch["width"] - TILE
                and patch["y"] <= y <= patch["y"] + patch["height"] - TILE
            ]
            compared += bool(places)
            equal += bool(places) and all(
                np.array_equal(gt[y : y + TILE, x : x + TILE], tiles[MIDDLE, n]) for n, x, y in places
            )
    return PixelsFound(patches, compared, equal)
