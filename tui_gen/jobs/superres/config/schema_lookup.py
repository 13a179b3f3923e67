"""Finds the keys and the allowed values at a place of the configuration file, in the models of `schema`."""

from __future__ import annotations

import types
import typing
from typing import Annotated, Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tui_gen.config.commented_json import Key
from tui_gen.jobs.superres.config.schema import ConfigFile


def keys_known_at(key: Key) -> tuple[str, ...]:
    """Return the keys that an object of the file may have; empty if the object allows any key."""
    model, _ = _described(key)
    return tuple(model.model_fields) if model else ()


def remedy_for(key: Key) -> str:
    """Return the allowed values at a place of the file, in words."""
    return _described(key)[1]


def _described(key: Key) -> tuple[type[BaseModel] | None, str]:
    """Follow the annotations to a place; return the model there and the nearest description."""
    annotation: Any = ConfigFile
    text = 'an object, like {"base_settings": {...}, "videos": []}'
    for part in key:
        model = _model_of(annotation)
        if model is None:
            annotation = _element_of(annotation)
            text = _own_description(annotation) or text
        elif part in model.model_fields:
            field = model.model_fields[str(part)]
            annotation, text = field.annotation, field.description or text
        else:
            return None, text
    return _model_of(annotation), text


def _own_description(annotation: Any) -> str | None:  # noqa: ANN401 - an annotation is anything
    notes = getattr(annotation, "__metadata__", ())
    return next((note.description for note in notes if isinstance(note, FieldInfo)), None)


def _bare(annotation: Any) -> Any:  # noqa: ANN401 - an annotation is anything
    """Remove `Annotated` and `| None` from an annotation."""
    while True:
        origin = typing.get_origin(annotation)
        if origin is Annotated or (
            origin in {typing.Union, types.UnionType} and types.NoneType in typing.get_args(annotation)
        ):
            annotation = typing.get_args(annotation)[0]
        else:
            return annotation


def _model_of(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - an annotation is anything
    bare = _bare(annotation)
    return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None


def _element_of(annotation: Any) -> Any:  # noqa: ANN401 - an annotation is anything
    """Return the annotation of a list's elements or of an object's values."""
    inside = typing.get_args(_bare(annotation))
    return inside[-1] if inside else None
