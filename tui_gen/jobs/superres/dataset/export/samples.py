"""What an export needs to know of each patch, read from the ledger and small enough for a million patches.

Guards: each patch appears once, as its last line records it; lost patches do not appear.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Made, Patch
from tui_gen.engine.storage.ledger_codec import LedgerError, decode
from tui_gen.jobs.superres.dataset.folders import KIND_FOLDERS
from tui_gen.jobs.superres.dataset.split import Split, split_of, whole_name

HALF_WINDOW_SECONDS = 0.5
"""How far the frames of a clip reach at most where a ledger does not say: three and a half of 1/8 s."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One patch. `gt` is relative to the output folder; the other kinds stand beside it."""

    source: str
    index: int
    category: str  # the whole one
    split: Split  # as it was made
    format: str
    width: int  # of GT
    height: int
    gt: str
    kinds: tuple[str, ...]  # "gt", "lr", "lr7", "gt7"
    start_seconds: float  # of its seven frames, from the first of the film
    end_seconds: float
    perceptual_hash: int | None  # perceptual hash
    line: int  # where its line begins in the ledger

    @property
    def key(self) -> str:
        """Name of the patch in every layout: holds no `_` and no `.`, at which loaders cut."""
        return f"{self.source}-{self.index:06d}"

    def path(self, kind: str) -> str:
        """Where the file of a kind stands, relative to the output folder."""
        above, _, name = self.gt.rpartition("/")
        return f"{above.rpartition('/')[0]}/{KIND_FOLDERS[kind]}/{name}"


def read_samples(ledger: Path, *, of: Mapping[str, int] | None = None, under: str = "") -> list[Sample]:
    """Return all patches of a ledger, by film and clip. Raises OSError.

    Of some clips alone (source -> bit set) where that is asked for, and of those that ever stood in a
    folder whose path holds `under`: so few of a million lines are decoded.
    """
    found: dict[tuple[str, int, str], Sample] = {}
    kinds: dict[tuple[str, ...], tuple[str, ...]] = {}
    for place, event in _told(ledger, _Wanted(of, under.encode()) if of is not None else None):
        if isinstance(event, ev.PatchesLost):
            for clip in event.clips:
                found.pop((event.source, clip, event.category), None)
        elif isinstance(event, ev.ClipEnded) and isinstance(event.outcome, Made):
            for patch in event.outcome.patches:
                sample = _sample(event.outcome, patch, place, kinds)
                found[sample.source, sample.index, patch.category] = sample
    return sorted(found.values(), key=lambda sample: (sample.source, sample.index, sample.category))


def entry_at(ledger: Path, sample: Sample) -> tuple[Made, Patch]:
    """Return the whole ledger entry of a patch: of its clip, and its own. Raises OSError, LedgerError."""
    with ledger.open("rb") as file:
        file.seek(sample.line)
        event = decode(file.readline())
    if isinstance(event, ev.ClipEnded) and isinstance(event.outcome, Made):
        for patch in event.outcome.patches:
            if (whole_name(patch.category), split_of(patch.category)) == (sample.category, sample.split):
                return event.outcome, patch
    message = f"the ledger changed while it was read: no line of {sample.key} at {sample.line}"
    raise LedgerError(message)


@dataclass(slots=True)
class _Wanted:
    """Tells the lines of certain clips from others by a look at their first words."""

    clips: Mapping[str, int]
    under: bytes
    _also: set[tuple[bytes, bytes]] = field(default_factory=set)

    def __call__(self, line: bytes) -> bool:
        found = _CLIP.search(line)
        if found is None or b"\\" in found[2]:
            return True
        if self.under in line:
            self._also.add((found[1], found[2]))
        bits = self.clips.get(found[2].decode("ascii"), 0)
        return bool(bits >> int(found[1]) & 1) or (found[1], found[2]) in self._also


_CLIP = re.compile(rb'"id":"[^"]*:([0-9]+)","source":"([^"]*)"')


def _told(ledger: Path, is_wanted: Callable[[bytes], bool] | None) -> Iterator[tuple[int, ev.Durable]]:
    place = 0
    with ledger.open("rb") as file:
        for line in file:
            is_told = line.endswith(b"\n") and (b'"patches":[{' in line or b'"kind":"lost"' in line)
            if is_told and (is_wanted is None or is_wanted(line)):
                try:
                    event = decode(line)
                except LedgerError:
                    pass  # `verify` reports damaged lines; their patches are unknown here
                else:
                    yield place, event
            place += len(line)


def _sample(clip: Made, patch: Patch, place: int, kinds: dict[tuple[str, ...], tuple[str, ...]]) -> Sample:
    record, files = patch.record, tuple(patch.record["files"])
    middle = clip.record["pts_seconds"]
    pts: list[float] = clip.record.get("pts", [])
    before, after = HALF_WINDOW_SECONDS, HALF_WINDOW_SECONDS
    if pts:
        before, after = pts[len(pts) // 2] - pts[0], pts[-1] - pts[len(pts) // 2]
    return Sample(
        source=clip.clip.source,
        index=clip.clip.index,
        category=whole_name(patch.category),
        split=split_of(patch.category),
        format=record["format"],
        width=record["width"],
        height=record["height"],
        gt=record["files"]["gt"],
        kinds=kinds.setdefault(files, files),
        start_seconds=middle - before,
        end_seconds=middle + after,
        perceptual_hash=patch.perceptual_hash,
        line=place,
    )
