"""Chooses the ffmpeg that a machine works with, and fingerprints what it and the encoders of files make."""

from __future__ import annotations

import os

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.superres.config.recipe import Fingerprints
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.degradation.fingerprint import variants_fingerprint
from tui_gen.jobs.superres.extraction.picture_form import missing_encoder, pictures_fingerprint
from tui_gen.jobs.superres.extraction.rendering import rendering
from tui_gen.media.ffmpeg import Ffmpeg, FfmpegUnfitError, colour_fingerprint, find_ffmpeg
from tui_gen.media.tone_mapping.converter import ConverterUnfitError


def chosen_ffmpeg(settings: Settings) -> tuple[Ffmpeg, Fingerprints]:
    """Return the ffmpeg to use and the fingerprints of what it makes. Raises RefusedError.

    It is raised too if the kernel of "hdr": "fast" or the encoder of the files is needed and cannot be used.
    """
    if (missing := missing_encoder(settings)) is not None:
        raise RefusedError(missing)
    try:
        ffmpeg = find_ffmpeg(settings.ffmpeg, os.environ)
        return ffmpeg, fingerprints_of(settings, ffmpeg)
    except (FfmpegUnfitError, ConverterUnfitError) as error:
        raise RefusedError(str(error)) from error


def fingerprints_of(settings: Settings, ffmpeg: Ffmpeg) -> Fingerprints:
    """Return what the tools make of small probes.

    Raises FfmpegUnfitError, also for a missing encoder of a variant, and ConverterUnfitError. Without an
    encoder of the files (`missing_encoder`), there is no fingerprint of it.
    """
    colours = colour_fingerprint(ffmpeg, rendering(settings))
    pictures = None if missing_encoder(settings) else pictures_fingerprint(settings)
    return Fingerprints(colours, variants_fingerprint(ffmpeg, settings.lr_variants), pictures)
