"""Every event comes back from its line; what cannot have been written here is damage."""

from __future__ import annotations

import json
import os
import random
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Clip, Failed, Made, Patch, Rejected
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.engine.storage.history import history_of, read_history
from tui_gen.engine.storage.ledger_codec import decode, encode, heading, recount
from tui_gen.engine.storage.ledger_lines import LedgerError

GOLDEN = Path(__file__).parents[2] / "golden" / "run_folder" / "dataset" / ".tui-gen" / LEDGER_NAME

# Names that are not UTF-8 arrive as lone surrogates. No key of a record is one of the line's own keys.
names = st.binary(min_size=1, max_size=12).map(os.fsdecode) | st.text(min_size=1, max_size=12)
keys = names.map(lambda name: f"x{name}")
times = st.floats(0, 4e9).map(lambda at: round(at, 3))
seconds = st.floats(-1, 1e6).map(lambda value: round(value, 3))
numbers = st.integers(0, 10**9)
indexes = st.integers(0, 10**7 - 1)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
records = st.dictionaries(keys, values, max_size=3)
patches = st.builds(Patch, names, numbers, records, st.none() | st.integers(0, 2**64 - 1))
clips = st.builds(Clip, names, indexes)
made = st.builds(
    Made,
    *(clips, st.lists(patches, max_size=3).map(tuple), numbers, seconds),
    st.lists(st.tuples(names, names), max_size=2).map(tuple),
    records,
)
outcomes = (
    made
    | st.builds(Rejected, clips, names, numbers, seconds, names, records)
    | st.builds(Failed, clips, names, numbers, seconds, names)
)
of_kind: dict[type[ev.Durable], st.SearchStrategy[ev.Durable]] = {
    ev.RunStarted: st.builds(
        ev.RunStarted,
        *(times, names, records, names, names, numbers, names, names, names),
        versions=st.dictionaries(names, names),
    ),
    ev.RunEnded: st.builds(ev.RunEnded, times, names, st.integers(-255, 255), names),
    ev.PhaseChanged: st.builds(ev.PhaseChanged, times, names, names),
    ev.StageStarted: st.builds(ev.StageStarted, times, names, records, names, st.booleans()),
    ev.SourceSkipped: st.builds(ev.SourceSkipped, times, names),
    ev.SourceUnskipped: st.builds(ev.SourceUnskipped, times, names),
    ev.ClockStepped: st.builds(ev.ClockStepped, times, st.floats(-1e9, 1e9)),
    ev.PriorityChanged: st.builds(ev.PriorityChanged, times, names, st.integers(-99, 99)),
    ev.SourceRetried: st.builds(ev.SourceRetried, times, names),
    ev.FactsLearned: st.builds(
        ev.FactsLearned, times, names, names, records, st.lists(names, max_size=2).map(tuple)
    ),
    ev.SourceFoundUnusable: st.builds(ev.SourceFoundUnusable, times, names, names, names, names),
    ev.ClipEnded: st.builds(ev.ClipEnded, times, names, outcomes, st.just("") | names),
    ev.PatchesLost: st.builds(
        ev.PatchesLost, times, names, names, st.lists(indexes).map(tuple), numbers, names | st.just("")
    ),
    ev.PatchMoved: st.builds(ev.PatchMoved, times, names, names, indexes, names, patches),
}
durable = st.one_of(*of_kind.values())


def test_every_durable_event_is_tried() -> None:
    assert set(of_kind) == set(get_args(ev.Durable))


@given(durable)
def test_an_event_comes_back_from_its_line(event: ev.Durable) -> None:
    line = encode(event)
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert decode(line) == event
    assert encode(decode(line)) == line


def test_the_machine_of_the_engine_is_left_out_and_a_line_without_one_is_read() -> None:
    at_home = ev.ClipEnded(1.0, "extract", Made(Clip("a", 3), (), 1, 0.5))
    line = encode(at_home)
    assert b"machine" not in line
    assert decode(line) == at_home
    elsewhere = replace(at_home, machine="box2")
    assert json.loads(encode(elsewhere))["machine"] == "box2"
    assert {**json.loads(encode(elsewhere)), "machine": ""} == {**json.loads(line), "machine": ""}
    assert recount(encode(elsewhere)).machine == "box2"  # type: ignore[union-attr]


