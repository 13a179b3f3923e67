"""Finds the files of patches for training: in the output of a run, in folders, in LMDB databases, in shards.

    folder of patches    GT/<name>.png, LR/<name>.png, LR_7frames/<name>.png; or .webp
    output of a run      such folders; the ledger tells the category, the format and the part of each patch
    export               `dataset.json` tells the layout and its trees

Everything here can be pickled, and each process opens the files that it reads: a DataLoader may copy a
dataset into its workers.
"""

from __future__ import annotations

import errno
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.jobs.superres.dataset.export.samples import read_samples
from tui_gen.jobs.superres.dataset.file_kinds import (
    PICTURE_SUFFIXES,
    FileKind,
    kind_named,
    kind_of_folder,
)
from tui_gen.jobs.superres.dataset.split import NEAR_FOLDER

RUN_FOLDER = ".tui-gen"
DATASET_FILE = "dataset.json"
NATIVE, SEPTUPLETS, DATABASES, SHARDS = "vsrpp", "basicsr-vimeo", "basicsr-lmdb", "webdataset"
SEPTUPLET, MIDDLE_NAME = 7, 4
LAYOUTS = (NATIVE, SEPTUPLETS, DATABASES, SHARDS)
"""The layouts of exports that are read."""


class PairsError(Exception):
    """A folder holds no patches that can be read, or not the wanted ones."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The patches to find; None takes all."""

    category: str | None = None
    format: str | None = None
    split: str | None = "train"

    def takes(self, category: str | None, patch_format: str | None, split: str | None) -> bool:
        """Return whether patches of a category, a format and a part are wanted. An unknown one is."""
        return all(
            wanted is None or found is None or wanted == found
            for wanted, found in (
                (self.category, category),
                (self.format, patch_format),
                (self.split, split),
            )
        )


class Pairs(Protocol):
    """Patches of one place, in order."""

    @property
    def keys(self) -> Sequence[str]:
        """The names of the patches."""
        ...

    def kinds(self, position: int) -> Sequence[str]:
        """Return the kinds of files that a patch has, such as "gt" and "lr7"."""
        ...

    def pictures(self, position: int, kind: FileKind) -> list[bytes]:
        """Return files: one stack, or one file for each frame. Raises OSError."""
        ...


def find_pairs(folder: Path, wanted: Wanted) -> list[Pairs]:
    """Return the wanted patches of a folder. Raises PairsError and OSError."""
    if (folder / RUN_FOLDER / LEDGER_NAME).is_file():
        found: list[Pairs] = [_of_run(folder, wanted)]
    elif (folder / DATASET_FILE).is_file():
        found = list(_of_export(folder, wanted))
    elif (folder / "GT").is_dir():
        found = [_of_folder(folder)]
    else:
        message = (
            f"{folder}: neither the output of a run (.tui-gen/{LEDGER_NAME}), nor an export "
            f"({DATASET_FILE}), nor a folder of patches (GT/)"
        )
        raise PairsError(message)
    found = [pairs for pairs in found if pairs.keys]
    if not found:
        message = f"{folder}: no patches of {_described(wanted)}"
        raise PairsError(message)
    return found


def _described(wanted: Wanted) -> str:
    parts = [
        f"{name} {value}"
        for name, value in (
            ("category", wanted.category),
            ("format", wanted.format),
            ("split", wanted.split),
        )
        if value is not None
    ]
    return ", ".join(parts) or "any category"


# ----------------------------------------------------------------------------------- folders of patches


@dataclass(frozen=True, slots=True)
class FolderPairs:
    """Files named alike in the folders of their kinds."""

    folder: Path
    keys: Sequence[str]
    paths: Sequence[str]  # of GT, relative to `folder`
    of_kinds: Sequence[tuple[str, ...]]  # for each patch

    def kinds(self, position: int) -> Sequence[str]:
        """Return the kinds of files that a patch has."""
        return self.of_kinds[position]

    def pictures(self, position: int, kind: FileKind) -> list[bytes]:
        """Return the file of one kind. Raises OSError."""
        gt = self.folder / self.paths[position]
        return [(gt.parent.parent / kind.folder / gt.name).read_bytes()]


def _of_run(folder: Path, wanted: Wanted) -> FolderPairs:
    samples = [
        sample
        for sample in read_samples(folder / RUN_FOLDER / LEDGER_NAME)
        if wanted.takes(sample.category, sample.format, sample.split) and not _is_near(sample.gt)
    ]
    return FolderPairs(
        folder,
        [sample.key for sample in samples],
        [sample.gt for sample in samples],
        [sample.kinds for sample in samples],
    )


def _is_near(gt: str) -> bool:
    """Return whether a patch is in a folder of near duplicates: it is not trained on."""
    return gt.split("/")[-3].partition("_")[0] == NEAR_FOLDER


def _of_folder(folder: Path) -> FolderPairs:
    found = [kind_of_folder(entry.name) for entry in sorted(folder.iterdir()) if entry.is_dir()]
    kinds = tuple(kind.name for kind in found if kind is not None)
    names = sorted(path.name for path in (folder / "GT").iterdir() if path.suffix in PICTURE_SUFFIXES)
    return FolderPairs(
        folder,
        [name.rpartition(".")[0] for name in names],
        [f"GT/{name}" for name in names],
        [kinds] * len(names),
    )


# ---------------------------------------------------------------------------------------------- exports


