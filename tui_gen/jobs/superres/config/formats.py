"""The patch formats of a configuration: checks their keys, and derives the formats from them. Pure.

    scale, lr_scales ─┬─> built-in formats: GT has the nearest sizes that divide ─┬─> PatchFormat
    format_config ────┴─> custom formats: GT and LR as written, or refused ───────┘

Guards: GT of every format divides by the scales of all its LR, and `lr_kernel` is defined at all of them.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterator, Mapping

from tui_gen.config.commented_json import Key
from tui_gen.config.faults import Fault
from tui_gen.jobs.superres.config.defaults import (
    DEFAULT_SCALE,
    built_in_formats,
    custom_format,
    default_distribution,
)
from tui_gen.jobs.superres.config.schema import ConfigFile, FormatEntry
from tui_gen.jobs.superres.config.settings import Scale
from tui_gen.jobs.superres.extraction.kernels import UndefinedKernelError, kernel_for
from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.media.geometry import Size

_LONGEST_NAME = 60
_SHARES: Mapping[int, str] = {2: "half", 3: "a third", 4: "a quarter"}


def further_scales(file: ConfigFile) -> tuple[Scale, ...]:
    """Return the scales of the LR stacks beside those of `scale`, ascending."""
    return tuple(sorted(set(file.base_settings.lr_scales) - {file.base_settings.scale}))


def formats_of(file: ConfigFile) -> dict[str, PatchFormat]:
    """Return every format of a file without faults, built-in ones first: the order of drawing shares."""
    built_in = _built_in(file)
    return {
        name: built_in.get(name) or custom_format(name, *_sizes_of(file, _entries_of(file, name)[0][1]))
        for name in _format_names(file)
    }


def distribution_of(
    file: ConfigFile, category: str, formats: Mapping[str, PatchFormat]
) -> tuple[tuple[PatchFormat, float], ...]:
    """Return the formats of a category and their shares above zero."""
    written = file.format_config.get(category)
    shares = (
        {name: entry.probability for name, entry in written.items()}
        if written
        else default_distribution(category)
    )
    return tuple((formats[name], shares[name]) for name in formats if shares.get(name, 0) > 0)


def format_faults(file: ConfigFile) -> Iterator[Fault]:
    """Yield the faults of `scale`, `lr_scales` and `format_config`."""
    yield from _kernel(file)
    yield from _sizes(file)
    yield from _shares(file)


def unusable_name(name: str) -> str | None:
    """Return why the name of a category or format cannot be the name of a folder, or None."""
    if not name.strip():
        return "is empty"
    if "/" in name or "\\" in name:
        return "holds a slash"
    if not name.isprintable():
        return "holds a control character or bytes that are not UTF-8"
    if name.startswith(".") or name != name.strip():
        return "begins with a dot or has a blank at its rim"
    return f"is longer than {_LONGEST_NAME} characters" if len(name) > _LONGEST_NAME else None


# -------------------------------------------------------------------------------------- formats


def _built_in(file: ConfigFile) -> Mapping[str, PatchFormat]:
    return built_in_formats(file.base_settings.scale, further_scales(file))


def _format_names(file: ConfigFile) -> list[str]:
    built_in = _built_in(file)
    written = {name for formats in file.format_config.values() for name in formats}
    return [*built_in, *sorted(written - set(built_in))]


def _entries_of(file: ConfigFile, name: str) -> list[tuple[Key, FormatEntry]]:
    """Return every entry of one format with its place; entries with a size come first."""
    found = [
        (("format_config", category, name), formats[name])
        for category, formats in file.format_config.items()
        if name in formats
    ]
    return sorted(found, key=lambda placed: placed[1].gt_size is None)


def _sizes_of(file: ConfigFile, entry: FormatEntry) -> tuple[Size, Size]:
    width, height = entry.gt_size or (0, 0)
    scale = file.base_settings.scale
    lr_width, lr_height = entry.lr_size or (width // scale, height // scale)
    return Size(width, height), Size(lr_width, lr_height)


# --------------------------------------------------------------------------------------- checks


def _kernel(file: ConfigFile) -> Iterator[Fault]:
    """Yield a fault if the kernel is not defined at `scale` or at one of `lr_scales`."""
    for key, scale in (
        ("scale", file.base_settings.scale),
        *(("lr_scales", s) for s in further_scales(file)),
    ):
        if wrong := _undefined(file, scale):
            remedy = 'write "lr_kernel": "bicubic", or '
            remedy += f'"scale": {DEFAULT_SCALE}' if key == "scale" else f"take {scale} out of lr_scales"
            yield Fault(("base_settings", key), wrong, remedy)
            return


def _undefined(file: ConfigFile, ratio: int) -> str | None:
    """Return why `lr_kernel` is not defined at a ratio, or None."""
    try:
        kernel_for(file.lr_kernel, ratio)
    except UndefinedKernelError as error:
        return str(error)
    return None


def _sizes(file: ConfigFile) -> Iterator[Fault]:
    built_in = _built_in(file)
    for name in _format_names(file):
        entries = _entries_of(file, name)
        if not entries:
            continue
        place, first = entries[0]
        if name not in built_in and (wrong := unusable_name(name)):
            yield Fault(place, f"the format's name {wrong}", "name it like a folder")
        if name in built_in:
            known = (built_in[name].gt, built_in[name].lr)
        elif first.gt_size is None:
            meant = difflib.get_close_matches(name, built_in, n=1)
            hint = f'did you mean "{meant[0]}"? if not, ' if meant else ""
            yield Fault(
                place,
                f"{json.dumps(name)} is not a built-in format and has no size",
                f'{hint}write {{"gt_size": [96, 96], "probability": {first.probability:g}}}',
            )
            continue
        else:
            known = _sizes_of(file, first)
            yield from _custom(file, place, *known)
        yield from _contradictions(entries, *known)


def _custom(file: ConfigFile, place: Key, gt: Size, lr: Size) -> Iterator[Fault]:
    """Yield at most one fault of a custom format's sizes."""
    scale, further = file.base_settings.scale, further_scales(file)
    ratio = gt.width // lr.width if lr.width else 0
    if ratio <= 1 or (lr.width * ratio, lr.height * ratio) != (gt.width, gt.height):
        yield Fault(
            place,
            f"gt_size {gt} and lr_size {lr} are not in one whole ratio of 2 or more on both axes",
            f"write a gt_size that can be divided by {scale}, and {_SHARES[scale]} of it as lr_size",
        )
    elif further and ratio != scale:
        yield Fault(
            place,
            f"lr_size {lr} is 1/{ratio} of gt_size {gt}, and lr_scales needs LR of every format at 1/{scale}",
            f"write {_SHARES[scale]} of gt_size as lr_size, or take lr_scales out",
        )
    elif wrong := [other for other in further if gt.width % other or gt.height % other]:
        divisor = math.lcm(scale, *further)
        yield Fault(
            place,
            f"gt_size {gt} cannot be divided by {wrong[0]}, a scale of lr_scales",
            f"write a gt_size that can be divided by {divisor}, like {_next(gt, divisor)}",
        )
    elif ratio not in {scale, *further} and (undefined := _undefined(file, ratio)):
        remedy = f'write {_SHARES[scale]} of gt_size as lr_size, or "lr_kernel": "bicubic"'
        yield Fault(place, undefined, remedy)


