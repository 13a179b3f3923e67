"""The rendering of a film's colours under the job's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.media.colour import Rendering
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.tone_mapping.converter import kernel_mapping
from tui_gen.media.tone_mapping.mapping import ToneMapping

if TYPE_CHECKING:
    import numpy as np


def rendering(settings: Settings, *, peak: float | None = None) -> Rendering:
    """Return the rendering of the settings.

    `peak` overrides the peak in the film's metadata, in units of 100 nits.
    """
    return Rendering(settings.chroma, settings.hdr, peak, settings.colour_output, settings.linear_peak_nits)


def tone_mapping(probe: ProbeFacts, settings: Settings, *, peak: float | None) -> ToneMapping | None:
    """Return what the kernel does to a film's samples, or None if ffmpeg's filters convert them."""
    return kernel_mapping(probe, rendering(settings, peak=peak))


def pixel_type(settings: Settings) -> np.dtype[np.uint8] | np.dtype[np.uint16]:
    """Return the dtype of the pixels of frames and patches."""
    import numpy as np

    return np.dtype(np.uint8) if settings.colour_output == "sdr8" else np.dtype("<u2")
