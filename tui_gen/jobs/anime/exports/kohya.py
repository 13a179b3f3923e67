"""sd-scripts (kohya-ss): folders `<repeats>_<path>` for --train_data_dir, and files for its other ways.

dataset.toml    for --dataset_config (docs/config_README-en.md): a subset for each folder
meta_cap.json   as finetune/merge_captions_to_metadata.py --full_path writes it: {image: {"caption": ...}}

Paths are absolute: sd-scripts reads relative ones from the folder it is started in. Captions are beside the
images, so the words in the folder names are not used for training (DreamBoothDataset.read_caption).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tui_gen.jobs.anime.exports.model import (
    ExportFolder,
    ExportPlan,
    ExportSettings,
    Link,
    contents,
)
from tui_gen.jobs.anime.exports.quoting import toml_string


def kohya_plan(folders: Sequence[ExportFolder], target: Path, settings: ExportSettings) -> ExportPlan:
    """Return the export; `target` is the absolute path of its folder."""
    places = {f"{folder.repeats}_{folder.flat_name}": folder.repeats for folder in folders}
    links: list[Link] = []
    files: dict[str, str] = {}
    captions: dict[str, dict[str, str]] = {}
    for folder in folders:
        for link, path, text in contents(folder.images, f"{folder.repeats}_{folder.flat_name}"):
            links.append(link)
            files[path] = text
            captions[str(target / link.target)] = {"caption": text.strip()}
    files["dataset.toml"] = _dataset(places, target, settings)
    files["meta_cap.json"] = f"{json.dumps(captions, indent=2)}\n"
    return ExportPlan(files, tuple(links), _notes(settings))


def _dataset(places: dict[str, int], target: Path, settings: ExportSettings) -> str:
    lines = [
        "[general]",
        'caption_extension = ".txt"',
        "enable_bucket = true",
        f"bucket_reso_steps = {settings.bucket_reso_steps}",
    ]
    if settings.keep_tokens_separator is not None:
        # Without shuffling sd-scripts leaves the separator in the caption (BaseDataset.process_caption).
        lines += [
            f"keep_tokens_separator = {toml_string(settings.keep_tokens_separator)}",
            "shuffle_caption = true",
        ]
    lines += ["", "[[datasets]]"]
    if settings.resolution is not None:
        lines += [f"resolution = {settings.resolution}"]
    for place, repeats in places.items():
        lines += [
            "",
            "[[datasets.subsets]]",
            f"image_dir = {toml_string(str(target / place))}",
            f"num_repeats = {repeats}",
        ]
    return "\n".join([*lines, ""])


def _notes(settings: ExportSettings) -> tuple[str, ...]:
    notes = ["the paths in dataset.toml and meta_cap.json are absolute: export again after a move"]
    if settings.resolution is None:
        notes.append("dataset.toml names no resolution: give sd-scripts --resolution")
    return (*notes, "meta_cap.json knows no repeats: fine-tuning with it sees every image equally often")