def _next(gt: Size, divisor: int) -> str:
    width, height = (-(-length // divisor) * divisor for length in (gt.width, gt.height))
    return f"[{width}, {height}]"


def _contradictions(entries: list[tuple[Key, FormatEntry]], gt: Size, lr: Size) -> Iterator[Fault]:
    for place, entry in entries:
        for key, written, known in (("gt_size", entry.gt_size, gt), ("lr_size", entry.lr_size, lr)):
            if written is not None and Size(*written) != known:
                yield Fault(
                    (*place, key),
                    f"{place[-1]} is {known} elsewhere",
                    f"write [{known.width}, {known.height}], or give this size a format name of its own",
                )


def _shares(file: ConfigFile) -> Iterator[Fault]:
    built_in = _built_in(file)
    for category, formats in file.format_config.items():
        if not any(entry.probability > 0 for entry in formats.values()):
            yield Fault(
                ("format_config", category),
                "no format has a share above 0",
                "give one format a share, or remove the category here for the default",
            )
        folders: dict[str, str] = {}
        for name in formats:
            folder = (built_in[name].folder if name in built_in else f"Patches_{name}").casefold()
            if folders.setdefault(folder, name) != name:
                yield Fault(
                    ("format_config", category, name),
                    f"its folder is that of {json.dumps(folders[folder])}",
                    "give the format another name",
                )
