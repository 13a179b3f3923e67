"""Encodes events as ledger lines of JSON, and decodes lines. No other module reads a line.

    event  ── encode ──>  line  ── decode ────>  event
                                ── recount ───>  the counted data of a made clip; the event of any other line
                                ── heading ───>  the identity of a line
                                ── made_line ─>  the data of a made clip for the history

A line that this module cannot have written raises LedgerError. The state never gets an invalid event.

msgspec decodes the lines against the types of `ledger_lines`; the order of the keys does not matter. The
json module decodes the rare lines with names that are not UTF-8, because msgspec refuses lone surrogates.
The json module encodes all lines: msgspec writes some numbers and letters in another form, and the bytes
of a line must stay those of earlier versions.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import msgspec

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Clip, Failed, Made, Outcome, Patch, Rejected
from tui_gen.engine.storage.ledger_lines import (
    KINDS,
    PLAIN_EVENTS,
    PLAIN_LINES,
    ClipLine,
    Heading,
    LedgerError,
    MadeLine,
    MovedLine,
    PatchLine,
    ReasonLine,
    RefusedLines,
    hash_number,
    index_in,
)

# ------------------------------------------------------------------ writing


def encode(event: ev.Durable) -> bytes:
    """Return the event's ledger line with its newline. ASCII: names that are not UTF-8 are preserved."""
    if isinstance(event, ev.ClipEnded):
        entry = _clip_entry(event)
    elif isinstance(event, ev.PatchMoved):
        entry = _moved_entry(event)
    else:
        kind = KINDS[type(event)]
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
    if event.machine:
        entry["machine"] = event.machine
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

# The errors of an unreadable line; msgspec's errors are ValueErrors.
_WRONG = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def decode(line: bytes) -> ev.Durable:
    """Return the event of one ledger line.

    Raises LedgerError if the line is not a JSON object of a known kind with its fields.
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
    """Return the fields of a type from an entry. Raises ValueError if they do not fit."""
    known = {name: entry.pop(name) for name in line.__struct_fields__ if name in entry}
    return msgspec.convert(known, line)


def _refuse_more(entry: dict[str, Any]) -> None:
    if entry:
        message = f"unknown: {', '.join(map(repr, entry))}"
        raise ValueError(message)


def _plain_event(kind: str, entry: dict[str, Any]) -> ev.Durable:
    line = _taken(entry, PLAIN_LINES[kind])
    _refuse_more(entry)
    event: ev.Durable = PLAIN_EVENTS[kind](*msgspec.structs.astuple(line))
    return event


def _clip_event(entry: dict[str, Any]) -> ev.ClipEnded:
    outcome_of = _OUTCOMES[entry.pop("outcome")]
    line = _taken(entry, ClipLine)
    return ev.ClipEnded(line.at, line.stage, outcome_of(line, entry), line.machine)


def _made(line: ClipLine, entry: dict[str, Any]) -> Made:
    patches = entry.pop("patches")
    if not isinstance(patches, list):
        message = f"{patches!r} are no patches"
        raise TypeError(message)
    refused = _taken(entry, RefusedLines).rejected
    return Made(
        Clip(line.source, line.index),
        tuple(map(_patch, patches)),
        line.attempts,
        line.seconds,
        tuple((each.category, each.reason) for each in refused),
        entry,
    )


def _rejected(line: ClipLine, entry: dict[str, Any]) -> Rejected:
    why = _taken(entry, ReasonLine)
    return Rejected(Clip(line.source, line.index), why.reason, line.attempts, line.seconds, why.detail, entry)


def _failed(line: ClipLine, entry: dict[str, Any]) -> Failed:
    why = _taken(entry, ReasonLine)
    return Failed(Clip(line.source, line.index), why.reason, line.attempts, line.seconds, why.detail)


_OUTCOMES: Mapping[str, Callable[[ClipLine, dict[str, Any]], Outcome]] = {
    "made": _made,
    "rejected": _rejected,
    "failed": _failed,
}


def _patch(entry: dict[str, Any]) -> Patch:
    line = _taken(entry, PatchLine)
    perceptual_hash = None if line.hash is None else hash_number(line.hash)
    return Patch(line.category, line.bytes, entry, perceptual_hash)


def _moved_event(entry: dict[str, Any]) -> ev.PatchMoved:
    patch, line = _patch(entry.pop("patch")), _taken(entry, MovedLine)
    _refuse_more(entry)
    return ev.PatchMoved(line.at, line.stage, line.source, line.clip, line.from_category, patch)


# ------------------------------------------------------------------ reading only what counts


def recount(line: bytes) -> ev.Durable | ev.ClipRecounted:
    """Return the counted data of a made clip's line, the event of any other line. Raises LedgerError."""
    made = made_line(line)
    if made is None:
        return decode(line)
    try:
        return ev.ClipRecounted(
            made.at,
            made.source,
            index_in(made.id),
            made.attempts,
            [
                (each.category, each.bytes, None if each.hash is None else hash_number(each.hash))
                for each in made.patches
            ],
            [each.category for each in made.rejected],
            made.stage,
            made.machine,
        )
    except ValueError as error:
        raise _ledger_error(line, error) from error


def made_line(line: bytes) -> MadeLine | None:
    """Return the data of a made clip's line for the history; None if `decode` must decode the line."""
    try:
        return _MADE.decode(line)
    except (msgspec.DecodeError, RecursionError):  # another kind, damage, or a name that is not UTF-8
        return None


def heading(line: bytes) -> Heading:
    """Return the identity of a line. Raises LedgerError if it cannot be read."""
    try:
        return _HEADING.decode(line)
    except (msgspec.DecodeError, RecursionError):
        try:
            return _taken(_parse(line), Heading)
        except _WRONG as error:
            raise _ledger_error(line, error) from error


_MADE = msgspec.json.Decoder(MadeLine)
_HEADING = msgspec.json.Decoder(Heading)
