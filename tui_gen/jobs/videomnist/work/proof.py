"""Hashes the bytes that this machine makes of a few videos, to notice builds that make other bytes.

The videos are those of the run: what is compared is numpy, zlib and, through the digits, the pool.
"""

from __future__ import annotations

import hashlib

from tui_gen.jobs.videomnist.dataset.stored_video import store
from tui_gen.jobs.videomnist.model import SPLITS
from tui_gen.jobs.videomnist.render.renderer import Renderer
from tui_gen.jobs.videomnist.work.formats import format_of
from tui_gen.jobs.videomnist.work.orders import Context

DIGITS = (0, 7)
INDEXES = (0, 1)


def proof_of(context: Context) -> str:
    """Return a hash of the first videos of some digits. Raises DigitsError, OSError."""
    digest, form = hashlib.sha256(), format_of(context.settings)
    renderer = Renderer(context.settings.video, context.pool)
    for split in SPLITS:
        for digit in DIGITS:
            for _, video in renderer.render(split, digit, INDEXES):
                if isinstance(video, str):
                    digest.update(video.encode())
                    continue
                stored = store(video, form)
                digest.update(stored.pixels)
                digest.update(stored.truth)
    return digest.hexdigest()
