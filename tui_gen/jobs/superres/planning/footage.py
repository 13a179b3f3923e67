"""The known facts of each film, and the number of patches each category needs from it. Pure.

    target ─ Sainte-Lague over the training films ─> quotas ┬─> clips of a film's block before its last clip
                                                                └─> the same number per weight from held-out
                                                                films

Guards: quotas include the patches made. Held-out patches count towards no target. No clip is free that is
nearer than the guard to a patch of another part. Films of one group give patches to one part only.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import or_

from tui_gen.engine.model.stage_records import SourceRecord, StageRecord
from tui_gen.engine.model.work import JsonObject
from tui_gen.jobs.superres.config.settings import Settings, Video
from tui_gen.jobs.superres.dataset.split import TRAIN, Split, split_of, whole_name
from tui_gen.jobs.superres.planning.apportionment import Claim, allot
from tui_gen.jobs.superres.planning.clip_bits import lowest
from tui_gen.jobs.superres.planning.film_capacity import Prospect, prospect
from tui_gen.jobs.superres.planning.timestamps import within_guard
from tui_gen.jobs.superres.units import EXTRACT

Sources = Sequence[tuple[str, Video]]
Quotas = Mapping[str, Mapping[str, int]]
"""Category -> source -> total number of patches to make."""

SAME_LENGTH_SECONDS = 1.0
"""Two encodes of one film differ in their durations by at most this."""
HOPELESS_REJECTIONS = 30
"""A film is given up if it has this many rejected clips from the start and no patch."""
NOT_FOUND = "file not found"
PURPOSES: Mapping[Split, str] = {"train": "training", "val": "validation", "test": "a test"}


@dataclass(frozen=True, slots=True)
class Film:
    """A source with all known facts."""

    id: str
    video: Video
    record: SourceRecord
    extracted: StageRecord  # what was made of it; part of `record`
    prospect: Prospect
    is_closed: bool  # gives no more patches
    reason: str | None  # why, if the plan closes it

    def made(self, category: str) -> int:
        """Return the clips made for a category, as a bit set."""
        return self.extracted.made.get(category, 0)

    def free(self, category: str) -> int:
        """Return the clips that may still be made for a category, as a bit set."""
        if self.is_closed or category not in self.prospect.options:
            return 0
        settled = self.extracted.rejected | self.extracted.rejected_for.get(category, 0) | self.made(category)
        return self._side(category) & ~settled & ~self._taken_by_others(category)

    def claim(self, category: str) -> Claim:
        """Return the film's claim in the apportionment of a category's target."""
        weight = dict(self.video.weights).get(category, 0.0)
        made = self.made(category).bit_count()
        room = min(self.prospect.room - made, self.free(category).bit_count())
        return Claim(self.id, weight, made, made + max(0, room))

    def _side(self, category: str) -> int:
        is_own = split_of(category) == self.video.split
        return self.prospect.usable if is_own else self.prospect.block

    def _taken_by_others(self, category: str) -> int:
        """Return the clips too near to patches that an earlier configuration gave to another part."""
        split, line = split_of(category), self.prospect.line
        # Near duplicates count as rejected, but their files exist.
        given = [*self.extracted.made.items(), *self.extracted.rejected_for.items()]
        strangers = (bits & ~self._side(name) for name, bits in given if split_of(name) != split)
        others = reduce(or_, strangers, 0)
        return within_guard(line, self.prospect.capacity, others) if others and line is not None else 0


def films_of(
    settings: Settings,
    sources: Sources,
    *,
    records: Mapping[str, SourceRecord],
    missing: Collection[str],
) -> list[Film]:
    """Return the films of a configuration. `missing` are the ids of films without a file."""
    torn = dict(_shifted(sources, records)) | dict(_torn(sources, records))
    return [
        _film(settings, source, record=records.get(source[0]) or SourceRecord(), hindrances=(missing, torn))
        for source in sources
    ]


def _film(
    settings: Settings,
    source: tuple[str, Video],
    *,
    record: SourceRecord,
    hindrances: tuple[Collection[str], Mapping[str, str]],
) -> Film:
    source_id, video = source
    missing, torn = hindrances
    extracted = record.stage(EXTRACT)
    outlook = prospect(settings, source_id, video, record.facts)
    reason = torn.get(source_id) or outlook.refusal or _hopeless(extracted, outlook)
    reason = NOT_FOUND if source_id in missing else reason
    is_unwanted = not any(weight > 0 for _, weight in video.weights)
    is_closed = bool(reason or record.skipped or record.unusable or is_unwanted)
    return Film(source_id, video, record, extracted, outlook, is_closed, reason)


def _hopeless(record: StageRecord, outlook: Prospect) -> str | None:
    if not record.rejected or any(record.made.values()) or any(record.rejected_for.values()):
        return None
    count = record.rejected.bit_count()
    if count >= HOPELESS_REJECTIONS:
        return f"the first {count} clips were all rejected{_commonest(record)}"
    left = (outlook.usable | outlook.block) & ~record.rejected
    return None if left else f"all of its {count} clips were rejected{_commonest(record)}"


def _commonest(record: StageRecord) -> str:
    """Return the most common reason for rejections, as a phrase that follows "rejected"."""
    if not record.rejections:
        return ""
    reason, number = max(record.rejections.items(), key=lambda item: item[1])
    return f": {reason}" if number == sum(record.rejections.values()) else f", most of all: {reason}"


def _torn(sources: Sources, records: Mapping[str, SourceRecord]) -> Iterator[tuple[str, str]]:
    """Yield the films that belong to one part but have patches in another, with the reason why they wait."""
    groups: dict[str, list[tuple[str, Video]]] = defaultdict(list)
    for source, video in sources:
        groups[f"group {video.group}" if video.group else source].append((source, video))
    for members in groups.values():
        video = members[0][1]
        if video.split == TRAIN and len(members) == 1:
            continue  # a block of it may be held out
        made = [records[source].stage(EXTRACT).made for source, _ in members if source in records]
        elsewhere: Counter[Split] = Counter()
        for each in made:
            elsewhere.update({split_of(name): bits.bit_count() for name, bits in each.items()})
        del elsewhere[video.split]
        found = [f"{count} for {PURPOSES[split]}" for split, count in elsewhere.items() if count]
        if found:
            what = f"the group {json.dumps(video.group)}" if len(members) > 1 else "the film"
            reason = f"{what} is for {PURPOSES[video.split]}, but gave patches before: {' and '.join(found)}"
            yield from ((source, f"{reason}; move them with tui-gen split --move") for source, _ in members)


def _shifted(sources: Sources, records: Mapping[str, SourceRecord]) -> Iterator[tuple[str, str]]:
    """Yield the divided films whose earlier encode had another duration, with the reason why they wait.

    The block of such a film does not hold the scenes that the block of the earlier encode holds.
    """
    for source, video in sources:
        facts = records[source].facts if source in records else {}
        earlier = records.get(facts.get("block_of") or source)
        if not video.val_share or earlier is None:
            continue
        mine, theirs = (known.get("duration_seconds") for known in _probes(facts, earlier.facts))
        if mine is None or theirs is None or abs(mine - theirs) <= SAME_LENGTH_SECONDS:
            continue
        reason = (
            f"it is {mine:.0f} s long, but its file with the held-out block was {theirs:.0f} s: "
            'the blocks hold different scenes; leave it out with "categories": {}, or begin with --fresh'
        )
        yield source, reason


def _probes(*facts: JsonObject) -> Iterator[JsonObject]:
    for known in facts:
        yield known.get("probe") or {}


# ----------------------------------------------------------------------------------------------- quotas


def quotas_of(settings: Settings, films: Sequence[Film], records: Mapping[str, SourceRecord]) -> Quotas:
    """Return category -> source -> patches to make; films no longer configured keep those they made."""
    here = {film.id for film in films}
    held = {
        name: {
            source: made.bit_count()
            for source, record in records.items()
            if source not in here and (made := record.stage(EXTRACT).made.get(name))
        }
        for name in settings.categories
    }
    shared = {
        category.name: _shared(category.target, category.name, films, held[category.name])
        for category in settings.whole_categories
    }
    held_out = {
        name: _held_out(settings, name, films, shared[whole_name(name)])
        for name in settings.categories
        if name not in shared
    }
    return {name: held[name] | (shared | held_out)[name] for name in settings.categories}


def _shared(
    target: int | None, category: str, films: Sequence[Film], held: Mapping[str, int]
) -> dict[str, int]:
    claims = [film.claim(category) for film in films]
    if target is None:
        counts = tuple(claim.capacity for claim in claims)
    else:
        counts = allot(target - sum(held.values()), claims)
    return {claim.id: count for claim, count in zip(claims, counts, strict=True)}


def _held_out(
    settings: Settings, part: str, films: Sequence[Film], quotas: Mapping[str, int]
) -> dict[str, int]:
    """Return source -> patches to make for a part; `quotas` are those of the category in training."""
    split = split_of(part)
    claims = [film.claim(part) for film in films if film.video.split == split]
    wanted = _as_dense(settings, part, films, quotas)
    counts = tuple(claim.capacity for claim in claims) if wanted is None else allot(wanted, claims)
    as_a_whole = {claim.id: count for claim, count in zip(claims, counts, strict=True)}
    divided = {film.id: _of_block(film, part, quotas[film.id]) for film in films if film.video.split != split}
    return as_a_whole | divided


def _as_dense(settings: Settings, part: str, films: Sequence[Film], quotas: Mapping[str, int]) -> int | None:
    """Return the total of the held-out films' patches: as many per weight as the training films give.

    Return None if the category has no target or no training film has a weight: then there is no limit.
    """
    if settings.categories[whole_name(part)].target is None:
        return None
    trained = [film for film in films if film.video.split == TRAIN and not film.is_closed]
    weight = _weight(trained, whole_name(part))
    kept = [film for film in films if film.video.split == split_of(part) and not film.is_closed]
    if not weight:
        return None
    closed = sum(_made(film, part) for film in films if film.video.split == split_of(part) and film.is_closed)
    return closed + round(sum(quotas[film.id] for film in trained) * _weight(kept, part) / weight)


def _weight(films: Sequence[Film], category: str) -> Fraction:
    weights = (dict(film.video.weights).get(category, 0.0) for film in films)
    return sum((Fraction(str(weight)) for weight in weights), Fraction(0))


def _of_block(film: Film, part: str, quota: int) -> int:
    """Return how many clips of a film's block precede the last of its `quota` clips outside the block."""
    outlook, made = film.prospect, _made(film, part)
    last = lowest(outlook.usable, quota).bit_length()
    before = (outlook.block & ((1 << last) - 1)).bit_count()
    wanted = outlook.block_room if quota >= outlook.room else min(before, outlook.block_room)
    return max(made, min(wanted, made + film.free(part).bit_count()))


def _made(film: Film, category: str) -> int:
    return film.made(category).bit_count()
