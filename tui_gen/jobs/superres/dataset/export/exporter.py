"""Exports a dataset in one layout: chooses patches, divides them, writes them, and reports what is left out.

Guards: the same ledger, configuration and flags give the same files, in any order of the work. An export gets
its final name only when it is complete.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.contract.export import Exported, ExportedTree, ExportRequest
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.export import trees
from tui_gen.jobs.superres.dataset.export.databases import TableWriter, package, write_basicsr_lmdb
from tui_gen.jobs.superres.dataset.export.division import Divided, divide
from tui_gen.jobs.superres.dataset.export.layouts import LAYOUTS, REMEDIES, Layout
from tui_gen.jobs.superres.dataset.export.output import digest_of, output_at
from tui_gen.jobs.superres.dataset.export.provenance import Provenance
from tui_gen.jobs.superres.dataset.export.samples import Sample, read_samples
from tui_gen.jobs.superres.dataset.export.shards import ShardWriter
from tui_gen.jobs.superres.dataset.export.tree import Named, Tree, Work
from tui_gen.jobs.superres.dataset.file_kinds import GT, kind_folder
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
from tui_gen.jobs.superres.extraction.png import CODE_POINTS
from tui_gen.jobs.superres.extraction.scoring.scores import KINDS
from tui_gen.jobs.superres.planning.expected import remembered_sources

Records = Mapping[str, SourceRecord]
Writer = Callable[[Tree, Work], list[Named]]

MOST_THREADS = 16
_TREE_WRITERS: Mapping[str, Writer] = {
    "vsrpp": trees.write_native,
    "basicsr-vimeo": trees.write_basicsr_vimeo,
    "basicsr-lmdb": write_basicsr_lmdb,
    "vimeo90k": trees.write_vimeo90k,
    "mmagic-vimeo": trees.write_mmagic_vimeo,
    "mmagic-reds": trees.write_mmagic_reds,
    "trainner": trees.write_trainner,
    "neosr": trees.write_paired,
}
_PACKAGES = {"basicsr-lmdb": "lmdb", "parquet": "pyarrow"}
_NO_MARKS = (
    "near duplicates across the parts were not looked for, as no patch has a hash; "
    'make the dataset with "scores": {"near_duplicate": "score"}'
)
_INDEX = ("name", "clip", "film", "category", "format", "split", "gt", "left_out")


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The patches to export, and how."""

    layout: Layout
    divided: Divided
    trees: tuple[Tree, ...]
    moved: dict[Sample, str]

    @property
    def identity(self) -> str:
        """A text that identifies this selection."""
        return digest_of(
            f"{tree.folder} {tree.split_of(sample)} {sample.key} {sample.line}"
            for tree in self.trees
            for sample in tree.samples
        )


def export(
    settings: Settings, records: Records, request: ExportRequest, *, on_done: Callable[[int, int], None]
) -> Exported:
    """Write an export. Raises RefusedError, and OSError if it cannot be written."""
    layout = layout_named(request.layout)
    if layout.name in _PACKAGES:
        package(_PACKAGES[layout.name], layout.name)
    chosen = _chosen(settings, records, request, layout)
    identity = {"layout": layout.name, "patches": chosen.identity, "png": settings.png_compression}
    total, done = sum(len(tree.samples) for tree in chosen.trees), 0

    def count() -> None:
        nonlocal done
        done += 1
        on_done(done, total)

    threads = min(MOST_THREADS, os.cpu_count() or 1)
    with output_at(request.folder, identity) as output, ThreadPoolExecutor(threads, "export") as pool:
        colour = CODE_POINTS.get(settings.colour_output)
        work = Work(settings.output, output, settings.png_compression, colour, pool, count, chosen.moved)
        write = _writer(layout, settings, records, chosen)
        written = []
        for tree in chosen.trees:
            named = write(tree, work)
            if layout.name != "parquet":  # the rows of its tables are the index
                lines = _index(tree, named, settings, records, chosen.divided)
                work.output.write_lines(f"{tree.folder}/index.tsv", lines)
            parts = "+".join(dict.fromkeys(tree.split_of(sample) for sample in tree.samples))
            written.append(ExportedTree(tree.folder, tree.category, tree.format, parts, len(named)))
    return Exported(
        request.folder,
        tuple(written),
        left_out=chosen.divided.reasons,
        damaged=tuple(work.damaged.values()),
        notes=() if chosen.divided.has_hashes else (_NO_MARKS,),
    )


def layout_named(name: str) -> Layout:
    """Return a layout by name. Raises RefusedError for an unknown or impossible layout."""
    layout = LAYOUTS.get(name)
    if layout is None:
        listed = "".join(f"\n  {known.name:<14} {known.text}" for known in LAYOUTS.values())
        message = f"there is no layout {name!r}; name one of:{listed}"
        raise RefusedError(message)
    if layout.refusal:
        raise RefusedError(layout.refusal)
    return layout


# -------------------------------------------------------------------------------------------- choosing


