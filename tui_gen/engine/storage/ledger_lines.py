"""What the lines of the ledger contain: the type of each kind of line, against which msgspec checks it."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tui_gen.engine.model import events as ev

_MOST_DIGITS = 7
"""No source has more clips: a damaged index must not fill the memory with the bits of a set."""
_HASH_DIGITS = 16
_MOST_BYTES = 10**18
_END_OF_TIME = 1e11

_Time = Annotated[float, Meta(ge=0, lt=_END_OF_TIME)]
_Index = Annotated[int, Meta(ge=0, lt=10**_MOST_DIGITS)]
_Bytes = Annotated[int, Meta(ge=0, lt=_MOST_BYTES)]
_Number = Annotated[int, Meta(ge=0)]


class LedgerError(ValueError):
    """A line of the ledger is not what this version writes."""


class PatchLine(msgspec.Struct, gc=False):
    """What counts of a patch. The other keys of the entry are the job's record of the patch."""

    category: str
    bytes: _Bytes
    hash: str | None = None


class _FormatLine(PatchLine, gc=False):
    """What a history takes of a patch."""

    format: Any = "?"


class _RefusedLine(msgspec.Struct, gc=False):
    """A category that a made clip was planned for but did not give."""

    category: str
    reason: str


class RefusedLines(msgspec.Struct):
    """What a line of a made clip has beside its patches."""

    rejected: list[_RefusedLine]


class ClipLine(msgspec.Struct, gc=False):
    """What every line of a clip has."""

    at: _Time
    stage: str
    id: str
    source: str
    attempts: _Number
    seconds: float

    @property
    def index(self) -> int:
        """The index of the clip. Raises LedgerError where there is none."""
        return index_in(self.id)


class MadeLine(ClipLine, gc=False):
    """What counts of a made clip. The other keys of the line are the job's record of the clip."""

    kind: typing.Literal["clip"]
    outcome: typing.Literal["made"]
    patches: list[_FormatLine]
    rejected: list[_RefusedLine]


class ReasonLine(msgspec.Struct):
    """What a line of a clip has beside, when the clip was rejected or failed."""

    reason: str
    detail: str = ""


class MovedLine(msgspec.Struct):
    """A patch that stands elsewhere now."""

    at: _Time
    stage: str
    source: str
    clip: _Index
    from_category: str


class Heading(msgspec.Struct):
    """What a line is about, as far as readers choose lines by it."""

    kind: str
    source: str = ""
    id: str = ""  # of a clip
    clip: _Index | None = None  # of a patch that was moved
    outcome: str = ""  # of a clip

    @property
    def index(self) -> int | None:
        """The index of the clip, None where the line is not about one clip."""
        if not self.id:
            return self.clip
        try:
            return index_in(self.id)
        except LedgerError:
            return None


def index_in(clip: str) -> int:
    """Return the index of a clip called `<source>:<index>`. Raises LedgerError."""
    digits = clip.rpartition(":")[2]
    if digits.isdigit() and digits.isascii() and len(digits) <= _MOST_DIGITS:
        return int(digits)
    message = f"{clip!r} is no clip"
    raise LedgerError(message)


def hash_number(perceptual_hash: str) -> int:
    """Return the number that 16 hexadecimal digits stand for. Raises LedgerError, ValueError."""
    if len(perceptual_hash) == _HASH_DIGITS and perceptual_hash.isalnum():  # int takes signs and blanks
        return int(perceptual_hash, 16)
    message = f"{perceptual_hash!r} is no hash"
    raise LedgerError(message)


# ledger kind -> event, for all events that are plain records of their fields
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

# What the fields of these events hold, where it is less than their types allow.
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
