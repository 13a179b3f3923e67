"""What decides the bytes of each stage: its settings and models.

A change redoes the stage and those after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.anime.config.settings import Settings

if TYPE_CHECKING:
    from tui_gen.jobs.anime.models.of_run import RunModels

CHOOSING = ("cropped_in_dataset", "original_in_dataset", "n_anime_reg", "filter_again",
            "character_overwrite_uncropped", "character_remove_unclassified", "min_face_number",
            "max_face_number")  # fmt: skip
"""The options of selection that decide which images are taken; the others decide their pixels."""


def recipe_of_stage(stage: str, settings: Settings, models: RunModels) -> JsonObject:
    """Return what decides the bytes of a stage besides the stages before it. Values are JSON."""
    return RECIPES[stage](settings, models)


def _survey(settings: Settings, models: RunModels) -> dict[str, Any]:
    entries = _entries(settings.survey)
    del entries["detect_duplicate_batch_size"]
    if settings.survey.duplicate_method == "embedding":
        entries["frame_model"] = models.frame.digest if models.frame is not None else ""
    return entries


def _choose(settings: Settings, _: RunModels) -> dict[str, Any]:
    return _entries(settings.duplicates)


def _extract(settings: Settings, _: RunModels) -> dict[str, Any]:
    return {"raw_format": settings.raw_format, "image_type": settings.folders.image_type}


def _crop(settings: Settings, models: RunModels) -> dict[str, Any]:
    return {**_entries(settings.crop), "detector": models.found.detector.digest}


def _embed(_: Settings, models: RunModels) -> dict[str, Any]:
    return {"embedder": models.found.embedder.digest}


def _classify(settings: Settings, _: RunModels) -> dict[str, Any]:
    select = _entries(settings.select)
    return {
        **_entries(settings.classify),
        **{key: select[key] for key in CHOOSING},
        "is_booru": settings.is_booru,
        "seed": settings.seed,
    }


def _select(settings: Settings, models: RunModels) -> dict[str, Any]:
    select = _entries(settings.select)
    entries = {key: select[key] for key in ("resize", "max_size", "image_save_ext")}
    if settings.crop.use_3stage_crop == 4:  # noqa: PLR2004 - the stage that selects
        entries["detector"] = models.found.detector.digest
    return entries


def _tag(settings: Settings, models: RunModels) -> dict[str, Any]:
    tag = _entries(settings.tag)
    return {
        "tagger": models.found.tagger.digest,
        **{key: tag[key] for key in ("tag_threshold", "overwrite_tags")},
    }


def _caption(settings: Settings, _: RunModels) -> dict[str, Any]:
    files = ("blacklist_tags_file", "overlap_tags_file", "character_tags_file")
    entries = _entries(settings.tag)
    for key in files:
        entries[key] = file_digest(getattr(settings.tag, key))
    return {
        **entries,
        **_entries(settings.caption),
        "seed": settings.seed,
        "overwrite_emb_init_info": settings.select.overwrite_emb_init_info,
        "save_aux": list(settings.save_aux),
    }


def _arrange(settings: Settings, _: RunModels) -> dict[str, Any]:
    return _entries(settings.arrange)


def _balance(settings: Settings, _: RunModels) -> dict[str, Any]:
    weights = settings.balance.weight_csv
    return {
        **_entries(settings.balance),
        "weight_csv": file_digest(None if weights is None else Path(weights)),
    }


def _entries(options: Any) -> dict[str, Any]:  # noqa: ANN401 - the options of a stage
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(options).items()}


def file_digest(file: Path | None) -> str:
    """Return a digest of a file's content, "" for None. Raises OSError."""
    return "" if file is None else hashlib.sha256(file.read_bytes()).hexdigest()[:32]


RECIPES: Mapping[str, Callable[[Settings, RunModels], dict[str, Any]]] = {
    "survey": _survey,
    "choose": _choose,
    "extract": _extract,
    "crop": _crop,
    "embed": _embed,
    "classify": _classify,
    "select": _select,
    "tag": _tag,
    "caption": _caption,
    "arrange": _arrange,
    "balance": _balance,
    "remove": lambda _, __: {},
}
