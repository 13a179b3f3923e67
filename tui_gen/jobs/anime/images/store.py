"""The images of the dataset as a child process finds them: by id, wherever a hand has put them.

    find ─> path        read ─> pixels        metadata ─> what is known        write ─> a whole file

Invariant: an image that was edited by hand is not overwritten, and an image that is replaced is kept among
the superseded files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tui_gen.jobs.anime.images.folders import Folders, Level
from tui_gen.jobs.anime.images.hand_work import LevelWork
from tui_gen.jobs.anime.images.ids import frame_of
from tui_gen.jobs.anime.images.metadata import ImageMetadata, decoded, encoded, metadata_name
from tui_gen.jobs.anime.images.walk import images_below, stem_of
from tui_gen.jobs.anime.images.whole_image import fault_of
from tui_gen.jobs.anime.images.writing import sha256_of, supersede, write_whole

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import RGB


class ImageError(ValueError):
    """A file is no image that can be read; the message says which file and why."""


@dataclass(frozen=True, slots=True)
class WrittenImage:
    """An image that is whole under its name."""

    path: Path
    sha256: str
    size_bytes: int


@dataclass(slots=True)
class ImageStore:
    """The images of all levels. The folders are listed once, when they are first asked for."""

    folders: Folders
    hand: Mapping[Level, LevelWork]
    _paths: dict[Level, dict[str, Path]] = field(default_factory=dict)
    _metadata_files: dict[Level, dict[str, Path]] = field(default_factory=dict)
    _crops: dict[str, dict[str, Path]] | None = None  # by frame

    def paths(self, level: Level) -> Mapping[str, Path]:
        """Return id -> path of the images of a level. Images whose stem is there twice are left out."""
        if level not in self._paths:
            self._paths[level] = dict(self._listed(level))
        return self._paths[level]

    def _listed(self, level: Level) -> Iterator[tuple[str, Path]]:
        folder, work = self.folders.of(level), self.hand.get(level, LevelWork())
        ids = {path: image for image, path in work.moved.items()}
        seen = dict[str, str]()
        twice = set[str]()
        for path in images_below(folder):
            image = ids.get(path, stem_of(path))
            if image in seen:
                twice.add(image)
            seen[image] = path
        for image, path in seen.items():
            if image not in twice:
                yield image, folder / path

    def find(self, level: Level, image: str, usual: Path | None = None) -> Path | None:
        """Return the path of an image, or None. `usual` is looked at before the folder is listed."""
        if usual is not None and image not in self.hand.get(level, LevelWork()).waiting and usual.is_file():
            return usual
        return self.paths(level).get(image)

    def crops_of(self, frame: str) -> Mapping[str, Path]:
        """Return the crops of a frame by their ids, in order; those that were put into a group, too."""
        if self._crops is None:
            self._crops = {}
            for image, path in sorted({**self.paths("classified"), **self.paths("cropped")}.items()):
                self._crops.setdefault(frame_of(image), {})[image] = path
        return self._crops.get(frame, {})

    # ------------------------------------------------------------------ reading

    @staticmethod
    def read(path: Path) -> RGB:
        """Return the pixels of an image. Raises ImageError, OSError."""
        data = np.frombuffer(path.read_bytes(), np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if data.size else None
        if picture is None:
            message = f"{path} is no image that can be read; replace it or delete it"
            raise ImageError(message)
        return np.asarray(picture, np.uint8)

    def metadata(self, level: Level, image: str, path: Path) -> ImageMetadata:
        """Return the metadata of an image: of the file beside it, else of the file it left behind.

        Without any, as much as the image itself tells. Raises ImageError, OSError.
        """
        for file in (path.with_name(metadata_name(path.name)), self._left_behind(level, image)):
            if file is None:
                continue
            try:
                return self._completed(decoded(file.read_bytes()), image, path)
            except FileNotFoundError:
                continue
            except ValueError as error:
                message = f"{file}: {error}; delete it, and it is made again"
                raise ImageError(message) from error
        nothing = ImageMetadata(image, "", "", path.name, "", (0, 0), "")
        return self._completed(nothing, image, path)

    def crop_metadata(self, image: str, path: Path) -> ImageMetadata:
        """Return the metadata of a crop, which a hand may have moved from `cropped` into a group."""
        return self.metadata("cropped" if image in self.paths("cropped") else "classified", image, path)

    def _completed(self, known: ImageMetadata, image: str, path: Path) -> ImageMetadata:
        """Return metadata with what files of other programs lack."""
        size = known.image_size
        if not all(size):
            height, width = self.read(path).shape[:2]
            size = (width, height)
        place = self.folders.relative(path)
        return replace(
            known,
            id=image,
            path=known.path or place,
            current_path=place,
            filename=path.name,
            group_id=known.group_id or frame_of(image),
            image_size=size,
            type=known.type or self.folders.image_type,
        )

    def has_metadata(self, level: Level, image: str, path: Path) -> bool:
        """Return whether the program wrote metadata of an image."""
        return (
            path.with_name(metadata_name(path.name)).is_file() or self._left_behind(level, image) is not None
        )

    def _left_behind(self, level: Level, image: str) -> Path | None:
        if level not in self._metadata_files:
            files = self.folders.of(level).rglob(".*_meta.json")
            self._metadata_files[level] = {file.name[1:].removesuffix("_meta.json"): file for file in files}
        return self._metadata_files[level].get(image)

    @staticmethod
    def content(path: Path, metadata: ImageMetadata) -> str:
        """Return the SHA-256 of an image: the recorded one, or that of the file if none is recorded."""
        return metadata.sha256 or sha256_of(path)

    # ------------------------------------------------------------------ writing

    def write(self, path: Path, data: bytes, *, recorded: str) -> WrittenImage:
        """Write an image. `recorded` is the SHA-256 that the metadata of an earlier one tell.

        An earlier image with another content than recorded was edited by hand: it is kept, unless it is
        damaged. Raises ObstructedError.
        """
        digest = hashlib.sha256(data).hexdigest()
        if path.exists():
            present = sha256_of(path)
            is_edited = bool(recorded) and present != recorded and not fault_of(path.read_bytes())
            if present == digest or is_edited:
                return WrittenImage(path, present, path.stat().st_size)
            supersede(path, self.folders.output, self.folders.superseded)
        write_whole(path, data)
        return WrittenImage(path, digest, len(data))

    def write_metadata(self, path: Path, metadata: ImageMetadata) -> None:
        """Write the metadata beside an image. Raises ObstructedError."""
        write_whole(path.with_name(metadata_name(path.name)), encoded(metadata))

    def move_metadata(self, path: Path, metadata: ImageMetadata) -> None:
        """Write the metadata of an image that was moved to a path. Raises ObstructedError."""
        moved = replace(metadata, current_path=self.folders.relative(path), filename=path.name)
        self.write_metadata(path, moved)

    def supersede(self, path: Path) -> None:
        """Move an image that is not wanted any more to the superseded files. Raises ObstructedError."""
        supersede(path, self.folders.output, self.folders.superseded)
