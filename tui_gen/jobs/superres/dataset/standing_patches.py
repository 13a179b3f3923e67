"""Yields each existing patch of a ledger once, as its last line records it.

The ledger is read twice. The first pass only builds bit sets, because a million patches do not fit into
memory as objects. The second pass yields patch by patch. Only patches with more than one line are kept in
memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Clip, Made, Patch
from tui_gen.engine.storage.ledger import read_events, read_for_resume


@dataclass(frozen=True, slots=True)
class StandingPatch:
    """A patch and its clip."""

    clip: Made  # as in its line
    patch: Patch  # as the last line about it records it


def standing_patches(ledger: Path) -> Iterator[StandingPatch]:
    """Yield the patches that were not lost. Damaged lines are left out; `verify` reports them."""
    again, standing = _recorded_in(ledger)
    last: dict[tuple[Clip, str], StandingPatch] = {}
    for event in read_events(ledger, on_damage=[]):
        if isinstance(event, ev.ClipEnded) and isinstance(event.outcome, Made):
            clip = event.outcome.clip
            for patch in event.outcome.patches:
                key, found = (clip.source, patch.category), StandingPatch(event.outcome, patch)
                if again.get(key, 0) >> clip.index & 1:
                    last[clip, patch.category] = found
                elif standing.get(key, 0) >> clip.index & 1:
                    yield found
        elif isinstance(event, ev.PatchesLost):
            for index in event.clips:
                last.pop((Clip(event.source, index), event.category), None)
        elif isinstance(event, ev.PatchMoved):
            clip = Clip(event.source, event.clip)
            moved = last.pop((clip, event.from_category), None)
            if moved is not None:
                last[clip, event.patch.category] = StandingPatch(moved.clip, event.patch)
    yield from last.values()


def count_standing_patches(ledger: Path) -> int:
    """Return how many patches `standing_patches` yields."""
    return sum(bits.bit_count() for bits in _recorded_in(ledger)[1].values())


Members = dict[tuple[str, str], int]
"""(source, category) -> bit set of clips."""


def _recorded_in(ledger: Path) -> tuple[Members, Members]:
    """Return the clips whose patch has more than one line, and the clips whose patch exists."""
    again, standing, seen = Members(), Members(), Members()
    for event in read_for_resume(ledger, on_damage=[], remembered=0):
        if isinstance(event, ev.PatchesLost):
            key = event.source, event.category
            standing[key] = standing.get(key, 0) & ~sum(1 << index for index in set(event.clips))
        elif isinstance(event, ev.PatchMoved):
            old, new = (event.source, event.from_category), (event.source, event.patch.category)
            bit = standing.get(old, 0) & 1 << event.clip
            again[old] = again.get(old, 0) | bit
            standing[old] = standing.get(old, 0) & ~bit
            standing[new] = standing.get(new, 0) | bit
            seen[new] = seen.get(new, 0) | bit
        for source, clip, category in _patches_of(event):
            key, bit = (source, category), 1 << clip
            again[key] = again.get(key, 0) | seen.get(key, 0) & bit
            seen[key] = seen.get(key, 0) | bit
            standing[key] = standing.get(key, 0) | bit
    return again, standing


def _patches_of(event: ev.Durable | ev.ClipRecounted) -> Iterator[tuple[str, int, str]]:
    """Yield (source, clip, category) of each patch of a clip."""
    if isinstance(event, ev.ClipRecounted):
        for category, _, _ in event.patches:
            yield event.source, event.clip, category
    elif isinstance(event, ev.ClipEnded) and isinstance(event.outcome, Made):
        clip = event.outcome.clip
        for patch in event.outcome.patches:
            yield clip.source, clip.index, patch.category
