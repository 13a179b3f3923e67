"""The models of a child process: each is loaded when it is first needed, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_gen.jobs.anime.models.loading import LoadedModels, loaded, loaded_frame_embedder
from tui_gen.jobs.anime.work.orders import Context

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import Detector, Embedder, FrameEmbedder, Tagger

_warnings: list[str] = []


def take_warnings() -> list[str]:
    """Return what the models warned of since the last call, such as a fallback to the CPU."""
    taken = list(_warnings)
    _warnings.clear()
    return taken


def _models(context: Context) -> LoadedModels:
    return loaded(context.models.found, context.settings.models.provider, warn=_warnings.append)


def detector_of(context: Context) -> Detector:
    """Return the detector. Raises RefusedError if it cannot be loaded."""
    return _models(context).detector


def embedder_of(context: Context) -> Embedder:
    """Return the embedder. Raises RefusedError if it cannot be loaded."""
    return _models(context).embedder


def tagger_of(context: Context) -> Tagger:
    """Return the tagger. Raises RefusedError if it cannot be loaded."""
    return _models(context).tagger


def frame_embedder_of(context: Context) -> FrameEmbedder:
    """Return the model of near duplicates. Raises RefusedError if there is none or it cannot be loaded."""
    if context.models.frame is None:
        message = "no model of near duplicates is configured: set detect_duplicate_model"
        raise ValueError(message)
    provider = context.settings.models.provider
    return loaded_frame_embedder(context.models.frame, provider, warn=_warnings.append)
