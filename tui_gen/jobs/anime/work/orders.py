"""The orders of this job: what a child process is asked to do. Heavy modules are imported where they work.

The answer to an order about frames has "warnings" and "frames", a list of objects, one for each index:

    {"index": 7, "files": {name: path}, "sha256": {name: digest}, "size": bytes}     made
    {"index": 7, "rejected": reason}                                                  gives nothing
    {"index": 7, "missing": reason}                  gives nothing, as a file is gone that it is made of
    {"index": 7, "failed": reason}                                                    is tried again

"of" may name the paths of images that were described, where no file was written. The answer to an order
about the dataset is one such object without an index. Its "facts" are [source, facts,
warnings] for the ledger. Paths are relative to the output folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_gen.processes.orders.messages import Signs

if TYPE_CHECKING:
    from tui_gen.jobs.anime.config.settings import Settings
    from tui_gen.jobs.anime.frames.windows import Window
    from tui_gen.jobs.anime.images.added import AddedImage
    from tui_gen.jobs.anime.images.folders import Level
    from tui_gen.jobs.anime.images.hand_work import LevelWork
    from tui_gen.jobs.anime.models.of_run import RunModels
    from tui_gen.jobs.anime.sources import Source


def _with_warnings(frames: list[dict[str, Any]]) -> dict[str, Any]:
    return {"frames": frames, "warnings": _warnings()}


def _warnings() -> list[str]:
    from tui_gen.jobs.anime.work.loading import take_warnings

    return take_warnings()


@dataclass(frozen=True, slots=True)
class Context:
    """What all orders of a run have in common."""

    settings: Settings
    models: RunModels
    hand: Mapping[Level, LevelWork]  # as it was found when the run was opened
    ffmpeg: str  # path of the program


@dataclass(frozen=True, slots=True)
class SurveyOrder:
    """Survey a window of an episode."""

    source: Source
    probe: Mapping[str, Any]
    window: Window

    def carry_out(self, context: Context, signs: Signs) -> object:
        """Write the survey."""
        from tui_gen.jobs.anime.work.survey import surveyed

        return _with_warnings(surveyed(context, self, signs))


@dataclass(frozen=True, slots=True)
class ChooseOrder:
    """Choose the frames of all episodes."""

    sources: tuple[
        tuple[Source, Mapping[str, Any]], ...
    ]  # with their facts, in the order of the configuration

    def carry_out(self, context: Context, signs: Signs) -> object:
        """Read the surveys; the facts are the chosen frames."""
        from tui_gen.jobs.anime.work.choose import chosen

        return chosen(context, self, signs)


@dataclass(frozen=True, slots=True)
class ExtractOrder:
    """Write chosen frames of an episode, or images of a folder, into the folder raw."""

    source: Source
    facts: Mapping[str, Any]  # "probe" and "frames", or "names"
    indexes: tuple[int, ...]

    def carry_out(self, context: Context, signs: Signs) -> object:
        """Write the frames."""
        from tui_gen.jobs.anime.work.extract import extracted_images

        return _with_warnings(extracted_images(context, self, signs))


@dataclass(frozen=True, slots=True)
class FramesOrder:
    """Work on frames or images of one source, by their ids."""

    source: Source
    images: tuple[tuple[int, str], ...]  # index, id
    added: Mapping[str, AddedImage]  # those of the images that were added by hand


@dataclass(frozen=True, slots=True)
class CropOrder(FramesOrder):
    """Crop the characters of frames."""

    def carry_out(self, context: Context, signs: Signs) -> object:
        """Write the crops."""
        from tui_gen.jobs.anime.work.crop import cropped

        return _with_warnings(cropped(context, self, signs))


@dataclass(frozen=True, slots=True)
class EmbedOrder(FramesOrder):
    """Embed the crops of frames."""

    def carry_out(self, context: Context, signs: Signs) -> object:
        """Write the vectors."""
        from tui_gen.jobs.anime.work.embed import embedded

        return _with_warnings(embedded(context, self, signs))


@dataclass(frozen=True, slots=True)
class SelectOrder(FramesOrder):
    """Write selected images into the training set."""

    def carry_out(self, context: Context, signs: Signs) -> object:
        """Write the images."""
        from tui_gen.jobs.anime.work.select import selected_images

        return _with_warnings(selected_images(context, self, signs))


@dataclass(frozen=True, slots=True)
class TagOrder(FramesOrder):
    """Tag images of the training set."""

    def carry_out(self, context: Context, signs: Signs) -> object:
        """Write the tags."""
        from tui_gen.jobs.anime.work.tag import tagged

        return _with_warnings(tagged(context, self, signs))


@dataclass(frozen=True, slots=True)
class RestoreOrder(FramesOrder):
    """Make the damaged images again that a stage wrote."""

    stage: str
    facts: Mapping[str, Any]  # "probe" and "frames", or "names"

    def carry_out(self, context: Context, signs: Signs) -> object:
        """Restore the images."""
        from tui_gen.jobs.anime.work.restore import restored

        return _with_warnings(restored(context, self, signs))


@dataclass(frozen=True, slots=True)
class DatasetOrder:
    """Perform a stage over the dataset."""

    stage: str
    images: Mapping[str, tuple[str, ...]]  # source -> the images that were ever selected
    written: Mapping[str, frozenset[int]]  # source -> the places of those that the stage select has ended
    added: tuple[AddedImage, ...]

    def carry_out(self, context: Context, signs: Signs) -> object:
        """Perform it."""
        if self.stage == "classify":
            from tui_gen.jobs.anime.work.classify import classified as perform
        elif self.stage == "caption":
            from tui_gen.jobs.anime.work.caption import captioned as perform
        elif self.stage == "arrange":
            from tui_gen.jobs.anime.work.arrange import arranged_images as perform
        elif self.stage == "remove":
            from tui_gen.jobs.anime.work.remove import removed_images as perform
        else:
            from tui_gen.jobs.anime.work.balance import balanced_images as perform
        return {**perform(context, self, signs), "warnings": _warnings()}
