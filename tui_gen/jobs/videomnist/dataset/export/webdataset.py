"""WebDataset: tar files of up to 1 GB in the order of the file; equal videos give equal bytes.

<key>.npz   frames u8 [F, S, S], and the truth's arrays and masks where the file has them
<key>.cls   the class      <key>.txt   the caption      <key>.json   what describes the video in words
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

from tui_gen.jobs.videomnist.dataset.export.npz import NpzWriter
from tui_gen.jobs.videomnist.dataset.export.source import ExportSource
from tui_gen.jobs.videomnist.dataset.output import whole_file, writing
from tui_gen.jobs.videomnist.dataset.video_format import FIELDS
from tui_gen.jobs.videomnist.model import MOTIONS, Split

SHARD_BYTES = 1_000_000_000
Entries = list[tuple[str, bytes]]


def write_webdataset(
    source: ExportSource, split: Split, folder: Path, *, shard_bytes: int = SHARD_BYTES
) -> None:
    """Write `<split>-000000.tar` and so on. Raises DamagedVideoError, ObstructedError, OSError."""
    samples = _samples(source, split)
    entries, number = next(samples, None), 0
    while entries is not None:
        target = folder / f"{split}-{number:06d}.tar"
        with whole_file(target) as part, writing(target), _tar(part) as shard:
            room = shard_bytes - tarfile.RECORDSIZE
            while entries is not None and (not shard.offset or _length(entries) <= room):
                _add(shard, entries)
                room -= _length(entries)
                entries = next(samples, None)
        number += 1


def _tar(place: Path) -> tarfile.TarFile:
    return tarfile.open(place, "w", format=tarfile.USTAR_FORMAT)


def _samples(source: ExportSource, split: Split) -> Iterator[Entries]:
    dataset = source.dataset
    for k, digit in enumerate(dataset.labels(split).tolist()):
        key = f"{split}_{k:08d}"
        caption = dataset.caption(split, k)
        yield [
            (f"{key}.npz", _arrays(source, split, k)),
            (f"{key}.cls", str(digit).encode()),
            *([(f"{key}.txt", caption.encode())] if caption is not None else []),
            (f"{key}.json", _record(source, split, k, digit)),
        ]


def _arrays(source: ExportSource, split: Split, k: int) -> bytes:
    truth, masks = source.dataset.truth(split, k), source.dataset.masks(split, k)
    content = io.BytesIO()
    with NpzWriter(content) as archive:
        archive.add("frames", source.video(split, k))
        for field in FIELDS if truth is not None else ():
            archive.add(field.name, getattr(truth, field.name))
        if masks is not None:
            archive.add("masks", masks)
    return content.getvalue()


def _record(source: ExportSource, split: Split, k: int, label: int) -> bytes:
    dataset = source.dataset
    truth = dataset.truth(split, k)
    record: dict[str, object] = {
        "split": split,
        "video": k,
        "label": label,
        "sequence_length": int(dataset.attributes["sequence_length"]),
        "fps": float(dataset.attributes["fps"]),
    }
    if truth is not None:
        names = [MOTIONS[motion] for motion in truth.motion.tolist() if motion < len(MOTIONS)]
        record |= {"digits": [digit for digit in truth.digits.tolist() if digit >= 0], "motions": names}
    return json.dumps(record, sort_keys=True).encode("ascii")


def _length(entries: Entries) -> int:
    """Return how many bytes a sample takes in a tar at most."""
    return sum(2 * tarfile.BLOCKSIZE + len(content) for _, content in entries)


def _add(shard: tarfile.TarFile, entries: Entries) -> None:
    for name, content in entries:
        entry = tarfile.TarInfo(name)  # no owner and no time: these would differ each time
        entry.size, entry.mode = len(content), 0o644
        shard.addfile(entry, io.BytesIO(content))
