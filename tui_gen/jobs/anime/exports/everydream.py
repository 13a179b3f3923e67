"""EveryDream2trainer: the folders as they are, with multiply.txt (doc/BALANCING.md).

The trainer takes fractions, and applies a multiply.txt to the images of its folder alone. A folder without
images needs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tui_gen.jobs.anime.exports.model import ExportFolder, ExportPlan, ExportSettings, contents


def everydream_plan(folders: Sequence[ExportFolder], _: Path, __: ExportSettings) -> ExportPlan:
    """Return the export."""
    files: dict[str, str] = {}
    links = []
    for folder in folders:
        for link, path, text in contents(folder.images, folder.folder):
            links.append(link)
            files[path] = text
        files["/".join(part for part in (folder.folder, "multiply.txt") if part)] = (
            f"{folder.multiply.normalize():f}\n"
        )
    return ExportPlan(files, tuple(links))
