"""The models of one run."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata

from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.crop.cropping import detected_parts
from tui_gen.jobs.anime.models.finding import FoundModel, FoundModels, found_frame_embedder, found_models


@dataclass(frozen=True, slots=True)
class RunModels:
    """The models that a run uses. Picklable; no model is loaded."""

    found: FoundModels
    frame: FoundModel | None = None  # of near duplicates by embedding

    @property
    def lines(self) -> tuple[str, ...]:
        """What a run says of its models when it begins."""
        found = (self.found.detector, self.found.embedder, self.found.tagger)
        lines = [f"{model.kind}: {model.name}" for model in self.models]
        if any(model.is_embedded for model in found):
            lines.append("better models than embedded ones: see tui-gen check")
        return tuple(lines)

    @property
    def models(self) -> tuple[FoundModel, ...]:
        """All models that are used."""
        more = () if self.frame is None else (self.frame,)
        return (self.found.detector, self.found.embedder, self.found.tagger, *more)


def may_use_gpu(models: RunModels, settings: Settings) -> bool:
    """Return whether a model may run on a GPU: the package for it is installed, and nothing forbids it."""
    found = (models.found.detector, models.found.embedder, models.found.tagger)
    if settings.models.provider == "cpu" or all(model.is_embedded for model in found):
        return False
    try:
        metadata.distribution("onnxruntime-gpu")
    except metadata.PackageNotFoundError:
        return False
    return True


def models_of(settings: Settings) -> RunModels:
    """Look for the models of a configuration. Raises RefusedError where one is named that is not there."""
    found = found_models(
        settings.models, level=settings.crop.detect_level, parts=detected_parts(settings.crop)
    )
    frame = None
    if settings.frame_model is not None:
        frame = found_frame_embedder(settings.frame_model, settings.models)
    return RunModels(found, frame)
