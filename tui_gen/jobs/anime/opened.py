"""The job, ready to run: makes its folders, and removes what is not needed any more."""

from __future__ import annotations

from dataclasses import dataclass

from tui_gen.base.dead_writers import Whose
from tui_gen.engine.executors.ground import ClusterJob
from tui_gen.engine.model import events as ev
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.facts import Records
from tui_gen.jobs.anime.hand_look import Look
from tui_gen.jobs.anime.images.folders import Level
from tui_gen.jobs.anime.images.ids import frame_of
from tui_gen.jobs.anime.images.walk import images_below, stem_of
from tui_gen.jobs.anime.images.writing import remove_unfinished, supersede
from tui_gen.jobs.anime.stages import Anime

BELOW: tuple[Level, ...] = ("cropped", "classified", "training")
"""The levels of images that are made of frames."""


@dataclass(frozen=True, slots=True)
class OpenedAnime:
    """The job, ready to run. Its folders are not made yet."""

    job: Anime
    found: tuple[ev.Event, ...]
    tools: tuple[str, ...]
    look: Look

    @property
    def settings(self) -> Settings:
        """The settings of the configuration."""
        return self.job.resources.children.context.settings

    @property
    def cluster_job(self) -> ClusterJob:
        """The job for machines other than the engine's."""
        return self.job

    def prepare(self, records: Records) -> None:
        """Make the folders; remove the temporary files of dead writers; move what was made of deleted frames.

        Raises OSError, ObstructedError.
        """
        del records
        folders = self.settings.folders
        if not self.look.are_removed:
            folders.of("raw").mkdir(parents=True, exist_ok=True)
            folders.removed_marker.unlink(missing_ok=True)  # of a dataset that was started over
        self._remove_unfinished("dead")
        dropped = self.look.work["raw"].dropped
        kept = set[str]()
        for level in BELOW if dropped else ():
            base, work = folders.of(level), self.look.work[level]
            kept |= {*work.added, *work.pinned}  # also in later levels: what a hand has placed is used
            for path in images_below(base):
                image = stem_of(path)
                if frame_of(image) in dropped and image not in kept:
                    supersede(base / path, folders.output, folders.superseded)

    def tidy(self, records: Records) -> None:
        """End the children and remove temporary files. Raises OSError."""
        del records
        self.job.resources.children.close()
        self._remove_unfinished("all")

    def follow_workers(self, count: int) -> None:
        """Keep no more children than there are workers."""
        self.job.resources.children.follow(count)

    def _remove_unfinished(self, whose: Whose) -> None:
        folders = self.settings.folders
        for folder in (folders.of("raw").parent, folders.texts, folders.state, folders.surveys,
                       folders.embeddings, folders.tags):  # fmt: skip
            if folder.is_dir():
                remove_unfinished(folder, whose)
