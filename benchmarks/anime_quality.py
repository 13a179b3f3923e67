"""How well the models find and sort the drawn characters of the demo, whose truth is known.

    tui-gen demo --job anime anime-demo
    python benchmarks/anime_quality.py anime-demo

A face is found if a box has an IoU above 0.3 with it. A crop is of the character whose box it covers best,
where its pixels lie in its frame.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np

from tui_gen.jobs.anime.demo.script import FRAME, FrameTruth, truth_of
from tui_gen.jobs.anime.images.ids import frame_of
from tui_gen.jobs.anime.images.metadata import decoded, metadata_name
from tui_gen.jobs.anime.images.store import ImageStore
from tui_gen.jobs.anime.images.walk import images_below, stem_of
from tui_gen.jobs.anime.model import NOISE

FOUND_ABOVE = 0.3
Edges = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


def main(folder: Path) -> None:
    """Print the counts of a finished demo."""
    base = folder / "dataset" / "intermediate" / "screenshots"
    truth = {f"EP{each.episode + 1}_{each.frame:06d}": each for part in truth_of() for each in part}
    frames = {stem_of(path): base / "raw" / path for path in images_below(base / "raw")}
    for what, counts in (
        ("frames in the episodes", [len(truth)]),
        ("drawings of still shots, extracted", _drawings(truth, frames)),
        ("extracted frames, of moving shots", [len(frames), sum(truth[each].is_moving for each in frames)]),
        ("front faces, found, other boxes", _faces(truth, frames)),
        ("crops in groups, in the noise, characters, groups, in their group", _sorted(base, truth, frames)),
    ):
        print(f"{what}: {', '.join(map(str, counts))}")


def _drawings(truth: Mapping[str, FrameTruth], frames: Mapping[str, Path]) -> list[int]:
    all_of = {(each.scene, each.pose) for each in truth.values() if not each.is_moving}
    return [len(all_of), len(all_of & {(truth[each].scene, truth[each].pose) for each in frames})]


def _faces(truth: Mapping[str, FrameTruth], frames: Mapping[str, Path]) -> list[int]:
    wanted = found = others = 0
    for frame, path in frames.items():
        metadata = decoded(path.with_name(metadata_name(path.name)).read_bytes())
        boxes = [
            (left * FRAME.width, top * FRAME.height, right * FRAME.width, bottom * FRAME.height)
            for left, top, right, bottom in metadata.facepos
        ]
        faces = [each.face for each in truth[frame].characters if each.face is not None]
        wanted += len(faces)
        found += sum(any(_iou(box, face) > FOUND_ABOVE for box in boxes) for face in faces)
        others += sum(not any(_iou(box, face) > FOUND_ABOVE for face in faces) for box in boxes)
    return [wanted, found, others]


def _sorted(base: Path, truth: Mapping[str, FrameTruth], frames: Mapping[str, Path]) -> list[int]:
    groups = defaultdict[str, Counter[str]](Counter)
    for path, name in _shown(base / "classified", truth, frames):
        groups[path.partition("/")[0]][name] += 1
    noise = groups.pop(NOISE, Counter[str]())
    best = {group: names.most_common(1)[0] for group, names in groups.items()}
    crops = sum(names.total() for names in groups.values())
    characters = {name for name, _ in best.values()}
    return [crops, noise.total(), len(characters), len(groups), sum(number for _, number in best.values())]


def _shown(
    classified: Path, truth: Mapping[str, FrameTruth], frames: Mapping[str, Path]
) -> Iterator[tuple[str, str]]:
    """Yield the path of each crop, and the name of the character that it shows."""
    for path in images_below(classified):
        frame = frame_of(stem_of(path))
        crop = ImageStore.read(classified / path)
        differences = cv2.matchTemplate(ImageStore.read(frames[frame]), crop, cv2.TM_SQDIFF)
        top, left = np.unravel_index(int(np.argmin(differences)), differences.shape)
        box = (float(left), float(top), float(left + crop.shape[1]), float(top + crop.shape[0]))
        yield path, max((_iou(box, each.box), each.name) for each in truth[frame].characters)[1]


def _iou(one: Edges | tuple[int, ...], other: Edges | tuple[int, ...]) -> float:
    width = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = ((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / (sum(areas) - width * height)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
