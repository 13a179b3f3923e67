"""The conditions of the tools on this machine: ffmpeg, its filters, the colours it makes, libraries.

Nothing raises: an unusable tool is a condition that states what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from tui_gen.contract.inspect import Condition
from tui_gen.jobs.superres.chosen_ffmpeg import fingerprints_of
from tui_gen.jobs.superres.config.recipe import Fingerprints
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.extraction.picture_form import missing_encoder
from tui_gen.media.ffmpeg import (
    NEEDED_FILTERS,
    Ffmpeg,
    FfmpegUnfitError,
    find_ffmpeg,
    where_found,
)
from tui_gen.media.tone_mapping.converter import ConverterUnfitError

KERNEL = "HDR kernel"
"""What `check` calls the tone-mapping of "hdr": "fast"."""
LIBRARIES = ("av", "imageio-ffmpeg", "numpy", "opencv-python-headless", "pydantic")


@dataclass(frozen=True, slots=True)
class Examined:
    """The results of examining the tools."""

    conditions: tuple[Condition, ...]
    ffmpeg: Ffmpeg | None  # None: no film can be looked at
    fingerprints: Fingerprints | None = None
    unfit: str = "ffmpeg"  # what is unusable, without an ffmpeg


def examined(settings: Settings, environ: Mapping[str, str]) -> Examined:
    """Examine ffmpeg, as a run does, and the libraries."""
    try:
        ffmpeg = find_ffmpeg(settings.ffmpeg, environ)
        fingerprints = fingerprints_of(settings, ffmpeg)
    except FfmpegUnfitError as error:
        return Examined((Condition("ffmpeg", "wrong", str(error)), _libraries()), None)
    except ConverterUnfitError as error:
        return Examined((Condition(KERNEL, "wrong", str(error)), _libraries()), None, unfit=KERNEL)
    place = where_found(ffmpeg, settings.ffmpeg, environ)
    found = Condition("ffmpeg", "good", f"{ffmpeg.version}, {place} ({ffmpeg.path})")
    filters = Condition("filters", "good", f"{', '.join(NEEDED_FILTERS)}: all there, tone-mapping works")
    kernel = [Condition(KERNEL, "good", f"numba {version('numba')}")] if settings.uses_kernel else []
    missing = missing_encoder(settings)
    pictures = [] if missing is None else [Condition("pictures", "wrong", missing)]
    return Examined((found, filters, *kernel, *pictures, _libraries()), ffmpeg, fingerprints)


def _libraries() -> Condition:
    there, missing = [], []
    for name in LIBRARIES:
        try:
            there.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        says = f"not installed: {', '.join(missing)}; install tui-gen again: pip install ."
        return Condition("libraries", "wrong", says)
    return Condition("libraries", "good", ", ".join(there))
