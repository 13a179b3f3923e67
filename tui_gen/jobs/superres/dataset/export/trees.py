"""The layouts that are folders of files. Each function writes one tree and returns its patches in order.

Names, numbers and lines are exactly those that the loaders of these trainers expect: with one space more in a
shape or one frame less, they read something else or nothing.
"""

from __future__ import annotations

from functools import partial

from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.export.tree import (
    Named,
    Tree,
    Work,
    gt_size,
    numbered,
    shape,
    spaced_shape,
)
from tui_gen.jobs.superres.dataset.file_kinds import kind_folder
from tui_gen.jobs.superres.units import CLIP_FRAMES, MIDDLE

META = "meta_info.txt"
SEPTUPLET = [f"im{number}" for number in range(1, CLIP_FRAMES + 1)]


def write_native(tree: Tree, work: Work) -> list[Named]:
    """Write for VSR++: the folders of a run."""
    kinds = [kind for kind in tree.kinds if tree.has_all(kind)]

    def put(sample: Sample, name: str) -> None:
        for kind in kinds:
            work.link(sample, kind, f"{tree.folder}/{kind_folder(kind)}/{name}")

    return work.each([(sample, sample.gt.rpartition("/")[2]) for sample in tree.samples], put)


def write_basicsr_vimeo(tree: Tree, work: Work) -> list[Named]:
    """Write for BasicSR's Vimeo90KDataset and Vimeo90KRecurrentDataset."""
    done = work.each(numbered(tree.samples), partial(_put_septuplet, tree, work))
    lines = (f"{name} {CLIP_FRAMES} {shape(gt_size(sample))}" for sample, name in done)
    work.output.write_lines(f"{tree.folder}/{META}", lines)
    return done


def write_mmagic_vimeo(tree: Tree, work: Work) -> list[Named]:
    """Write for mmagic's BasicFramesDataset, as Vimeo-90K."""
    done = work.each(numbered(tree.samples), partial(_put_septuplet, tree, work))
    lines = (f"{name} {spaced_shape(gt_size(sample))}" for sample, name in done)
    work.output.write_lines(f"{tree.folder}/{META}", lines)
    return done


def _put_septuplet(tree: Tree, work: Work, sample: Sample, name: str) -> None:
    gt, lq = f"{tree.folder}/GT/{name}", f"{tree.folder}/LQ/{name}"
    work.write_tiles(sample, "lr7", [f"{lq}/{frame}.png" for frame in SEPTUPLET])
    if tree.has_all("gt7"):
        work.write_tiles(sample, "gt7", [f"{gt}/{frame}.png" for frame in SEPTUPLET])
    else:
        work.link(sample, "gt", f"{gt}/{SEPTUPLET[MIDDLE]}.png")


def write_vimeo90k(tree: Tree, work: Work) -> list[Named]:
    """Write septuplets as Vimeo-90K was published: all parts in one tree, two lists."""

    def put(sample: Sample, name: str) -> None:
        work.write_tiles(
            sample, "gt7", [f"{tree.folder}/sequences/{name}/{frame}.png" for frame in SEPTUPLET]
        )

    done = work.each(numbered(tree.samples), put)
    train = (name for sample, name in done if sample not in tree.held_out)
    work.output.write_lines(f"{tree.folder}/sep_trainlist.txt", train)
    work.output.write_lines(
        f"{tree.folder}/sep_testlist.txt", (name for sample, name in done if sample in tree.held_out)
    )
    return done


def write_mmagic_reds(tree: Tree, work: Work) -> list[Named]:
    """Write for mmagic's BasicFramesDataset, as REDS: folders of equally many frames."""
    frames = [f"{number:08d}" for number in range(CLIP_FRAMES)]

    def put(sample: Sample, name: str) -> None:
        for kind, folder in (("lr7", "LQ"), ("gt7", "GT")):
            work.write_tiles(sample, kind, [f"{tree.folder}/{folder}/{name}/{frame}.png" for frame in frames])

    done = work.each([(sample, sample.key) for sample in tree.samples], put)
    lines = (
        f"{name}/{frame}.png {spaced_shape(gt_size(sample))}" for sample, name in done for frame in frames
    )
    work.output.write_lines(f"{tree.folder}/{META}", lines)
    return done


def write_trainner(tree: Tree, work: Work) -> list[Named]:
    """Write for traiNNer-redux's PairedVideoDataset: the text before the first `_` is the scene."""

    def put(sample: Sample, name: str) -> None:
        frames = [f"{name}_{number:02d}.png" for number in range(CLIP_FRAMES)]
        work.write_tiles(sample, "lr7", [f"{tree.folder}/lq/{frame}" for frame in frames])
        work.link(sample, "gt", f"{tree.folder}/gt/{frames[MIDDLE]}")

    return work.each([(sample, sample.key) for sample in tree.samples], put)


def write_paired(tree: Tree, work: Work) -> list[Named]:
    """Write for neosr's `paired` and other loaders of image pairs."""

    def put(sample: Sample, name: str) -> None:
        path = f"{tree.folder}/lq/{name}"
        if not work.output.stands(path):
            tiles = work.tiles(sample, "lr7" if "lr7" in sample.kinds else "lr")
            work.output.write(path, work.png(tiles[len(tiles) // 2]))
        work.link(sample, "gt", f"{tree.folder}/gt/{name}")

    done = work.each([(sample, f"{sample.key}.png") for sample in tree.samples], put)
    work.output.write_lines(f"{tree.folder}/{META}", (name for _, name in done))
    return done
