"""Which models are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Provider = Literal["auto", "cpu", "cuda"]
AUTO = "auto"


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Which models are wanted."""

    dir: str | None = None  # a folder with <owner>/<name>/<file>
    detector: str = AUTO  # auto, embedded, or "deepghs"
    embedder: str = AUTO  # auto, embedded, or a model of deepghs/ccip_onnx
    tagger: str = AUTO  # auto, embedded, a tagger of SmilingWolf, or <owner>/<name>
    download: bool = False  # whether models that are nowhere are downloaded with huggingface_hub
    provider: Provider = "auto"
