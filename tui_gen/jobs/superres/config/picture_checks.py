"""Checks that WebP can hold the pictures of a configuration. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from tui_gen.config.faults import Fault
from tui_gen.jobs.superres.config.clip_checks import lr_versions_of
from tui_gen.jobs.superres.config.defaults import built_in_formats, default_distribution
from tui_gen.jobs.superres.config.formats import further_scales
from tui_gen.jobs.superres.config.schema import ConfigFile
from tui_gen.jobs.superres.config.settings import lr_version_frames
from tui_gen.media.geometry import Size

LONGEST_WEBP_SIDE = 16383
"""The most pixels of a side of a WebP file, which has 14 bits for it."""
_REMEDY = 'write "png"'


def picture_faults(file: ConfigFile, categories: Iterable[str]) -> Iterator[Fault]:
    """Yield why the pictures of the named categories do not fit into files of `image_format`."""
    if file.image_format != "webp":
        return
    place = ("image_format",)
    if file.colour_output != "sdr8":
        wrong = f'WebP holds 8 bits a channel, and "colour_output" is {json.dumps(file.colour_output)}'
        yield Fault(place, wrong, f'{_REMEDY}, or "colour_output": "sdr8"')
    too_long = sorted({*_too_long(file, categories)})
    if too_long:
        wrong = f"a side of WebP has at most {LONGEST_WEBP_SIDE} pixels: {'; '.join(too_long)}"
        yield Fault(place, wrong, f"{_REMEDY}, smaller formats or fewer frames in a stack")


def _too_long(file: ConfigFile, categories: Iterable[str]) -> Iterator[str]:
    """Yield the stacks with a side that is too long, as "name: 1920x21600"."""
    frames = max(map(lr_version_frames, lr_versions_of(file.base_settings)))
    for name, gt, ratio in _formats(file, categories):
        low = Size(gt.width // ratio, frames * (gt.height // ratio))
        for stack in (Size(gt.width, file.gt_frames * gt.height), low):
            if max(stack.width, stack.height) > LONGEST_WEBP_SIDE:
                yield f"{name} has {stack}"


def _formats(file: ConfigFile, categories: Iterable[str]) -> Iterator[tuple[str, Size, int]]:
    """Yield the name, the size of GT and the smallest ratio of each format in use."""
    further = further_scales(file)
    built_in = built_in_formats(file.base_settings.scale, further)
    for category in categories:
        written = file.format_config.get(category)
        for name in written or default_distribution(category):
            entry = written[name] if written else None
            if name in built_in:
                yield name, built_in[name].gt, min((built_in[name].ratio, *further))
            elif entry is not None and entry.gt_size is not None:
                gt = Size(*entry.gt_size)
                own = gt.width // entry.lr_size[0] if entry.lr_size else file.base_settings.scale
                yield name, gt, min((max(own, 1), *further))
