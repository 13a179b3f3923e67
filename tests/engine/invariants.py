"""What holds of a run's state after every event: sums agree, and the ledger gives the state again.

check(state)                   the state alone
check_replayed(state, ledger)  a ledger that is read again gives the same state
check_planned(state, stage)    what is planned next is neither made nor planned twice
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tui_gen.engine.model.metrics import metrics_of
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Stage
from tui_gen.engine.storage.ledger import read_events


def check(state: RunState, *, files: Mapping[str, int] | None = None) -> None:
    """Assert what must hold. `files` are the patches of each category that stand in a run's folders."""
    _check_sums(state)
    _check_counters(state)
    _check_slots(state)
    _check_metrics(state)
    for name, record in state.records.items():
        _check_record(state, name, record)
    if files is not None:
        images = {name: category.images for name, category in state.categories.items()}
        assert {name: images.get(name, 0) for name in files} == dict(files)


def _check_sums(state: RunState) -> None:
    """Assert that categories are the sums of their sources."""
    images = Counter[str]()
    for source in state.sources.values():
        images.update(source.images)
    for name, category in state.categories.items():
        assert category.images == images[name], f"{name}: {category.images}, its sources have {images[name]}"
    taken = sum(source.size_bytes for source in state.sources.values())
    assert sum(category.size_bytes for category in state.categories.values()) == taken


def _check_counters(state: RunState) -> None:
    """Assert that counters are the sums of those of sources, and that an ended clip has one outcome."""
    sources = state.sources.values()
    assert state.clips_made == sum(source.made for source in sources)
    assert state.clips_rejected == sum(source.rejected for source in sources)
    assert state.clips_failed == sum(source.failed for source in sources)
    assert state.attempts == sum(source.attempts for source in sources)
    assert state.clips_retried == sum(source.retried for source in sources)
    for source in sources:
        assert source.ended == source.made + source.rejected + source.failed, source
        counts = (source.clips_made, source.clips_left, source.rejected, source.failed, source.size_bytes)
        assert min(*counts, *source.images.values()) >= 0, source
        for field in ("clips_made", "clips_left"):
            parts = [getattr(part, field) for part in source.progress.values()]
            assert not parts or getattr(source, field) == sum(parts), source
    minutes = [minute.minute for minute in state.minutes]
    assert minutes == sorted(set(minutes))


def _check_slots(state: RunState) -> None:
    """Assert that a source is in as many hands as there are workers on it."""
    on = Counter(slot.source for slot in state.slots.values())
    for name, source in state.sources.items():
        assert source.in_hand == on[name], source
    assert on.keys() <= state.sources.keys()
    there = Counter(slot.machine for slot in state.slots.values() if slot.machine)
    assert {name: machine.in_hand for name, machine in state.machines.items() if machine.in_hand} == there
    assert sum(machine.clips_made for machine in state.machines.values()) <= state.clips_made


def _check_record(state: RunState, name: str, record: SourceRecord) -> None:
    """Assert that images are the bits of stages, and that no rejected clip gave something."""
    source = state.sources.get(name)
    bits = Counter[str]()
    for stage in record.stages.values():
        for category, made in stage.made.items():
            bits[category] += made.bit_count()
            assert not made & stage.rejected, f"{name}: made and rejected: {made & stage.rejected:b}"
            assert not made & stage.superseded.get(category, 0), f"{name}: made and superseded"
        for category, hashes in stage.hashes.items():
            assert len(hashes.clips) == len(hashes.values), (name, category)
        assert sum(stage.rejections.values()) >= stage.rejected.bit_count()
    images = source.images if source is not None else {}
    assert {key: number for key, number in bits.items() if number} == {
        key: number for key, number in images.items() if number
    }, name


def _check_metrics(state: RunState) -> None:
    """Assert that what is shown adds up."""
    metrics = metrics_of(state, state.last_at)
    assert metrics.clips_done + metrics.clips_left == metrics.clips_wanted
    assert 0 <= metrics.clips_to_do <= metrics.clips_left
    assert metrics.share_done is None or 0.0 <= metrics.share_done <= 1.0
    videos = metrics.videos
    assert min(videos.done, videos.left, videos.out) >= 0
    assert videos.done + videos.left + videos.out == videos.total
    assert metrics.problems.errors + metrics.problems.warnings >= len(state.problems)


# ------------------------------------------------------------------ against the ledger and the plan


def check_replayed(state: RunState, ledger_path: Path) -> None:
    """Assert that the ledger adds up to the state, as far as it holds what happened."""
    again, damage = RunState(), list[str]()
    for event in read_events(ledger_path, on_damage=damage):
        again.apply(event)
    assert damage == []
    check(again)
    assert _kept(again) == _kept(state)


def _kept(state: RunState) -> dict[str, Any]:
    """Return what a ledger tells of; nothing tells of what came to nothing."""
    return {
        "records": {name: record for name, record in state.records.items() if record != SourceRecord()},
        "categories": {
            name: (category.images, category.size_bytes)
            for name, category in state.categories.items()
            if category.images or category.size_bytes
        },
        "sources": {
            name: (source.made, source.rejected, source.failed, source.attempts, source.size_bytes)
            for name, source in state.sources.items()
            if source.ended
        },
        "counters": (
            state.clips_made,
            state.clips_rejected,
            state.clips_failed,
            state.clips_retried,
            state.attempts,
        ),
        "machines": {
            name: (machine.clips_made, machine.patches)
            for name, machine in state.machines.items()
            if machine.clips_made
        },
    }


def check_planned(state: RunState, stage: Stage) -> None:
    """Assert that a stage's next plan counts what is made once and wants nothing that is made or rejected."""
    for plan in stage.plan(state.records).sources:
        clips = [clip.index for unit in plan.units for clip in unit.clips]
        assert len(clips) == len(set(clips)) == plan.clips_left, plan
        record = state.records.get(plan.source, SourceRecord()).stage(stage.name)
        for index in clips:
            assert not record.rejected >> index & 1, f"{plan.source}: {index} was rejected"
            wanted = [name for name, quota in plan.quotas.items() if quota]
            assert any(not record.made.get(name, 0) >> index & 1 for name in wanted), (plan.source, index)
