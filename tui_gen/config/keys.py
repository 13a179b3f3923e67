"""The models of a configuration's keys: their base, the types that all jobs use, and what a key may hold.

The description of a field says what to write: the faults of a file are told with it.
"""

from __future__ import annotations

import types
import typing
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from tui_gen.config.commented_json import Key


class KeysModel(BaseModel):
    """An object of a configuration: its keys are known, and their values have exactly their types."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


def _not_empty(text: str) -> str:
    if not text.strip():
        wrong = "empty"
        raise ValueError(wrong)
    return text


def _storable(text: str) -> str:
    """Refuse what no file system takes: NUL, and surrogates that stand for no byte."""
    if "\0" in text:
        wrong = "holds a NUL"
        raise ValueError(wrong)
    # Raises UnicodeEncodeError, a ValueError.
    text.encode("utf-8", "surrogateescape")
    return _not_empty(text)


Text = Annotated[str, AfterValidator(_not_empty)]
PathText = Annotated[str, AfterValidator(_storable)]


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return key in the file -> field; a key that is a word of Python has a field of another name."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def keys_known_at(model: type[BaseModel], key: Key) -> tuple[str, ...]:
    """Return the keys that an object of the file may hold; empty where any key may stand."""
    found, _ = _described(model, key, "")
    return tuple(fields_of(found)) if found else ()


def remedy_for(model: type[BaseModel], key: Key, *, whole: str) -> str:
    """Return what may be written at a place of the file; `whole` is what may be written as the file."""
    return _described(model, key, whole)[1]


def _described(model: type[BaseModel], key: Key, whole: str) -> tuple[type[BaseModel] | None, str]:
    """Follow the annotations to a place; return the model there and the nearest description."""
    annotation: Any = model
    text = whole
    for part in key:
        inside = _model_of(annotation)
        if inside is None:
            annotation = _element_of(annotation)
            text = _own_description(annotation) or text
        elif (field := fields_of(inside).get(str(part))) is not None:
            annotation, text = field.annotation, field.description or text
        else:
            return None, text
    return _model_of(annotation), text


def _own_description(annotation: Any) -> str | None:  # noqa: ANN401 - an annotation is anything
    notes = getattr(annotation, "__metadata__", ())
    return next((note.description for note in notes if isinstance(note, FieldInfo)), None)


def _bare(annotation: Any) -> Any:  # noqa: ANN401 - an annotation is anything
    """Take `Annotated` and `| None` off."""
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