def shuffled(value: Any, chance: random.Random) -> Any:  # noqa: ANN401 - JSON
    """Return a value with the keys of its objects in another order."""
    if isinstance(value, list):
        return [shuffled(item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    pairs = [(key, shuffled(item, chance)) for key, item in value.items()]
    chance.shuffle(pairs)
    return dict(pairs)


@given(durable, st.randoms())
def test_the_order_of_the_keys_means_nothing(event: ev.Durable, chance: random.Random) -> None:
    line = encode(event)
    other = json.dumps(shuffled(json.loads(line), chance)).encode() + b"\n"
    assert decode(other) == event
    assert recount(other) == recount(line)
    assert heading(other) == heading(line)


@given(durable)
def test_what_counts_of_a_made_clip_is_what_its_event_says(event: ev.Durable) -> None:
    found = recount(encode(event))
    if isinstance(found, ev.ClipRecounted):
        assert isinstance(event, ev.ClipEnded)
        assert isinstance(event.outcome, Made)
        clip = event.outcome.clip
        assert found == ev.ClipRecounted(
            event.at,
            clip.source,
            clip.index,
            event.outcome.attempts,
            [(patch.category, patch.size_bytes, patch.perceptual_hash) for patch in event.outcome.patches],
            [category for category, _ in event.outcome.rejected],
            event.stage,
            event.machine,
        )
    else:
        assert found == event


@given(st.lists(durable, max_size=8))
def test_a_history_of_lines_is_the_history_of_their_events(events: list[ev.Durable]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, LEDGER_NAME).write_bytes(b"".join(map(encode, events)))
        assert read_history(Path(folder)) == history_of(events)


@given(st.binary(max_size=80))
def test_any_line_is_an_event_or_a_ledger_error(line: bytes) -> None:
    for read in (decode, recount):
        try:
            event = read(line)
        except LedgerError:
            continue
        assert encode(event)  # type: ignore[arg-type] # eighty letters are too few for a made clip


def test_the_lines_of_an_earlier_version_are_written_the_same() -> None:
    lines = [line for line in GOLDEN.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    assert len(lines) > 30
    assert [encode(decode(line)) for line in lines] == lines
    assert {type(decode(line)) for line in lines} == set(of_kind) - {
        ev.PatchMoved,
        ev.StageStarted,
        ev.ClockStepped,
    }


MADE: dict[str, Any] = {
    "at": 1.5,
    "kind": "clip",
    "stage": "extract",
    "id": "a:7",
    "source": "a",
    "outcome": "made",
    "attempts": 1,
    "seconds": 2.5,
    "rejected": [],
    "patches": [{"category": "general", "bytes": 7, "hash": "00000000000000ff"}],
}
FAILED = {key: value for key, value in MADE.items() if key not in {"patches", "rejected"}} | {
    "outcome": "failed",
    "reason": "x",
}
MOVED = {
    "at": 1.5,
    "kind": "moved",
    "stage": "extract",
    "source": "a",
    "clip": 7,
    "from_category": "general",
    "patch": {"category": "general/val", "bytes": 7},
}
LOST = {"at": 1.5, "kind": "lost", "source": "a", "category": "x", "clips": [1], "size_bytes": 1}
RETRIED = {"at": 1.5, "kind": "retry", "source": "a"}
PRIORITY = {"at": 1.5, "kind": "priority", "source": "a", "priority": 1}
FACTS = {"at": 1.5, "kind": "facts", "stage": "probe", "source": "a", "facts": {}}
RIGHT = [MADE, FAILED, MOVED, LOST, RETRIED, PRIORITY, FACTS]


def without(entry: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != key}


def of_patch(entry: dict[str, Any], **changes: object) -> dict[str, Any]:
    return entry | {"patches": [entry["patches"][0] | changes]}


def each(entry: dict[str, Any], key: str, damaged: list[Any]) -> list[dict[str, Any]]:
    return [entry | {key: value} for value in damaged]


DAMAGED: list[dict[str, Any]] = [
    *(without(entry, key) for entry in RIGHT for key in entry),
    *(damaged for entry in RIGHT for damaged in each(entry, "at", [-1, 1e11, "1.5", None, True])),
    *(damaged for entry in RIGHT for damaged in each(entry, "kind", ["nothing", None, [], {}])),
    *(damaged for entry in RIGHT for damaged in each(entry, "source", [7, None, ["a"]])),
    *(entry | {"more": 1} for entry in (MOVED, LOST, RETRIED, PRIORITY, FACTS)),
    *each(MADE, "id", ["a", "a:", "a:-1", "a: 1", "a:1_0", "a:99999999", "a:\u0661", 7, None]),
    *each(FAILED, "id", ["a", "a:x"]),
    *each(MADE, "stage", [1.5, None]),
    *each(MADE, "outcome", ["lost", 1.5, None]),
    *each(MADE, "attempts", [-1, "1", True, None, 1.0]),
    *each(MADE, "seconds", ["1", None, []]),
    *each(MADE, "patches", [{}, [7], [[]], ["x"], [{}], None]),
    *each(MADE, "rejected", [{}, [7], [{}], [{"category": "x", "reason": 7}], None]),
    *(of_patch(MADE, bytes=size) for size in (-1, 1.0, "1", None, 10**18)),
    *(of_patch(MADE, hash=value) for value in ("", "ff", "-0000000000000ff", "0" * 17, 7, "0_0" * 5 + "f")),
    of_patch(MADE, category=7),
    *each(MOVED, "clip", [-1, 10**7, "7", 7.0, None]),
    *each(MOVED, "patch", [{}, [], None, {"category": "x"}, {"category": 7, "bytes": 7}]),
    *each(LOST, "clips", [[-1], [10**7], ["1"], 1, None]),
    *each(LOST, "size_bytes", [-1, "1", 1.0]),
    *each(PRIORITY, "priority", ["1", 1.0, True, None]),
    *each(FACTS, "facts", [[], "x", None]),
    *each(FACTS, "warnings", [[7], "x"]),
]


@pytest.mark.parametrize("entry", DAMAGED, ids=range(len(DAMAGED)))
def test_what_cannot_have_been_written_is_damage(entry: dict[str, Any]) -> None:
    line = json.dumps(entry).encode() + b"\n"
    for read in (decode, recount):
        with pytest.raises(LedgerError):
            read(line)


@pytest.mark.parametrize("entry", RIGHT, ids=range(len(RIGHT)))
def test_what_is_left_whole_is_read(entry: dict[str, Any]) -> None:
    assert decode(json.dumps(entry).encode()).at == 1.5


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("name", ["x", "\\udcff"])
def test_what_is_no_number_is_damage(number: str, name: str) -> None:
    line = f'{{"at":1.5,"kind":"facts","stage":"probe","source":"{name}","facts":{{"x":{number}}}}}\n'
    with pytest.raises(LedgerError):
        decode(line.encode())
