"""Loads the models that were found, once per process and when they are first needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from tui_gen.jobs.anime.models.finding import FoundModel, FoundModels
from tui_gen.jobs.anime.models.options import Provider

if TYPE_CHECKING:
    from tui_gen.jobs.anime.model import Detector, Embedder, FrameEmbedder, Tagger
    from tui_gen.jobs.anime.models.onnx.session import Sessions

Warn = Callable[[str], None]


@dataclass(frozen=True)
class LoadedModels:
    """The models of a run; each is loaded at its first use.

    Loading raises RefusedError if a file is no model of its kind, or if a package is absent.
    """

    found: FoundModels
    provider: Provider
    threads: int
    warn: Warn = field(compare=False)

    @cached_property
    def detector(self) -> Detector:
        """The detector."""
        if self.found.detector.is_embedded:
            from tui_gen.jobs.anime.models.embedded.detector import checked_detector

            return checked_detector()
        from tui_gen.jobs.anime.models.onnx.detector import OnnxDetector

        return OnnxDetector(self.found.detector, self._sessions())

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder."""
        if self.found.embedder.is_embedded:
            from tui_gen.jobs.anime.models.embedded.embedder import ColourEmbedder

            return ColourEmbedder()
        from tui_gen.jobs.anime.models.onnx.ccip import CcipEmbedder

        return CcipEmbedder(self.found.embedder, self._sessions())

    @cached_property
    def tagger(self) -> Tagger:
        """The tagger. The embedded one takes its faces from the detector."""
        if self.found.tagger.is_embedded:
            from tui_gen.jobs.anime.models.embedded.tagger import MeasuredTagger

            return MeasuredTagger(self.detector)
        from tui_gen.jobs.anime.models.onnx.tagger import WdTagger

        return WdTagger(self.found.tagger, self._sessions())

    def _sessions(self) -> Sessions:
        from tui_gen.jobs.anime.models.onnx import session

        return session.Sessions(self.provider, self.threads, self.warn)


_LOADED: dict[tuple[FoundModels, Provider, int], LoadedModels] = {}
_FRAME_EMBEDDERS: dict[tuple[FoundModel, Provider, int], FrameEmbedder] = {}


def loaded(found: FoundModels, provider: Provider = "auto", *, warn: Warn, threads: int = 1) -> LoadedModels:
    """Return the models; the same object for the same arguments in one process."""
    key = (found, provider, threads)
    if key not in _LOADED:
        _LOADED[key] = LoadedModels(found, provider, threads, warn)
    return _LOADED[key]


def loaded_frame_embedder(
    found: FoundModel, provider: Provider = "auto", *, warn: Warn, threads: int = 1
) -> FrameEmbedder:
    """Return the model of near duplicates. Raises RefusedError if its file is no such model."""
    from tui_gen.jobs.anime.models.onnx import frames, session

    key = (found, provider, threads)
    if key not in _FRAME_EMBEDDERS:
        _FRAME_EMBEDDERS[key] = frames.OnnxFrameEmbedder(found, session.Sessions(provider, threads, warn))
    return _FRAME_EMBEDDERS[key]
