"""Reads a configuration into frozen `Settings`, or says everything that is wrong with it at once.

bytes ── commented_json ──> tree with lines ── schema ──> ConfigFile ── checks ──> Settings
└────────────────────┴───── Fault ───────────────┴──────────> ConfigurationError
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from pydantic_core import ErrorDetails

from tui_gen.base.errors import RefusedError
from tui_gen.config import documents
from tui_gen.config.cluster_keys import cluster_faults, cluster_of
from tui_gen.config.documents import absolute, folder_of
from tui_gen.config.faults import ConfigurationError, Fault, located, repeated_keys
from tui_gen.config.schedule_keys import schedule_of
from tui_gen.config.validation import Validator
from tui_gen.jobs.anime.arrange.arrangement import ArrangeOptions, components_of
from tui_gen.jobs.anime.balance.multiply import BalanceOptions, problem_of
from tui_gen.jobs.anime.balance.weights import read_weights
from tui_gen.jobs.anime.classify.options import ClassifyOptions
from tui_gen.jobs.anime.config.schema import ConfigFile, SourceEntry
from tui_gen.jobs.anime.config.settings import Settings
from tui_gen.jobs.anime.config.stage_names import NUMBERS, REMOVE, STAGE_WORDS, STAGES, stages_named
from tui_gen.jobs.anime.crop.options import CropOptions
from tui_gen.jobs.anime.frames.options import DuplicateOptions, SurveyOptions
from tui_gen.jobs.anime.images.folders import Folders
from tui_gen.jobs.anime.models.options import ModelOptions
from tui_gen.jobs.anime.select.options import SelectOptions
from tui_gen.jobs.anime.sources import Source, Wanted, find_sources
from tui_gen.jobs.anime.tag.captions import CaptionOptions
from tui_gen.jobs.anime.tag.lists import read_blacklist, read_character_words, read_overlaps
from tui_gen.jobs.anime.tag.options import TagOptions

_WHOLE = 'an object, like {"job": "anime", "output_dir": "dataset", "sources": ["/anime/frieren"]}'
_WHERE_MISSING = "write one, or see `tui-gen demo --job anime` make and use one"
_LENT = {"output_dir": ".", "job": "anime", "sources": ["."]}
"""What stands in for a required key that is missing, so that the rest of the file can be judged."""
Options = TypeVar("Options")


def load_settings(path: Path) -> Settings:
    """Read a configuration. Raises ConfigurationError with every problem it has."""
    _, document = documents.read_document(path, where_missing=_WHERE_MISSING)
    faults = repeated_keys(document)
    file, found = Validator(ConfigFile, _WHOLE, _take_out).validated(document)
    faults += found
    if file is None:
        raise ConfigurationError(located(path, document, faults))
    told = {fault.key[:1] for fault in faults}
    faults += [fault for fault in _checks(file, path) if fault.key[:1] not in told]
    sources, found = _sources(file, path)
    faults += [fault for fault in found if fault.key[:1] not in told]
    if faults:
        raise ConfigurationError(located(path, document, faults))
    return _settings(path, file, sources)


def _take_out(tree: dict[str, Any], details: ErrorDetails) -> None:
    """Remove the key that holds a faulty part."""
    key = str(details["loc"][0])
    tree.pop(key, None)
    if key in _LENT:
        tree[key] = _LENT[key]


# ------------------------------------------------------------------ checks


def _checks(file: ConfigFile, path: Path) -> Iterator[Fault]:
    yield from _stage_faults(file)
    for name in ("caption_ordering", "save_aux", "load_aux"):
        for value, times in Counter(getattr(file, name)).items():
            if times > 1:
                yield Fault((name,), f"{value!r} stands there {times} times", "write it once")
    try:
        components_of(file.arrange_format)
    except ValueError as error:
        yield Fault(("arrange_format",), str(error), 'write "n_characters/character/fh_ratio", for example')
    problem = problem_of(_options(BalanceOptions, file, weight_csv=None))
    if problem is not None:
        yield Fault(("max_multiply",), problem, "change one of them")
    if file.emb_min_difficulty > file.emb_max_difficulty:
        yield Fault(("emb_min_difficulty",), "is above emb_max_difficulty", "change one of them")
    if None not in {file.min_face_number, file.max_face_number}:
        low, high = file.min_face_number or 0, file.max_face_number or 0
        if low > high:
            yield Fault(("min_face_number",), "is above max_face_number", "change one of them")
    if file.duplicate_method == "embedding" and file.detect_duplicate_model is None:
        yield Fault(("duplicate_method",), "needs a model", "name one as detect_duplicate_model")
    yield from cluster_faults(file.cluster)
    yield from _file_faults(file, folder_of(path))


def _stage_faults(file: ConfigFile) -> Iterator[Fault]:
    words = {"start_stage": file.start_stage, "end_stage": file.end_stage, "stop_after": file.stop_after}
    known = {key: stages_named(word) for key, word in words.items() if word is not None}
    for key, stages in known.items():
        if stages is None:
            remedy = f"write one of: {', '.join(map(str, STAGE_WORDS))}"
            yield Fault((key,), f"there is no stage {words[key]!r}", remedy)
    start, end = known["start_stage"], known["end_stage"]
    if start and end and STAGES.index(start[0]) > STAGES.index(end[-1]):
        yield Fault(("start_stage",), "is after end_stage", "change one of them")


def _file_faults(file: ConfigFile, folder: str) -> Iterator[Fault]:
    readers = {
        "weight_csv": read_weights,
        "blacklist_tags_file": read_blacklist,
        "overlap_tags_file": read_overlaps,
        "character_tags_file": read_character_words,
    }
    for key, read in readers.items():
        name = getattr(file, key)
        if name is None:
            continue
        place = Path(absolute(folder, name))
        try:
            read(place.read_bytes(), place)
        except OSError as error:
            yield Fault((key,), f"{place}: {error.strerror}", "name a file that is there, or write null")
        except RefusedError as error:
            first, *rest = str(error).splitlines()
            yield Fault((key,), first, "repair the file", tuple(rest))
    references = file.character_ref_dir
    if references is not None and not Path(absolute(folder, references)).is_dir():
        wrong = f"there is no folder {absolute(folder, references)}"
        yield Fault(("character_ref_dir",), wrong, "name a folder that is there, or write null")


def _sources(file: ConfigFile, path: Path) -> tuple[tuple[Source, ...], list[Fault]]:
    folder = folder_of(path)
    entries = [
        Wanted(place, absolute(folder, entry.path), entry.episode, entry.prefix)
        if isinstance(entry, SourceEntry)
        else Wanted(place, absolute(folder, entry))
        for place, entry in enumerate(file.sources)
    ]
    sources, faults = find_sources(entries, prefix=file.image_prefix, first_number=file.ep_init)
    return sources, [Fault(("sources", each.place), each.wrong, each.remedy) for each in faults]


# ------------------------------------------------------------------ settings


def _settings(path: Path, file: ConfigFile, sources: tuple[Source, ...]) -> Settings:
    folder = folder_of(path)
    names, takes_episodes = _stages(file, sources)
    return Settings(
        config_path=Path(folder, path.name),
        folders=Folders(Path(absolute(folder, file.output_dir)), file.image_type, file.extra_path_component),
        sources=sources,
        stages=names,
        takes_episodes=takes_episodes,
        seed=file.seed,
        is_booru=file.pipeline_type == "booru",
        remove_intermediate=file.remove_intermediate,
        save_aux=tuple(file.save_aux),
        load_aux=tuple(file.load_aux),
        grabber_extension=file.load_grabber_ext,
        raw_format=file.raw_format,
        reference_folder=_path(folder, file.character_ref_dir),
        survey=_options(SurveyOptions, file),
        duplicates=_options(DuplicateOptions, file),
        crop=_options(CropOptions, file),
        classify=_options(ClassifyOptions, file),
        select=_options(SelectOptions, file, is_booru=file.pipeline_type == "booru", seed=file.seed),
        tag=_options(
            TagOptions,
            file,
            **{
                key: _path(folder, getattr(file, key))
                for key in ("blacklist_tags_file", "overlap_tags_file", "character_tags_file")
            },
        ),
        caption=_options(CaptionOptions, file, caption_ordering=tuple(file.caption_ordering)),
        arrange=_options(ArrangeOptions, file),
        balance=_options(
            BalanceOptions, file, weight_csv=absolute(folder, file.weight_csv) if file.weight_csv else None
        ),
        models=_models(file, folder),
        frame_model=_frame_model(file, folder),
        max_workers=file.max_workers or os.cpu_count() or 1,
        open_sources=file.open_sources,
        min_free_gb=file.min_free_gb,
        nice=file.nice,
        status_file=_path(folder, file.status_file),
        schedule=schedule_of(file.schedule),
        cluster=cluster_of(file.cluster, folder),
        hooks={name: tuple(command) for name, command in file.hooks.items()},
        keymap=dict(file.keymap),
        notices=file.notices,
    )


def _options(kind: type[Options], file: ConfigFile, **others: object) -> Options:
    """Return the options of a stage: each has the name of its key."""
    names = [each.name for each in fields(kind)]  # type: ignore[arg-type] # the options are dataclasses
    known = {name: getattr(file, name) for name in names if hasattr(file, name)}
    return kind(**{**known, **others})


def _path(folder: str, name: str | None) -> Path | None:
    return None if name is None else Path(absolute(folder, name))


def _models(file: ConfigFile, folder: str) -> ModelOptions:
    keys = file.models
    return ModelOptions(
        dir=absolute(folder, keys.dir) if keys.dir is not None else None,
        detector=keys.detector,
        embedder=keys.embedder,
        tagger=keys.tagger if file.tagging_method == "auto" else file.tagging_method,
        download=keys.download,
        provider=keys.provider,
    )


def _frame_model(file: ConfigFile, folder: str) -> str | None:
    """Return the path of the model of near duplicates, or its name below models.dir."""
    name = file.detect_duplicate_model
    if name is None or file.duplicate_method != "embedding":
        return None
    path = absolute(folder, name)
    return path if Path(path).is_file() else name


def _stages(file: ConfigFile, sources: tuple[Source, ...]) -> tuple[tuple[str, ...], bool]:
    """Return the stages of a run, and whether episodes are surveyed and extracted.

    The images of folders enter the folder raw at the beginning, whatever the first stage is.
    """
    start, end = stages_named(file.start_stage) or STAGES, stages_named(file.end_stage) or STAGES
    stop = stages_named(file.stop_after) if file.stop_after is not None else None
    first, last = STAGES.index(start[0]), STAGES.index((stop or end)[-1])
    names = STAGES[first : max(last, first) + 1]
    if file.remove_intermediate and names[-1] == STAGES[-1]:
        names = (*names, REMOVE)
    takes_episodes = first <= STAGES.index(NUMBERS[1][-1])
    if not takes_episodes and any(source.kind == "images" for source in sources) and "crop" in names:
        return ("choose", "extract", *names), False
    return names, takes_episodes
