"""Draws the samples of the HDF5 file. Runs in a child process."""

from __future__ import annotations

import hashlib
from typing import Any

from tui_gen.jobs.videomnist.dataset.h5_file import VideoDataset
from tui_gen.jobs.videomnist.dataset.samples.samples import write_samples
from tui_gen.jobs.videomnist.work.formats import samples_of
from tui_gen.jobs.videomnist.work.orders import Context, SamplesOrder, Signs


def sampled(context: Context, order: SamplesOrder, signs: Signs) -> dict[str, Any]:
    """Write the samples; return the size of all, and the hash of each by its name in the folder.

    Raises ObstructedError, and what reading a damaged file raises.
    """
    with VideoDataset(context.settings.h5_path) as dataset:
        paths = write_samples(dataset, order.folder, samples_of(context.settings), on_done=signs.give)
    return {
        "size": sum(path.stat().st_size for path in paths),
        "sha256": {
            path.relative_to(order.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in paths
        },
    }
