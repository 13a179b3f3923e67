"""Encodes states, events and commands as JSON, and decodes them to typed objects.

A value is decoded by the annotations of its dataclass. A value that does not fit raises WireError; no partial
object is returned. msgspec cannot replace this module: it decodes no union of dataclasses.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from operator import attrgetter
from typing import Any, Literal, Union, get_args, get_origin

from tui_gen.engine.model import (
    events,
    machine_events,
    machine_state,
    measurements,
    problems,
    run_data,
    state,
    state_views,
    timeline,
    work,
)
from tui_gen.engine.scheduling import commands

Payload = Any
"""A JSON value."""


class WireError(Exception):
    """Data received over the socket does not have the expected form."""


_MODULES = (
    commands,
    events,
    machine_events,
    machine_state,
    measurements,
    problems,
    state_views,
    state,
    timeline,
    work,
)
# The classes that may be members of a union, and all top-level classes: their names are sent too.
_NAMED: dict[str, type[Any]] = {
    found.__name__: found
    for module in _MODULES
    for found in vars(module).values()
    if dataclasses.is_dataclass(found) and isinstance(found, type) and found.__module__ == module.__name__
}
_PLAIN = frozenset({str, int, float, bool, type(None)})
_LEFT_OUT = {("RunState", "records"), ("StagePlanned", "plan")}


def to_wire(value: object) -> Payload:
    """Return a value as JSON. A dataclass becomes an object with its class name under "is"."""
    if type(value) in _PLAIN:
        return value
    kind: Any = type(value)
    encode = _encoder(kind)
    if encode is not None:
        return encode(value)
    if isinstance(value, Mapping):
        return {str(key): to_wire(item) for key, item in value.items()}
    if isinstance(value, list | tuple | deque | frozenset | set):
        return [to_wire(item) for item in value]
    return value


def from_wire(payload: Payload, wanted: Any) -> Any:  # noqa: ANN401 - as `wanted` says
    """Return the value of type `wanted` for a payload. Raises WireError."""
    try:
        return _decoder(wanted)(payload)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        message = f"no {getattr(wanted, '__name__', wanted)}: {type(error).__name__}: {error}"
        raise WireError(message) from error


def field_lines(*kinds: Any) -> Iterator[str]:  # noqa: ANN401 - types
    """Yield "Class.field: annotation" for all fields that can be part of values of the given types."""
    met = {found for kind in kinds for found in _dataclasses_in(kind)}
    waiting = list(met)
    while waiting:
        current = waiting.pop()
        hints = typing.get_type_hints(current)
        for field in dataclasses.fields(current):
            if (current.__name__, field.name) in _LEFT_OUT:
                continue
            yield f"{current.__name__}.{field.name}: {field.type}"
            found = set(_dataclasses_in(hints[field.name])) - met
            waiting += found
            met |= found


def _dataclasses_in(hint: Any) -> Iterator[Any]:  # noqa: ANN401 - a type
    if dataclasses.is_dataclass(hint):
        yield hint
    for inner in get_args(hint):
        yield from _dataclasses_in(inner)


@cache
def _encoder(kind: Any) -> Callable[[Any], Payload] | None:  # noqa: ANN401 - a class
    """Return a function that encodes objects of a dataclass, or None for any other class.

    It is built once per class: a state of five hundred sources has about twenty thousand values, and nearly
    all are JSON values already, as their annotations show.
    """
    called: str = kind.__name__
    if not dataclasses.is_dataclass(kind):
        return None
    names = tuple(f.name for f in dataclasses.fields(kind) if (called, f.name) not in _LEFT_OUT)
    hints = typing.get_type_hints(kind)
    others = tuple(name for name in names if not _is_plain(hints[name]))
    values_of = attrgetter(*names) if len(names) > 1 else lambda value: [getattr(value, n) for n in names]

    def encode(value: object) -> Payload:
        payload = {"is": called, **dict(zip(names, values_of(value), strict=True))}
        for name in others:
            payload[name] = to_wire(payload[name])
        return payload

    return encode


def _is_plain(hint: Any) -> bool:  # noqa: ANN401 - a type
    """Return whether all values of a type are JSON values already."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return all(map(_is_plain, inner))
    if origin is dict:
        return inner[0] is str and _is_plain(inner[1])
    return hint in _PLAIN or origin is Literal


