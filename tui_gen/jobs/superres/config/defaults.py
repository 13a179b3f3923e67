"""The built-in patch formats, and the defaults of a category."""

from collections.abc import Mapping
from types import MappingProxyType

from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.media.geometry import Size

LR_RATIO = 3


def _format(name: str, gt: Size, folder: str, suffix: str) -> PatchFormat:
    return PatchFormat(name, gt, Size(gt.width // LR_RATIO, gt.height // LR_RATIO), folder, suffix)


BUILT_IN_FORMATS: Mapping[str, PatchFormat] = MappingProxyType(
    {
        built_in.name: built_in
        for built_in in (
            _format("small_540", Size(540, 540), "Patches", ""),
            _format("medium_169", Size(720, 405), "Patches_Medium169", "_med169"),
            _format("large_720", Size(720, 720), "Patches_Large", "_large"),
            _format("xlarge_1440", Size(1440, 810), "Patches_XLarge169", "_xl169"),
            _format("fullhd_1920", Size(1920, 1080), "Patches_FullHD", "_fullhd"),
        )
    }
)

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
