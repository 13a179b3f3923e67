"""Puts the HDF5 file together from shards and from the last file. Runs in a child process.

shard ──> last file ──> rendered here        where a video comes from: the first that has it whole
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any

from tui_gen.base.errors import ObstructedError
from tui_gen.engine.storage.superseded import FOLDER
from tui_gen.jobs.videomnist.dataset.assemble import assemble
from tui_gen.jobs.videomnist.dataset.h5_file import DamagedFileError, VideoDataset
from tui_gen.jobs.videomnist.dataset.h5_layout import H5Layout
from tui_gen.jobs.videomnist.dataset.shard import Shards
from tui_gen.jobs.videomnist.dataset.stored_video import DamagedVideoError, StoredVideo, store
from tui_gen.jobs.videomnist.model import SPLITS, VideoKey
from tui_gen.jobs.videomnist.render.renderer import Renderer
from tui_gen.jobs.videomnist.work.formats import layout_of
from tui_gen.jobs.videomnist.work.orders import AssembleOrder, Context, Signs
from tui_gen.jobs.videomnist.work.recorded_checksums import RecordedChecksums


def assembled(context: Context, order: AssembleOrder, signs: Signs) -> dict[str, Any]:
    """Write the file; return its size, its content hash and its numbers of videos.

    Raises ObstructedError where the output takes nothing, and what `assemble` raises.
    """
    layout, target = layout_of(context, order.made), context.settings.h5_path
    with ExitStack() as opened:
        last = _last_file(context, opened)
        if target.exists() and (last is None or not _holds_all_of(layout, last, context)):
            _keep_last(context)
        shards = opened.enter_context(Shards(context.settings.shards, context.recipe))
        is_fit = last is not None and last.form == layout.form and _recipe(last) == context.recipe.hex()
        recorded = RecordedChecksums.of_ledger(context.settings) if is_fit else RecordedChecksums()
        videos = _Videos(context, layout, shards, last if is_fit else None, recorded)
        written = assemble(target, layout, videos.find, on_done=signs.give)
    return {
        "size": written.size_bytes,
        "content_sha256": written.content_sha256,
        "videos": {split: written.videos[split] for split in SPLITS},
        "stored": videos.stored_bytes,
    }


def _last_file(context: Context, opened: ExitStack) -> VideoDataset | None:
    try:
        return opened.enter_context(VideoDataset(context.settings.h5_path))
    except (FileNotFoundError, DamagedFileError):
        return None


def _recipe(last: VideoDataset) -> str:
    return str(last.attributes.get("recipe"))


def _holds_all_of(layout: H5Layout, last: VideoDataset, context: Context) -> bool:
    """Return whether the file to be written has every video of the last one."""
    is_grown = all(layout.videos(split) >= last.videos(split) for split in SPLITS)
    return is_grown and _recipe(last) == context.recipe.hex()


def _keep_last(context: Context) -> None:
    """Give the last file a second name among the superseded files: nothing that was made is deleted."""
    target = context.settings.h5_path
    folder = context.settings.run_folder / FOLDER
    names = (folder / (target.name if number == 1 else f"{target.name}.{number}") for number in count(1))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = next(name for name in names if not name.exists())
        try:
            os.link(target, free)
        except OSError:  # a file system without links: for a moment there is no file
            target.rename(free)
    except OSError as error:
        message = f"{error.filename or folder}: {error.strerror}"
        raise ObstructedError(message) from error


@dataclass(slots=True)
class _Videos:
    """Finds the stored bytes of videos."""

    context: Context
    layout: H5Layout
    shards: Shards
    last: VideoDataset | None
    recorded: RecordedChecksums
    stored_bytes: int = 0

    def find(self, key: VideoKey) -> StoredVideo | None:
        """Return a video, or None where it cannot be rendered."""
        found = self.shards.find(key) or self._of_last(key) or self._rendered(key)
        self.stored_bytes += found.size_bytes if found is not None else 0
        return found

    def _of_last(self, key: VideoKey) -> StoredVideo | None:
        position = self.last.position(key) if self.last is not None else None
        if self.last is None or position is None:
            return None
        expected = self.recorded.of(key)
        if expected is None:  # nothing to compare the video with
            return None
        try:
            return self.last.stored(key.split, position, expected)
        except DamagedVideoError:
            return None

    def _rendered(self, key: VideoKey) -> StoredVideo | None:
        renderer = Renderer(self.context.settings.video, self.context.pool)
        for _, video in renderer.render(key.split, key.digit, (key.index,)):
            if not isinstance(video, str):
                return store(video, self.layout.form)
        return None
