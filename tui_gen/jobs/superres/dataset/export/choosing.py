"""Chooses the patches of an export, and arranges them in trees: one for each category, format and part."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.contract.export import ExportForm, ExportRequest
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.export.division import Divided, divide
from tui_gen.jobs.superres.dataset.export.files import DatasetFiles
from tui_gen.jobs.superres.dataset.export.layouts import REMEDIES, Layout
from tui_gen.jobs.superres.dataset.export.output import digest_of
from tui_gen.jobs.superres.dataset.export.samples import Sample, read_samples
from tui_gen.jobs.superres.dataset.export.stacks import Kinds, kinds_of, suffix_of
from tui_gen.jobs.superres.dataset.export.sub_patches import check_pieces, pieces_of, too_small
from tui_gen.jobs.superres.dataset.export.tree import Tree
from tui_gen.jobs.superres.dataset.export.trees import SEPTUPLET
from tui_gen.jobs.superres.dataset.file_kinds import GT, kind_folder, kind_named
from tui_gen.jobs.superres.dataset.near_duplicates import near_duplicates_rejected
from tui_gen.jobs.superres.dataset.split import (
    SPLIT_FOLDERS,
    SPLITS,
    TRAIN,
    Split,
    part_folder,
    split_of_folder,
    whole_folder,
)
from tui_gen.jobs.superres.planning.expected import remembered_sources

Records = Mapping[str, SourceRecord]
Parts = Sequence[tuple[Sample, Split]]

MERGED = "all"
"""The folder of a tree of all parts, categories and formats."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The patches to export, and how."""

    layout: Layout
    form: ExportForm
    divided: Divided
    left_out: Mapping[Sample, str]  # with the reason
    trees: tuple[Tree, ...]
    kinds: Kinds
    files: DatasetFiles

    @property
    def identity(self) -> str:
        """A text that identifies this selection."""
        return digest_of(
            f"{tree.folder} {tree.split_of(sample)} {sample.key} {sample.line}"
            for tree in self.trees
            for sample in tree.samples
        )

    @property
    def patches(self) -> int:
        """The number of patches, or of sub-patches."""
        return sum(len(tree.samples) for tree in self.trees)

    def patches_other_than(self, suffix: str) -> int:
        """Return the number of patches, or of sub-patches, of files whose names end otherwise."""
        return sum(sample.suffix != suffix for tree in self.trees for sample in tree.samples)

    @property
    def reasons(self) -> Mapping[str, int]:
        """Reason -> number of patches left out for it."""
        return Counter(reason.partition(":")[0] for reason in self.left_out.values())


def choose(settings: Settings, records: Records, request: ExportRequest, layout: Layout) -> Chosen:
    """Choose the patches of an export. Raises RefusedError, OSError."""
    form = request.form
    form.refuse_other_than(layout.flags, layout.name)
    samples = samples_of(settings)
    moved = dict(_moved(settings.output, samples))
    divided = _divided(settings, records, samples, moved)
    _check_names(request, samples)
    wanted = [
        (sample, split)
        for sample, split in divided.parts
        if sample not in divided.left_out and _is_wanted(request, sample, split)
    ]
    left_out = dict(divided.left_out)
    if layout.trees == "native":
        left_out |= _not_validated(wanted)
        wanted = [(sample, split) for sample, split in wanted if sample not in left_out]
    _refuse_nothing(wanted, "look at --category, --format and --split")
    files = DatasetFiles(settings.output, {sample.gt: folder for sample, folder in moved.items()})
    chosen = [sample for sample, _ in wanted]
    lr = dict(form.job_options).get("lr", "")
    kinds = kinds_of(chosen, files.size, lr=lr)
    _check_lr(layout, kinds, chosen, lr)
    _check_kinds(layout, kinds, chosen)
    _check_form(form, kinds)
    left_out |= {sample: why for sample, _ in wanted if (why := too_small(sample, form))}
    wanted = [(sample, split) for sample, split in wanted if sample not in left_out]
    _refuse_nothing(wanted, "all are smaller than --crop")
    pieces = [(piece, split) for sample, split in wanted for piece in pieces_of(sample, form)]
    named = list(_prefixed(pieces)) if form.merge else pieces
    trees = tuple(_trees(layout, named, is_merged=form.merge))
    return Chosen(layout, form, divided, left_out, trees, kinds, files)