def _of_export(folder: Path, wanted: Wanted) -> Iterator[Pairs]:
    facts = json.loads((folder / DATASET_FILE).read_text(encoding="utf-8"))
    layout = facts["layout"]
    if layout not in LAYOUTS:
        message = f"{folder}: the layout {layout} is not read here; {', '.join(LAYOUTS)} are"
        raise PairsError(message)
    for tree in facts["trees"]:
        if wanted.takes(tree.get("category") or None, tree.get("format") or None, tree.get("split")):
            yield _of_tree(folder / tree["folder"], layout, facts)


def _of_tree(tree: Path, layout: str, facts: Mapping[str, Any]) -> Pairs:
    if layout == NATIVE:
        return _of_folder(tree)
    if layout == SHARDS:
        return ShardPairs(sorted(tree.glob("*.tar")))
    kinds = facts["kinds"]
    frames = min(kinds[facts["lr"]]["frames"], SEPTUPLET)
    written = replace(kind_named(facts["lr"]), frames=frames)
    return SequencePairs(tree, frames, written.name)


@dataclass(slots=True)
class SequencePairs:
    """A file for each frame: `GT/00001/0001/im4.png`, `LQ/00001/0001/im1.png`, in folders or in LMDB.

    `im4` is the middle frame.
    """

    tree: Path
    frames: int  # of LR in each sequence, at most seven
    low: str  # the kind of LR, such as "lr7"
    has_truths: bool = field(init=False)  # whether GT has every frame
    keys: Sequence[str] = field(init=False)
    _databases: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Read the names of the sequences: lines such as `00001/0001/im4.png (540,540,3) 1`."""
        lines = (self.tree / "meta_info.txt").read_text(encoding="ascii").splitlines()
        self.keys = list(dict.fromkeys("/".join(line.split(" ")[0].split("/")[:2]) for line in lines))
        beside = f"im{MIDDLE_NAME - 1}.png"
        self.has_truths = any(self.tree.glob("*_GT_all.lmdb")) or any(
            (self.tree / "GT" / key / beside).is_file() for key in self.keys[:1]
        )

    def kinds(self, position: int) -> Sequence[str]:
        """Return the kinds of files that a patch has."""
        del position
        truths = [f"gt{self.frames}"] if self.has_truths else []
        return ["gt", self.low, *truths]

    def pictures(self, position: int, kind: FileKind) -> list[bytes]:
        """Return a file for each frame. Raises OSError."""
        reach = kind.frames // 2
        names = [f"{self.keys[position]}/im{MIDDLE_NAME + step}" for step in range(-reach, reach + 1)]
        return [self._read("GT" if kind.is_gt else "LQ", name) for name in names]

    def _read(self, part: str, name: str) -> bytes:
        place = self.tree / part / f"{name}.png"
        if (self.tree / part).is_dir():
            return place.read_bytes()
        with self._database(part).begin(write=False) as transaction:
            content = transaction.get(name.encode("ascii"))
        if content is None:
            raise FileNotFoundError(errno.ENOENT, "not in the database", str(place))
        return bytes(content)

    def _database(self, part: str) -> Any:  # noqa: ANN401 - lmdb ships no types
        """Return the open database of a part; it is opened anew in each process."""
        if part not in self._databases:
            import lmdb

            pattern = "*_GT_*.lmdb" if part == "GT" else "*_LR*.lmdb"
            path = next(iter(sorted(self.tree.glob(pattern))), None)
            if path is None:
                raise FileNotFoundError(errno.ENOENT, "no such database", str(self.tree / pattern))
            self._databases[part] = lmdb.open(str(path), readonly=True, lock=False, readahead=False)
        return self._databases[part]

    def __getstate__(self) -> tuple[Any, ...]:
        """Leave out open databases: no other process may use them."""
        return self.tree, self.frames, self.has_truths, self.low, self.keys

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Take over all but the open databases."""
        self.tree, self.frames, self.has_truths, self.low, self.keys = state
        self._databases = {}


@dataclass(slots=True)
class ShardPairs:
    """Members of tar files: `<key>.gt.png`, `<key>.lr7.png` or `<key>.lr7.0.png`, or .webp, in any order."""

    shards: Sequence[Path]
    keys: list[str] = field(default_factory=list, init=False)
    # For each patch: the position of its shard, and kind -> (offset, size) of each file.
    _members: list[tuple[int, dict[str, list[tuple[int, int]]]]] = field(
        default_factory=list, init=False, repr=False
    )

    def __post_init__(self) -> None:
        """Read the headers of the shards."""
        for number, shard in enumerate(self.shards):
            found: dict[str, dict[str, list[tuple[int, int]]]] = {}
            with tarfile.open(shard) as members:
                for member in members:
                    key, *kind, suffix = member.name.split(".")
                    if f".{suffix}" in PICTURE_SUFFIXES:
                        places = found.setdefault(key, {}).setdefault(kind[0], [])
                        places.append((member.offset_data, member.size))
            self.keys += found
            self._members += [(number, kinds) for kinds in found.values()]

    def kinds(self, position: int) -> Sequence[str]:
        """Return the kinds of files that a patch has."""
        return list(self._members[position][1])

    def pictures(self, position: int, kind: FileKind) -> list[bytes]:
        """Return the file of a kind, or its tiles. Raises OSError."""
        shard, places = self._members[position]
        with self.shards[shard].open("rb") as file:
            return [_at(file, *place) for place in places[kind.name]]


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)
