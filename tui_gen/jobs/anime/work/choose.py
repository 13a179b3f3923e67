"""Chooses the frames of all episodes, and lists the images of folders.

Frames that an earlier choice wrote and that are not chosen any more go to the superseded files, with what was
made of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tui_gen.engine.model.clip_sets import bits_of
from tui_gen.jobs.anime.frames.chosen import chosen_frames, chosen_to_json
from tui_gen.jobs.anime.frames.survey_files import EpisodeSurvey, episode_survey, read_surveys
from tui_gen.jobs.anime.images.ids import frame_of
from tui_gen.jobs.anime.images.store import ImageStore
from tui_gen.jobs.anime.images.walk import images_below, stem_of
from tui_gen.jobs.anime.sources import Source
from tui_gen.jobs.anime.work.orders import ChooseOrder, Context
from tui_gen.processes.orders.messages import Signs


def chosen(context: Context, order: ChooseOrder, signs: Signs) -> dict[str, Any]:
    """Return the chosen frames of each source as facts. Raises SurveyFileError, ObstructedError, OSError."""
    learned = [*_episodes(context, order, signs), *_folders(order.sources)]
    _supersede_others(context, order, learned, signs)
    return {
        "files": {},
        "size": 0,
        "facts": [[source.id, entries, warnings] for source, entries, warnings in learned],
        "record": {"sources": len(learned)},
    }


def _episodes(
    context: Context, order: ChooseOrder, signs: Signs
) -> Iterator[tuple[Source, dict[str, Any], list[str]]]:
    settings = context.settings
    surveys = list[tuple[Source, EpisodeSurvey]]()
    for source, _ in order.sources:
        folder = settings.folders.surveys / source.id
        if source.kind == "episode" and settings.takes_episodes and folder.is_dir():
            surveys.append((source, episode_survey(read_surveys(folder))))
        signs.give()
    found = chosen_frames([survey for _, survey in surveys], settings.duplicates, alive=signs.give)
    for (source, _), frames in zip(surveys, found, strict=True):
        yield source, {"frames": chosen_to_json(frames), "chosen": f"{frames.bits:x}"}, []


def _folders(
    sources: Sequence[tuple[Source, Mapping[str, Any]]],
) -> Iterator[tuple[Source, dict[str, Any], list[str]]]:
    """Yield the images of the folders. An image keeps its number; one that is gone keeps it, too."""
    owners = dict[str, str]()
    for source, facts in sources:
        if source.kind != "images":
            continue
        present = images_below(Path(source.path))
        known = list(facts.get("names", ()))
        names = [*known, *(name for name in present if name not in set(known))]
        warnings = list[str]()
        numbers = list[int]()
        for number, name in enumerate(names):
            stem = stem_of(name)
            owner = owners.setdefault(stem, f"{source.id}/{name}")
            if owner != f"{source.id}/{name}":
                warnings.append(f"{name} is left out: {owner} has the same name; rename one of them")
            elif name in set(present):
                numbers.append(number)
        yield source, {"names": names, "chosen": f"{bits_of(numbers):x}"}, warnings


def _supersede_others(
    context: Context,
    order: ChooseOrder,
    learned: Sequence[tuple[Source, Mapping[str, Any], list[str]]],
    signs: Signs,
) -> None:
    """Move the frames of episodes that are not chosen any more, and what was made of them."""
    store = ImageStore(context.settings.folders, context.hand)
    added = context.hand["raw"].added if "raw" in context.hand else {}
    heads = {
        source.frame_id(0).rpartition("_")[0]: source.id
        for source, _ in order.sources
        if source.kind == "episode"
    }
    wanted = {source.id: int(entries["chosen"], 16) for source, entries, _ in learned}
    for level in ("raw", "cropped", "classified", "training"):
        for image, path in store.paths(level).items():
            head, _, number = frame_of(image).rpartition("_")
            source = heads.get(head)
            if source not in wanted or not number.isdecimal() or image in added:
                continue
            if not wanted[source] >> int(number) & 1:
                store.supersede(path)
            signs.give()
