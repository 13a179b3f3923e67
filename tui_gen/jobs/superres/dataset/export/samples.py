"""The data of each patch that an export needs, read from the ledger; small enough for a million patches.

Guards: each patch is read once, as its last line records it. Lost patches are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Made, Patch
from tui_gen.engine.storage.ledger_codec import decode, heading
from tui_gen.engine.storage.ledger_lines import Heading, LedgerError
from tui_gen.jobs.superres.dataset.file_kinds import kind_folder
from tui_gen.jobs.superres.dataset.split import Split, split_of, whole_name
from tui_gen.media.geometry import Region

HALF_WINDOW_SECONDS = 0.5
"""Seconds from the middle of a clip to its ends, if the ledger has none: covers 3.5 frames of 1/8 s."""


_Kinds = dict[tuple[str, ...], tuple[str, ...]]
"""Interned tuples of kinds: each is in memory once."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A patch. `gt` is relative to the output folder; files of other kinds are in folders beside GT."""

    source: str
    index: int
    category: str  # without the part
    split: Split  # the part it was made for
    format: str
    width: int  # of GT
    height: int
    gt: str
    kinds: tuple[str, ...]  # names as in the ledger, "gt" first
    start_seconds: float  # of its seven frames, from the first frame of the film
    end_seconds: float
    perceptual_hash: int | None
    line: int  # byte offset of the line of its clip in the ledger
    patch_line: int  # byte offset of the last line about the patch
    crop: Region | None = None  # of GT: a sub-patch is exported in place of the patch
    prefix: str = ""  # of the key, in a tree of several categories or formats

    @property
    def key(self) -> str:
        """Name of the patch in every layout, without `_` and `.`, at which loaders split names."""
        place = f"-{self.crop.y:04d}-{self.crop.x:04d}" if self.crop else ""
        return f"{self.prefix}{self.source}-{self.index:06d}{place}"

    @property
    def suffix(self) -> str:
        """The end of the names of its files: ".png" or ".webp"."""
        return PurePosixPath(self.gt).suffix

    def path(self, kind: str) -> str:
        """Return the path of the file of a kind, relative to the output folder."""
        above, _, name = self.gt.rpartition("/")
        return f"{above.rpartition('/')[0]}/{kind_folder(kind)}/{name}"


def read_samples(ledger: Path, *, of: Mapping[str, int] | None = None, under: str = "") -> list[Sample]:
    """Return the patches of a ledger, sorted by film and clip. Raises OSError.

    With `of`, return only the patches of some clips (source -> bit set), and patches that were ever in a
    folder whose path contains `under`. This decodes only a few of a million lines.
    """
    found: dict[tuple[str, int, str], Sample] = {}
    kinds: _Kinds = {}
    for place, event in _recorded(ledger, _clips_wanted(ledger, of, under) if of is not None else None):
        if isinstance(event, ev.PatchesLost):
            for clip in event.clips:
                found.pop((event.source, clip, event.category), None)
        elif isinstance(event, ev.PatchMoved):
            moved = found.pop((event.source, event.clip, event.from_category), None)
            if moved is not None:
                key = event.source, event.clip, event.patch.category
                found[key] = replace(moved, patch_line=place, **_of_patch(event.patch, kinds))
        elif isinstance(event, ev.ClipEnded) and isinstance(event.outcome, Made):
            for patch in event.outcome.patches:
                sample = _sample(event.outcome, patch, place, kinds)
                found[sample.source, sample.index, patch.category] = sample
    return sorted(found.values(), key=lambda sample: (sample.source, sample.index, sample.category))


def entry_at(ledger: Path, sample: Sample) -> tuple[Made, Patch]:
    """Return the ledger entries of a patch: that of its clip, and its own. Raises OSError, LedgerError."""
    with ledger.open("rb") as file:
        file.seek(sample.line)
        event = decode(file.readline())
        file.seek(sample.patch_line)
        last = decode(file.readline())
    if isinstance(event, ev.ClipEnded) and isinstance(event.outcome, Made):
        for patch in (last.patch,) if isinstance(last, ev.PatchMoved) else event.outcome.patches:
            if (whole_name(patch.category), split_of(patch.category)) == (sample.category, sample.split):
                return event.outcome, patch
    message = f"the ledger changed while it was read: no line of {sample.key} at {sample.patch_line}"
    raise LedgerError(message)


def _clips_wanted(ledger: Path, of: Mapping[str, int], under: str) -> Callable[[Heading], bool]:
    """Return a predicate for the lines of certain clips, and of clips with a patch that was ever `under`."""
    bits: dict[str, int] = defaultdict(int, of)
    path = under.encode("ascii")
    with ledger.open("rb") as file:
        for line in file:
            if path in line and (about := _heading(line)) is not None and about.index is not None:
                bits[about.source] |= 1 << about.index
    return lambda about: about.index is None or bool(bits.get(about.source, 0) >> about.index & 1)


def _recorded(ledger: Path, is_wanted: Callable[[Heading], bool] | None) -> Iterator[tuple[int, ev.Durable]]:
    place = 0
    with ledger.open("rb") as file:
        for line in file:
            about = _heading(line)
            if about is not None and _is_of_patches(about) and (is_wanted is None or is_wanted(about)):
                try:
                    event = decode(line)
                except LedgerError:
                    pass  # `verify` reports damaged lines; their patches are unknown here
                else:
                    yield place, event
            place += len(line)


def _heading(line: bytes) -> Heading | None:
    """Return the identity of a line's clip, or None for another or a damaged line."""
    try:
        return heading(line) if line.endswith(b"\n") else None
    except LedgerError:
        return None


def _is_of_patches(about: Heading) -> bool:
    return about.outcome == "made" or about.kind in {"lost", "moved"}


def _sample(clip: Made, patch: Patch, place: int, kinds: _Kinds) -> Sample:
    middle = clip.record["pts_seconds"]
    pts: list[float] = clip.record.get("pts", [])
    before, after = HALF_WINDOW_SECONDS, HALF_WINDOW_SECONDS
    if pts:
        before, after = pts[len(pts) // 2] - pts[0], pts[-1] - pts[len(pts) // 2]
    return Sample(
        source=clip.clip.source,
        index=clip.clip.index,
        start_seconds=middle - before,
        end_seconds=middle + after,
        line=place,
        patch_line=place,
        **_of_patch(patch, kinds),
    )


def _of_patch(patch: Patch, kinds: _Kinds) -> dict[str, Any]:
    """Return the fields of a sample that depend on its patch only."""
    record, files = patch.record, tuple(patch.record["files"])
    return {
        "category": whole_name(patch.category),
        "split": split_of(patch.category),
        "format": record["format"],
        "width": record["width"],
        "height": record["height"],
        "gt": record["files"]["gt"],
        "kinds": kinds.setdefault(files, files),
        "perceptual_hash": patch.perceptual_hash,
    }
