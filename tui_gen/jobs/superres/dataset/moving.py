"""Moves patches to other parts: those of films assigned later, and near duplicates of held-out patches.

    <category>/Patches_Large/GT/x.png ── rename ──> <category>/Val_Large/GT/x.png, after its partners
                                                    <category>/Near_Large/GT/x.png

Guards: no file is changed or removed. A file is replaced only by its repaired copy. The ledger records the
move of a patch only after all its files are in their new place, so the next move completes an interrupted
move.
"""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import Patch
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.export.samples import Sample, entry_at, read_samples
from tui_gen.jobs.superres.dataset.folders import (
    OutputError,
    blaming,
    flush_folder,
    make_folder,
    opened,
    stands,
)
from tui_gen.jobs.superres.dataset.near_duplicates import Found
from tui_gen.jobs.superres.dataset.split import (
    NEAR_FOLDER,
    TRAIN,
    Split,
    near_folder,
    part_folder,
    part_name,
    whole_folder,
)
from tui_gen.jobs.superres.planning.footage import Sources
from tui_gen.jobs.superres.units import EXTRACT


def move_patches(settings: Settings, sources: Sources) -> Iterator[Sequence[ev.Durable]]:
    """Move patches that are in another part than their film; yield a film's events when its files are moved.

    A divided training film keeps the patches of its validation block. Raises OSError.
    """
    wanted = {source: video.split for source, video in sources if not video.val_share}
    ledger = settings.run_folder / LEDGER_NAME
    by_film: dict[str, list[Sample]] = defaultdict(list)
    for sample in read_samples(ledger):
        if wanted.get(sample.source, sample.split) != sample.split:
            by_film[sample.source].append(sample)
    for source, samples in by_film.items():
        yield [_move_to(settings.output, ledger, sample, wanted[source]) for sample in samples]


def move_near_duplicates(settings: Settings, found: Found) -> Iterator[Sequence[ev.Durable]]:
    """Move training patches that are near duplicates of held-out patches out of the training folders.

    Patches that no longer are near duplicates are moved back. Yields the events of each film when its files
    are moved. Raises OSError.
    """
    ledger = settings.run_folder / LEDGER_NAME
    for samples in _misplaced(settings, found).values():
        events: list[ev.Durable] = []
        for sample in samples:
            _, patch = entry_at(ledger, sample)
            to = _folder_apart if _crosses(sample, found) else whole_folder
            events.append(_moved(sample, patch, _put(settings.output, patch, to)))
        yield events


def misplaced(settings: Settings, found: Found) -> int:
    """Return how many patches `move_near_duplicates` would move. Raises OSError."""
    return sum(map(len, _misplaced(settings, found).values()))


def _misplaced(settings: Settings, found: Found) -> dict[str, list[Sample]]:
    """Return the training patches that are in the wrong kind of folder, by film."""
    folders = {category.folder for category in settings.whole_categories}
    has_moved = any(next((settings.output / folder).glob(f"{NEAR_FOLDER}*"), None) for folder in folders)
    if not found and not has_moved:
        return {}
    clips: dict[str, int] = defaultdict(int)
    for sources in found.values():
        for source, bits in sources.items():
            clips[source] |= bits
    by_film: dict[str, list[Sample]] = defaultdict(list)
    for sample in read_samples(settings.run_folder / LEDGER_NAME, of=clips, under=f"/{NEAR_FOLDER}"):
        is_apart = whole_folder(_folder(sample.gt)) == _folder(sample.gt)
        if sample.split == TRAIN and _crosses(sample, found) == is_apart:
            by_film[sample.source].append(sample)
    return by_film


def _folder_apart(folder: str) -> str:
    return near_folder(whole_folder(folder))


def _crosses(sample: Sample, found: Found) -> bool:
    return bool(found.get(sample.category, {}).get(sample.source, 0) >> sample.index & 1)


def _move_to(output: Path, ledger: Path, sample: Sample, split: Split) -> ev.PatchMoved:
    _, patch = entry_at(ledger, sample)
    put = _put(output, patch, lambda folder: part_folder(whole_folder(folder), split))
    return _moved(sample, patch, replace(put, category=part_name(sample.category, split)))


def _moved(sample: Sample, before: Patch, now: Patch) -> ev.PatchMoved:
    return ev.PatchMoved(time.time(), EXTRACT, sample.source, sample.index, before.category, now)


def _put(output: Path, patch: Patch, folder_for: Callable[[str], str]) -> Patch:
    """Move a patch's files to another folder of its category, GT last; return the patch to record."""
    files: dict[str, str] = {
        kind: _place(path, folder_for(_folder(path))) for kind, path in patch.record["files"].items()
    }
    for kind in [*(kind for kind in files if kind != "gt"), "gt"]:
        _rename(output, patch.record["files"][kind], files[kind], patch.record["sha256"][kind])
    return replace(patch, record={**patch.record, "files": files})


def _folder(path: str) -> str:
    """Return the format folder of a file's path: `Patches_Large`."""
    return path.rsplit("/", 3)[1]


def _place(path: str, folder: str) -> str:
    """Return the path of a file in another format folder of its category."""
    category, _, kind, name = path.rsplit("/", 3)
    return f"{category}/{folder}/{kind}/{name}"


def _is_repaired(path: str, new: str, output: Path, sha256: str) -> bool:
    """Return whether a moved patch was made again: then its new file replaces the old file."""
    is_apart = _folder(new).partition("_")[0] == NEAR_FOLDER
    return is_apart and hashlib.sha256((output / path).read_bytes()).hexdigest() == sha256


def _rename(output: Path, path: str, new: str, sha256: str) -> None:
    (old_folder, _, name), (new_folder, _, _) = path.rpartition("/"), new.rpartition("/")
    make_folder(output, new_folder)
    with opened(output, old_folder) as before, opened(output, new_folder) as after, blaming(output / path):
        if stands(name, after):
            if stands(name, before) and not _is_repaired(path, new, output, sha256):
                raise OutputError(errno.EEXIST, "a file of this name stands there", os.fspath(output / new))
            if not stands(name, before):
                return  # moved before, by the program or by hand
        os.rename(name, name, src_dir_fd=before, dst_dir_fd=after)
        flush_folder(after)
