"""Finds films that stand in two parts of the dataset under two entries, and refuses the run.

    entry A  ─┬─ the same content ──────────────┬─ entry B, or a film of the ledger, in another part:
              ├─ the same name with its year    │  the run is refused
              ├─ the same name and duration     │
              └─ patches that look the same ────┘

A divided film (`val_percent`) stands in two parts by itself. Its encodes share a block if the one took the
other's place (the fact "block_of"); every other copy of a divided film is refused.

Guards: a film that was held out is trained on under no name, until its patches are moved.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.jobs.superres.config.settings import Settings, Video
from tui_gen.jobs.superres.dataset.near_duplicates import Hashes
from tui_gen.jobs.superres.dataset.split import SHORTEST_DIVIDED_SECONDS, TRAIN, Split, split_of
from tui_gen.jobs.superres.dataset.split_leakage import near_any
from tui_gen.jobs.superres.films.identity import Identified
from tui_gen.jobs.superres.units import EXTRACT
from tui_gen.media.film_files import FileLook
from tui_gen.media.names.release_words import comparable

Records = Mapping[str, SourceRecord]

SAME_LENGTH_SECONDS = 1.0
"""Two encodes of one film differ in their durations by at most this."""
ALIKE_PATCHES, ALIKE_SHARE = 5, 0.5
"""Two films are the same if more than this share of one film's patches look like patches of the other, and at
least so many. Films that share an opening have fewer."""
_PURPOSES: Mapping[Split, str] = {"train": "training", "val": "validation", "test": "a test"}
_SAME_CONTENT, _SAME_NAME = "the same content", "the same name"
_YEAR = re.compile(r"^(.*\((?:18|19|20)\d\d\))(.*)$")
_EPISODE = re.compile(r"(?<![0-9a-z])(?:(?:s\d{1,2})?e\d{2,4}|\d{4}-\d\d-\d\d)(?![0-9a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FilmInParts:
    """A film as the configuration or the ledger has it, and the parts of the dataset in which it stands."""

    id: str
    name: str
    path: str
    parts: frozenset[Split]
    fingerprint: str | None
    seconds: float | None
    is_divided: bool = False  # a block of it is held out
    block_of: str = ""  # the id that decides the place of its block

    @property
    def key(self) -> tuple[str, str]:
        """The film or the episode that the name says."""
        match = _YEAR.match(self.name)
        work, rest = match.groups() if match else (self.name, "")
        episode = _EPISODE.search(rest)
        return comparable(work), episode.group().lower() if episode else ""

    @property
    def has_year(self) -> bool:
        """Whether the name tells the film from others with the same title."""
        return _YEAR.match(self.name) is not None


def refuse_split_films(settings: Settings, identified: Sequence[Identified], records: Records) -> None:
    """Raise RefusedError if a film stands in two parts of the dataset under two entries."""
    found = list(split_films(identified, records))
    if found:
        shown = [display_name(f"{settings.config_path}: {problem}") for problem in found[:10]]
        more = [f"and {len(found) - 10} more"] if len(found) > 10 else []  # noqa: PLR2004 - as above
        raise RefusedError("\n".join([*shown, *more]))


def split_films(identified: Sequence[Identified], records: Records) -> Iterator[str]:
    """Yield a sentence for each film that stands in two parts, with what to change."""
    chosen = [_configured(found, records) for found in identified if _gives_patches(found)]
    own = {film.id for film in chosen}
    others = [film for film in _made(identified, records) if film.id not in own]
    yield from _taken_back(identified, records)
    told: set[frozenset[str]] = set()
    for what, alike in ((_SAME_CONTENT, _by_content), (_SAME_NAME, _by_name)):
        for one, other in alike([*chosen, *others]):
            pair = frozenset({one.id, other.id})
            if one.id in own and pair not in told:
                told.add(pair)
                yield _sentence(one, other, what)
    for one, other in _by_look(chosen, others, records):
        if frozenset({one.id, other.id}) not in told:
            yield _sentence(one, other, "most patches alike")


def _gives_patches(found: Identified) -> bool:
    return isinstance(found.look, FileLook) and bool(found.video.weights) and found.look.size_bytes > 0


def _configured(found: Identified, records: Records) -> FilmInParts:
    record = records.get(found.id)
    film = _film(found.id, found.video, record)
    content = found.look.fingerprint if isinstance(found.look, FileLook) else None
    block_of = found.facts.get("block_of") or film.block_of
    is_long = film.seconds is None or film.seconds >= SHORTEST_DIVIDED_SECONDS
    is_divided = found.video.val_share > 0 and is_long
    parts = frozenset[Split]({found.video.split})
    return replace(film, parts=parts, fingerprint=content, is_divided=is_divided, block_of=block_of)


def _film(source: str, video: Video | None, record: SourceRecord | None) -> FilmInParts:
    facts = record.facts if record else {}
    file, probe, entry = facts.get("file") or {}, facts.get("probe") or {}, facts.get("entry") or {}
    made = record.stage(EXTRACT).made if record else {}
    parts = frozenset(split_of(name) for name, bits in made.items() if bits)
    return FilmInParts(
        source,
        video.name if video else entry.get("name", source),
        video.path if video else file.get("path", ""),
        parts,
        file.get("fingerprint"),
        probe.get("duration_seconds"),
        is_divided=len(parts) > 1,
        block_of=facts.get("block_of", source),
    )


def _made(identified: Sequence[Identified], records: Records) -> Iterator[FilmInParts]:
    """Yield the films of the ledger that gave patches."""
    videos = {found.id: found.video for found in identified}
    for source, record in records.items():
        film = _film(source, videos.get(source), record)
        if film.parts:
            yield film


def _taken_back(identified: Sequence[Identified], records: Records) -> Iterator[str]:
    """Yield a sentence for each film that a run held out as a whole, and that is for training now."""
    for found in identified:
        record = records.get(found.id)
        before: Split = ((record.facts.get("entry") if record else None) or {}).get("split") or TRAIN
        if record is None or before == TRAIN or found.video.split != TRAIN or not found.video.weights:
            continue
        made = record.stage(EXTRACT).made
        count = sum(bits.bit_count() for name, bits in made.items() if split_of(name) == before)
        if count:
            yield (
                f'"{found.video.name}" is for training, but was held out for {_PURPOSES[before]} and gave '
                f'{count} patches there; write "split": "{before}" into its entry, or move the patches with '
                "tui-gen split --move"
            )


def _by_content(films: Sequence[FilmInParts]) -> Iterator[tuple[FilmInParts, FilmInParts]]:
    groups: dict[str, list[FilmInParts]] = defaultdict(list)
    for film in films:
        if film.fingerprint is not None:
            groups[film.fingerprint].append(film)
    yield from _pairs(groups.values())


def _by_name(films: Sequence[FilmInParts]) -> Iterator[tuple[FilmInParts, FilmInParts]]:
    groups: dict[tuple[str, str], list[FilmInParts]] = defaultdict(list)
    for film in films:
        groups[film.key].append(film)
    for one, other in _pairs(groups.values()):
        if one.has_year or _are_as_long(one, other):
            yield one, other


def _are_as_long(one: FilmInParts, other: FilmInParts) -> bool:
    if one.seconds is None or other.seconds is None:
        return False
    return abs(one.seconds - other.seconds) <= SAME_LENGTH_SECONDS


def _pairs(groups: Iterable[Sequence[FilmInParts]]) -> Iterator[tuple[FilmInParts, FilmInParts]]:
    """Yield the pairs of films of a group that give patches to two parts."""
    for films in groups:
        for one, other in combinations(films, 2):
            if one.id != other.id and _is_apart(one, other):
                yield one, other


def _is_apart(one: FilmInParts, other: FilmInParts) -> bool:
    """Return whether two copies of one film give patches to two parts."""
    if one.is_divided or other.is_divided:
        return one.block_of != other.block_of
    return len(one.parts | other.parts) > 1


def _sentence(one: FilmInParts, other: FilmInParts, what: str) -> str:
    """Return what is wrong with two films; the one that is held out is named last."""
    first, last = (one, other) if TRAIN in one.parts else (other, one)
    where = f'"{first.name}" ({first.path}) and "{last.name}" ({last.path}) have {what}'
    if one.is_divided or other.is_divided:
        return (
            f"{where}, and a block of a film is held out for validation at another place in each; "
            'give both the same "group", or take one out'
        )
    ours, theirs = (_PURPOSES[min(film.parts)] for film in (first, last))
    remedy = f'write "split": "{min(last.parts)}" into the entry of the first, or take the first out'
    rename = "; if they are different films, give them different names" if what == _SAME_NAME else ""
    return f"{where}, but the first is for {ours} and the other for {theirs}; {remedy}{rename}"


# ----------------------------------------------------------------------------------------------- looks


def _by_look(
    chosen: Sequence[FilmInParts], others: Sequence[FilmInParts], records: Records
) -> Iterator[tuple[FilmInParts, FilmInParts]]:
    """Yield training films of which most patches look like held-out patches of one other film."""
    kept = {
        film.id: values for film in (*chosen, *others) if len(values := _hashes(film, records, held=True))
    }
    if not kept:
        return
    names = {film.id: film for film in (*chosen, *others)}
    everything = np.concatenate(list(kept.values()))
    for film in chosen:
        values = _hashes(film, records, held=False)
        if film.parts != {TRAIN} or film.is_divided or not _are_most(values, everything):
            continue
        same = next((other for other in kept if other != film.id and _are_most(values, kept[other])), None)
        if same is not None and names[same].block_of != film.block_of:
            yield film, names[same]


def _hashes(film: FilmInParts, records: Records, *, held: bool) -> Hashes:
    given = records[film.id].stage(EXTRACT).hashes if film.id in records else {}
    found = [hashes.values for name, hashes in given.items() if (split_of(name) != TRAIN) is held]
    return np.array([value for values in found for value in values], np.uint64)


def _are_most(values: Hashes, others: Hashes) -> bool:
    if len(values) < ALIKE_PATCHES:
        return False
    count = int(np.count_nonzero(near_any(values, others)))
    return count >= ALIKE_PATCHES and count > ALIKE_SHARE * len(values)
