from __future__ import annotations

import errno
import os
import random
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.run_data import RECENT_KEPT
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Failed, Made, Outcome, Patch, Rejected
from tui_gen.engine.storage.ledger import Ledger, read_events, read_for_resume
from tui_gen.engine.storage.ledger_codec import decode, encode
from tui_gen.engine.storage.ledger_lines import LedgerError

times = st.floats(0, 4e9).map(lambda at: round(at, 3))
names = st.text(min_size=1, max_size=20)
# Names of files that are not UTF-8 arrive as lone surrogates.
hostile = st.binary(min_size=1, max_size=12).map(os.fsdecode) | names
seconds = st.floats(0, 1e6).map(lambda value: round(value, 3))
clips = st.builds(Clip, st.sampled_from(["a", "b", "c"]), st.integers(0, 300))
categories = st.sampled_from(["general", "space", "caf\u00e9"])
patches = st.builds(
    Patch,
    categories,
    st.integers(0, 10**9),
    st.fixed_dictionaries(
        {"format": names, "x": st.integers(0, 9), "files": st.dictionaries(names, hostile)}
    ),
    st.none() | st.integers(0, 2**64 - 1),
)
made = st.builds(
    Made,
    clips,
    st.lists(patches, max_size=2, unique_by=lambda patch: patch.category).map(tuple),
    st.integers(1, 10),
    seconds,
    st.lists(st.tuples(st.sampled_from(["toon", "x\u00fc"]), names), max_size=2).map(tuple),
    st.fixed_dictionaries({"pts_seconds": seconds}),
)
unmade = st.builds(
    Rejected,
    *(clips, names, st.integers(1, 10), seconds, hostile),
    st.fixed_dictionaries({}, optional={"scores": st.dictionaries(names, seconds)}),
) | st.builds(Failed, clips, names, st.integers(1, 10), seconds, hostile)
sources = st.sampled_from(["a", "b", "c"])
durable = (
    st.builds(ev.ClipEnded, times, st.just("extract"), made | unmade)
    | st.builds(ev.FactsLearned, times, names, sources, st.dictionaries(names, hostile), st.just(("x",)))
    | st.builds(ev.SourceFoundUnusable, times, names, sources, names, hostile)
    | st.builds(ev.SourceSkipped, times, sources)
    | st.builds(ev.SourceUnskipped, times, sources)
    | st.builds(ev.PriorityChanged, times, sources, st.integers(0, 255))
    | st.builds(ev.PatchesLost, times, sources, names, st.tuples(st.integers(0, 99)), st.integers(0, 99))
    | st.builds(ev.PatchMoved, times, names, sources, st.integers(0, 300), categories, patches)
    | st.builds(ev.PhaseChanged, times, st.sampled_from(["running", "paused", "waiting"]), names)
)


@given(durable)
def test_an_event_comes_back_from_its_line(event: ev.Durable) -> None:
    line = encode(event)
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert decode(line) == event


@given(st.lists(durable, max_size=8), st.data())
def test_a_ledger_cut_at_any_byte_opens_with_a_prefix(events: list[ev.Durable], data: st.DataObject) -> None:
    whole = b"".join(map(encode, events))
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ledger.jsonl")
        path.write_bytes(cut)
        damage: list[str] = []
        found = list(read_events(path, on_damage=damage))
        assert damage == []
        assert found == events[: len(found)]
        assert len(found) == cut.count(b"\n")
        ledger = Ledger(path)
        ledger.append(events[-1:])
        ledger.close()
        assert list(read_events(path, on_damage=damage)) == found + events[-1:]


@given(st.binary(max_size=80))
def test_any_line_is_an_event_or_a_ledger_error(line: bytes) -> None:
    try:
        event = decode(line)
    except LedgerError:
        return
    assert encode(event)


PATCHLESS = Made(Clip("a", 0), (), 1, 1.0, (("general", "flat"),))
GAVE = replace(PATCHLESS, patches=(Patch("general", 7, {"format": "x"}),))


def both_ways(lines: bytes, *, remembered: int) -> tuple[RunState, RunState]:
    """Return what the lines add up to, read whole, and read as a resume does."""
    whole, quick = RunState(), RunState()
    damage: list[list[str]] = [[], []]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ledger.jsonl")
        path.write_bytes(lines)
        for event in read_events(path, on_damage=damage[0]):
            whole.apply(event)
        for recounted in read_for_resume(path, on_damage=damage[1], remembered=remembered):
            quick.apply(recounted)
    assert damage[0] == damage[1]
    return whole, quick


