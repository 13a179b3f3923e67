"""WebDataset: tar files shuffled across films, at least eight for each part.

Guards: the same patches give the same bytes.

<key>.gt.png <key>.lr.png <key>.lr7.png <key>.json     or .webp; loaders split these names at their first dot
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_gen.jobs.superres.dataset.export.provenance import Provenance
from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.export.stacks import DamagedError
from tui_gen.jobs.superres.dataset.export.tree import Named, Tree, Work
from tui_gen.jobs.superres.dataset.split import TRAIN, Split
from tui_gen.jobs.superres.planning.seeded_random import rank

MEGABYTE = 1_000_000
SHARD_MB = 1000
LEAST_SHARDS = 8
"""The number of shards of a part with as many patches: loaders give each worker shards of its own."""


@dataclass(frozen=True, slots=True)
class Sharding:
    """How patches are divided among shards, and what is written of each."""

    seed: int
    kinds: Sequence[str]
    shard_mb: int = SHARD_MB
    tiles: bool = False  # the frames of a stack as files of their own

    def kinds_of(self, sample: Sample) -> list[str]:
        """Return the kinds of files to write of a patch."""
        return [kind for kind in self.kinds if kind in sample.kinds]

    def shuffled(self, tree: Tree) -> list[Sample]:
        """Return the patches of a tree in an order that the seed decides."""
        return sorted(tree.samples, key=lambda sample: rank(self.seed, "export", tree.category, sample.key))

    def shards(
        self, tree: Tree, work: Work, length_of: Callable[[Sample], int]
    ) -> Iterator[tuple[int, list[Sample]]]:
        """Yield the number and the patches of each shard; damaged patches are collected in `work`.

        `length_of` returns the bytes of a patch in a shard, and raises DamagedError.
        """
        lengths = list[tuple[Sample, int]]()
        for sample in self.shuffled(tree):
            work.on_done()
            try:
                lengths.append((sample, length_of(sample)))
            except DamagedError as error:
                work.damaged[sample] = str(error)
        yield from enumerate(divided(lengths, self.shard_mb * MEGABYTE - tarfile.RECORDSIZE))


def divided(lengths: Sequence[tuple[Sample, int]], most_bytes: int) -> Iterator[list[Sample]]:
    """Divide patches in order: eight equal shares at least, each in shards of at most that many bytes.

    A patch that is larger than a shard has one of its own.
    """
    shares = min(LEAST_SHARDS, len(lengths))
    for share in range(shares):
        start, end = (place * len(lengths) // shares for place in (share, share + 1))
        shard, room = list[Sample](), most_bytes
        for sample, length in lengths[start:end]:
            if shard and length > room:
                yield shard
                shard, room = [], most_bytes
            shard.append(sample)
            room -= length
        yield shard


@dataclass(frozen=True, slots=True)
class ShardWriter:
    """Writes trees as shards."""

    provenance: Provenance
    sharding: Sharding

    def __call__(self, tree: Tree, work: Work) -> list[Named]:
        """Write one tree; return each patch with the name of its shard."""
        split = tree.split or TRAIN
        done = list[Named]()
        for number, samples in self.sharding.shards(
            tree, work, lambda sample: self._length(sample, split, work)
        ):
            name = f"{split}-{number:06d}.tar"
            if not work.output.stands(f"{tree.folder}/{name}"):
                with work.output.building(f"{tree.folder}/{name}") as place:
                    self._write(place, samples, split, work)
            with tarfile.open(work.output.folder / tree.folder / name) as shard:
                written = set(shard.getnames())
            for sample in samples:
                if f"{sample.key}.json" in written:
                    done.append((sample, name))
                else:
                    work.damaged.setdefault(sample, f"damaged: {sample.gt}")
        return done

    def _length(self, sample: Sample, split: Split, work: Work) -> int:
        """Return about the number of bytes of a patch in a tar, exactly if whole files are written."""
        lengths = [work.length(sample, kind) for kind in self.sharding.kinds_of(sample)]
        lengths.append(len(self._record(sample, split)))
        return sum(2 * tarfile.BLOCKSIZE + length for length in lengths)

    def _record(self, sample: Sample, split: Split) -> bytes:
        return json.dumps(self.provenance.of(sample, split), sort_keys=True).encode("ascii")

    def _write(self, place: Path, samples: Sequence[Sample], split: Split, work: Work) -> None:
        """Write a shard; patches whose files do not decode are collected in `work`."""
        with tarfile.open(place, "w", format=tarfile.USTAR_FORMAT) as shard:
            for sample in samples:
                try:
                    entries = list(self._entries(sample, split, work))
                except DamagedError as error:
                    work.damaged[sample] = str(error)
                    continue
                for name, content in entries:
                    entry = tarfile.TarInfo(name)  # without owner and time, which would change the bytes
                    entry.size, entry.mode = len(content), 0o644
                    shard.addfile(entry, io.BytesIO(content))

    def _entries(self, sample: Sample, split: Split, work: Work) -> Iterator[tuple[str, bytes]]:
        for kind in self.sharding.kinds_of(sample):
            if self.sharding.tiles and work.kinds.stacks[kind].frames > 1:
                for number, tile in enumerate(work.tiles(sample, kind)):
                    yield f"{sample.key}.{kind}.{number}{work.suffix}", work.encoded(tile)
            else:
                yield f"{sample.key}.{kind}{work.suffix}", work.content(sample, kind)
        yield f"{sample.key}.json", self._record(sample, split)
