"""The folders of the dataset.

<output>/intermediate/[<extra>/]<image type>/raw/<episode>/         frames
                                             cropped/<episode>/     crops of characters
                                             classified/<character>/
<output>/training/[<extra>/]<image type>/<arranged>/                images and captions
<output>/.tui-gen/                                                  ledger, surveys, embeddings, placements
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from tui_gen.config.run_config import RUN_FOLDER
from tui_gen.engine.storage.superseded import FOLDER as SUPERSEDED

Level = Literal["raw", "cropped", "classified", "training"]
LEVELS: tuple[Level, ...] = get_args(Level)
INTERMEDIATE: tuple[Level, ...] = ("raw", "cropped", "classified")
"""The levels whose images are removed with `remove_intermediate`."""
IMAGE_SUFFIXES = frozenset({".png", ".webp", ".jpg", ".jpeg", ".bmp"})


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of one dataset."""

    output: Path
    image_type: str
    extra: str = ""

    def of(self, level: Level) -> Path:
        """Return the folder of the images of a level."""
        if level == "training":
            return self.training
        return self.output / "intermediate" / self.extra / self.image_type / level

    @property
    def training(self) -> Path:
        """The training set."""
        return self.output / "training" / self.extra / self.image_type

    @property
    def texts(self) -> Path:
        """The folder of the core tags and of the texts for embeddings."""
        return self.output / "training"

    @property
    def run_folder(self) -> Path:
        """The state of the run."""
        return self.output / RUN_FOLDER

    @property
    def state(self) -> Path:
        """What this job keeps beside the ledger: placements, groups, hashes of captions."""
        return self.run_folder / "anime"

    @property
    def removed_marker(self) -> Path:
        """A file that is there since the removal of the intermediate images began."""
        return self.state / "removed"

    @property
    def surveys(self) -> Path:
        """The surveys, a folder for each episode."""
        return self.run_folder / "survey"

    @property
    def embeddings(self) -> Path:
        """The embeddings, a folder for each model."""
        return self.run_folder / "embeddings"

    @property
    def tags(self) -> Path:
        """The tags as the tagger gave them, a folder for each tagger."""
        return self.run_folder / "tags"

    @property
    def superseded(self) -> Path:
        """Where images are kept that are replaced or no longer wanted."""
        return self.run_folder / SUPERSEDED

    def relative(self, path: Path) -> str:
        """Return a path relative to the output folder, with forward slashes."""
        return path.relative_to(self.output).as_posix()
