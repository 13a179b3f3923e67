"""What the ledger tells of the videos: the pixels of a frame that have ink, and the bytes of a video."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping

from tui_gen.contract.stats import Measure, Measured, Measurements, Place
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.engine.storage.standing_patches import standing_patches
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.model import SPLITS

MEASURES = (
    Measure("pixels", "mean number of pixels of a frame that are not black", of="clip", mode="score"),
    Measure("bytes", "bytes of a video and its truth in the file", of="patch", mode="score"),
)


def measurements(settings: Settings, names: Mapping[str, str]) -> Measurements:
    """Return the measures of all videos of the ledger."""
    values: dict[str, dict[Place, array[float]]] = {measure.name: {} for measure in MEASURES}
    counted = defaultdict[str, int](int)
    for standing in standing_patches(settings.run_folder / LEDGER_NAME):
        patch, made = standing.patch, standing.clip
        if patch.category not in SPLITS:
            continue
        counted[patch.category] += 1
        source = made.clip.source
        pixels = float(made.record.get("pixels", 0.0))
        values["pixels"].setdefault(("", source), array("d")).append(pixels)
        values["bytes"].setdefault((patch.category, source), array("d")).append(patch.size_bytes)
    videos = sum(counted.values())
    measured = Measured(
        MEASURES, values, names, videos, videos, clips_flagged=0, patches_flagged=0, sampled=frozenset()
    )
    return Measurements(measured, ())
