"""A small series to make datasets of: a short episode and a folder of drawn images."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.acceptance.program import Done, run_inside
from tui_gen.jobs.anime.demo.episodes import drawn
from tui_gen.jobs.anime.demo.script import Picture, pictures_of
from tui_gen.jobs.anime.images.metadata import ImageMetadata, decoded, metadata_name
from tui_gen.jobs.anime.job import fit_ffmpeg

SIZE = (640, 360)
SETTINGS: dict[str, Any] = {
    "job": "anime",
    "output_dir": "dataset",
    "sources": ["series", "pictures"],
    "min_crop_size": 60,
    "max_size": 128,
    "n_anime_reg": 2,
    "min_images_per_combination": 2,
    "cluster_min_samples": 3,
    "max_workers": 2,
    "min_free_gb": 0,
    "nice": 0,
}
RUN_FILES = {".generator_status.json", ".tui-gen"}


def small(picture: Picture) -> np.ndarray[Any, np.dtype[np.uint8]]:
    rgb = cv2.resize(drawn(picture), SIZE, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(rgb[:, :, ::-1])


def draw_series(folder: Path) -> None:
    """Draw an episode of a few scenes, and a folder of images with the same characters."""
    chosen = [picture for picture in pictures_of(0) if not picture.is_moving and picture.figures]
    pictures = folder / "pictures"
    pictures.mkdir(parents=True)
    for number, picture in enumerate(chosen[4:16]):
        data = cv2.imencode(".png", small(picture))[1].tobytes()
        (pictures / f"{picture.scene}_{number:02d}.png").write_bytes(data)
    (folder / "series").mkdir()
    shown = [pictures_of(0)[0], *chosen[4:12]]
    raw = b"".join(small(picture).tobytes() * 6 for picture in shown)
    command = [
        fit_ffmpeg().path, "-v", "error", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", "640x360", "-r", "12",
        "-i", "-", "-c:v", "libx264", "-crf", "12", "-pix_fmt", "yuv420p", "-colorspace", "bt709",
        str(folder / "series" / "Small Series - 01.mkv"),
    ]  # fmt: skip
    subprocess.run(command, input=raw, check=True, timeout=60)


@dataclass(frozen=True, slots=True)
class Series:
    """A configuration and its dataset."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "generator_config.json"

    @property
    def output(self) -> Path:
        return self.folder / "dataset"

    @property
    def classified(self) -> Path:
        return self.output / "intermediate" / "screenshots" / "classified"

    @property
    def cropped(self) -> Path:
        return self.output / "intermediate" / "screenshots" / "cropped"

    @property
    def raw(self) -> Path:
        return self.output / "intermediate" / "screenshots" / "raw"

    @property
    def training(self) -> Path:
        return self.output / "training" / "screenshots"

    def write(self, **changes: object) -> None:
        self.config.write_text(json.dumps({**SETTINGS, **changes}))

    def run(self, *flags: str, code: int = 0) -> Done:
        done = run_inside("run", self.config, *flags)
        assert done.code == code, str(done)
        return done

    def copy(self, folder: Path) -> Series:
        shutil.copytree(self.folder, folder, symlinks=True, copy_function=shutil.copy2)
        return Series(folder)

    def tree(self, *below: Path) -> dict[str, str]:
        """Return path -> SHA-256 of all files but those that the run keeps for itself."""
        found = {}
        for base in below or (self.output,):
            for path in sorted(base.rglob("*")):
                relative = path.relative_to(self.output)
                if path.is_file() and relative.parts[0] not in RUN_FILES:
                    found[relative.as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    def stamps(self) -> dict[str, tuple[int, int]]:
        """Return path -> inode and modification time."""
        return {
            path: ((self.output / path).stat().st_ino, (self.output / path).stat().st_mtime_ns)
            for path in self.tree()
        }

    def ledger(self) -> list[dict[str, Any]]:
        lines = (self.output / ".tui-gen" / "ledger.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


def images(folder: Path) -> list[Path]:
    """Return the images below a folder, in order."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in {".png", ".webp"} and not path.name.startswith(".")
    )


def named(folder: Path) -> dict[str, Path]:
    """Return stem -> path of the images below a folder."""
    return {path.stem: path for path in images(folder)}


def metadata(image: Path) -> ImageMetadata:
    return decoded(image.with_name(metadata_name(image.name)).read_bytes())
