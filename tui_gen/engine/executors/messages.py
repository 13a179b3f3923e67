"""What the engine and a unit runner say to each other: one line of JSON for each message.

    engine ─> runner                          runner ─> engine
    Open(job, ground)                         Ready(recipe, version) | Refused(reason)
    Begin n (stage, unit)
    Pull n                                    Gave n: any Doing, then one other report | Ended n | Raised n
    Close n                                   at most one Gave n, then Closed n, Ended n or Raised n
    SetTarget(workers)
    Look n (path)                             Stands n
                                              Log, Measured: now and then

A pull is the runner's permission to produce one report other than `Doing`: without pulls nothing is
performed beyond one clip. Every begun unit ends with exactly one of Ended, Raised and Closed.

Jobs and units are pickled: both ends are the same program of the same user.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import pickle
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

Kind = TypeVar("Kind")

LINE_BYTES = 256 << 20
"""No line may be longer: one that is comes from no unit runner."""


class MessageError(Exception):
    """A line is not what the other end may say."""


# ---------------------------------------------------------------------------- from the engine


@dataclass(frozen=True, slots=True)
class Open:
    """Make ready for the units of a job."""

    job: str  # packed
    workers: int
    tools: Mapping[str, str]
    paths: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Begin:
    """Take a unit in hand; nothing is performed before the first pull."""

    number: int
    stage: str
    unit: str  # packed


@dataclass(frozen=True, slots=True)
class Pull:
    """Perform a unit up to its next report other than `Doing`."""

    number: int


@dataclass(frozen=True, slots=True)
class Close:
    """End a unit and everything started for it."""

    number: int


@dataclass(frozen=True, slots=True)
class SetTarget:
    """Expect so many units at once from now on."""

    workers: int


@dataclass(frozen=True, slots=True)
class Look:
    """Say whether a path exists."""

    number: int
    path: str


# ---------------------------------------------------------------------------- from the runner


@dataclass(frozen=True, slots=True)
class Ready:
    """The job can be performed."""

    recipe: Mapping[str, Any]
    version: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The job cannot be performed on this machine."""

    reason: str


@dataclass(frozen=True, slots=True)
class Gave:
    """A report of a unit."""

    number: int
    report: Any  # as `control.codec` writes it


@dataclass(frozen=True, slots=True)
class Ended:
    """A unit came to its end."""

    number: int


@dataclass(frozen=True, slots=True)
class Raised:
    """A unit ended with an error."""

    number: int
    error: Mapping[str, Any]  # as `error_fields` writes it


@dataclass(frozen=True, slots=True)
class Closed:
    """A unit was closed, and everything started for it has ended."""

    number: int


@dataclass(frozen=True, slots=True)
class Stands:
    """The answer to a look."""

    number: int
    is_there: bool


@dataclass(frozen=True, slots=True)
class Log:
    """A line for the engine's log."""

    level: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Measured:
    """How busy the machine is."""

    cpu_percent: float
    memory_used_bytes: int
    memory_total_bytes: int


Request = Open | Begin | Pull | Close | SetTarget | Look
Answer = Ready | Refused | Gave | Ended | Raised | Closed | Stands | Log | Measured

_REQUESTS: dict[str, type[Request]] = {
    kind.__name__: kind for kind in (Open, Begin, Pull, Close, SetTarget, Look)
}
_ANSWERS: dict[str, type[Answer]] = {
    kind.__name__: kind for kind in (Ready, Refused, Gave, Ended, Raised, Closed, Stands, Log, Measured)
}


def line_of(message: Request | Answer) -> bytes:
    """Return a message as a line. ASCII alone: lone surrogates of file names pass as escapes."""
    said = {"is": type(message).__name__}
    said |= {field.name: getattr(message, field.name) for field in dataclasses.fields(message)}
    return json.dumps(said, separators=(",", ":")).encode("ascii") + b"\n"


def request_of(line: bytes) -> Request:
    """Return what a line from the engine says. Raises MessageError."""
    return _message_of(line, _REQUESTS)


def answer_of(line: bytes) -> Answer:
    """Return what a line from the runner says. Raises MessageError."""
    return _message_of(line, _ANSWERS)


def _message_of(line: bytes, kinds: Mapping[str, type[Kind]]) -> Kind:
    try:
        said = json.loads(line)
        return kinds[said.pop("is")](**said)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"not a message: {line[:200]!r}"
        raise MessageError(message) from error


def packed(value: object) -> str:
    """Return an object as text. Raises PicklingError and what else pickle raises."""
    return base64.b85encode(zlib.compress(pickle.dumps(value), 1)).decode("ascii")


def unpacked(text: str) -> Any:  # noqa: ANN401 - whatever was packed
    """Return a packed object. Raises MessageError, and what its class raises."""
    try:
        data = zlib.decompress(base64.b85decode(text))
    except (ValueError, binascii.Error, zlib.error) as error:
        message = "a packed object is damaged"
        raise MessageError(message) from error
    return pickle.loads(data)  # noqa: S301 - from the engine that started this process
