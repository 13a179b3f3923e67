"""diffusion-pipe (tdrussell): dataset.toml, a [[directory]] for each folder (examples/dataset.toml).

Everything in a directory that is no text counts as an image there, so folders hold images and captions only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tui_gen.jobs.anime.exports.model import ExportFolder, ExportPlan, ExportSettings, contents
from tui_gen.jobs.anime.exports.quoting import toml_string


def diffusion_pipe_plan(
    folders: Sequence[ExportFolder], target: Path, settings: ExportSettings
) -> ExportPlan:
    """Return the export; `target` is the absolute path of its folder."""
    parts = [part for folder in folders for part in contents(folder.images, folder.flat_name)]
    lines = ["enable_ar_bucket = true"]
    notes = ["the paths in dataset.toml are absolute: export again after a move"]
    if settings.resolution is None:
        notes.append("dataset.toml names no resolutions: write the line resolutions = [...] at its top")
    else:
        lines.insert(0, f"resolutions = [{settings.resolution}]")
    for folder in folders:
        lines += [
            "",
            "[[directory]]",
            f"path = {toml_string(str(target / folder.flat_name))}",
            f"num_repeats = {folder.repeats}",
        ]
    return ExportPlan(
        {**{path: text for _, path, text in parts}, "dataset.toml": "\n".join([*lines, ""])},
        tuple(link for link, _, _ in parts),
        tuple(notes),
    )
