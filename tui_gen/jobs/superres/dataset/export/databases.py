"""BasicSR's pair of LMDB databases, and tables of Parquet. Both need an optional package."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Self

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.superres.dataset.export.provenance import Provenance
from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.export.tree import Named, Tree, Work, gt_size, numbered, shape
from tui_gen.jobs.superres.dataset.export.trees import CLIP_FRAMES, META, MIDDLE, SEPTUPLET
from tui_gen.jobs.superres.dataset.split import TRAIN
from tui_gen.media.geometry import Size

COMPRESSION_TOLD = 1
"""The last field of BasicSR's lines; its loaders do not read it."""
ROWS = 5000
_ROOM_BYTES = 1 << 30


def package(name: str, layout: str) -> Any:  # noqa: ANN401 - a module without types
    """Import the optional package of a layout. Raises RefusedError if it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        message = f"the layout {layout} needs the package {name}: pip install 'tui-gen[export]'"
        raise RefusedError(message) from error


# ------------------------------------------------------------------------------------------------ LMDB


def write_basicsr_lmdb(tree: Tree, work: Work) -> list[Named]:
    """Write BasicSR's Vimeo90KDataset with `io_backend: lmdb`: GT of the fourth frame, LR of all seven."""
    lmdb = package("lmdb", "basicsr-lmdb")
    title = f"{tree.category}_{tree.format}_{tree.split}"
    names = [f"{tree.folder}/{title}_{part}.lmdb" for part in ("GT_only4th", "LR7frames")]
    with ExitStack() as building:
        places = [building.enter_context(work.output.building(name)) for name in names]
        done = _fill(lmdb, places, tree, work)
    lines = (f"{name} {CLIP_FRAMES} {shape(gt_size(sample))}" for sample, name in done)
    work.output.write_lines(f"{tree.folder}/{META}", lines)
    return done


def _fill(lmdb: Any, places: Sequence[Path], tree: Tree, work: Work) -> list[Named]:  # noqa: ANN401
    raw = sum(3 * sample.width * sample.height * (1 + CLIP_FRAMES) for sample in tree.samples)

    def read(sample: Sample, _: str) -> tuple[bytes, list[bytes], Size]:
        tiles = work.tiles(sample, "lr7")
        height, width = tiles[0].shape[:2]
        return work.content(sample, "gt"), [work.png(tile) for tile in tiles], Size(width, height)

    done = []
    with ExitStack() as opened:
        gt, lr = (opened.enter_context(_Database(lmdb, place, 2 * raw + _ROOM_BYTES)) for place in places)
        for (sample, name), (whole, tiles, size) in work.mapped(numbered(tree.samples), read):
            gt.put(f"{name}/{SEPTUPLET[MIDDLE]}", whole, gt_size(sample))
            for frame, tile in zip(SEPTUPLET, tiles, strict=True):
                lr.put(f"{name}/{frame}", tile, size)
            done.append((sample, name))
    return done


class _Database:
    """A database being written, with ascending keys."""

    def __init__(self, lmdb: Any, folder: Path, map_bytes: int) -> None:  # noqa: ANN401
        folder.mkdir()
        self._environment = lmdb.open(str(folder), map_size=map_bytes, lock=False, mode=0o666)
        self._meta = (folder / META).open("w", encoding="ascii", newline="\n")

    def __enter__(self) -> Self:
        return self

    def put(self, key: str, png: bytes, size: Size) -> None:
        """Append a picture."""
        with self._environment.begin(write=True) as transaction:
            transaction.put(key.encode("ascii"), png, append=True)
        self._meta.write(f"{key}.png {shape(size)} {COMPRESSION_TOLD}\n")

    def __exit__(self, *_: object) -> None:
        self._meta.close()
        self._environment.sync(True)  # noqa: FBT003 - lmdb takes no name before 3
        self._environment.close()


# --------------------------------------------------------------------------------------------- Parquet

_COLUMNS = {
    "key": "string", "video": "string", "film": "string", "clip": "int64", "category": "string",
    "format": "string", "split": "string", "group": "string", "weights": "string",
    "pts_seconds": "double", "pts": "doubles", "types": "string", "attempts": "int64",
    "scene_difference": "double", "pair_differences": "doubles", "scale": "double",
    "x": "int64", "y": "int64", "width": "int64", "height": "int64", "source_crop": "doubles",
    "hash": "string", "hdr_class": "string", "bytes": "int64",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableWriter:
    """Writes trees as tables: a row for each patch, with the paths of its files in the dataset."""

    provenance: Provenance
    kinds: Sequence[str]
    scores: Sequence[str]

    def __call__(self, tree: Tree, work: Work) -> list[Named]:
        """Write one tree; return the patches written, in order."""
        arrow, parquet = package("pyarrow", "parquet"), package("pyarrow.parquet", "parquet")
        schema = self._schema(arrow).with_metadata({"dataset": str(work.dataset)})
        items = [(sample, sample.key) for sample in tree.samples]
        rows = work.mapped(items, lambda sample, _: self._row(sample, tree, work))
        done = list[Named]()
        with (
            work.output.building(f"{tree.folder}/patches.parquet") as place,
            parquet.ParquetWriter(place, schema, compression="zstd") as writer,
        ):
            while batch := list(islice(rows, ROWS)):
                done += [item for item, _ in batch]
                table = arrow.Table.from_pylist([row for _, row in batch], schema=schema)
                writer.write_table(table)
        return done

    def _schema(self, arrow: Any) -> Any:  # noqa: ANN401 - a module without types
        types = {"doubles": arrow.list_(arrow.float64()), "double": arrow.float64()}
        fields = {name: types.get(kind) or getattr(arrow, kind)() for name, kind in _COLUMNS.items()}
        for kind in self.kinds:
            fields[f"{kind}_path"] = fields[f"{kind}_sha256"] = arrow.string()
            fields[f"{kind}_bytes"] = arrow.int64()
        fields |= {f"score_{name}": arrow.float64() for name in self.scores}
        return arrow.schema(list(fields.items()))

    def _row(self, sample: Sample, tree: Tree, work: Work) -> dict[str, object]:
        record = self.provenance.of(sample, tree.split or TRAIN)
        row: dict[str, object] = {name: record.get(name) for name in _COLUMNS}
        row["weights"] = json.dumps(record["weights"], sort_keys=True)
        for kind in sample.kinds:
            place = work.source(sample, kind)
            row[f"{kind}_path"] = place.relative_to(work.dataset).as_posix()
            row[f"{kind}_sha256"] = record["sha256"][kind]
            row[f"{kind}_bytes"] = work.length(sample, kind)
        return row | {f"score_{name}": value for name, value in record["scores"].items()}
