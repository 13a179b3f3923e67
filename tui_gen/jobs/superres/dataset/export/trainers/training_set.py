"""What a trainer's configuration says of one category and format of an export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_gen.jobs.superres.dataset.export.choosing import Chosen
from tui_gen.jobs.superres.dataset.export.databases import database_names
from tui_gen.jobs.superres.dataset.export.tree import Tree, gt_size
from tui_gen.jobs.superres.dataset.split import TRAIN
from tui_gen.media.geometry import Size

LR_SIDE = 64
"""Side of the squares that trainers cut from LR at random, if patches are as large."""
_UNIT = 4
"""Models with two steps down need sides that are multiples of it."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A trainer's configuration as text, and what its user should know before the training."""

    name: str  # of the file
    text: str
    warnings: Sequence[str]


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The trees of one category and format, by their final paths."""

    name: str
    train: Path
    val: Path | None
    ratio: int  # GT pixels per LR pixel
    frames: int  # LR frames of a clip
    truths: int  # GT frames of a clip: one, or as many as LR frames
    smallest: Size  # of GT, for training
    val_sizes: frozenset[Size]  # of GT, for validation
    pairs: int  # patches for training
    databases: tuple[str, str]  # names of those of GT and of LR

    @property
    def lr_patch(self) -> int:
        """Side of a random square of LR."""
        largest = min(LR_SIDE, min(self.smallest.width, self.smallest.height) // self.ratio)
        return largest // _UNIT * _UNIT or largest

    @property
    def gt_patch(self) -> int:
        """Side of a random square of GT."""
        return self.lr_patch * self.ratio

    def odd_sizes(self, unit: int) -> list[str]:
        """Return the LR sizes for validation with a side that is no multiple of `unit`."""
        sizes = {Size(size.width // self.ratio, size.height // self.ratio) for size in self.val_sizes}
        return sorted(str(size) for size in sizes if size.width % unit or size.height % unit)


def training_sets(chosen: Chosen, folder: Path) -> dict[str, TrainingSet]:
    """Return the sets with patches for training by their folder, relative to the export at `folder`."""
    groups: dict[str, list[Tree]] = {}
    for tree in chosen.trees:
        groups.setdefault(tree.group, []).append(tree)
    sets = {}
    for group, trees in groups.items():
        train = next((tree for tree in trees if tree.split == TRAIN), None)
        val = _validation(trees[0], chosen.trees)
        if train is not None and chosen.kinds.clip is not None:
            sets[group] = _training_set(chosen, folder, train, val)
    return sets


def _validation(of: Tree, trees: Sequence[Tree]) -> Tree | None:
    """Return the tree to validate on: of the same format, or else another format of the same category."""
    held_out = [tree for tree in trees if tree.split == "val" and tree.category == of.category]
    same = [tree for tree in held_out if tree.format == of.format]
    return next(iter(same or held_out), None)


def _training_set(chosen: Chosen, folder: Path, train: Tree, val: Tree | None) -> TrainingSet:
    kinds = chosen.kinds
    has_truths = kinds.truths is not None and train.has_all(kinds.truths)
    sizes = [gt_size(sample) for sample in train.samples]
    return TrainingSet(
        name="-".join(part for part in (train.category, train.format) if part) or "all",
        train=folder / train.folder,
        val=folder / val.folder if val else None,
        ratio=kinds.ratio,
        frames=kinds.frames,
        truths=kinds.stacks[kinds.truths].frames if kinds.truths and has_truths else 1,
        smallest=Size(min(size.width for size in sizes), min(size.height for size in sizes)),
        val_sizes=frozenset(gt_size(sample) for sample in val.samples) if val else frozenset(),
        pairs=len(train.samples),
        databases=database_names(train, kinds),
    )
