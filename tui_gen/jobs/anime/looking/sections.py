"""The job's own part of a report: characters before and after balancing, what was left out, models, groups.

All numbers come from the ledger, from what the stages wrote for themselves, and from the metadata beside the
images. A stage that was not performed gives no section.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tui_gen.base.formatting import count, percent
from tui_gen.contract.report import ReportSection
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.engine.storage.standing_patches import standing_patches
from tui_gen.jobs.anime import facts
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.facts import NOTHING, Records
from tui_gen.jobs.anime.images.walk import folder_of, images_below
from tui_gen.jobs.anime.looking.measurements import metadata_of
from tui_gen.jobs.anime.model import NOISE
from tui_gen.jobs.anime.units import CATEGORIES
from tui_gen.jobs.anime.work.balance import SHARES
from tui_gen.jobs.anime.work.classify import GROUPS
from tui_gen.jobs.anime.work.selecting import SELECTION

WITHOUT = "(no character)"


def sections_of(settings: Settings, records: Records) -> list[ReportSection]:
    """Return the sections. Raises OSError."""
    return [
        *_characters(settings),
        *_left_out(settings, records),
        *_models(settings),
        *_groups(settings),
    ]


def _read(settings: Settings, name: str) -> tuple[dict[str, Any] | None, str]:
    """Return what a stage wrote for itself, or None and what is wrong with it; (None, "") without a file."""
    try:
        text = (settings.folders.state / name).read_text(encoding="utf-8", errors="surrogateescape")
        found = json.loads(text)
    except FileNotFoundError:
        return None, ""
    except ValueError as error:
        return None, f"{settings.folders.relative(settings.folders.state / name)} is damaged: {error}"
    return (found, "") if isinstance(found, dict) else (None, f"{name} is damaged: no object")


def _characters(settings: Settings) -> Iterator[ReportSection]:
    found, wrong = _read(settings, SHARES)
    title = "Characters, before and after balancing"
    if found is None:
        if wrong:
            yield ReportSection(title, wrong)
        return
    rows = tuple(
        (
            each["name"] or WITHOUT,
            count(each["images"]),
            percent(each["share_before"]),
            f"{each['repeats']:,g}",
            percent(each["share_after"]),
        )
        for each in found["characters"]
    )
    text = (
        f"{count(found['images'])} images give {found['repeats']:,g} in an epoch. An image counts for each "
        "of its characters, so that the shares may add up to more than 100 %."
    )
    yield ReportSection(title, text, ("character", "images", "before", "repeats", "after"), rows)


def _left_out(settings: Settings, records: Records) -> Iterator[ReportSection]:
    candidates = {
        source: number
        for source, number in _candidates(settings).items()
        if "chosen" in records.get(source, NOTHING).facts
    }
    rows = list[tuple[str, str]]()
    if candidates:
        chosen = sum(facts.bits(records[source], "chosen").bit_count() for source in candidates)
        surveyed = sum(candidates.values())
        what = f"near duplicates among the {count(surveyed)} frames with a new picture"
        rows.append((what, count(max(0, surveyed - chosen))))
    found, wrong = _read(settings, SELECTION)
    rows += [
        (f"not selected: {reason}", count(number))
        for reason, number in (found or {}).get("left_out", {}).items()
    ]
    if rows or wrong:
        yield ReportSection("Left out", wrong, ("", ""), tuple(rows))


def _candidates(settings: Settings) -> Mapping[str, int]:
    """Return source -> frames that the survey of an episode kept."""
    ledger, found = settings.folders.run_folder / LEDGER_NAME, defaultdict[str, int](int)
    if ledger.is_file():
        for standing in standing_patches(ledger):
            if standing.patch.category == CATEGORIES["survey"]:
                found[standing.clip.clip.source] += int(standing.clip.record.get("candidates", 0))
    return found


def _models(settings: Settings) -> Iterator[ReportSection]:
    """Yield which model made what, by the metadata of the training set."""
    used = Counter[tuple[str, str]]()
    for _, image in metadata_of(settings, ("training",)):
        used.update(image.models.items())
    groups, _ = _read(settings, GROUPS)
    rows = [(kind, name, f"{count(number)} images") for (kind, name), number in sorted(used.items())]
    if groups is not None:
        rows.append(("embedder", str(groups["embedder"]), f"{count(len(groups['groups']))} groups"))
    if rows:
        yield ReportSection("Models", "", ("", "model", "used for"), tuple(sorted(rows)), words=2)


def _groups(settings: Settings) -> Iterator[ReportSection]:
    found, wrong = _read(settings, GROUPS)
    title = "Groups of crops"
    if found is None:
        if wrong:
            yield ReportSection(title, wrong, is_detail=True)
        return
    base = settings.folders.of("classified")
    sizes = Counter(folder_of(path) or NOISE for path in images_below(base))
    rows = tuple(
        (folder, count(number), _cohesion(found["groups"].get(folder)))
        for folder, number in sorted(sizes.items(), key=lambda each: (-each[1], each[0]))
    )
    text = "cohesion: how alike the crops of a group are, by the embedder; 100 % for equal ones"
    yield ReportSection(title, text, ("folder", "crops", "cohesion"), rows, is_detail=True)


def _cohesion(group: Mapping[str, Any] | None) -> str:
    value = None if group is None else group["cohesion"]
    return "-" if value is None else percent(value)
