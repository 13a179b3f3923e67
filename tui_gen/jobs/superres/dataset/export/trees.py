"""The layouts that are folders of files. Each function writes one tree and returns its patches in order.

Names, numbers and lines are exactly those that the loaders of these trainers expect: with one space more in a
shape or one frame less, they read something else or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.export.stacks import Kinds, Stack
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

META = "meta_info.txt"
META_OF_CLIPS = "meta_info_clips.txt"
SEPTUPLET = 7
_MIDDLE_NAME = 4
"""The loaders for Vimeo-90K take im4 for the middle frame, whatever the number of frames."""


def septuplet(stack: Stack) -> Mapping[int, str]:
    """Return position in a stack -> name, "im4" in the middle; of more than seven the middle seven."""
    reach = min(stack.middle, SEPTUPLET // 2)
    return {stack.middle + step: f"im{_MIDDLE_NAME + step}" for step in range(-reach, reach + 1)}


def clip_kind(kinds: Kinds) -> str:
    """Return the LR kind with the most frames. Raises RefusedError if patches have no LR."""
    if kinds.clip is None:
        message = "no patch has an LR file"
        raise RefusedError(message)
    return kinds.clip


def write_native(tree: Tree, work: Work) -> list[Named]:
    """Write for VSR++: the folders of a run."""
    kinds = [kind for kind in work.kinds.stacks if tree.has_all(kind)]

    def put(sample: Sample, name: str) -> None:
        for kind in kinds:
            work.link(sample, kind, f"{tree.folder}/{kind_folder(kind)}/{name}")

    return work.each([(sample, _native_name(sample, work)) for sample in tree.samples], put)


def _native_name(sample: Sample, work: Work) -> str:
    stem = sample.gt.rpartition("/")[2].removesuffix(sample.suffix)
    place = f"-{sample.crop.y:04d}-{sample.crop.x:04d}" if sample.crop else ""
    return f"{stem}{place}{work.suffix}"


def write_basicsr_vimeo(tree: Tree, work: Work) -> list[Named]:
    """Write for BasicSR's Vimeo90KDataset and Vimeo90KRecurrentDataset."""
    done = work.each(numbered(tree.samples), partial(_put_septuplet, tree, work))
    write_basicsr_meta(tree, work, done)
    return done


def write_basicsr_meta(tree: Tree, work: Work, done: list[Named]) -> None:
    """Write the list that BasicSR reads: `00001/0001 7 (540,540,3)`."""
    frames = len(septuplet(work.kinds.stacks[clip_kind(work.kinds)]))
    lines = (f"{name} {frames} {shape(gt_size(sample))}" for sample, name in done)
    work.output.write_lines(f"{tree.folder}/{META}", lines)


def write_mmagic_vimeo(tree: Tree, work: Work) -> list[Named]:
    """Write for mmagic's BasicFramesDataset, as Vimeo-90K."""
    done = work.each(numbered(tree.samples), partial(_put_septuplet, tree, work))
    lines = (f"{name} {spaced_shape(gt_size(sample))}" for sample, name in done)
    work.output.write_lines(f"{tree.folder}/{META}", lines)
    return done


def _put_septuplet(tree: Tree, work: Work, sample: Sample, name: str) -> None:
    lq, gt = f"{tree.folder}/LQ/{name}", f"{tree.folder}/GT/{name}"
    _put(work, sample, clip_kind(work.kinds), lq)
    if work.kinds.truths is not None and tree.has_all(work.kinds.truths):
        _put(work, sample, work.kinds.truths, gt)
    else:
        work.link(sample, "gt", f"{gt}/im{_MIDDLE_NAME}.png")


def _put(work: Work, sample: Sample, kind: str, folder: str) -> None:
    named = septuplet(work.kinds.stacks[kind])
    work.write_tiles(sample, kind, {place: f"{folder}/{name}.png" for place, name in named.items()})


