"""How states, events and commands travel between processes: as JSON, typed again at the other end.

A value is decoded by the annotations of its dataclass; what does not fit is a WireError, never a
half-made object.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections import deque
from collections.abc import Mapping
from functools import cache
from typing import Any, Union, get_args, get_origin

from tui_gen.engine import commands, events, parts, state, work

Payload = Any
"""A JSON value."""


class WireError(Exception):
    """Something that came over the wire is not what it claims to be."""


# Classes that may stand in a union, and all that travel: their name is sent along.
_NAMED: dict[str, type[Any]] = {
    found.__name__: found
    for module in (commands, events, parts, state, work)
    for found in vars(module).values()
    if dataclasses.is_dataclass(found) and isinstance(found, type) and found.__module__ == module.__name__
}
_LEFT_OUT = {("RunState", "records"), ("StagePlanned", "plan")}


def to_wire(value: object) -> Payload:
    """Return a value as JSON. Dataclasses become objects with their class name under "is"."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        name = type(value).__name__
        packed = {
            field: to_wire(getattr(value, field))
            for field in _field_names(type(value))
            if (name, field) not in _LEFT_OUT
        }
        return {"is": name, **packed}
    if isinstance(value, Mapping):
        return {str(key): to_wire(item) for key, item in value.items()}
    if isinstance(value, list | tuple | deque | frozenset | set):
        return [to_wire(item) for item in value]
    return value


def from_wire(payload: Payload, wanted: Any) -> Any:  # noqa: ANN401 - as `wanted` says
    """Return the value of type `wanted` that a payload stands for. Raises WireError."""
    try:
        return _decode(payload, wanted)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        message = f"no {getattr(wanted, '__name__', wanted)}: {type(error).__name__}: {error}"
        raise WireError(message) from error


@cache
def _field_names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@cache
def _field_types(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - a class
    return typing.get_type_hints(kind, include_extras=False)


def _decode(payload: Payload, wanted: Any) -> Any:  # noqa: ANN401 - types arrive as values here
    origin = get_origin(wanted)
    if origin in {Union, types.UnionType}:
        return _decode_union(payload, get_args(wanted))
    if dataclasses.is_dataclass(wanted):
        return _decode_dataclass(payload, wanted)
    if origin in {tuple, list, deque}:
        return _decode_sequence(payload, origin, get_args(wanted))
    if origin is dict:
        key, item = get_args(wanted)
        return {_key(name, key): _decode(inner, item) for name, inner in payload.items()}
    if wanted is float:
        return float(payload)
    if wanted in {int, str, bool} and not isinstance(payload, wanted):
        message = f"{payload!r} is no {wanted.__name__}"
        raise TypeError(message)
    return payload


def _decode_union(payload: Payload, choices: tuple[Any, ...]) -> Any:  # noqa: ANN401 - as above
    if payload is None and type(None) in choices:
        return None
    if isinstance(payload, dict) and "is" in payload:
        named = _NAMED[payload["is"]]
        if named not in choices:
            message = f"{payload['is']} is not expected here"
            raise TypeError(message)
        return _decode_dataclass(payload, named)
    rest = [choice for choice in choices if choice is not type(None)]
    return _decode(payload, rest[0])


def _decode_dataclass(payload: Payload, kind: Any) -> Any:  # noqa: ANN401 - as above
    if payload.get("is") != kind.__name__:
        message = f"{payload.get('is')!r} where {kind.__name__} is expected"
        raise TypeError(message)
    hints = _field_types(kind)
    return kind(**{name: _decode(item, hints[name]) for name, item in payload.items() if name != "is"})


def _decode_sequence(payload: Payload, origin: Any, kinds: tuple[Any, ...]) -> Any:  # noqa: ANN401
    if origin is tuple and not (len(kinds) == 2 and kinds[1] is Ellipsis):  # noqa: PLR2004 - tuple[x, ...]
        return tuple(_decode(item, kind) for item, kind in zip(payload, kinds, strict=True))
    items = (_decode(item, kinds[0]) for item in payload)
    return deque(items, maxlen=_LENGTHS.get(kinds[0])) if origin is deque else origin(items)


_LENGTHS: dict[Any, int] = {parts.Minute: state.MINUTES_KEPT}


def _key(name: str, kind: Any) -> Any:  # noqa: ANN401 - JSON keys are text, slots are numbered
    return int(name) if kind is int else name
