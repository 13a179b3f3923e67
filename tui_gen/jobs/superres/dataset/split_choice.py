"""The held-out films: those of the configuration, those chosen by hand, and a suggestion. Pure.

Guards: films of one group are always chosen together. The text of an entry that is not chosen does not
change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from tui_gen.base.errors import RefusedError
from tui_gen.config.commented_json import Document, parse
from tui_gen.config.edits import with_fields
from tui_gen.contract.split import SourcePart
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.jobs.superres.config.settings import Settings, Video
from tui_gen.jobs.superres.dataset.split import SPLITS, TRAIN, Split, split_of, whole_name
from tui_gen.jobs.superres.planning.footage import Sources
from tui_gen.jobs.superres.planning.seeded_random import rank
from tui_gen.jobs.superres.units import EXTRACT


def parts_of(sources: Sources, records: Mapping[str, SourceRecord]) -> tuple[SourcePart, ...]:
    """Return every film with its part, and its number of patches in each part."""
    return tuple(
        SourcePart(source, video.name, video.split, video.group, _made(records.get(source)))
        for source, video in sources
    )


def _made(record: SourceRecord | None) -> dict[str, int]:
    made = dict.fromkeys(SPLITS, 0)
    for name, bits in (record.stage(EXTRACT).made if record else {}).items():
        made[split_of(name)] += bits.bit_count()
    return {str(split): count for split, count in made.items()}


def with_splits(text: str, settings: Settings, sources: Sources, chosen: Mapping[str, Split]) -> str:
    """Return a configuration's text in which the chosen films and their groups have the chosen parts.

    Raises RefusedError if one group would get two parts.
    """
    document = parse(text)
    places = {video.path: place for place, video in enumerate(settings.videos)}
    wanted: dict[int, Split] = {}
    for source, video in sources:
        if source not in chosen:
            continue
        for member in _together(settings, video):
            if wanted.setdefault(places[member.path], chosen[source]) != chosen[source]:
                message = f"{video.name} and {member.name} are of one group; choose one part for both"
                raise RefusedError(message)
    return with_fields(text, document, _changes(document, wanted))


def _together(settings: Settings, video: Video) -> list[Video]:
    if video.group is None:
        return [video]
    return [other for other in settings.videos if other.group == video.group]


def _changes(document: Document, wanted: Mapping[int, Split]) -> dict[int, tuple[str, object]]:
    entries = document.value["videos"]
    return {
        place: ("split", split)
        for place, split in wanted.items()
        if (entries[place].get("split") or TRAIN) != split or "split" in entries[place]
    }


def suggested(settings: Settings, sources: Sources, share: float) -> tuple[str, ...]:
    """Return films to hold out for validation, so that about `share` of every category's weight is.

    Films of a group are chosen together. Test films are not changed.
    """
    units: dict[str, list[tuple[str, Video]]] = defaultdict(list)
    for source, video in sources:
        units[f"group {video.group}" if video.group else source].append((source, video))
    weights = {name: _weights(members) for name, members in units.items()}
    total = _sum(weights.values())
    have = _sum([weights[name] for name, members in units.items() if members[0][1].split == "val"])
    free = [name for name, members in units.items() if members[0][1].split == TRAIN]
    chosen: list[str] = []
    for name in sorted(free, key=lambda name: rank(settings.seed, "suggest", name)):
        with_it = _sum([have, weights[name]])
        if _error(with_it, total, share) < _error(have, total, share):
            have = with_it
            chosen += [source for source, _ in units[name]]
    return tuple(chosen)


def _weights(members: Sequence[tuple[str, Video]]) -> dict[str, Fraction]:
    return _sum(
        [{whole_name(name): Fraction(str(weight)) for name, weight in video.weights} for _, video in members]
    )


def _sum(parts: Iterable[Mapping[str, Fraction]]) -> dict[str, Fraction]:
    total: dict[str, Fraction] = defaultdict(Fraction)
    for part in parts:
        for name, weight in part.items():
            total[name] += weight
    return dict(total)


def _error(have: Mapping[str, Fraction], total: Mapping[str, Fraction], share: float) -> Fraction:
    wanted = Fraction(str(share))
    return sum(
        (abs(have.get(name, Fraction(0)) / whole - wanted) for name, whole in total.items() if whole),
        Fraction(0),
    )
