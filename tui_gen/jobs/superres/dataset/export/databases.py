"""BasicSR's pair of LMDB databases. It needs an optional package."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any, Self

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.export.stacks import Kinds, suffix_of
from tui_gen.jobs.superres.dataset.export.tree import Named, Tree, Work, gt_size, numbered, shape
from tui_gen.jobs.superres.dataset.export.trees import (
    META,
    clip_kind,
    septuplet,
    write_basicsr_meta,
    write_basicsr_vimeo,
)
from tui_gen.jobs.superres.dataset.split import TRAIN
from tui_gen.media.geometry import Size

COMPRESSION_TOLD = 1
"""The last field of BasicSR's lines; its loaders do not read it."""
_ROOM_BYTES = 1 << 30


def package(name: str, layout: str) -> Any:  # noqa: ANN401 - a module without types
    """Import the optional package of a layout. Raises RefusedError if it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        message = f"the layout {layout} needs the package {name}: pip install '.[export]'"
        raise RefusedError(message) from error


def database_names(tree: Tree, kinds: Kinds) -> tuple[str, str]:
    """Return the names of the databases of GT and of LR, as BasicSR's scripts name them."""
    title = "_".join(part for part in (tree.category, tree.format, tree.split) if part)
    low = clip_kind(kinds)
    frames, suffix = len(septuplet(kinds.stacks[low])), suffix_of(low)
    truths = "all" if tree.has_all(kinds.truths) else "only4th"
    return f"{title}_GT_{truths}.lmdb", f"{title}_LR{frames}frames{suffix and f'_{suffix}'}.lmdb"


def write_basicsr_lmdb(tree: Tree, work: Work) -> list[Named]:
    """Write BasicSR's Vimeo90KDataset and Vimeo90KRecurrentDataset with `io_backend: lmdb`.

    GT is the fourth frame alone, or all frames if every patch has them. Held-out patches are folders:
    BasicSR validates from files alone.
    """
    if tree.split != TRAIN:
        return write_basicsr_vimeo(tree, work)
    lmdb = package("lmdb", "basicsr-lmdb")
    with ExitStack() as building:
        names = database_names(tree, work.kinds)
        places = [building.enter_context(work.output.building(f"{tree.folder}/{name}")) for name in names]
        done = _fill(lmdb, places, tree, work)
    write_basicsr_meta(tree, work, done)
    return done


def _fill(lmdb: Any, places: Sequence[Path], tree: Tree, work: Work) -> list[Named]:  # noqa: ANN401
    truths = work.kinds.truths if tree.has_all(work.kinds.truths) else None
    kinds = [clip_kind(work.kinds), *([truths] if truths else ["gt"])]
    raw = sum(
        6 * gt_size(sample).width * gt_size(sample).height * work.kinds.stacks[kind].frames
        for sample in tree.samples
        for kind in kinds
    )

    def read(sample: Sample, _: str) -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]], Size]:
        low = _frames(sample, kinds[0], work)
        whole = _middle(sample, work)
        if truths is None:
            high = [whole]
        else:
            high = [whole if name == whole[0] else (name, png) for name, png in _frames(sample, truths, work)]
        ratio = work.kinds.ratio
        return high, low, Size(gt_size(sample).width // ratio, gt_size(sample).height // ratio)

    done = []
    with ExitStack() as opened:
        lr, gt = (
            opened.enter_context(_Database(lmdb, place, 2 * raw + _ROOM_BYTES)) for place in reversed(places)
        )
        for (sample, name), (high, low, size) in work.mapped(numbered(tree.samples), read):
            for frame, png in high:
                gt.put(f"{name}/{frame}", png, gt_size(sample))
            for frame, png in low:
                lr.put(f"{name}/{frame}", png, size)
            done.append((sample, name))
    return done


def _frames(sample: Sample, kind: str, work: Work) -> list[tuple[str, bytes]]:
    tiles = work.tiles(sample, kind)
    return [(name, work.encoded(tiles[place])) for place, name in septuplet(work.kinds.stacks[kind]).items()]


def _middle(sample: Sample, work: Work) -> tuple[str, bytes]:
    """Return the name and the bytes of GT."""
    (name,) = septuplet(work.kinds.stacks["gt"]).values()
    return name, work.content(sample, "gt")


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
