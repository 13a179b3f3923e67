"""Puts the HDF5 file together from shards and from the last file. Runs in a child process.

shard ──> earlier file ──> rendered here        where a video comes from: the first that has it whole

The earlier file is that under the configured name, or that under the name that the ledger records.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tui_gen.base.errors import ObstructedError
from tui_gen.engine.storage.superseded import keep_file
from tui_gen.jobs.videomnist.dataset.assemble import assemble
from tui_gen.jobs.videomnist.dataset.h5_file import DamagedFileError, VideoDataset
from tui_gen.jobs.videomnist.dataset.h5_layout import H5Layout
from tui_gen.jobs.videomnist.dataset.shard import Shards
from tui_gen.jobs.videomnist.dataset.stored_video import DamagedVideoError, StoredVideo, store
from tui_gen.jobs.videomnist.model import SPLITS, VideoKey
from tui_gen.jobs.videomnist.recorded_file import recorded_file
from tui_gen.jobs.videomnist.render.renderer import Renderer
from tui_gen.jobs.videomnist.work.formats import layout_of
from tui_gen.jobs.videomnist.work.orders import AssembleOrder, Context
from tui_gen.jobs.videomnist.work.recorded_checksums import RecordedChecksums
from tui_gen.processes.orders.messages import Signs


def assembled(context: Context, order: AssembleOrder, signs: Signs) -> dict[str, Any]:
    """Write the file; return its size, its content hash and its numbers of videos.

    Raises ObstructedError where the output takes nothing, and what `assemble` raises.
    """
    layout, target = layout_of(context, order.made), context.settings.h5_path
    with ExitStack() as opened:
        last = _opened(target, opened)
        if target.exists() and (last is None or not _holds_all_of(layout, last)):
            _keep_last(context)
        shards = opened.enter_context(Shards(context.settings.shards, context.recipe))
        other = recorded_file(context.settings) if order.has_earlier else None
        renamed = _opened(other, opened) if other is not None and other != target else None
        fit = [each for each in (last, renamed) if each is not None and _is_fit(each, layout)]
        recorded = RecordedChecksums.of_ledger(context.settings) if fit else RecordedChecksums()
        videos = _Videos(context, layout, shards, fit, recorded)
        written = assemble(target, layout, videos.find, on_done=signs.give)
    return {
        "size": written.size_bytes,
        "content_sha256": written.content_sha256,
        "videos": {split: written.videos[split] for split in SPLITS},
        "stored": videos.stored_bytes,
    }


def _opened(path: Path, opened: ExitStack) -> VideoDataset | None:
    try:
        return opened.enter_context(VideoDataset(path))
    except (FileNotFoundError, DamagedFileError):
        return None


def _is_fit(file: VideoDataset, layout: H5Layout) -> bool:
    """Return whether the videos of a file have the format and the recipe of the file to be written."""
    return file.form == layout.form and str(file.attributes.get("recipe")) == layout.facts.recipe


def _holds_all_of(layout: H5Layout, last: VideoDataset) -> bool:
    """Return whether the file to be written has everything that the last one has."""
    is_grown = all(layout.videos(split) >= last.videos(split) for split in SPLITS)
    numbers = {f"{split}_videos" for split in SPLITS}
    wanted = {name: value for name, value in layout.attributes().items() if name not in numbers}
    return is_grown and all(
        np.array_equal(np.asarray(last.attributes.get(name)), np.asarray(value))
        for name, value in wanted.items()
    )


def _keep_last(context: Context) -> None:
    """Give the last file a second name among the superseded files: nothing that was made is deleted."""
    settings = context.settings
    try:
        keep_file(settings.h5_path, output=settings.output, run_folder=settings.run_folder)
    except OSError as error:
        message = f"{error.filename or settings.run_folder}: {error.strerror}"
        raise ObstructedError(message) from error


@dataclass(slots=True)
class _Videos:
    """Finds the stored bytes of videos."""

    context: Context
    layout: H5Layout
    shards: Shards
    earlier: Sequence[VideoDataset]  # files with videos of this recipe
    recorded: RecordedChecksums
    stored_bytes: int = 0

    def find(self, key: VideoKey) -> StoredVideo | None:
        """Return a video, or None where it cannot be rendered."""
        found = self.shards.find(key) or self._of_earlier(key) or self._rendered(key)
        self.stored_bytes += found.size_bytes if found is not None else 0
        return found

    def _of_earlier(self, key: VideoKey) -> StoredVideo | None:
        expected = self.recorded.of(key)
        if expected is None:  # nothing to compare the video with
            return None
        for file in self.earlier:
            position = file.position(key)
            if position is None:
                continue
            try:
                return file.stored(key.split, position, expected)
            except DamagedVideoError:
                continue
        return None

    def _rendered(self, key: VideoKey) -> StoredVideo | None:
        renderer = Renderer(self.context.settings.video, self.context.pool)
        for _, video in renderer.render(key.split, key.digit, (key.index,)):
            if not isinstance(video, str):
                return store(video, self.layout.form)
        return None