@given(st.lists(durable, max_size=12), st.sampled_from([0, 2]))
@example([ev.ClipEnded(1.0, "extract", GAVE), ev.ClipEnded(2.0, "extract", PATCHLESS)], 0)
@example([ev.ClipEnded(1.0, "extract", GAVE)] * 2 + [ev.ClipEnded(2.0, "extract", PATCHLESS)] * 2, 1)
def test_what_a_resume_reads_adds_up_to_the_same(events: list[ev.Durable], remembered: int) -> None:
    whole, quick = both_ways(b"".join(map(encode, events)), remembered=remembered)
    kept = min(remembered, len(whole.recent))
    assert list(quick.recent)[len(quick.recent) - kept :] == list(whole.recent)[len(whole.recent) - kept :]
    whole.recent.clear()
    quick.recent.clear()
    assert quick == whole


def test_a_resume_of_many_clips_cannot_be_told_from_reading_all() -> None:
    chance = random.Random(5)
    events: list[ev.Durable] = [ev.FactsLearned(0.5, "probe", "a", {"x": 1})]
    for at in range(3 * RECENT_KEPT):
        clip, given = Clip("abc"[at % 3], at // 3), chance.random()
        patches = (Patch("general", at, {"format": "x"}, at), Patch("space", 3, {"files": {"gt": "y"}}))
        whole_clip = Made(clip, patches, 1 + at % 2, 0.25, (), {"pts_seconds": 1.5})
        outcome: Outcome = whole_clip
        if given < 0.1:
            outcome = replace(whole_clip, patches=patches[:1], rejected=(("space", "flat: 0.2"),))
        elif given < 0.4:
            outcome = Rejected(clip, "blank picture", 10, 1.0)
        events.append(ev.ClipEnded(float(at), "extract", outcome))
        if given > 0.95:
            events.append(ev.PhaseChanged(at + 0.5, "waiting", "x"))
    whole, quick = both_ways(b"".join(map(encode, events)), remembered=RECENT_KEPT)
    assert len(whole.recent) == RECENT_KEPT
    assert quick == whole


DAMAGED_LINES = [
    b'{"at":1.0,"kind":"facts","stage":"x","source":"a","facts":"x"}',
    b'{"at":1.0,"kind":"facts","stage":"x","source":["a"],"facts":{}}',
    b'{"at":1e999,"kind":"skip","source":"a"}',
    b'{"at":NaN,"kind":"skip","source":"a"}',
    b'{"at":1.0,"kind":"lost","source":"a","category":"x","clips":[-1],"size_bytes":1}',
    b'{"at":1.0,"kind":"lost","source":"a","category":"x","clips":[99999999],"size_bytes":1}',
    b'{"at":1.0,"kind":"lost","source":"a","category":"x","clips":[1],"size_bytes":"1"}',
    b'{"at":1.0,"kind":"priority","source":"a","priority":"high"}',
]


@pytest.mark.parametrize("line", DAMAGED_LINES, ids=range(len(DAMAGED_LINES)))
def test_what_the_state_would_stumble_over_is_damage(line: bytes) -> None:
    with pytest.raises(LedgerError):
        decode(line)


@pytest.mark.parametrize("damaged", [b"7,7", b"x", b'"7"', b"-7", b"\x00", b'7,"bytes":8'])
@pytest.mark.parametrize("where", [b'"bytes":7', b'"attempts":7', b'"at":7.5', b'"id":"a:7"'])
def test_a_damaged_figure_is_the_same_however_it_is_read(where: bytes, damaged: bytes) -> None:
    clip = replace(GAVE, clip=Clip("a", 7), attempts=7)
    line = encode(ev.ClipEnded(7.5, "extract", clip))
    after = encode(ev.ClipEnded(8.0, "extract", replace(clip, clip=Clip("a", 8))))
    name, _, figure = where.rpartition(b":")
    broken = line.replace(where, name + b":" + figure.replace(b"7", damaged, 1), 1)
    assert broken != line
    whole, quick = both_ways(broken + after, remembered=0)
    assert quick.records == whole.records
    assert quick.clips_made == whole.clips_made


def test_a_torn_last_line_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(encode(ev.SourceSkipped(1.0, "a")) + b'{"at":2,"kind":"sk')
    Ledger(path).close()
    assert path.read_bytes() == encode(ev.SourceSkipped(1.0, "a"))


def test_a_damaged_line_in_the_middle_is_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    first, last = ev.SourceSkipped(1.0, "a"), ev.SourceSkipped(2.0, "b")
    path.write_bytes(encode(first) + b"\x00\x00garbage\n" + encode(last))
    damage: list[str] = []
    assert list(read_events(path, on_damage=damage)) == [first, last]
    assert len(damage) == 1
    assert damage[0].startswith("line 2: ")


def test_a_missing_ledger_is_empty(tmp_path: Path) -> None:
    assert list(read_events(tmp_path / "none", on_damage=[])) == []


def test_a_failed_append_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.append([ev.SourceSkipped(1.0, "a")])
    before = path.read_bytes()
    pwrite, calls = os.pwrite, 0

    def torn(fd: int, data: bytes, offset: int) -> int:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return pwrite(fd, data[:7], offset)

    monkeypatch.setattr(os, "pwrite", torn)
    with pytest.raises(OSError, match="No space"):
        ledger.append([ev.SourceSkipped(2.0, "b")])
    assert path.read_bytes() == before
    monkeypatch.setattr(os, "pwrite", pwrite)
    ledger.append([ev.SourceSkipped(3.0, "c")])
    ledger.close()
    assert len(list(read_events(path, on_damage=[]))) == 2


def test_what_a_failed_append_leaves_is_taken_back_as_soon_as_the_disk_lets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    long, short = ev.SourceSkipped(1.0, "a" * 99), ev.SourceSkipped(2.0, "b")

    def refused(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        pwrite = os.pwrite

        def torn(fd: int, data: bytes, offset: int) -> int:
            pwrite(fd, data[:-1] + b"\n", offset)
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        broken.setattr(os, "pwrite", torn)
        broken.setattr(os, "ftruncate", refused)
        with pytest.raises(OSError, match="Input/output"):
            ledger.append([long])
    ledger.append([short])
    ledger.close()
    assert path.read_bytes() == encode(short)


def test_what_a_failed_flush_may_have_dropped_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.jsonl"
    events = [ev.SourceSkipped(float(number), "a") for number in range(5)]
    ledger = Ledger(path)
    ledger.append(events[:2])
    ledger.sync()
    whole = path.stat().st_size
    ledger.append(events[2:4])

    def dropping(descriptor: int) -> None:
        os.pwrite(descriptor, bytes(path.stat().st_size - whole), whole)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", dropping)
        with pytest.raises(OSError, match="Input/output"):
            ledger.sync()
    assert ledger.unsynced_lines == 2
    ledger.append(events[4:])
    ledger.sync()
    assert ledger.unsynced_lines == 0
    ledger.close()
    assert path.read_bytes() == b"".join(map(encode, events))


@given(st.lists(made | unmade, max_size=30, unique_by=lambda outcome: outcome.clip), st.randoms())
def test_any_order_of_the_same_outcomes_ends_in_the_same_counts(
    outcomes: list[object], shuffled: object
) -> None:
    def total(order: list[object]) -> RunState:
        state = RunState()
        for outcome in order:
            state.apply(ev.ClipEnded(1.0, "extract", outcome))  # type: ignore[arg-type]
        return state

    other = list(outcomes)
    shuffled.shuffle(other)  # type: ignore[attr-defined]
    one, two = total(outcomes), total(other)
    assert one.records == two.records
    assert {c.name: (c.images, c.size_bytes) for c in one.categories.values()} == {
        c.name: (c.images, c.size_bytes) for c in two.categories.values()
    }
    assert (one.clips_made, one.clips_rejected, one.clips_failed, one.attempts) == (
        two.clips_made,
        two.clips_rejected,
        two.clips_failed,
        two.attempts,
    )


@given(st.lists(durable, max_size=20))
def test_a_state_replayed_from_lines_is_the_state_of_the_events(events: list[ev.Durable]) -> None:
    live, again = RunState(), RunState()
    for event in events:
        live.apply(event)
        again.apply(decode(encode(event)))
    assert live == again
