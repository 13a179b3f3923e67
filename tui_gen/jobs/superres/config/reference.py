"""Generates the documentation of every configuration key from the models that read it.

    python -m tui_gen.jobs.superres.config.reference > docs/configuration.md

Each key has its type, its default and the docstring of its field.
"""

from __future__ import annotations

import json
import sys
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel, PlainValidator
from pydantic_core import PydanticUndefined

from tui_gen.config.cluster_keys import AbsolutePath
from tui_gen.config.key_meanings import meanings
from tui_gen.config.keys import PathText
from tui_gen.jobs.superres.config.schema import Amount, ConfigFile, Part

INTRODUCTION = """# The configuration

This page describes every key of `generator_config.json`. The command
`python -m tui_gen.jobs.superres.config.reference > docs/configuration.md` generates it; do not edit it here.

The file may contain `//` comments and trailing commas. A faulty file is refused, and the message lists all
faults: line, key and allowed values. Relative paths are relative to the file. Paths in `category_paths` are
relative to the output folder and stay inside it. Sizes are `[width, height]`. Only
`base_settings.output_base_dir` is required.
"""


class UndescribedKeyError(Exception):
    """A key of the configuration has no docstring."""


@dataclass(frozen=True, slots=True)
class Section:
    """One object of the file: its place, and the model of its keys."""

    place: str  # "" for the file itself, "base_settings", "videos[]"
    model: type[BaseModel]


def reference() -> str:
    """Return the whole document as Markdown. Raises UndescribedKeyError."""
    parts = [INTRODUCTION]
    for section in _sections(Section("", ConfigFile)):
        title = f"`{section.place}`" if section.place else "The keys of the file"
        purpose = "" if section.model is ConfigFile else f"{section.model.__doc__}\n\n"
        parts.append(f"## {title}\n\n{purpose}{_table(section.model)}")
    return "\n".join(parts)


def _sections(section: Section) -> Iterator[Section]:
    """Yield an object and all objects inside it, in the order of the file."""
    yield section
    for name, annotation in _annotations(section.model).items():
        place = f"{section.place}.{name}" if section.place else name
        found = _model_within(annotation, place)
        if found is not None:
            yield from _sections(found)


