"""Says at the end of a scan where patches will go, how many, how large, and which command comes next.

The counts come from the plan of a run, with the probes of the scan as the only facts. A film that was not
probed counts with the most that the configuration takes of a film.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from tui_gen.base.formatting import count, size
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.planning.plan import plan_extract
from tui_gen.media.facts_json import probe_to_json
from tui_gen.media.film_facts import ProbeFacts


def next_steps(settings: Settings, probes: Mapping[str, ProbeFacts], target: Path) -> Iterator[str]:
    """Yield the last lines of a scan; `probes` are its own, by path; `target` is as the user typed it."""
    typed = shlex.quote(str(target))
    yield from _amount(settings, probes)
    yield from _place(settings, target)
    yield f"Next: tui-gen check {typed}  (tests every film, estimates the time)"
    yield f"Then: tui-gen {typed}  (makes the patches)"


def _amount(settings: Settings, probes: Mapping[str, ProbeFacts]) -> Iterator[str]:
    sources = [(f"{place:06}", video) for place, video in enumerate(settings.videos)]
    records = {
        source: SourceRecord(facts={"probe": probe_to_json(probes[video.path])})
        for source, video in sources
        if video.path in probes
    }
    categories = plan_extract(settings, sources, records=records, missing=()).categories
    patches = sum(category.planned for category in categories.values())
    files = sum(category.planned * category.files_per_patch for category in categories.values())
    bytes_all = sum(category.planned * category.estimated_patch_bytes for category in categories.values())
    is_bound = len(records) < sum(any(weight > 0 for _, weight in video.weights) for _, video in sources)
    most = "at most " if is_bound else ""
    yield f"Patches: {most}{count(patches)} in {count(files)} files, about {size(bytes_all)}"
    short = [
        f"{name} {count(category.planned)} of {count(category.target)}"
        for name, category in categories.items()
        if category.target is not None and category.planned < category.target
    ]
    if short:
        yield f"Targets that these films cannot meet: {', '.join(short)}"


def _place(settings: Settings, target: Path) -> Iterator[str]:
    """Yield the output folder with its free space, and what to change if it cannot be made or written."""
    output = settings.output
    there = next(folder for folder in (output, *output.parents) if os.path.lexists(folder))
    change = f'change "output_base_dir" in {target}'
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        yield f"Output: {output}, but {there} cannot be written by you: {change}"
    elif there not in {output, output.parent}:
        yield f"Output: {output}, but {there} is all that exists of it: mount its disk, or {change}"
    else:
        yield f"Output: {output}, {size(shutil.disk_usage(there).free)} free"


def probes_of(probed: Mapping[str, object]) -> dict[str, ProbeFacts]:
    """Return the probes that found a film."""
    return {path: facts for path, facts in probed.items() if isinstance(facts, ProbeFacts)}
