"""How an event stands in the ledger: one line of JSON, and the way back. No other module reads a line.

    event  ── encode ──>  line  ── decode ────>  event
                                ── recount ───>  what counts of a made clip, the event of any other line
                                ── heading ───>  what a line is about
                                ── made_line ─>  what a history is made of, for a made clip

What cannot have been written here is a LedgerError, never an event that the state would stumble over.

Lines are decoded by msgspec against the types below, in whatever order their keys are. Python's json
decodes the rare lines that hold names which are not UTF-8, as msgspec refuses lone surrogates. Python's
json encodes all lines: msgspec writes some numbers and letters in another form, and the bytes of a line
are to stay those of earlier versions.
"""

from __future__ import annotations

import dataclasses
import json
import math
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
from msgspec import Meta

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Clip, Failed, Made, Outcome, Patch, Rejected

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


# ------------------------------------------------------------------ what stands in a line


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


class _RefusedLines(msgspec.Struct):
    """What a line of a made clip has beside its patches."""

    rejected: list[_RefusedLine]


class _ClipLine(msgspec.Struct, gc=False):
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
        return _index_in(self.id)


class MadeLine(_ClipLine, gc=False):
    """What counts of a made clip. The other keys of the line are the job's record of the clip."""

    kind: typing.Literal["clip"]
    outcome: typing.Literal["made"]
    patches: list[_FormatLine]
    rejected: list[_RefusedLine]


class _ReasonLine(msgspec.Struct):
    """What a line of a clip has beside, when the clip was rejected or failed."""

    reason: str
    detail: str = ""


class _MovedLine(msgspec.Struct):
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
            return _index_in(self.id)
        except LedgerError:
            return None


def _index_in(clip: str) -> int:
    """Return the index of a clip called `<source>:<index>`. Raises LedgerError."""
    digits = clip.rpartition(":")[2]
    if digits.isdigit() and digits.isascii() and len(digits) <= _MOST_DIGITS:
        return int(digits)
    message = f"{clip!r} is no clip"
    raise LedgerError(message)


def _number_of(perceptual_hash: str) -> int:
    """Return the number that 16 hexadecimal digits stand for. Raises LedgerError, ValueError."""
    if len(perceptual_hash) == _HASH_DIGITS and perceptual_hash.isalnum():  # int takes signs and blanks
        return int(perceptual_hash, 16)
    message = f"{perceptual_hash!r} is no hash"
    raise LedgerError(message)