def _table(model: type[BaseModel]) -> str:
    sentences = meanings(model)
    annotations = _annotations(model)
    lines = ["| key | allowed values | default | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        if name not in sentences:
            message = f"{model.__name__}.{name} has no docstring"
            raise UndescribedKeyError(message)
        is_required = field.default is PydanticUndefined
        default = "required" if is_required else f"`{_json(field.default)}`"
        written = field.description or "" if _has_pattern(annotations[name]) else _type(annotations[name])
        cells = (f"`{field.alias or name}`", written, default, sentences[name])
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join([*lines, ""])


def _annotations(model: type[BaseModel]) -> dict[str, Any]:
    hints = typing.get_type_hints(model, include_extras=True)
    return {name: hints[name] for name in model.model_fields}


# ------------------------------------------------------------------------------------------ types


def _type(annotation: Any) -> str:  # noqa: ANN401 - an annotation is anything
    if annotation == Part:
        return 'number of seconds, or a share like `"8%"`'
    if annotation == PathText:
        return "path"
    if annotation == AbsolutePath:
        return "absolute path"
    bare, notes = _split(annotation)
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        return _SHORT_FORMS.get(bare.__name__, "object")
    if typing.get_origin(bare) is None:
        return f"{_WORDS[bare]}{_bounds(notes)}"
    return _compound(bare, notes)


def _compound(bare: Any, notes: tuple[Any, ...]) -> str:  # noqa: ANN401 - an annotation is anything
    origin, inside = typing.get_origin(bare), typing.get_args(bare)
    if origin is Literal:
        return ", ".join(f"`{json.dumps(value)}`" for value in inside)
    if origin is list:
        return f"list of {_length(notes)}{_plural(_type(inside[0]))}"
    if origin is dict:
        return f"object: {_keys_of(inside[0])} → {_type(inside[1])}"
    return "; or ".join("`null`" if part is types.NoneType else _type(part) for part in inside)


_SHORT_FORMS = {
    "TargetEntry": "whole number, or object",
    "FormatEntry": "number, or object",
    "ScoreEntry": '`"off"`, `"score"`, `"reject"`, or object',
}
_WORDS: dict[Any, str] = {int: "whole number", float: "number", str: "text", bool: "`true` or `false`"}
_SIGNS: dict[type[Any], Callable[[Any], str]] = {
    Ge: lambda note: f"{note.ge} or more",
    Gt: lambda note: f"above {note.gt}",
    Le: lambda note: f"at most {note.le}",
    Lt: lambda note: f"below {note.lt}",
}


def _bounds(notes: tuple[Any, ...]) -> str:
    """Return the limits that pydantic checks: `, 0 to 100` or `, 0 or more`."""
    limits = {type(note): note for note in _flat(notes) if type(note) in _SIGNS}
    if limits.keys() == {Ge, Le}:
        return f", {limits[Ge].ge} to {limits[Le].le}"
    return "".join(f", {_SIGNS[kind](note)}" for kind, note in limits.items() if not _is_endless(kind, note))


def _length(notes: tuple[Any, ...]) -> str:
    """Return `4 ` for a list of exactly four elements, "" for a list of any length."""
    shortest = [note.min_length for note in _flat(notes) if isinstance(note, MinLen)]
    longest = [note.max_length for note in _flat(notes) if isinstance(note, MaxLen)]
    return f"{longest[0]} " if longest and shortest == longest else ""


def _has_pattern(annotation: Any) -> bool:  # noqa: ANN401 - an annotation is anything
    """Return whether a text must match a pattern; the field's description then states it in words."""
    bare, notes = _split(annotation)
    inside = [_split(part)[1] for part in typing.get_args(bare)]
    return any(getattr(note, "pattern", None) for part in (notes, *inside) for note in _flat(part))


def _flat(notes: tuple[Any, ...]) -> list[Any]:
    """Return the notes of an annotation, including those inside pydantic's fields."""
    return [inner for note in notes for inner in (getattr(note, "metadata", None) or [note])]


def _is_endless(kind: type[Any], note: Any) -> bool:  # noqa: ANN401 - one of four kinds
    """Return whether a bound is only the range of 64 bits; the page does not mention such a bound."""
    return kind is Lt and note.lt == 1 << 63


def _plural(text: str) -> str:
    kind, comma, rest = text.partition(",")
    if kind.startswith("`"):
        return " and ".join(text.rsplit(", ", 1))
    return text if kind.startswith("object:") else f"{kind}s{comma}{rest}"


def _keys_of(annotation: Any) -> str:  # noqa: ANN401 - an annotation is anything
    return _type(annotation) if _is_told_as_key(annotation) else "name"


def _is_told_as_key(annotation: Any) -> bool:  # noqa: ANN401 - an annotation is anything
    return typing.get_origin(annotation) is Literal or annotation == AbsolutePath


def _split(annotation: Any) -> tuple[Any, tuple[Any, ...]]:  # noqa: ANN401 - an annotation is anything
    if typing.get_origin(annotation) is Annotated:
        return annotation.__origin__, annotation.__metadata__
    return annotation, ()


def _model_within(annotation: Any, place: str) -> Section | None:  # noqa: ANN401 - an annotation is anything
    """Return the object that a key contains, at any depth of lists and objects, with its place."""
    bare, notes = _split(annotation)
    if any(isinstance(note, PlainValidator) for note in notes):
        return None
    origin, inside = typing.get_origin(bare), typing.get_args(bare)
    if _is_model(bare):
        return Section(place, bare)
    if origin is list:
        return _model_within(inside[0], f"{place}[]")
    if origin is dict:
        return _model_within(inside[1], f"{place}.<{_element_word(place)}>")
    if types.NoneType in inside and _is_model(inside[0]):
        return Section(place, inside[0])
    return None


def _is_model(annotation: Any) -> bool:  # noqa: ANN401 - an annotation is anything
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _element_word(place: str) -> str:
    words = {"scores": "score", "lr_variants": "variant", "cluster.machines": "machine"}
    return words.get(place) or ("format" if place.endswith(">") else "category")


def _json(value: object) -> str:
    if isinstance(value, BaseModel):
        return json.dumps({name: _plain(getattr(value, name)) for name in type(value).model_fields})
    return json.dumps(_plain(value))


def _plain(value: object) -> object:
    if isinstance(value, Amount):
        return f"{100 * value.share:g}%" if value.share else _plain(value.seconds)
    return int(value) if isinstance(value, float) and value.is_integer() else value


if __name__ == "__main__":
    sys.stdout.write(reference())
