"""The types of the ledger's lines: msgspec checks each kind of line against its type."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tui_gen.engine.model import events as ev

_MOST_DIGITS = 7
"""The most digits of a clip's index: a damaged index must not fill the memory with the bits of a set."""
_HASH_DIGITS = 16
_MOST_BYTES = 10**18
_END_OF_TIME = 1e11

_Time = Annotated[float, Meta(ge=0, lt=_END_OF_TIME)]
_Index = Annotated[int, Meta(ge=0, lt=10**_MOST_DIGITS)]
_Bytes = Annotated[int, Meta(ge=0, lt=_MOST_BYTES)]
_Number = Annotated[int, Meta(ge=0)]


class LedgerError(ValueError):
    """A line of the ledger has another form than the lines of this version."""


class PatchLine(msgspec.Struct, gc=False):
    """The counted data of a patch. The other keys of the entry are the job's record of the patch."""

    category: str
    bytes: _Bytes
    hash: str | None = None


class _FormatLine(PatchLine, gc=False):
    """The data of a patch for the history."""

    format: Any = "?"


class _RefusedLine(msgspec.Struct, gc=False):
    """A category for which a made clip was planned but gave no patch."""

    category: str
    reason: str


class RefusedLines(msgspec.Struct):
    """The data of a made clip besides its patches."""

    rejected: list[_RefusedLine]


class ClipLine(msgspec.Struct, gc=False):
    """The data of every clip."""

    at: _Time
    stage: str
    id: str
    source: str
    attempts: _Number
    seconds: float
    machine: str = ""  # left out for the machine of the engine, and in ledgers of older programs

    @property
    def index(self) -> int:
        """The index of the clip. Raises LedgerError if the line has none."""
        return index_in(self.id)


class MadeLine(ClipLine, gc=False, kw_only=True):
    """The counted data of a made clip. The other keys of the line are the job's record of the clip."""

    kind: typing.Literal["clip"]
    outcome: typing.Literal["made"]
    patches: list[_FormatLine]
    rejected: list[_RefusedLine]


class ReasonLine(msgspec.Struct):
    """The additional data of a rejected or failed clip."""

    reason: str
    detail: str = ""


class MovedLine(msgspec.Struct):
    """A patch that was moved."""

    at: _Time
    stage: str
    source: str
    clip: _Index
    from_category: str


class Heading(msgspec.Struct):
    """The identity of a line, by which readers select lines."""

    kind: str
    source: str = ""
    id: str = ""  # of a clip
    clip: _Index | None = None  # of a patch that was moved
    outcome: str = ""  # of a clip

    @property
    def index(self) -> int | None:
        """The index of the clip, None if the line is not about one clip."""
        if not self.id:
            return self.clip
        try:
            return index_in(self.id)
        except LedgerError:
            return None


def index_in(clip: str) -> int:
    """Return the index in a clip's name `<source>:<index>`. Raises LedgerError."""
    digits = clip.rpartition(":")[2]
    if digits.isdigit() and digits.isascii() and len(digits) <= _MOST_DIGITS:
        return int(digits)
    message = f"{clip!r} is no clip"
    raise LedgerError(message)


def hash_number(perceptual_hash: str) -> int:
    """Return the number of 16 hexadecimal digits. Raises LedgerError, ValueError."""
    if len(perceptual_hash) == _HASH_DIGITS and perceptual_hash.isalnum():  # int accepts signs and blanks
        return int(perceptual_hash, 16)
    message = f"{perceptual_hash!r} is no hash"
    raise LedgerError(message)


# Ledger kind -> event, for all events that are plain records of their fields.
PLAIN_EVENTS: Mapping[str, type[Any]] = {
    "run": ev.RunStarted,
    "end": ev.RunEnded,
    "phase": ev.PhaseChanged,
    "clock": ev.ClockStepped,
    "stage": ev.StageStarted,
    "skip": ev.SourceSkipped,
    "unskip": ev.SourceUnskipped,
    "priority": ev.PriorityChanged,
    "retry": ev.SourceRetried,
    "facts": ev.FactsLearned,
    "unusable": ev.SourceFoundUnusable,
    "lost": ev.PatchesLost,
}
KINDS = {event: kind for kind, event in PLAIN_EVENTS.items()}

# Fields of these events that allow fewer values than their types.
_NARROWER: Mapping[str, Any] = {"at": _Time, "clips": tuple[_Index, ...], "size_bytes": _Bytes}


def _line_type(kind: str, event: type[Any]) -> type[msgspec.Struct]:
    """Return the type of a line that is a plain record of an event's fields."""
    hints = typing.get_type_hints(event)
    fields = [
        (f.name, _NARROWER.get(f.name, hints[f.name]), _default_of(f)) for f in dataclasses.fields(event)
    ]
    return msgspec.defstruct(f"{kind.title()}Line", fields)


def _default_of(field: dataclasses.Field[Any]) -> Any:  # noqa: ANN401 - as the field's type says
    if field.default_factory is not dataclasses.MISSING:
        return msgspec.field(default_factory=field.default_factory)
    return msgspec.NODEFAULT if field.default is dataclasses.MISSING else field.default


PLAIN_LINES = {kind: _line_type(kind, event) for kind, event in PLAIN_EVENTS.items()}
