"""A small folder classified/ with images, metadata and other files, for the tests of the review."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from tui_gen.jobs.anime.review.groups import ClassifiedGroups

CLASSIFIED = "intermediate/screenshots/classified"


def write_image(path: Path, *, shade: int = 120, width: int = 24, height: int = 36) -> None:
    """Write an image that is red above and blue below."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, :, 2] = shade
    pixels[height // 2 :, :, 0] = shade
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())


class Dataset:
    """An output folder with groups."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.classified = output / CLASSIFIED
        self.references = output / "references"
        self.groups = ClassifiedGroups(self.classified, output=output, references=self.references)

    def add(self, group: str, *stems: str, suffix: str = ".png") -> None:
        """Add images, each with its metadata, a caption, tags and another attribute."""
        for stem in stems:
            folder = self.classified / group
            write_image(folder / f"{stem}{suffix}", shade=80 + sum(map(ord, stem)) % 170)
            (folder / f".{stem}_meta.json").write_text(json.dumps({"id": stem}), encoding="utf-8")
            for attribute in ("txt", "tags", "characters"):
                (folder / f"{stem}.{attribute}").write_text(f"{attribute} of {stem}", encoding="utf-8")

    def measure(self, **entries: tuple[float | None, Sequence[str]]) -> None:
        """Write what the classification measured."""
        groups = {name: {"cohesion": value, "medoids": stems} for name, (value, stems) in entries.items()}
        path = self.output / ".tui-gen" / "anime" / "groups.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"groups": groups, "embedder": "toy"}), encoding="utf-8")

    def tree(self) -> dict[str, bytes | None]:
        """Return all files below the output folder with their bytes, and the folders."""
        return {
            str(path.relative_to(self.output)): path.read_bytes() if path.is_file() else None
            for path in sorted(self.output.rglob("*"))
        }

    def images(self) -> dict[str, int]:
        """Return the groups with their numbers of images."""
        return {group.id: group.size for group in self.groups.groups()}


def files_of(folder: Path) -> list[str]:
    """Return the names of the files of a folder."""
    return sorted(path.name for path in folder.iterdir())
