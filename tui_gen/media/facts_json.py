"""The JSON form of a film's facts in the ledger. Reading it returns equal facts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

from tui_gen.engine.model.work import JsonObject
from tui_gen.media.film_facts import (
    Chapter,
    ColourFacts,
    FrameTimes,
    KeyframeIndex,
    OtherPart,
    ProbeFacts,
    SurveyFacts,
)
from tui_gen.media.geometry import Aperture, Region, Size


def probe_to_json(facts: ProbeFacts) -> dict[str, Any]:
    """Return the facts of a probe as a JSON object."""
    entries = dataclasses.asdict(facts)
    del entries["configured_tags"]  # the configuration's, not the film's
    entries["sample_aspect"] = [facts.sample_aspect.numerator, facts.sample_aspect.denominator]
    if (times := facts.frame_times) is not None:
        entries["frame_times"] = _ticks_to_json(times.tick_seconds, times.pts)
    return entries


def probe_from_json(entries: JsonObject) -> ProbeFacts:
    """Return the facts that `probe_to_json` wrote. Raises KeyError or TypeError on anything else."""
    values = _known(ProbeFacts, entries)
    values["coded"] = Size(**entries["coded"])
    values["sample_aspect"] = Fraction(*entries["sample_aspect"])
    values["parts_seconds"] = tuple((begin, end) for begin, end in entries.get("parts_seconds", ()))
    if (chapters := entries.get("title_chapters")) is not None:
        values["title_chapters"] = tuple(Chapter(**_known(Chapter, chapter)) for chapter in chapters)
    if (aperture := entries.get("aperture")) is not None:
        values["aperture"] = Aperture(**{**aperture, "frame": Size(**aperture["frame"])})
    if (first_aspect := entries.get("first_aspect")) is not None:
        values["first_aspect"] = tuple(first_aspect)
    if (times := entries.get("frame_times")) is not None:
        values["frame_times"] = FrameTimes(*_ticks_from_json(times))
    values["colour"] = ColourFacts(**_known(ColourFacts, entries["colour"]))
    return ProbeFacts(**values)


def keyframe_index_to_json(facts: KeyframeIndex) -> dict[str, Any]:
    """Return the key frames as a JSON object: the first one, and the gaps to the others."""
    if facts.unknown is not None:
        return {"unknown": facts.unknown}
    return _ticks_to_json(facts.tick_seconds, facts.pts)


def keyframe_index_from_json(entries: JsonObject) -> KeyframeIndex:
    """Return what `keyframe_index_to_json` wrote. Raises KeyError or TypeError on anything else."""
    if "unknown" in entries:
        return KeyframeIndex(unknown=str(entries["unknown"]))
    return KeyframeIndex(*_ticks_from_json(entries))


def _ticks_to_json(tick_seconds: Fraction, pts: tuple[int, ...]) -> dict[str, Any]:
    """Return timestamps as the first one, and the gaps to the others."""
    gaps = [after - before for before, after in pairwise((0, *pts))]
    return {"tick": [tick_seconds.numerator, tick_seconds.denominator], "gaps": gaps}


def _ticks_from_json(entries: JsonObject) -> tuple[Fraction, tuple[int, ...]]:
    return Fraction(*entries["tick"]), tuple(accumulate(entries["gaps"]))


def survey_to_json(facts: SurveyFacts) -> dict[str, Any]:
    """Return the facts of a survey as a JSON object."""
    return dataclasses.asdict(facts)


def survey_from_json(entries: JsonObject) -> SurveyFacts:
    """Return the facts that `survey_to_json` wrote. Raises KeyError or TypeError on anything else."""
    values = _known(SurveyFacts, entries)
    values["picture"] = Region(**entries["picture"])
    values["other_parts"] = tuple(OtherPart(**part) for part in entries.get("other_parts", ()))
    values["combed_parts"] = tuple((begin, end) for begin, end in entries.get("combed_parts", ()))
    values["far_keys_seconds"] = tuple(entries.get("far_keys_seconds", ()))
    return SurveyFacts(**values)


def _known(kind: type[Any], entries: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries that are fields of the dataclass; a later version may have written more."""
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in entries.items() if name in names}