def divided_now(settings: Settings, records: Records) -> Divided:
    """Return how an export would divide the existing patches. Raises RefusedError, OSError."""
    samples = samples_of(settings)
    return _divided(settings, records, samples, dict(_moved(settings.output, samples)))


def samples_of(settings: Settings) -> list[Sample]:
    """Return the patches of a dataset. Raises RefusedError, OSError."""
    ledger = settings.run_folder / LEDGER_NAME
    if not ledger.is_file():
        message = f"{ledger}: there is no ledger: nothing was made here yet"
        raise RefusedError(message)
    return read_samples(ledger)


def _divided(
    settings: Settings, records: Records, samples: Sequence[Sample], moved: Mapping[Sample, str]
) -> Divided:
    near = near_duplicates_rejected(settings.scores)
    return divide(
        samples,
        remembered_sources(settings, records),
        moved={sample: split_of_folder(folder) for sample, folder in moved.items()},
        duplicates=near.among(records) if near is not None else {},
    )


def _moved(output: Path, samples: Sequence[Sample]) -> Iterator[tuple[Sample, str]]:
    """Yield the patches found in another format folder of their category, with that folder."""

    @cache
    def folders(category: Path) -> list[str]:
        starts = tuple(SPLIT_FOLDERS.values())
        return sorted(path.name for path in category.glob("*") if path.name.startswith(starts))

    for sample in samples:
        place = output / sample.gt
        if not place.exists():
            category = place.parent.parent.parent
            for folder in folders(category):
                if (category / folder / GT.folder / place.name).exists():
                    yield sample, folder
                    break


# ------------------------------------------------------------------------------------------ refusals


def _refuse_nothing(wanted: Parts, why: str) -> None:
    if not wanted:
        message = f"no patch is left to export; {why}"
        raise RefusedError(message)


def _check_names(request: ExportRequest, samples: Sequence[Sample]) -> None:
    for flag, named, known in (
        ("--category", request.categories, {sample.category for sample in samples}),
        ("--format", request.formats, {sample.format for sample in samples}),
    ):
        for name in sorted(named - known):
            message = f"{flag} {name}: there are no such patches; there are {', '.join(sorted(known))}"
            raise RefusedError(message)


def _is_wanted(request: ExportRequest, sample: Sample, split: Split) -> bool:
    return (
        (not request.categories or sample.category in request.categories)
        and (not request.formats or sample.format in request.formats)
        and (not request.splits or split in request.splits)
    )


def _check_lr(layout: Layout, kinds: Kinds, samples: Sequence[Sample], lr: str) -> None:
    if "--lr" not in layout.flags:
        return
    if lr and kinds.clip is None:
        stacks = {kind for sample in samples for kind in sample.kinds if not kind_named(kind).is_gt}
        names = sorted({suffix_of(kind) for kind in stacks})
        there = ", ".join(name or "the plain one" for name in names) or "none"
        message = f"--lr {lr}: there is no such LR; there is {there}"
        raise RefusedError(message)
    lacking = sum(not any(kind in sample.kinds for kind in kinds.low) for sample in samples)
    if lacking and "clip" not in layout.needs:
        what = f"the LR {lr}" if lr else "an LR"
        message = f"{layout.name} needs {what}, which {lacking} of {len(samples)} patches do not have"
        raise RefusedError(message)