_Decoder = Callable[[Payload], Any]


@cache
def _decoder(wanted: Any) -> _Decoder:  # noqa: ANN401 - types arrive as values here
    """Return a function that decodes values of a type; built once per type, because states are large."""
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin in {Union, types.UnionType}:
        return _union_decoder(inner)
    if dataclasses.is_dataclass(wanted):
        return _dataclass_decoder(wanted)
    if origin in {tuple, list, deque}:
        return _sequence_decoder(origin, inner)
    if origin is dict:
        return _dict_decoder(*inner)
    if wanted is float:
        return float
    return _plain_decoder(wanted) if wanted in {int, str, bool} else _as_it_is


def _as_it_is(payload: Payload) -> Payload:
    return payload


def _plain_decoder(wanted: type[Any]) -> _Decoder:
    def decode(payload: Payload) -> Any:  # noqa: ANN401 - as `wanted` says
        if not isinstance(payload, wanted):
            message = f"{payload!r} is no {wanted.__name__}"
            raise TypeError(message)
        return payload

    return decode


def _dict_decoder(key: Any, item: Any) -> _Decoder:  # noqa: ANN401 - types
    decode_item = _decoder(item)
    # Keys of JSON objects are strings; slots have numbers.
    decode_key = int if key is int else _as_it_is
    return lambda payload: {decode_key(name): decode_item(inner) for name, inner in payload.items()}


def _union_decoder(choices: tuple[Any, ...]) -> _Decoder:
    may_be_none = type(None) in choices
    rest = _decoder(next(choice for choice in choices if choice is not type(None)))

    def decode(payload: Payload) -> Any:  # noqa: ANN401 - one of the choices
        if payload is None and may_be_none:
            return None
        if not (isinstance(payload, dict) and "is" in payload):
            return rest(payload)
        named: Any = _NAMED[payload["is"]]
        if named not in choices:
            message = f"{payload['is']} is not expected here"
            raise TypeError(message)
        return _decoder(named)(payload)

    return decode


def _dataclass_decoder(kind: Any) -> _Decoder:  # noqa: ANN401 - a class
    decoders: dict[str, _Decoder] = {}

    def decode(payload: Payload) -> Any:  # noqa: ANN401 - a `kind`
        if payload.get("is") != kind.__name__:
            message = f"{payload.get('is')!r} where {kind.__name__} is expected"
            raise TypeError(message)
        if not decoders:  # only on demand: a class may contain itself
            decoders.update((name, _decoder(hint)) for name, hint in typing.get_type_hints(kind).items())
        return kind(**{name: decoders[name](item) for name, item in payload.items() if name != "is"})

    return decode


def _sequence_decoder(origin: Any, kinds: tuple[Any, ...]) -> _Decoder:  # noqa: ANN401 - types
    if origin is tuple and not (len(kinds) == 2 and kinds[1] is Ellipsis):  # noqa: PLR2004 - tuple[x, ...]
        parts_of = [_decoder(kind) for kind in kinds]
        return lambda payload: tuple(decode(item) for decode, item in zip(parts_of, payload, strict=True))
    decode_item = _decoder(kinds[0])
    if origin is deque:
        length = _LENGTHS.get(kinds[0])
        return lambda payload: deque(map(decode_item, payload), maxlen=length)
    return lambda payload: origin(map(decode_item, payload))


_LENGTHS: dict[Any, int] = {state_views.Minute: run_data.MINUTES_KEPT}