def write_vimeo90k(tree: Tree, work: Work) -> list[Named]:
    """Write septuplets as Vimeo-90K was published: all parts in one tree, two lists."""
    truths = work.kinds.truths or ""

    def put(sample: Sample, name: str) -> None:
        _put(work, sample, truths, f"{tree.folder}/sequences/{name}")

    done = work.each(numbered(tree.samples), put)
    train = (name for sample, name in done if sample not in tree.held_out)
    work.output.write_lines(f"{tree.folder}/sep_trainlist.txt", train)
    work.output.write_lines(
        f"{tree.folder}/sep_testlist.txt", (name for sample, name in done if sample in tree.held_out)
    )
    return done


def write_basicsr_reds(tree: Tree, work: Work) -> list[Named]:
    """Write for BasicSR's REDSDataset and REDSRecurrentDataset: a line `<key> 100 (540,540,3)` a clip."""
    done = _put_clips(tree, work)
    lines = (f"{name} {work.kinds.frames} {shape(gt_size(sample))}" for sample, name in done)
    work.output.write_lines(f"{tree.folder}/{META}", lines)
    return done


def _clip_frames(work: Work) -> list[str]:
    return [f"{number:08d}" for number in range(work.kinds.frames)]


def _put_clips(tree: Tree, work: Work) -> list[Named]:
    """Write the frames of each clip into folders of its own: `GT/<key>/00000000.png`, `LQ/` the same."""

    def put(sample: Sample, name: str) -> None:
        for kind, folder in ((clip_kind(work.kinds), "LQ"), (work.kinds.truths or "", "GT")):
            above = f"{tree.folder}/{folder}/{name}"
            paths = {place: f"{above}/{frame}.png" for place, frame in enumerate(_clip_frames(work))}
            work.write_tiles(sample, kind, paths)

    return work.each([(sample, sample.key) for sample in tree.samples], put)


def write_mmagic_reds(tree: Tree, work: Work) -> list[Named]:
    """Write for mmagic's BasicFramesDataset, as REDS: folders of equally many frames.

    One list has a line for each frame, as for sliding windows; the other a line for each clip, as for
    recurrent models.
    """
    done = _put_clips(tree, work)
    lines = (
        f"{name}/{frame}.png {spaced_shape(gt_size(sample))}"
        for sample, name in done
        for frame in _clip_frames(work)
    )
    work.output.write_lines(f"{tree.folder}/{META}", lines)
    clips = (f"{name} {spaced_shape(gt_size(sample))}" for sample, name in done)
    work.output.write_lines(f"{tree.folder}/{META_OF_CLIPS}", clips)
    return done


def write_trainner(tree: Tree, work: Work) -> list[Named]:
    """Write for traiNNer-redux's PairedVideoDataset: the text before the first `_` is the scene."""
    kind = clip_kind(work.kinds)
    stack = work.kinds.stacks[kind]

    def put(sample: Sample, name: str) -> None:
        frames = {place: f"{name}_{place:02d}{work.suffix}" for place in range(stack.frames)}
        work.write_tiles(
            sample, kind, {place: f"{tree.folder}/lq/{frame}" for place, frame in frames.items()}
        )
        work.link(sample, "gt", f"{tree.folder}/gt/{frames[stack.middle]}")

    return work.each([(sample, sample.key) for sample in tree.samples], put)


def write_paired(tree: Tree, work: Work) -> list[Named]:
    """Write for neosr's `paired` and other loaders that pair all images of two folders by their names.

    No list is written: neosr's reader of lists gives the folder in place of the LR file.
    """

    def put(sample: Sample, name: str) -> None:
        path = f"{tree.folder}/lq/{name}"
        if not work.output.stands(path):
            kind = next(kind for kind in work.kinds.low if kind in sample.kinds)
            work.output.write(path, work.encoded(work.tiles(sample, kind)[work.kinds.stacks[kind].middle]))
        work.link(sample, "gt", f"{tree.folder}/gt/{name}")

    return work.each([(sample, f"{sample.key}{work.suffix}") for sample in tree.samples], put)
