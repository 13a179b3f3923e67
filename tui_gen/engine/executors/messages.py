"""The messages between the engine and a unit runner: one line of JSON for each message.

    engine ─> runner                          runner ─> engine
                                              Hello(version, host, cores): first
    Open(job, ground)                         Ready(recipe) | Refused(reason)
    Examine(folder, files)                    Examined | Refused
    Begin n (stage, unit)
    Pull n                                    any Does n, then Gave n | Ended n | Raised n
                                              FilePiece n: before the outcome whose files are sent
    Close n                                   at most one Gave n, then Closed n, Ended n or Raised n
    SetTarget(workers)
    Look n (path)                             Stands n
                                              Log, Measured: at intervals

A pull permits the runner to produce one report other than `Doing`: without pulls, at most one clip is
performed. Every begun unit ends with exactly one of Ended, Raised and Closed.

Jobs and units are pickled, because both ends are the same program of the same user.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import pickle
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

Kind = TypeVar("Kind")

LINE_BYTES = 256 << 20
"""The longest line: a longer line does not come from a unit runner."""


class MessageError(Exception):
    """A line is not a valid message of the other end."""


# ---------------------------------------------------------------------------- from the engine


@dataclass(frozen=True, slots=True)
class Open:
    """Prepare for the units of a job."""

    job: str  # packed
    workers: int
    tools: Mapping[str, str]
    paths: Mapping[str, str]
    # The output folder, on the engine's machine, whose files are sent; "": the machine writes into it.
    sent_folder: str = ""


@dataclass(frozen=True, slots=True)
class Examine:
    """Prove what the machine makes and sees. Paths are of the engine's machine; "": there is no folder."""

    folder: str
    # In the folder: a file to read, and one to write with the same contents.
    to_read: str
    to_write: str
    files: Sequence[str]


@dataclass(frozen=True, slots=True)
class Begin:
    """Take over a unit; nothing is performed before the first pull."""

    number: int
    stage: str
    unit: str  # packed


@dataclass(frozen=True, slots=True)
class Pull:
    """Perform a unit up to its next report other than `Doing`."""

    number: int


@dataclass(frozen=True, slots=True)
class Close:
    """End a unit and all processes started for it."""

    number: int


@dataclass(frozen=True, slots=True)
class SetTarget:
    """Set the number of units performed at the same time."""

    workers: int


@dataclass(frozen=True, slots=True)
class Look:
    """Ask whether a path exists."""

    number: int
    path: str


# ---------------------------------------------------------------------------- from the runner


@dataclass(frozen=True, slots=True)
class Hello:
    """The runner has started."""

    version: str
    host: str
    cores: int


@dataclass(frozen=True, slots=True)
class Ready:
    """The job can be performed."""

    recipe: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Examined:
    """The answer to `Examine`. A refusal is the reason why the value before it is missing."""

    proof: str
    proof_refusal: str
    read: str
    output_refusal: str
    # For each file: size in bytes, modification time in seconds since 1970, refusal.
    files: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Refused:
    """The job cannot be performed on this machine."""

    reason: str


@dataclass(frozen=True, slots=True)
class Does:
    """A unit's `Doing`."""

    number: int
    report: Any  # as encoded by `control.codec`


@dataclass(frozen=True, slots=True)
class Gave:
    """A report of a unit that ends a pull."""

    number: int
    report: Any  # as encoded by `control.codec`


@dataclass(frozen=True, slots=True)
class FilePiece:
    """A piece of a file of the outcome that follows. The pieces of a file come in order."""

    number: int
    path: str  # on the engine's machine
    offset: int
    data: str  # base 85
    # The CRC-32 of the whole file, with its last piece.
    crc32: int | None


@dataclass(frozen=True, slots=True)
class Ended:
    """A unit has ended in order."""

    number: int


@dataclass(frozen=True, slots=True)
class Raised:
    """A unit ended with an error."""

    number: int
    error: Mapping[str, Any]  # as encoded by `error_fields`


@dataclass(frozen=True, slots=True)
class Closed:
    """A unit was closed, and all processes started for it have ended."""

    number: int


@dataclass(frozen=True, slots=True)
class Stands:
    """The answer to `Look`."""

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
    """The load of the machine."""

    cpu_percent: float
    memory_used_bytes: int
    memory_total_bytes: int


Request = Open | Examine | Begin | Pull | Close | SetTarget | Look
Answer = (
    Hello
    | Ready
    | Examined
    | Refused
    | Does
    | Gave
    | FilePiece
    | Ended
    | Raised
    | Closed
    | Stands
    | Log
    | Measured
)
AnswerKind = TypeVar("AnswerKind", Hello, Ready, Examined)

_REQUESTS: dict[str, type[Request]] = {kind.__name__: kind for kind in get_args(Request)}
_ANSWERS: dict[str, type[Answer]] = {kind.__name__: kind for kind in get_args(Answer)}


_MAY_WAIT = tuple(f'{{"is":"{kind.__name__}"'.encode("ascii") for kind in (Does, Log, Measured))


def may_wait(line: bytes) -> bool:
    """Return whether nothing waits for an answer: it may be sent with the next one."""
    return line.startswith(_MAY_WAIT)


def line_of(message: Request | Answer) -> bytes:
    """Return a message as a line of ASCII: lone surrogates of file names become escapes."""
    said = {"is": type(message).__name__}
    said |= {field.name: getattr(message, field.name) for field in dataclasses.fields(message)}
    return json.dumps(said, separators=(",", ":")).encode("ascii") + b"\n"


def request_of(line: bytes) -> Request:
    """Return the message in a line from the engine. Raises MessageError."""
    return _message_of(line, _REQUESTS)


def answer_of(line: bytes) -> Answer:
    """Return the message in a line from the runner. Raises MessageError."""
    return _message_of(line, _ANSWERS)


def _message_of(line: bytes, kinds: Mapping[str, type[Kind]]) -> Kind:
    try:
        said = json.loads(line)
        return kinds[said.pop("is")](**said)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"not a message: {line[:200]!r}"
        raise MessageError(message) from error


def packed(value: object) -> str:
    """Return an object as text. Raises PicklingError, and other errors of pickle."""
    return base64.b85encode(zlib.compress(pickle.dumps(value), 1)).decode("ascii")


def unpacked(text: str) -> Any:  # noqa: ANN401 - whatever was packed
    """Return the object in a text. Raises MessageError, and the errors of its class."""
    try:
        data = zlib.decompress(base64.b85decode(text))
    except (ValueError, binascii.Error, zlib.error) as error:
        message = "a packed object is damaged"
        raise MessageError(message) from error
    return pickle.loads(data)  # noqa: S301 - from the engine that started this process
