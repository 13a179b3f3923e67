"""The dataset card of an export: `README.md` with the head that Hugging Face reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_SPLIT_NAMES = {"train": "train", "val": "validation", "test": "test"}
"""Part -> the name that the package `datasets` uses."""
_SUFFIXES = {"webdataset": "*.tar", "parquet": "*.parquet"}
RIGHTS = """\
The patches are pictures out of films. Whoever holds the rights to the films holds them to the patches too;
the licence of tui-gen does not change that. Before you pass this dataset on, or publish a model that was
trained on it, make sure that you may."""


def dataset_card(facts: Mapping[str, Any]) -> str:
    """Return the card of an export by the content of its `dataset.json`."""
    return "\n".join([*_head(facts), *_body(facts)]) + "\n"


def _head(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the head: without it, `load_dataset` would read `index.tsv`."""
    yield from ("---", "license: other", "license_name: rights-of-the-films", "tags:", "- super-resolution")
    suffix = _SUFFIXES.get(facts["layout"])
    if suffix:
        yield "configs:"
        for name, trees in _configs(facts["trees"]):
            yield from (f"- config_name: {json.dumps(name)}", "  data_files:")
            for tree in trees:
                yield f"  - split: {_SPLIT_NAMES[tree['split']]}"
                yield f"    path: {json.dumps(tree['folder'] + '/' + suffix)}"
    yield "---"


def _configs(trees: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Yield the name and the trees of each category and format."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for tree in trees:
        name = "-".join(part for part in (tree["category"], tree["format"]) if part) or "default"
        groups.setdefault(name, []).append(tree)
    yield from groups.items()


def _body(facts: Mapping[str, Any]) -> Iterator[str]:
    layout, ratio = facts["layout"], facts["ratio"]
    counts = ", ".join(f"{number} {part}" for part, number in facts["patches"].items() if number)
    rates = ", ".join(facts["frames_per_second"]) or "not recorded"
    yield from ("", "# Patches for video super-resolution", "")
    yield f"Written by {facts['made_by']} in the layout `{layout}`. `dataset.json` has the same for programs."
    yield from ("", "| | |", "|---|---|")
    yield f"| patches | {counts} |"
    yield f"| ratio of GT to LR | {ratio} |"
    yield f"| LR frames, GT frames of a clip | {facts['frames']}, {facts['gt_frames']} |"
    yield f"| LR kernel, border | {facts['lr_kernel']}, {facts['lr_border']} |"
    yield f"| colour | {facts['colour_output']} |"
    yield f"| frames per second | {rates} |"
    if facts["form"]["crop"]:
        yield f"| sub-patches | {facts['form']['crop']} pixels, every {facts['form']['stride']} |"
    yield from ("", "| tree | part | patches | sizes of GT |", "|---|---|---|---|")
    for tree in facts["trees"]:
        sizes = ", ".join(f"{width}x{height}" for width, height in tree["gt_sizes"])
        yield f"| `{tree['folder']}` | {tree['split']} | {tree['patches']} | {sizes} |"
    if facts["left_out"]:
        yield from ("", "Left out on purpose:", "")
        yield from (f"- {number}: {reason}" for reason, number in sorted(facts["left_out"].items()))
    yield from _reading(layout, facts)
    yield from ("", "## Rights", "", RIGHTS)


def _reading(layout: str, facts: Mapping[str, Any]) -> Iterator[str]:
    if layout not in _SUFFIXES:
        return
    yield from ("", "## Reading it")
    if layout == "webdataset" or facts["form"]["embed"]:
        name = next(name for name, _ in _configs(facts["trees"]))
        yield from ("", "```python", "from datasets import load_dataset", "")
        yield f'patches = load_dataset("path/of/this/folder", {json.dumps(name)})'
        yield "```"
    if layout == "parquet":
        yield from ("", "```python", "from pathlib import Path", "from pyarrow import dataset", "")
        yield 'files = sorted(Path("path/of/this/folder").rglob("*.parquet"))'
        yield from ('patches = dataset.dataset(files, format="parquet").to_table()', "```")
    if layout == "webdataset":
        tree = facts["trees"][0]
        yield from ("", "```python", "import webdataset", "from glob import glob", "")
        yield f'shards = sorted(glob("path/of/this/folder/{tree["folder"]}/*.tar"))'
        yield from ("patches = webdataset.WebDataset(shards, shardshuffle=100).decode()", "```")
