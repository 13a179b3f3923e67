"""The files of the patches of a dataset, where they are now."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.export.stacks import HEADER_BYTES, DamagedError, picture_size
from tui_gen.jobs.superres.dataset.file_kinds import kind_folder
from tui_gen.media.geometry import Size


@dataclass(frozen=True, slots=True)
class DatasetFiles:
    """Reads whole files of a dataset."""

    dataset: Path  # the dataset's output folder
    # Key of a patch's GT -> the format folder that it was moved to by hand.
    moved: dict[str, str] = field(default_factory=dict)

    def path(self, sample: Sample, kind: str) -> Path:
        """Return the path of a file of the dataset."""
        place = self.dataset / sample.path(kind)
        folder = self.moved.get(sample.gt)
        if folder is None or place.exists():
            return place
        return place.parent.parent.parent / folder / kind_folder(kind) / place.name

    def content(self, sample: Sample, kind: str) -> bytes:
        """Return the bytes of a file. Raises DamagedError."""
        try:
            return self.path(sample, kind).read_bytes()
        except FileNotFoundError as error:
            raise missing(sample, kind) from error

    def length(self, sample: Sample, kind: str) -> int:
        """Return the size of a file in bytes. Raises DamagedError."""
        try:
            return self.path(sample, kind).stat().st_size
        except FileNotFoundError as error:
            raise missing(sample, kind) from error

    def size(self, sample: Sample, kind: str) -> Size | None:
        """Return the size of a picture in pixels by the head of its file; None: missing, or no picture."""
        try:
            with self.path(sample, kind).open("rb") as file:
                return picture_size(file.read(HEADER_BYTES))
        except FileNotFoundError:
            return None


def missing(sample: Sample, kind: str) -> DamagedError:
    """Return the error for a file that does not exist."""
    return DamagedError(f"missing: {sample.path(kind)}")
