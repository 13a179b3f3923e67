"""What an export says of itself: `dataset.json` for programs, `README.md` for people and for Hugging Face.

dataset.json      layout, ratio, kernel, border, frames, rates, recipe, version, counts
README.md         the same in words, where the shards are, how they are read, a note on rights
train.yml, .toml, .py      a trainer's configuration for each category and format
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_gen import __version__
from tui_gen.contract.export import ExportedTree
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.storage.ledger_codec import decode, heading
from tui_gen.engine.storage.ledger_lines import LedgerError
from tui_gen.jobs.superres.config.recipe import LEGACY_RECIPE
from tui_gen.jobs.superres.dataset.export.card import dataset_card
from tui_gen.jobs.superres.dataset.export.choosing import Chosen
from tui_gen.jobs.superres.dataset.export.trainers.basicsr import basicsr_configuration, reds_configuration
from tui_gen.jobs.superres.dataset.export.trainers.mmagic import mmagic_configuration
from tui_gen.jobs.superres.dataset.export.trainers.neosr import neosr_configuration
from tui_gen.jobs.superres.dataset.export.trainers.training_set import (
    Configuration,
    TrainingSet,
    training_sets,
)
from tui_gen.jobs.superres.dataset.export.trainers.trainner import trainner_configuration
from tui_gen.jobs.superres.dataset.export.tree import Tree, gt_size
from tui_gen.jobs.superres.dataset.split import SPLITS

DATASET_FILE = "dataset.json"
CARD_FILE = "README.md"
_EIGHT_BITS = "sdr8"


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of the dataset besides its patches."""

    records: Mapping[str, SourceRecord]
    recipe: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Described:
    """The files that describe an export, by their path in it, and what a user should know."""

    texts: Mapping[str, str]
    warnings: Sequence[str]


def described(
    chosen: Chosen, written: Sequence[ExportedTree], origin: Origin, *, folder: Path, damaged: int
) -> Described:
    """Describe an export that will have its final place at `folder`."""
    facts = _facts(chosen, written, origin, damaged=damaged)
    texts = {
        DATASET_FILE: f"{json.dumps(facts, indent=2)}\n",
        CARD_FILE: dataset_card(facts),
    }
    warnings = []
    if facts["colour_output"] != _EIGHT_BITS and chosen.layout.name != "trainner":
        warnings.append(
            f"the pictures have 16 bits ({facts['colour_output']}); most loaders read the upper 8 alone"
        )
    final = Path(os.path.abspath(folder))  # noqa: PTH100 - lexical, links stay as they are
    for group, training_set in training_sets(chosen, final).items():
        configuration = _configuration(chosen.layout.name, training_set)
        if configuration is not None:
            path = f"{group}/{configuration.name}" if group else configuration.name
            texts[path] = configuration.text
            warnings += [f"{configuration.name}: {warning}" for warning in configuration.warnings]
    return Described(texts, tuple(dict.fromkeys(warnings)))


def recipe_in(ledger: Path) -> dict[str, Any]:
    """Return the recipe of a ledger's last run; keys it lacks have their legacy values. Raises OSError."""
    recipe: Mapping[str, Any] = {}
    with ledger.open("rb") as file:
        for line in file:
            try:
                event = decode(line) if heading(line).kind == "run" else None
            except LedgerError:
                continue  # `verify` reports damaged lines
            if isinstance(event, ev.RunStarted):
                recipe = event.recipe
    return {**LEGACY_RECIPE, **recipe}


def _configuration(layout: str, of: TrainingSet) -> Configuration | None:
    if layout in {"basicsr-vimeo", "basicsr-lmdb"}:
        return basicsr_configuration(of, is_lmdb=layout == "basicsr-lmdb")
    if layout == "basicsr-reds":
        return reds_configuration(of)
    if layout in {"mmagic-vimeo", "mmagic-reds"}:
        return mmagic_configuration(of, is_reds=layout == "mmagic-reds")
    if layout == "trainner":
        return trainner_configuration(of)
    return neosr_configuration(of) if layout == "neosr" else None


def _facts(
    chosen: Chosen, written: Sequence[ExportedTree], origin: Origin, *, damaged: int
) -> dict[str, Any]:
    kinds, form, recipe = chosen.kinds, chosen.form, origin.recipe
    canonical = json.dumps(recipe, sort_keys=True).encode("ascii")
    return {
        "made_by": f"tui-gen {__version__}",
        "layout": chosen.layout.name,
        "ratio": kinds.ratio,
        "lr_kernel": recipe.get("lr_kernel"),
        "lr_border": recipe.get("lr_border"),
        "lr": kinds.clip,
        "frames": kinds.frames,
        "gt_frames": kinds.stacks[kinds.truths].frames if kinds.truths else 1,
        "kinds": {
            kind: {"ratio": stack.ratio, "frames": stack.frames} for kind, stack in kinds.stacks.items()
        },
        "frames_per_second": _rates(chosen, origin.records),
        "colour_output": recipe.get("colour_output"),
        "recipe_sha256": hashlib.sha256(canonical).hexdigest(),
        "form": {
            "merge": form.merge,
            "crop": form.crop,
            "stride": form.stride or form.crop,
            "kinds": list(form.kinds),
            "tiles": form.tiles,
            "embed": form.embed,
        },
        "patches": _by_part(chosen, written),
        "trees": [_tree(tree, exported) for tree, exported in zip(chosen.trees, written, strict=True)],
        "left_out": dict(chosen.reasons),
        "damaged": damaged,
    }


def _by_part(chosen: Chosen, written: Sequence[ExportedTree]) -> dict[str, int]:
    """Return the number of patches of each part. In a tree of all parts, damaged patches are counted too."""
    counts = Counter[str]()
    for tree, exported in zip(chosen.trees, written, strict=True):
        if tree.split:
            counts[tree.split] += exported.patches
        else:
            counts.update(tree.split_of(sample) for sample in tree.samples)
    return {part: counts[part] for part in SPLITS}


def _tree(tree: Tree, exported: ExportedTree) -> dict[str, Any]:
    sizes = sorted({(gt_size(sample).width, gt_size(sample).height) for sample in tree.samples})
    return {
        "folder": exported.folder,
        "category": exported.category,
        "format": exported.format,
        "split": exported.split,
        "patches": exported.patches,
        "gt_sizes": [list(size) for size in sizes],
    }


def _rates(chosen: Chosen, records: Mapping[str, SourceRecord]) -> dict[str, int]:
    """Return frames per second -> number of patches; films without a recorded rate are left out."""
    counts = Counter[str]()
    for source, number in Counter(s.source for tree in chosen.trees for s in tree.samples).items():
        record = records.get(source)
        frame_seconds = (record.facts.get("probe") or {}).get("frame_seconds") if record else None
        if frame_seconds:
            counts[f"{1 / frame_seconds:.3f}"] += number
    return dict(sorted(counts.items(), key=_rate))


def _rate(item: tuple[str, int]) -> float:
    return float(item[0])