def _check_kinds(layout: Layout, kinds: Kinds, samples: Sequence[Sample]) -> None:
    named = {"clip": kinds.clip, "truths": kinds.truths}
    for need in sorted(layout.needs):
        kind = named.get(need, need)
        lacking = sum(kind not in sample.kinds for sample in samples)
        if lacking:
            what = kind_folder(kind) if kind else f"the files of {need}"
            needed = f"{layout.name} needs {what}, which {lacking} of {len(samples)} patches"
            message = f"{needed} do not have; {REMEDIES[need]}"
            raise RefusedError(message)
    if "truths" not in layout.needs or kinds.truths is None:
        return
    truths = kinds.stacks[kinds.truths].frames
    if layout.frames is not None and {kinds.frames, truths} != {layout.frames}:
        message = (
            f"{layout.name} is for clips of exactly {layout.frames} frames, and these have {kinds.frames}: "
            f'make the dataset with "frames" and "gt_frames": {layout.frames}, or take basicsr-vimeo or '
            "mmagic-reds, which take clips of any length"
        )
        raise RefusedError(message)
    if layout.trees == "parts together" and truths < SEPTUPLET:
        message = f"{layout.name} is of {SEPTUPLET} frames, and the clips have {truths}"
        raise RefusedError(message)
    if layout.trees == "part" and truths != kinds.frames:
        message = f"{layout.name} needs as many LR frames as GT frames: there are {kinds.frames} and {truths}"
        raise RefusedError(message)


def _check_form(form: ExportForm, kinds: Kinds) -> None:
    for kind in form.kinds:
        if kind not in kinds.stacks:
            message = f"--kinds {kind}: there are no such files; there are {', '.join(kinds.stacks)}"
            raise RefusedError(message)
    check_pieces(form, kinds)


def _not_validated(wanted: Parts) -> dict[Sample, str]:
    """Return the held-out patches that VSR++ does not read, with the reason."""
    sizes = {f"{s.width}x{s.height}" for s, _ in wanted if _whole_folder(s) == SPLIT_FOLDERS[TRAIN]}
    told = f" ({', '.join(sorted(sizes))})" if sizes else ""
    reason = f"held out, but VSR++ validates on the format of {SPLIT_FOLDERS[TRAIN]}/{told} alone"
    return {
        sample: reason
        for sample, split in wanted
        if split != TRAIN and _whole_folder(sample) != SPLIT_FOLDERS[TRAIN]
    }


# --------------------------------------------------------------------------------------------- trees


def _whole_folder(sample: Sample) -> str:
    """Return the training folder of a patch's format."""
    return whole_folder(sample.gt.split("/")[-3])


def _prefixed(parts: Parts) -> Iterator[tuple[Sample, Split]]:
    """Yield patches with keys that begin with category and format; no two categories share a beginning."""
    names = sorted({(sample.category, sample.format) for sample, _ in parts})
    prefixes = dict[tuple[str, str], str]()
    for name in names:
        # Loaders cut names at `_` and `.`.
        plain = re.sub(r"[^0-9A-Za-z]+", "-", "-".join(name)).strip("-")
        prefixes[name] = next(
            prefix
            for number in count(1)
            if (prefix := f"{plain}-" if number == 1 else f"{plain}-{number}-") not in prefixes.values()
        )
    for sample, split in parts:
        yield replace(sample, prefix=prefixes[sample.category, sample.format]), split


def _trees(layout: Layout, wanted: Parts, *, is_merged: bool) -> Iterator[Tree]:
    groups: dict[tuple[str, str, Split | None], list[tuple[Sample, Split]]] = defaultdict(list)
    for sample, split in wanted:
        part = None if layout.trees == "parts together" else split
        category, patch_format = ("", "") if is_merged else (sample.category, sample.format)
        groups[category, patch_format, part].append((sample, split))
    for (category, patch_format, part), members in sorted(groups.items(), key=_rank_of_group):
        members.sort(key=lambda member: (SPLITS.index(member[1]), member[0].key))
        samples = tuple(sample for sample, _ in members)
        above = [category, patch_format] if category else []
        folder = "/".join([*above, *([part] if part else [] if category else [MERGED])])
        if layout.trees == "native" and part:
            top = samples[0].gt.rsplit("/", 3)[0]
            folder = f"{top}/{part_folder(_whole_folder(samples[0]), part)}"
        held_out = {sample: split for sample, split in members if split != TRAIN}
        yield Tree(folder, category, patch_format, part, samples, held_out)


def _rank_of_group(group: tuple[tuple[str, str, Split | None], object]) -> tuple[str, str, int]:
    category, patch_format, part = group[0]
    return category, patch_format, SPLITS.index(part) if part else 0
