"""How the settings of the job say to render a film's colours."""

from __future__ import annotations

from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.media.colour import Rendering


def rendering(settings: Settings, *, peak: float | None = None) -> Rendering:
    """Return the rendering that the settings ask for.

    `peak` overrides the peak in the film's metadata, in units of 100 nits.
    """
    return Rendering(settings.chroma, settings.hdr, peak)
