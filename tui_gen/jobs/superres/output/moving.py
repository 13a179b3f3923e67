"""Moves the patches of films that were chosen for another part after they were made.

    <category>/Patches_Large/GT/x.png ── rename ──> <category>/Val_Large/GT/x.png, its partners before it

Guards: no file is changed, replaced or removed; a move that was cut short is ended by the next one, as
the ledger is told of a patch only after all its files stand in their new place.
"""

from __future__ import annotations

import errno
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui_gen.engine import events as ev
from tui_gen.engine.session import LEDGER_NAME
from tui_gen.engine.work import Made, Patch, SourceRecord
from tui_gen.jobs.superres.export.samples import Sample, entry_at, read_samples
from tui_gen.jobs.superres.output.folders import (
    OutputError,
    blaming,
    flush_folder,
    make_folder,
    opened,
    stands,
)
from tui_gen.jobs.superres.planning.footage import Sources
from tui_gen.jobs.superres.settings import Settings
from tui_gen.jobs.superres.split import SPLIT_FOLDERS, TRAIN, Split, part_folder, part_name, split_of_folder

STAGE = "split"


def move_patches(
    settings: Settings, sources: Sources, records: Mapping[str, SourceRecord]
) -> Iterator[Sequence[ev.Durable]]:
    """Move what stands in another part than its film; yield a film's events when its files are in place.

    A film for training that is divided keeps what it gave to validation. Raises OSError.
    """
    del records
    wanted = {source: video.split for source, video in sources if not video.val_share}
    ledger = settings.run_folder / LEDGER_NAME
    by_film: dict[str, list[Sample]] = defaultdict(list)
    for sample in read_samples(ledger):
        if wanted.get(sample.source, sample.split) != sample.split:
            by_film[sample.source].append(sample)
    for source, samples in by_film.items():
        events: list[ev.Durable] = []
        for sample in samples:
            events += _moved(settings.output, ledger, sample, wanted[source])
        yield events


def _moved(output: Path, ledger: Path, sample: Sample, split: Split) -> Iterator[ev.Durable]:
    clip, patch = entry_at(ledger, sample)
    files: dict[str, str] = {kind: _place(path, split) for kind, path in patch.record["files"].items()}
    for kind in [*(kind for kind in files if kind != "gt"), "gt"]:
        _rename(output, patch.record["files"][kind], files[kind])
    record: dict[str, Any] = {**patch.record, "files": files}
    moved = Patch(part_name(sample.category, split), patch.size_bytes, record, patch.mark)
    now = time.time()
    yield ev.PatchesLost(now, sample.source, patch.category, (sample.index,), patch.size_bytes)
    outcome: Made = replace(clip, patches=(moved,), rejected=())
    yield ev.ClipEnded(now, STAGE, outcome)


def _place(path: str, split: Split) -> str:
    """Return where a file stands in another part."""
    category, folder, kind, name = path.rsplit("/", 3)
    whole = SPLIT_FOLDERS[TRAIN] + folder.removeprefix(SPLIT_FOLDERS[split_of_folder(folder)])
    return f"{category}/{part_folder(whole, split)}/{kind}/{name}"


def _rename(output: Path, path: str, new: str) -> None:
    (old_folder, _, name), (new_folder, _, _) = path.rpartition("/"), new.rpartition("/")
    make_folder(output, new_folder)
    with opened(output, old_folder) as before, opened(output, new_folder) as after, blaming(output / path):
        if stands(name, after):
            if stands(name, before):
                raise OutputError(errno.EEXIST, "a file of this name stands there", os.fspath(output / new))
            return  # moved before, or by hand
        os.rename(name, name, src_dir_fd=before, dst_dir_fd=after)
        flush_folder(after)
