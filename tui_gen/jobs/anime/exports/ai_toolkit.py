"""ai-toolkit (ostris): the entries `datasets` of a job's configuration (toolkit/config_modules.py).

The trainer walks a folder with all folders in it, so no folder of the export lies in another.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.anime.exports.model import ExportFolder, ExportPlan, ExportSettings, contents
from tui_gen.jobs.anime.exports.quoting import quoted

_REPLACED = ("${", "[name]")
"""What the trainer replaces in its configuration (toolkit/config.py), also in paths."""


def ai_toolkit_plan(folders: Sequence[ExportFolder], target: Path, settings: ExportSettings) -> ExportPlan:
    """Return the export; `target` is the absolute path of its folder.

    Raises RefusedError where ai-toolkit would change a path.
    """
    parts = [part for folder in folders for part in contents(folder.images, folder.flat_name)]
    entries = ["# The entries of config.process[0].datasets", "datasets:"]
    for folder in folders:
        path = str(target / folder.flat_name)
        changed = next((each for each in _REPLACED if each in path), None)
        if changed:
            message = f'{path}: ai-toolkit replaces "{changed}" in paths; rename the folder'
            raise RefusedError(message)
        entries += [
            f"  - folder_path: {quoted(path)}",
            '    caption_ext: "txt"',
            f"    num_repeats: {folder.repeats}",
        ]
        if settings.resolution is not None:
            entries += [f"    resolution: [ {settings.resolution} ]"]
    return ExportPlan(
        {**{path: text for _, path, text in parts}, "datasets.yaml": "\n".join([*entries, ""])},
        tuple(link for link, _, _ in parts),
        ("the paths in datasets.yaml are absolute: export again after a move",),
    )
