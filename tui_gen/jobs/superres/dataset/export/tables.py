"""Tables of Parquet: a row for each patch, with the paths of its files or its pictures. Needs pyarrow.

patches.parquet                       paths and hashes of the dataset's files
train-000000.parquet and on           with the pictures: a column of the bytes of each kind of file
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tui_gen.jobs.superres.dataset.export.databases import package
from tui_gen.jobs.superres.dataset.export.provenance import Provenance
from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.export.shards import Sharding
from tui_gen.jobs.superres.dataset.export.tree import Named, Tree, Work
from tui_gen.jobs.superres.dataset.split import TRAIN

ROWS = 5000
ROWS_WITH_PICTURES = 64
"""The rows of a group, which readers hold in memory: a row of the largest format has tens of megabytes."""
_COLUMNS = {
    "key": "string", "video": "string", "film": "string", "clip": "int64", "category": "string",
    "format": "string", "split": "string", "group": "string", "weights": "string",
    "pts_seconds": "double", "pts": "doubles", "types": "string", "attempts": "int64",
    "scene_difference": "double", "pair_differences": "doubles", "film_scale": "double", "ratio": "int64",
    "x": "int64", "y": "int64", "width": "int64", "height": "int64", "source_crop": "doubles",
    "crop": "int64s", "hash": "string", "hdr_class": "string", "bytes": "int64",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableWriter:
    """Writes trees as tables."""

    provenance: Provenance
    sharding: Sharding
    scores: Sequence[str]
    embed: bool = False  # the pictures instead of the paths

    def __call__(self, tree: Tree, work: Work) -> list[Named]:
        """Write one tree; return the patches written, in order."""
        arrow = package("pyarrow", "parquet")
        schema = self._schema(arrow, work)
        if not self.embed:
            items = [(sample, sample.key) for sample in tree.samples]
            return self._write(f"{tree.folder}/patches.parquet", items, schema, tree, work)
        done = list[Named]()
        for number, samples in self.sharding.shards(tree, work, lambda sample: self._length(sample, work)):
            name = f"{tree.split or TRAIN}-{number:06d}.parquet"
            path = f"{tree.folder}/{name}"
            if work.output.stands(path):
                done += self._standing(work.output.folder / path, samples, work)
            else:
                named = [(sample, name) for sample in samples]
                done += self._write(path, named, schema, tree, work)
        return done

    def _write(
        self,
        path: str,
        items: Sequence[Named],
        schema: Any,  # noqa: ANN401 - a module without types
        tree: Tree,
        work: Work,
    ) -> list[Named]:
        arrow, parquet = package("pyarrow", "parquet"), package("pyarrow.parquet", "parquet")
        rows = work.mapped(items, lambda sample, _: self._row(sample, tree, work), is_counted=not self.embed)
        done = list[Named]()
        with (
            work.output.building(path) as place,
            parquet.ParquetWriter(place, schema, compression="none" if self.embed else "zstd") as writer,
        ):
            while batch := list(islice(rows, ROWS_WITH_PICTURES if self.embed else ROWS)):
                done += [item for item, _ in batch]
                table = arrow.Table.from_pylist([row for _, row in batch], schema=schema)
                writer.write_table(table)
        return done

    def _standing(self, place: Path, samples: Sequence[Sample], work: Work) -> Iterator[Named]:
        parquet = package("pyarrow.parquet", "parquet")
        written = set(parquet.read_table(place, columns=["key"])["key"].to_pylist())
        for sample in samples:
            if sample.key in written:
                yield sample, place.name
            else:
                work.damaged.setdefault(sample, f"damaged: {sample.gt}")

    def _length(self, sample: Sample, work: Work) -> int:
        return sum(work.length(sample, kind) for kind in self.sharding.kinds_of(sample))

    def _schema(self, arrow: Any, work: Work) -> Any:  # noqa: ANN401 - a module without types
        types = {
            "doubles": arrow.list_(arrow.float64()),
            "int64s": arrow.list_(arrow.int64()),
            "double": arrow.float64(),
        }
        fields = {name: types.get(kind) or getattr(arrow, kind)() for name, kind in _COLUMNS.items()}
        for kind in self.sharding.kinds:
            if self.embed:
                fields[kind] = arrow.struct({"bytes": arrow.binary(), "path": arrow.string()})
            else:
                fields[f"{kind}_path"] = fields[f"{kind}_sha256"] = arrow.string()
                fields[f"{kind}_bytes"] = arrow.int64()
        fields |= {f"score_{name}": arrow.float64() for name in self.scores}
        return arrow.schema(list(fields.items())).with_metadata(self._metadata(work))

    def _metadata(self, work: Work) -> dict[str, str]:
        """Return where the paths begin; with pictures, what tells the package `datasets` to decode them."""
        if not self.embed:
            return {"dataset": str(work.files.dataset)}
        features = {kind: {"_type": "Image"} for kind in self.sharding.kinds}
        return {"huggingface": json.dumps({"info": {"features": features}})}

    def _row(self, sample: Sample, tree: Tree, work: Work) -> dict[str, object]:
        record = self.provenance.of(sample, tree.split_of(sample))
        row: dict[str, object] = {name: record.get(name) for name in _COLUMNS}
        row["weights"] = json.dumps(record["weights"], sort_keys=True)
        for kind in self.sharding.kinds_of(sample):
            if self.embed:
                path = f"{sample.key}.{kind}{work.suffix}"
                row[kind] = {"bytes": work.content(sample, kind), "path": path}
            else:
                place = work.files.path(sample, kind)
                row[f"{kind}_path"] = place.relative_to(work.files.dataset).as_posix()
                row[f"{kind}_sha256"] = record["sha256"][kind]
                row[f"{kind}_bytes"] = work.length(sample, kind)
        return row | {f"score_{name}": value for name, value in record["scores"].items()}
