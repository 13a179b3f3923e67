"""The recipe: everything that decides the bytes of a video, as the ledger keeps and compares it.

How many videos there are, where they lie and which samples are drawn decides none of them. A change of the
program that alters bytes raises RULES, or adds a key here and its legacy value to LEGACY_RECIPE.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.videomnist.config.settings import Settings

RULES = 1
"""The rules by which motions are drawn and digits are sampled."""
RECIPE_BYTES = 16
LEGACY_RECIPE: JsonObject = MappingProxyType({})
"""The keys that were added after the first run folders, with what those folders were written by."""


def recipe_of(settings: Settings, digits_sha256: str) -> dict[str, Any]:
    """Return the recipe as JSON values."""
    recipe = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(settings.video).items()
    }
    return recipe | {
        "rules": RULES,
        "digits": digits_sha256,
        "channels": settings.channels,
        "compression": "gzip" if settings.is_compressed else "none",
        "truth": settings.has_truth,
        "captions": settings.has_captions,
    }


def recipe_hash(recipe: JsonObject) -> bytes:
    """Return 16 bytes that tell recipes apart: BLAKE2b of the recipe as canonical JSON."""
    text = json.dumps(dict(recipe), sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=RECIPE_BYTES).digest()
