"""Metadata for tests: an image with what a test says of it."""

from __future__ import annotations

from typing import Any

from tui_gen.jobs.anime.images.metadata import ImageMetadata


def image(name: str = "Frieren_EP1_000001", **known: Any) -> ImageMetadata:  # noqa: ANN401 - any field
    first: dict[str, Any] = {
        "id": name,
        "path": f"intermediate/screenshots/raw/{name}.png",
        "current_path": f"training/screenshots/{name}.webp",
        "filename": f"{name}.webp",
        "group_id": name,
        "image_size": (1366, 768),
        "type": "screenshots",
    }
    return ImageMetadata(**{**first, **known})