# ledger kind -> event, for all events that are plain records of their fields
_PLAIN: Mapping[str, type[Any]] = {
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
_KINDS = {event: kind for kind, event in _PLAIN.items()}

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


_LINES = {kind: _line_type(kind, event) for kind, event in _PLAIN.items()}


# ------------------------------------------------------------------ writing


def encode(event: ev.Durable) -> bytes:
    """Return the event's ledger line, with its newline. ASCII: names that are not UTF-8 survive."""
    if isinstance(event, ev.ClipEnded):
        entry = _clip_entry(event)
    elif isinstance(event, ev.PatchMoved):
        entry = _moved_entry(event)
    else:
        kind = _KINDS[type(event)]
        entry = {"at": round(event.at, 3), "kind": kind}
        for field in dataclasses.fields(event):
            if field.name != "at":
                entry[field.name] = getattr(event, field.name)
        if kind == "lost" and not entry["stage"]:
            del entry["stage"]
    return json.dumps(entry, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def _clip_entry(event: ev.ClipEnded) -> dict[str, Any]:
    outcome = event.outcome
    entry: dict[str, Any] = {
        "at": round(event.at, 3),
        "kind": "clip",
        "stage": event.stage,
        "id": str(outcome.clip),
        "source": outcome.clip.source,
        "outcome": type(outcome).__name__.lower(),
        "attempts": outcome.attempts,
        "seconds": round(outcome.seconds, 3),
    }
    if isinstance(outcome, Made):
        entry |= outcome.record
        entry["patches"] = list(map(_patch_entry, outcome.patches))
        entry["rejected"] = [{"category": name, "reason": reason} for name, reason in outcome.rejected]
        return entry
    if isinstance(outcome, Rejected):
        entry |= outcome.record
    entry["reason"], entry["detail"] = outcome.reason, outcome.detail
    return entry


def _moved_entry(event: ev.PatchMoved) -> dict[str, Any]:
    return {
        "at": round(event.at, 3),
        "kind": "moved",
        "stage": event.stage,
        "source": event.source,
        "clip": event.clip,
        "from_category": event.from_category,
        "patch": _patch_entry(event.patch),
    }


def _patch_entry(patch: Patch) -> dict[str, Any]:
    perceptual_hash = {} if patch.perceptual_hash is None else {"hash": f"{patch.perceptual_hash:016x}"}
    return {"category": patch.category, "bytes": patch.size_bytes, **perceptual_hash, **patch.record}


# ------------------------------------------------------------------ reading

# What a line that cannot be read raises; msgspec's errors are ValueErrors.
_WRONG = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def decode(line: bytes) -> ev.Durable:
    """Return the event of one ledger line.

    Raises LedgerError when the line is no JSON object of a known kind with its fields.
    """
    try:
        entry = _parse(line)
        kind = entry.pop("kind")
        if kind == "clip":
            return _clip_event(entry)
        return _moved_event(entry) if kind == "moved" else _plain_event(kind, entry)
    except _WRONG as error:
        raise _ledger_error(line, error) from error


def _ledger_error(line: bytes, error: Exception) -> LedgerError:
    return LedgerError(f"not a line of this ledger ({type(error).__name__}: {error}): {line[:80]!r}")


def _parse(line: bytes) -> dict[str, Any]:
    try:
        return _OBJECT.decode(line)
    except msgspec.DecodeError:
        if b"\\ud" not in line:
            raise
        entry = json.loads(line, parse_constant=_refused, parse_float=_finite)
        if not isinstance(entry, dict):
            raise
        return entry


def _refused(text: str) -> NoReturn:
    message = f"{text} is no number"
    raise ValueError(message)


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refused(text)


_OBJECT = msgspec.json.Decoder(dict[str, Any])
_Line = TypeVar("_Line", bound=msgspec.Struct)


def _taken(entry: dict[str, Any], line: type[_Line]) -> _Line:
    """Take what a type knows out of an entry. Raises ValueError where it does not fit."""
    known = {name: entry.pop(name) for name in line.__struct_fields__ if name in entry}
    return msgspec.convert(known, line)


def _refuse_more(entry: dict[str, Any]) -> None:
    if entry:
        message = f"unknown: {', '.join(map(repr, entry))}"
        raise ValueError(message)


def _plain_event(kind: str, entry: dict[str, Any]) -> ev.Durable:
    line = _taken(entry, _LINES[kind])
    _refuse_more(entry)
    event: ev.Durable = _PLAIN[kind](*msgspec.structs.astuple(line))
    return event


def _clip_event(entry: dict[str, Any]) -> ev.ClipEnded:
    outcome_of = _OUTCOMES[entry.pop("outcome")]
    line = _taken(entry, _ClipLine)
    return ev.ClipEnded(line.at, line.stage, outcome_of(line, entry))


def _made(line: _ClipLine, entry: dict[str, Any]) -> Made:
    patches = entry.pop("patches")
    if not isinstance(patches, list):
        message = f"{patches!r} are no patches"
        raise TypeError(message)
    refused = _taken(entry, _RefusedLines).rejected
    return Made(
        Clip(line.source, line.index),
        tuple(map(_patch, patches)),
        line.attempts,
        line.seconds,
        tuple((each.category, each.reason) for each in refused),
        entry,
    )


def _rejected(line: _ClipLine, entry: dict[str, Any]) -> Rejected:
    why = _taken(entry, _ReasonLine)
    return Rejected(Clip(line.source, line.index), why.reason, line.attempts, line.seconds, why.detail, entry)


def _failed(line: _ClipLine, entry: dict[str, Any]) -> Failed:
    why = _taken(entry, _ReasonLine)
    return Failed(Clip(line.source, line.index), why.reason, line.attempts, line.seconds, why.detail)


_OUTCOMES: Mapping[str, Callable[[_ClipLine, dict[str, Any]], Outcome]] = {
    "made": _made,
    "rejected": _rejected,
    "failed": _failed,
}


def _patch(entry: dict[str, Any]) -> Patch:
    line = _taken(entry, PatchLine)
    perceptual_hash = None if line.hash is None else _number_of(line.hash)
    return Patch(line.category, line.bytes, entry, perceptual_hash)


def _moved_event(entry: dict[str, Any]) -> ev.PatchMoved:
    patch, line = _patch(entry.pop("patch")), _taken(entry, _MovedLine)
    _refuse_more(entry)
    return ev.PatchMoved(line.at, line.stage, line.source, line.clip, line.from_category, patch)


# ------------------------------------------------------------------ reading only what counts


def recount(line: bytes) -> ev.Durable | ev.ClipRecounted:
    """Return what counts of a line of a made clip, the event of any other. Raises LedgerError."""
    made = made_line(line)
    if made is None:
        return decode(line)
    try:
        return ev.ClipRecounted(
            made.at,
            made.source,
            _index_in(made.id),
            made.attempts,
            [
                (each.category, each.bytes, None if each.hash is None else _number_of(each.hash))
                for each in made.patches
            ],
            [each.category for each in made.rejected],
            made.stage,
        )
    except ValueError as error:
        raise _ledger_error(line, error) from error


def made_line(line: bytes) -> MadeLine | None:
    """Return what counts of a line of a made clip; None where `decode` is to say what the line is."""
    try:
        return _MADE.decode(line)
    except (msgspec.DecodeError, RecursionError):  # another kind, damage, or a name that is not UTF-8
        return None


def heading(line: bytes) -> Heading:
    """Return what a line is about. Raises LedgerError where that cannot be read."""
    try:
        return _HEADING.decode(line)
    except (msgspec.DecodeError, RecursionError):
        try:
            return _taken(_parse(line), Heading)
        except _WRONG as error:
            raise _ledger_error(line, error) from error


_MADE = msgspec.json.Decoder(MadeLine)
_HEADING = msgspec.json.Decoder(Heading)
