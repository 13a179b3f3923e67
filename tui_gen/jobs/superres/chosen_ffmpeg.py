"""Chooses the ffmpeg that a machine decodes with, and fingerprints the colours that it makes."""

from __future__ import annotations

import os

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.extraction.rendering import rendering
from tui_gen.media.ffmpeg import Ffmpeg, FfmpegUnfitError, colour_fingerprint, find_ffmpeg


def chosen_ffmpeg(settings: Settings) -> tuple[Ffmpeg, str]:
    """Return the ffmpeg to use and the fingerprint of the colours it makes. Raises RefusedError."""
    try:
        ffmpeg = find_ffmpeg(settings.ffmpeg, os.environ)
        return ffmpeg, colour_fingerprint(ffmpeg, rendering(settings))
    except FfmpegUnfitError as error:
        raise RefusedError(str(error)) from error
