"""Hashes the files that this machine makes of fixed noise, to notice builds that make other bytes.

    noise ── cut_patch ──> arrays ── steps of variants ──> arrays ── encode_patch ──> PNG bytes ──> hash

OpenCV and numpy choose their code by the processor, so equal versions on two machines may differ. Colours and
video codecs are ffmpeg's: the recipe has fingerprints of both.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from functools import partial
from typing import cast

import numpy as np
from numpy.typing import NDArray

from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.file_kinds import GT, FileKind
from tui_gen.jobs.superres.degradation.chain import stepped
from tui_gen.jobs.superres.degradation.choices import ChosenVideo, SeededDraws, choose
from tui_gen.jobs.superres.extraction.kernels import kernel_for, shrink
from tui_gen.jobs.superres.extraction.patches import (
    Image,
    PatchArrays,
    cut_patch,
    encode_patch,
    gt_frames,
    lr_frames,
    stacked,
)
from tui_gen.jobs.superres.extraction.rendering import pixel_type
from tui_gen.jobs.superres.extraction.scoring.patch_scores import detail
from tui_gen.jobs.superres.planning.geometry import PatchFormat, border_margin
from tui_gen.jobs.superres.units import Cut
from tui_gen.media.geometry import Region, Size, whole

LEAST_SIDE = 64
"""Pixels of the shorter side of GT: enough for every kernel and for all widths of vector instructions."""
MOST_FORMATS = 4
PURPOSE = "proof"


def proof_of(settings: Settings) -> str:
    """Return a hash of the files of patches with the ratios, kinds and formats of a configuration."""
    digest = hashlib.sha256()
    for cut in _cuts(settings):
        frames = _noise(settings, cut)
        arrays = {**cut_patch(frames, cut, settings=settings), **_variants(settings, cut, frames)}
        for content in encode_patch(arrays, settings).values():
            digest.update(content)
        if settings.crop_choice == "detail":
            digest.update(b"%d" % detail(arrays[GT]))
    return digest.hexdigest()


def _cuts(settings: Settings) -> Iterator[Cut]:
    """Yield a small cut for each set of ratios that the formats have."""
    formats = {
        settings.ratios_of(patch_format): patch_format
        for category in settings.categories.values()
        for patch_format, _ in category.distribution
    }
    for ratios, patch_format in sorted(formats.items())[:MOST_FORMATS]:
        side = math.lcm(*ratios)
        high = side * -(-LEAST_SIDE // side)
        gt = Size(high + side, high)
        lr = Size(gt.width // patch_format.ratio, gt.height // patch_format.ratio)
        margin = border_margin(ratios)
        frame = Size(gt.width + 2 * margin, gt.height + 2 * margin)
        region = Region(margin, margin, gt.width, gt.height)
        small = PatchFormat(patch_format.name, gt, lr, patch_format.folder, patch_format.suffix)
        yield Cut("", "", small, frame, region, whole(frame), PURPOSE)


def _noise(settings: Settings, cut: Cut) -> Image:
    """Return frames of noise that no version of numpy changes."""
    shape = (settings.frames, cut.frame.height, cut.frame.width, 3)
    pixels = pixel_type(settings)
    seed = f"{PURPOSE} {shape} {pixels.str}".encode()
    data = hashlib.shake_256(seed).digest(math.prod(shape) * pixels.itemsize)
    return cast("Image", np.frombuffer(data, pixels).reshape(shape))


def _variants(settings: Settings, cut: Cut, frames: Image) -> PatchArrays:
    """Return the degraded stacks, without the steps that are video codecs."""
    area, arrays = whole(cut.frame), dict[FileKind, Image]()
    for variant in settings.lr_variants:
        drawn = SeededDraws(settings.seed, (PURPOSE, variant.name))
        chosen = choose(variant, drawn, gt=cut.format.gt, lr=cut.format.lr)
        if variant.origin == "gt":
            begin = gt_frames(frames, cut, area)
        else:
            begin = lr_frames(frames, cut, settings=settings, area=area)
        made = np.stack(begin).astype(np.uint8, copy=False)
        for step in chosen.steps:
            if not isinstance(step, ChosenVideo):
                made = stepped(made, step, partial(_shrunk, settings, cut))
        kinds = [kind for kind in settings.file_kinds if kind.variant == variant.name]
        arrays |= {kind: stacked(list(made), kind.frames) for kind in kinds}
    return arrays


def _shrunk(settings: Settings, cut: Cut, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    region = whole(cut.format.gt)
    kernel = kernel_for(settings.lr_kernel, cut.format.ratio)
    return np.asarray(shrink(frame, region, kernel, bounds=region), np.uint8)
