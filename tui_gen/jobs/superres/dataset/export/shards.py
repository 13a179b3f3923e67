"""WebDataset: tar files of up to 1 GB, shuffled across films; the same patches give the same bytes.

<key>.gt.png <key>.lr.png <key>.lr7.png <key>.json     loaders split these names at their first dot
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_gen.jobs.superres.dataset.export.provenance import Provenance
from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.export.tree import DamagedError, Named, Tree, Work
from tui_gen.jobs.superres.dataset.split import TRAIN, Split
from tui_gen.jobs.superres.planning.seeded_random import rank

SHARD_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class ShardWriter:
    """Writes trees as shards."""

    provenance: Provenance
    seed: int
    shard_bytes: int = SHARD_BYTES

    def __call__(self, tree: Tree, work: Work) -> list[Named]:
        """Write one tree; return each patch with the name of its shard."""
        split = tree.split or TRAIN
        order = sorted(tree.samples, key=lambda sample: rank(self.seed, "export", tree.category, sample.key))
        done = []
        for number, samples in enumerate(self._shards(order, split, work)):
            name = f"{split}-{number:06d}.tar"
            if not work.output.stands(f"{tree.folder}/{name}"):
                with work.output.building(f"{tree.folder}/{name}") as place:
                    self._write(place, samples, split, work)
            done += [(sample, name) for sample in samples]
        return done

    def _shards(self, order: Iterable[Sample], split: Split, work: Work) -> Iterator[list[Sample]]:
        samples, room = list[Sample](), self.shard_bytes - tarfile.RECORDSIZE
        for sample in order:
            work.on_done()
            try:
                length = self._length(sample, split, work)
            except DamagedError as error:
                work.damaged[sample] = str(error)
                continue
            if samples and length > room:
                yield samples
                samples, room = [], self.shard_bytes - tarfile.RECORDSIZE
            samples.append(sample)
            room -= length
        if samples:
            yield samples

    def _length(self, sample: Sample, split: Split, work: Work) -> int:
        """Return the number of bytes of a patch in a tar. Raises DamagedError."""
        lengths = [work.length(sample, kind) for kind in sample.kinds]
        lengths.append(len(self._record(sample, split)))
        return sum(2 * tarfile.BLOCKSIZE + length for length in lengths)

    def _record(self, sample: Sample, split: Split) -> bytes:
        return json.dumps(self.provenance.of(sample, split), sort_keys=True).encode("ascii")

    def _write(self, place: Path, samples: Sequence[Sample], split: Split, work: Work) -> None:
        with tarfile.open(place, "w", format=tarfile.USTAR_FORMAT) as shard:
            for sample in samples:
                for name, content in self._entries(sample, split, work):
                    entry = tarfile.TarInfo(name)  # without owner and time, which would change the bytes
                    entry.size, entry.mode = len(content), 0o644
                    shard.addfile(entry, io.BytesIO(content))

    def _entries(self, sample: Sample, split: Split, work: Work) -> Iterator[tuple[str, bytes]]:
        for kind in sample.kinds:
            yield f"{sample.key}.{kind}.png", work.content(sample, kind)
        yield f"{sample.key}.json", self._record(sample, split)
