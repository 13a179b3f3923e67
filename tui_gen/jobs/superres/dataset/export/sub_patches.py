"""Aligned square parts of patches: the same place in GT and in every frame of LR."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from tui_gen.base.errors import RefusedError
from tui_gen.contract.export import ExportForm
from tui_gen.jobs.superres.dataset.export.samples import Sample
from tui_gen.jobs.superres.dataset.export.stacks import Kinds
from tui_gen.media.geometry import Region


def check_pieces(form: ExportForm, kinds: Kinds) -> None:
    """Raise RefusedError if sub-patches are not whole LR pixels, or if only their stride is given."""
    if form.stride is not None and form.crop is None:
        message = "--stride is the way from one sub-patch to the next: give their size too, with --crop"
        raise RefusedError(message)
    unit = kinds.alignment
    for flag, pixels in (("--crop", form.crop), ("--stride", form.stride)):
        if pixels is not None and (pixels < unit or pixels % unit):
            below = pixels // unit * unit
            nearest = " or ".join(str(each) for each in (below, below + unit) if each > 0)
            message = f"{flag} {pixels} is no multiple of the ratio of GT to LR ({unit}): take {nearest}"
            raise RefusedError(message)


def too_small(sample: Sample, form: ExportForm) -> str:
    """Return why a patch gives no sub-patch, or an empty text."""
    if form.crop is None or form.crop <= min(sample.width, sample.height):
        return ""
    return f"smaller than the sub-patches of {form.crop}x{form.crop}"


def pieces_of(sample: Sample, form: ExportForm) -> Iterator[Sample]:
    """Yield the sub-patches of a patch in rows from the top; the patch itself without --crop."""
    if form.crop is None:
        yield sample
        return
    stride = form.stride or form.crop
    rows, columns = (_starts(side, form.crop, stride) for side in (sample.height, sample.width))
    for y, x in product(rows, columns):
        yield replace(sample, crop=Region(x, y, form.crop, form.crop))


def _starts(side: int, crop: int, stride: int) -> list[int]:
    """Return where sub-patches begin: every `stride` pixels, and one more at the rim if pixels are left."""
    starts = list(range(0, side - crop + 1, stride))
    last = side - crop
    return starts if starts[-1] == last else [*starts, last]
