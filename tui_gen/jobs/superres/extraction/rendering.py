"""The rendering of a film's colours under the job's settings."""

from __future__ import annotations

from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.media.colour import Rendering


def rendering(settings: Settings, *, peak: float | None = None) -> Rendering:
    """Return the rendering of the settings.

    `peak` overrides the peak in the film's metadata, in units of 100 nits.
    """
    return Rendering(settings.chroma, settings.hdr, peak)
