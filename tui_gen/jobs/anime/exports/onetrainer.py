"""OneTrainer: concepts.json, a concept for each folder (modules/util/config/ConceptConfig.py).

Entries that are left out take OneTrainer's defaults. By default it takes a random seed, so one is given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from tui_gen.jobs.anime.exports.model import ExportFolder, ExportPlan, ExportSettings, contents

_CONFIG_VERSION = 2
_SEED_BYTES = 3


def onetrainer_plan(folders: Sequence[ExportFolder], target: Path, _: ExportSettings) -> ExportPlan:
    """Return the export; `target` is the absolute path of its folder."""
    parts = [part for folder in folders for part in contents(folder.images, folder.flat_name)]
    concepts = [_concept(folder, target) for folder in folders]
    return ExportPlan(
        {
            **{path: text for _, path, text in parts},
            "concepts.json": f"{json.dumps(concepts, indent=4)}\n",
        },
        tuple(link for link, _, _ in parts),
        ("the paths in concepts.json are absolute: export again after a move",),
    )


def _concept(folder: ExportFolder, target: Path) -> dict[str, object]:
    digest = hashlib.sha256(folder.folder.encode("utf-8", "surrogateescape")).digest()
    return {
        "__version": _CONFIG_VERSION,
        "name": folder.folder or folder.flat_name,
        "path": str(target / folder.flat_name),
        "seed": int.from_bytes(digest[:_SEED_BYTES], "big"),
        "enabled": True,
        "type": "STANDARD",
        "include_subdirectories": False,
        "balancing": float(folder.multiply),
        "balancing_strategy": "REPEATS",
        "text": {"__version": 0, "prompt_source": "sample"},
    }
