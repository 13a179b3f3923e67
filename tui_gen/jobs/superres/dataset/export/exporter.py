"""Exports a dataset in one layout: writes the chosen patches, and reports what is left out.

Guards: the same ledger, configuration and flags give the same files, in any order of the work. An export gets
its final name only when it is complete.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from tui_gen import __version__
from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import count
from tui_gen.contract.export import Exported, ExportedTree, ExportRequest
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.export import trees
from tui_gen.jobs.superres.dataset.export.choosing import Chosen, Records, choose
from tui_gen.jobs.superres.dataset.export.databases import package, write_basicsr_lmdb
from tui_gen.jobs.superres.dataset.export.description import Origin, described, recipe_in
from tui_gen.jobs.superres.dataset.export.layouts import LAYOUTS, Layout
from tui_gen.jobs.superres.dataset.export.output import output_at
from tui_gen.jobs.superres.dataset.export.provenance import Provenance
from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.export.shards import SHARD_MB, Sharding, ShardWriter
from tui_gen.jobs.superres.dataset.export.tables import TableWriter
from tui_gen.jobs.superres.dataset.export.tree import Named, Tree, Work
from tui_gen.jobs.superres.dataset.split import TRAIN, Split
from tui_gen.jobs.superres.extraction.picture_form import PictureForm, missing_encoder, picture_form
from tui_gen.jobs.superres.extraction.scoring.scores import KINDS
from tui_gen.jobs.superres.planning.expected import remembered_sources

Writer = Callable[[Tree, Work], list[Named]]

MOST_THREADS = 16
MANY_FILES = 100_000
_TREE_WRITERS: Mapping[str, Writer] = {
    "vsrpp": trees.write_native,
    "basicsr-vimeo": trees.write_basicsr_vimeo,
    "basicsr-lmdb": write_basicsr_lmdb,
    "basicsr-reds": trees.write_basicsr_reds,
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
_INDEX = ("name", "clip", "film", "category", "format", "split", "gt", "left_out", "crop")


def export(
    settings: Settings,
    records: Records,
    request: ExportRequest,
    *,
    on_done: Callable[[int, int], None],
    on_note: Callable[[str], None],
) -> Exported:
    """Write an export. Raises RefusedError, and OSError if it cannot be written."""
    layout = layout_named(request.layout)
    _check_table(request)
    if layout.name in _PACKAGES:
        package(_PACKAGES[layout.name], layout.name)
    if (missing := missing_encoder(settings)) is not None:
        raise RefusedError(missing)
    chosen = choose(settings, records, request, layout)
    form = picture_form(settings, None if layout.takes_webp else "png")
    for note in _notes_before(chosen, form):
        on_note(note)
    identity = {
        "layout": layout.name,
        "patches": chosen.identity,
        "png": settings.png_compression,
        "pictures": form.image_format,
        "flags": repr(request.form),
        "version": __version__,
    }
    total, done = chosen.patches, 0

    def counted() -> None:
        nonlocal done
        done += 1
        on_done(done, total)

    threads = min(MOST_THREADS, os.cpu_count() or 1)
    with output_at(request.folder, identity) as output, ThreadPoolExecutor(threads, "export") as pool:
        work = Work(chosen.files, output, chosen.kinds, form, pool, counted)
        write = _writer(settings, records, chosen)
        written = []
        for tree in chosen.trees:
            named = write(tree, work)
            if layout.name != "parquet":  # the rows of its tables are the index
                lines = _index(tree, named, settings, records, chosen)
                work.output.write_lines(f"{tree.folder}/index.tsv", lines)
            parts = "+".join(dict.fromkeys(tree.split_of(sample) for sample in tree.samples))
            written.append(ExportedTree(tree.folder, tree.category, tree.format, parts, len(named)))
        origin = Origin(records, recipe_in(settings.run_folder / LEDGER_NAME))
        about = described(chosen, written, origin, folder=request.folder, damaged=len(work.damaged))
        for path, text in about.texts.items():
            output.write(path, text.encode("utf-8", "surrogateescape"))
    return Exported(
        request.folder,
        tuple(written),
        left_out=chosen.reasons,
        damaged=tuple(work.damaged.values()),
        notes=(*_notes_after(chosen), *about.warnings),
    )


def layout_named(name: str) -> Layout:
    """Return a layout by name. Raises RefusedError for an unknown or impossible layout."""
    layout = LAYOUTS.get(name)
    if layout is None:
        listed = "".join(f"\n  {known.name:<14} {known.text}" for known in LAYOUTS.values())
        message = f"there is no layout {name!r}; name one of:{listed}"
        raise RefusedError(message)
    return layout


def _check_table(request: ExportRequest) -> None:
    form = request.form
    if request.layout == "parquet" and not form.embed and (form.crop or form.shard_mb):
        message = "a table of paths has no sub-patches and no shards: add --embed, which adds the pictures"
        raise RefusedError(message)


# ---------------------------------------------------------------------------------------------- notes


def _notes_before(chosen: Chosen, form: PictureForm) -> Iterator[str]:
    """Yield what a user should know before the first file is written."""
    kinds, layout = chosen.kinds, chosen.layout
    truths = kinds.stacks[kinds.truths].frames if kinds.truths else 1
    converted = 0 if _is_of_paths(chosen) else chosen.patches_other_than(form.suffix)
    if converted:
        why = "" if layout.takes_webp else f", which is what the loaders of {layout.name} look for"
        yield f"{count(converted)} patches are converted to {form.suffix[1:]}{why}: the pixels stay the same"
    files = chosen.patches * layout.files_of(kinds.frames, truths, len(kinds.stacks))
    if files >= MANY_FILES:
        yield (
            f"{layout.name} makes {count(files)} files of {count(chosen.patches)} patches; webdataset, "
            "basicsr-lmdb and parquet --embed hold the same in few"
        )


def _is_of_paths(chosen: Chosen) -> bool:
    """Return whether an export has no pictures, but their paths in the dataset."""
    return chosen.layout.name == "parquet" and not chosen.form.embed


def _notes_after(chosen: Chosen) -> Iterator[str]:
    is_held_out = any(split != TRAIN for _, split in chosen.divided.parts)
    if is_held_out and not chosen.divided.has_hashes:
        yield _NO_MARKS
    if chosen.layout.trees == "native":
        held_out = {tree.category for tree in chosen.trees if tree.split == "val"}
        for category in sorted({tree.category for tree in chosen.trees} - held_out):
            yield (
                f"{category} has no Val: VSR++ cannot validate on it; hold out a film that gives "
                'patches of the format of Patches/, with "split": "val"'
            )


# --------------------------------------------------------------------------------------------- writing


def _writer(settings: Settings, records: Records, chosen: Chosen) -> Writer:
    layout, form = chosen.layout, chosen.form
    if layout.name in _TREE_WRITERS:
        return _TREE_WRITERS[layout.name]
    provenance = Provenance(
        settings.run_folder / LEDGER_NAME,
        dict(remembered_sources(settings, records)),
        {source: record.facts for source, record in records.items()},
        chosen.kinds.ratio,
    )
    sharding = Sharding(
        settings.seed,
        form.kinds or tuple(chosen.kinds.stacks),
        shard_mb=form.shard_mb or SHARD_MB,
        tiles=form.tiles,
    )
    if layout.name == "webdataset":
        return ShardWriter(provenance, sharding)
    return TableWriter(provenance, sharding, sorted(KINDS), embed=form.embed)


def _index(
    tree: Tree, named: Sequence[Named], settings: Settings, records: Records, chosen: Chosen
) -> Iterator[str]:
    """Yield the lines that map the names of a tree to clips, then the patches that were left out."""
    films = {source: video.name for source, video in remembered_sources(settings, records)}

    def line(sample: Sample, split: Split, name: str, left_out: str) -> str:
        clip, film = f"{sample.source}:{sample.index}", films.get(sample.source, "")
        cut = sample.crop
        crop = f"{cut.x},{cut.y},{cut.width},{cut.height}" if cut else ""
        cells = (name, clip, film, sample.category, sample.format, split, sample.gt, left_out, crop)
        return "\t".join(map(_cell, cells))

    yield "\t".join(_INDEX)
    for sample, name in named:
        yield line(sample, tree.split_of(sample), name, "")
    for sample, split in chosen.divided.parts:
        if tree.is_of(sample) and sample in chosen.left_out and split == (tree.split or split):
            yield line(sample, split, "", chosen.left_out[sample])


def _cell(text: str) -> str:
    """Escape backslashes, tabs and line ends, which separate cells and lines."""
    for character, written in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(character, written)
    return text
