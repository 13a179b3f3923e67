"""How an event stands in the ledger: one line of JSON, and the way back.

What cannot have been written here is a LedgerError, never an event that the state would stumble over.
"""

from __future__ import annotations

import dataclasses
import json
import re
from functools import lru_cache
from typing import Any

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Clip, Failed, Made, Outcome, Patch, Rejected

# ledger kind -> event, for all events that are plain records of their fields
_PLAIN: dict[str, type[Any]] = {
    "run": ev.RunStarted,
    "end": ev.RunEnded,
    "phase": ev.PhaseChanged,
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

# annotation of such a field -> what its values are
_FITTING: dict[str, tuple[type[Any], ...]] = {
    "float": (float, int),
    "int": (int,),
    "bool": (bool,),
    "str": (str,),
    "JsonObject": (dict,),
    "tuple[str, ...]": (tuple,),
    "tuple[int, ...]": (tuple,),
}
_FIELDS = {
    kind: tuple((f.name, _FITTING[str(f.type)]) for f in dataclasses.fields(event))
    for kind, event in _PLAIN.items()
}
_MOST_CLIPS = 10**7
"""No film has more: a damaged index must not fill the memory with the bits of a set."""
_END_OF_TIME = 1e11


class LedgerError(Exception):
    """A line of the ledger is not what this version writes."""


def encode(event: ev.Durable) -> bytes:
    """Return the event's ledger line, with its newline. ASCII: names that are not UTF-8 survive."""
    if isinstance(event, ev.ClipEnded):
        entry = _clip_entry(event)
    elif isinstance(event, ev.PatchMoved):
        entry = _moved_entry(event)
    else:
        kind = _KINDS[type(event)]
        entry = {"at": round(event.at, 3), "kind": kind}
        for name, _types in _FIELDS[kind]:
            if name != "at":
                entry[name] = getattr(event, name)
        if kind == "lost" and not entry["stage"]:
            del entry["stage"]
    return json.dumps(entry, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def decode(line: bytes) -> ev.Durable:
    """Return the event of one ledger line.

    Raises LedgerError when the line is no JSON object of a known kind with its fields.
    """
    try:
        entry = json.loads(line)
        kind = entry.pop("kind")
        if kind == "clip":
            return _clip_event(entry)
        return _moved_event(entry) if kind == "moved" else _plain_event(kind, entry)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"not a line of this ledger ({type(error).__name__}: {error}): {line[:80]!r}"
        raise LedgerError(message) from error


def _plain_event(kind: str, entry: dict[str, Any]) -> ev.Durable:
    if kind == "facts":
        entry["warnings"] = tuple(map(_text, entry.get("warnings", ())))
    if kind == "lost":
        entry["clips"] = tuple(map(_index, entry["clips"]))
    event: ev.Durable = _PLAIN[kind](**entry)
    for name, types in _FIELDS[kind]:
        if not isinstance(getattr(event, name), types):
            message = f"{name} is {getattr(event, name)!r}"
            raise TypeError(message)
    _time(event.at)
    return event


def _time(value: float) -> float:
    if not 0 <= value < _END_OF_TIME:
        message = f"{value} is no time"
        raise ValueError(message)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        message = f"{value!r} is no text"
        raise TypeError(message)
    return value


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        message = f"{value!r} is no number of something"
        raise TypeError(message)
    return value


def _index(value: object) -> int:
    index = _number(value)
    if index >= _MOST_CLIPS:
        message = f"{index} is no clip"
        raise ValueError(message)
    return index


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


def _moved_event(entry: dict[str, Any]) -> ev.PatchMoved:
    at, stage, source = _time(float(entry["at"])), _text(entry["stage"]), _text(entry["source"])
    patch = _patch(entry["patch"])
    return ev.PatchMoved(at, stage, source, _index(entry["clip"]), _text(entry["from_category"]), patch)


def _patch_entry(patch: Patch) -> dict[str, Any]:
    perceptual_hash = {} if patch.perceptual_hash is None else {"hash": f"{patch.perceptual_hash:016x}"}
    return {"category": patch.category, "bytes": patch.size_bytes, **perceptual_hash, **patch.record}


def _patch(entry: dict[str, Any]) -> Patch:
    category, size_bytes, perceptual_hash = entry.pop("category"), entry.pop("bytes"), entry.pop("hash", None)
    return Patch(
        _text(category),
        _number(size_bytes),
        entry,
        None if perceptual_hash is None else int(perceptual_hash, 16),
    )


def _clip_event(entry: dict[str, Any]) -> ev.ClipEnded:
    source, stage = _text(entry.pop("source")), _text(entry.pop("stage"))
    clip = Clip(source, _index(int(entry.pop("id").rpartition(":")[2])))
    at = _time(float(entry.pop("at")))
    return ev.ClipEnded(at, stage, _outcome(clip, entry.pop("outcome"), entry))


def _outcome(clip: Clip, kind: str, entry: dict[str, Any]) -> Outcome:
    attempts, seconds = _number(entry.pop("attempts")), float(entry.pop("seconds"))
    if kind == "made":
        patches = tuple(map(_patch, entry.pop("patches")))
        rejected = tuple((_text(item["category"]), _text(item["reason"])) for item in entry.pop("rejected"))
        return Made(clip, patches, attempts, seconds, rejected, entry)
    reason, detail = _text(entry.pop("reason")), _text(entry.pop("detail", ""))
    if kind == "rejected":
        return Rejected(clip, reason, attempts, seconds, detail, entry)
    if kind == "failed":
        return Failed(clip, reason, attempts, seconds, detail)
    message = f"no such outcome: {kind}"
    raise ValueError(message)


# ------------------------------------------------------------------ what counts, read quickly

# What `encode` writes of a made clip up to its record, of each of its patches, and of those it did not
# give. Quotes inside JSON strings are escaped, so these keys cannot be part of any text.
_HEAD = re.compile(
    rb'\{"at":([0-9]{1,11}(?:\.[0-9]{1,3})?),"kind":"clip","stage":"([^"\\]*)","id":"[^"\\]*:([0-9]{1,7})",'
    rb'"source":"([^"\\]*)","outcome":"made","attempts":([0-9]{1,9}),"seconds":[0-9]+(?:\.[0-9]+)?,'
)
_PATCH = re.compile(
    rb'\{"category":"(?:([^"\\]*)","bytes":([0-9]{1,18})(?:,"hash":"([0-9a-f]{16})")?(?:,"|\}))?'
)
_REFUSED = rb'\{"category":"([^"\\]*)","reason":"[^"\\]*"\}'
_SOME_REFUSED = re.compile(rb'"rejected":\[(?:' + _REFUSED.replace(b"(", b"(?:") + rb",?)+\]\}\n")
_EACH_REFUSED = re.compile(_REFUSED)
_NONE_REFUSED = b'"rejected":[]}\n'
_REMEMBERED = re.compile(rb'\{"at":[^,]+,"kind":"(?:clip|facts|unusable)",')
_GAVE = (b'"outcome":"made"', b'"patches":[{')


def recount(line: bytes) -> ev.Durable | ev.ClipRecounted:
    """Return what counts of a line of a made clip, the event of any other. Raises LedgerError."""
    head = _HEAD.match(line)
    if head is None:
        return decode(line)
    end = len(line)
    if not line.endswith(_NONE_REFUSED):
        end = line.rfind(b'"rejected":[')
        if end < 0 or _SOME_REFUSED.fullmatch(line, end) is None:
            return decode(line)
    at, stage, clip, source, attempts = head.groups()
    try:
        patches = [
            (_word(category), int(size_bytes), int(perceptual_hash, 16) if perceptual_hash else None)
            for category, size_bytes, perceptual_hash in _PATCH.findall(line, head.end(), end)
        ]
        refused = [_word(category) for category in _EACH_REFUSED.findall(line, end)]
        return ev.ClipRecounted(
            float(at), _word(source), int(clip), int(attempts), patches, refused, _word(stage)
        )
    except ValueError:  # not what `encode` writes, or the name of a category is escaped
        return decode(line)


def is_remembered(line: bytes) -> bool:
    """Tell whether the event of a line is remembered one by one, for the feed."""
    return _REMEMBERED.match(line) is not None


def has_patches(line: bytes) -> bool:
    """Tell whether a line is of a clip that gave a patch."""
    return all(part in line for part in _GAVE)


@lru_cache(maxsize=8192)
def _word(text: bytes) -> str:
    return text.decode("ascii")
