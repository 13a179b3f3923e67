"""The built-in patch formats at each scale, and the defaults of a category."""

import math
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.media.geometry import Size

DEFAULT_SCALE = 3
"""GT pixels per LR pixel on each axis."""

_SIZES_AND_NAMES = (
    ("small_540", Size(540, 540), "Patches", ""),
    ("medium_169", Size(720, 405), "Patches_Medium169", "_med169"),
    ("large_720", Size(720, 720), "Patches_Large", "_large"),
    ("xlarge_1440", Size(1440, 810), "Patches_XLarge169", "_xl169"),
    ("fullhd_1920", Size(1920, 1080), "Patches_FullHD", "_fullhd"),
)


@cache
def built_in_formats(
    scale: int = DEFAULT_SCALE, lr_scales: tuple[int, ...] = ()
) -> Mapping[str, PatchFormat]:
    """Return the built-in formats by name, with LR at `scale`.

    Each side of a GT is divisible by `scale` and by all of `lr_scales`: a side that is not becomes the
    nearest one that is, the smaller of two equally near.
    """
    divisor = math.lcm(scale, *lr_scales)
    formats = {}
    for name, usual, folder, suffix in _SIZES_AND_NAMES:
        gt = Size(_nearest_multiple(usual.width, divisor), _nearest_multiple(usual.height, divisor))
        formats[name] = PatchFormat(name, gt, Size(gt.width // scale, gt.height // scale), folder, suffix)
    return MappingProxyType(formats)


def _nearest_multiple(length: int, divisor: int) -> int:
    below = length // divisor * divisor
    return below if length - below <= below + divisor - length else below + divisor


BUILT_IN_FORMATS = built_in_formats()
"""The built-in formats at the default scale."""

_GENERAL = MappingProxyType({"small_540": 0.45, "medium_169": 0.35, "large_720": 0.20})

DEFAULT_DISTRIBUTIONS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "general": _GENERAL,
        "space": MappingProxyType({"small_540": 0.30, "xlarge_1440": 0.45, "fullhd_1920": 0.25}),
        "toon": MappingProxyType({"small_540": 0.65, "medium_169": 0.35}),
    }
)

DEFAULT_FOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "general": "Universal/Mastermodell/Learn",
        "space": "Space/SpaceModel/Learn",
        "toon": "Toon/ToonModel/Learn",
    }
)


def default_folder(category: str) -> str:
    """Return a category's folder, relative to the output folder."""
    name = category[:1].upper() + category[1:]
    return DEFAULT_FOLDERS.get(category, f"{name}/{name}Model/Learn")


def default_distribution(category: str) -> Mapping[str, float]:
    """Return the default shares of a category's formats by name; unknown categories are like "general"."""
    return DEFAULT_DISTRIBUTIONS.get(category, _GENERAL)


def custom_format(name: str, gt: Size, lr: Size) -> PatchFormat:
    """Return a format that is not built in."""
    return PatchFormat(name, gt, lr, f"Patches_{name}", f"_{name}")