def _chosen(settings: Settings, records: Records, request: ExportRequest, layout: Layout) -> _Chosen:
    samples = _samples(settings)
    moved = dict(_moved(settings.output, samples))
    divided = _divided(settings, records, samples, moved)
    _check_names(request, samples)
    wanted = [
        (sample, split)
        for sample, split in divided.parts
        if sample not in divided.left_out and _is_wanted(request, sample, split)
    ]
    if layout.trees == "native":
        wanted = [(sample, split) for sample, split in wanted if split == TRAIN or _is_small(sample)]
    if not wanted:
        message = "no patch is left to export; look at --category, --format and --split"
        raise RefusedError(message)
    _check_kinds(layout, [sample for sample, _ in wanted])
    return _Chosen(layout, divided, tuple(_trees(layout, wanted)), moved)


def divided_now(settings: Settings, records: Records) -> Divided:
    """Return how an export would divide the existing patches. Raises RefusedError, OSError."""
    samples = _samples(settings)
    return _divided(settings, records, samples, dict(_moved(settings.output, samples)))


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


def _samples(settings: Settings) -> list[Sample]:
    ledger = settings.run_folder / LEDGER_NAME
    if not ledger.is_file():
        message = f"{ledger}: there is no ledger: nothing was made here yet"
        raise RefusedError(message)
    return read_samples(ledger)


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


def _check_kinds(layout: Layout, samples: Sequence[Sample]) -> None:
    for kind in sorted(layout.needs):
        lacking = sum(kind not in sample.kinds for sample in samples)
        if lacking:
            needed = f"{layout.name} needs {kind_folder(kind)}, which {lacking} of {len(samples)} patches"
            message = f"{needed} do not have; {REMEDIES[kind]}"
            raise RefusedError(message)


def _is_small(sample: Sample) -> bool:
    return _whole_folder(sample) == SPLIT_FOLDERS[TRAIN]


def _whole_folder(sample: Sample) -> str:
    """Return the training folder of a patch's format."""
    return whole_folder(sample.gt.split("/")[-3])


def _trees(layout: Layout, wanted: Sequence[tuple[Sample, Split]]) -> Iterator[Tree]:
    groups: dict[tuple[str, str, Split | None], list[tuple[Sample, Split]]] = defaultdict(list)
    for sample, split in wanted:
        part = None if layout.trees == "parts together" else split
        groups[sample.category, sample.format, part].append((sample, split))
    for (category, patch_format, part), members in sorted(groups.items(), key=_rank_of_group):
        members.sort(key=lambda member: (SPLITS.index(member[1]), member[0].key))
        samples = tuple(sample for sample, _ in members)
        folder = f"{category}/{patch_format}" + (f"/{part}" if part else "")
        if layout.trees == "native" and part:
            above = samples[0].gt.rsplit("/", 3)[0]
            folder = f"{above}/{part_folder(_whole_folder(samples[0]), part)}"
        held_out = {sample: split for sample, split in members if split != TRAIN}
        yield Tree(folder, category, patch_format, part, samples, held_out)


def _rank_of_group(group: tuple[tuple[str, str, Split | None], object]) -> tuple[str, str, int]:
    category, patch_format, part = group[0]
    return category, patch_format, SPLITS.index(part) if part else 0


# --------------------------------------------------------------------------------------------- writing


def _writer(layout: Layout, settings: Settings, records: Records, chosen: _Chosen) -> Writer:
    if layout.name in _TREE_WRITERS:
        return _TREE_WRITERS[layout.name]
    provenance = Provenance(
        settings.run_folder / LEDGER_NAME,
        dict(remembered_sources(settings, records)),
        {source: record.facts for source, record in records.items()},
    )
    if layout.name == "webdataset":
        return ShardWriter(provenance, settings.seed)
    kinds = sorted({kind for tree in chosen.trees for sample in tree.samples for kind in sample.kinds})
    return TableWriter(provenance, kinds, sorted(KINDS))


def _index(
    tree: Tree, named: Sequence[Named], settings: Settings, records: Records, divided: Divided
) -> Iterator[str]:
    """Yield the lines that map the names of a tree to clips, then the patches that were left out."""
    films = {source: video.name for source, video in remembered_sources(settings, records)}

    def line(sample: Sample, split: Split, name: str, left_out: str) -> str:
        clip, film = f"{sample.source}:{sample.index}", films.get(sample.source, "")
        cells = (name, clip, film, sample.category, sample.format, split, sample.gt, left_out)
        return "\t".join(map(_cell, cells))

    yield "\t".join(_INDEX)
    for sample, name in named:
        yield line(sample, tree.split_of(sample), name, "")
    for sample, split in divided.parts:
        is_here = (sample.category, sample.format) == (tree.category, tree.format)
        if is_here and sample in divided.left_out and split == (tree.split or split):
            yield line(sample, split, "", divided.left_out[sample])


def _cell(text: str) -> str:
    """Escape backslashes, tabs and line ends, which separate cells and lines."""
    for character, written in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(character, written)
    return text
