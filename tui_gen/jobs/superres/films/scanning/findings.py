"""The results of a scan, to be reviewed, changed and saved.

Invariant: everything that a user wrote into a configuration stays, including comments. New entries are added
to the text, paths of moved files are updated, and entries of missing files are marked.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import count, display_name, duration, size
from tui_gen.base.priority import DEFAULT_PRIORITY
from tui_gen.config import edits
from tui_gen.config.commented_json import parse
from tui_gen.config.edits import Entry
from tui_gen.contract.scan import FoundSource, ScanRequest
from tui_gen.jobs.superres.config.load import load_settings, read_document
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.split import TRAIN, Split, split_of
from tui_gen.jobs.superres.films.scanning.editions import Candidate, Look, groups
from tui_gen.jobs.superres.films.scanning.film_names import FilmName
from tui_gen.jobs.superres.films.scanning.finding import VideoFile
from tui_gen.jobs.superres.films.scanning.next_steps import next_steps
from tui_gen.media.film_facts import ProbeFacts

GONE = "the last scan did not find it"


class ScanError(RefusedError):
    """A scan can write nothing; the text states the reason and a remedy."""

    def __init__(self, *lines: str) -> None:
        """Keep the reason, made printable on a terminal."""
        super().__init__("\n".join(map(display_name, lines)))


@dataclass(frozen=True, slots=True)
class FoundFilm:
    """A video file, the film that it was identified as, and whether it is left out."""

    file: VideoFile
    film: FilmName
    look: Look
    copy: str  # files with the same value form one copy of a film
    weights: tuple[tuple[str, float], ...] = ()
    matched: str | None = None  # the rule's text; None if no rule matches the film
    left_out: str = ""  # the reason; empty if the film is taken
    unreadable: str = ""  # why its probe failed
    has_other_editions: bool = False  # so its name must include the edition

    @property
    def name(self) -> str:
        """The film's name in the configuration."""
        return self.film.with_edition if self.has_other_editions else str(self.film)

    @property
    def candidate(self) -> Candidate:
        """The film as input for the choice of editions."""
        return Candidate(self.file.path, self.film, self.look, self.copy)

    @property
    def source(self) -> FoundSource:
        """The film as a row of the review."""
        look = [str(self.look), duration(self.look.seconds) if self.look.seconds else ""]
        rule = f'rule "{self.matched}"' if self.matched else ""
        why = self.left_out or (f"cannot be read now: {self.unreadable}" if self.unreadable else rule)
        return FoundSource(
            key=self.file.path,
            name=self.name,
            weights=self.weights,
            priority=DEFAULT_PRIORITY,
            is_in=not self.left_out,
            facts=" ".join(text for text in (*look, size(self.file.size_bytes)) if text),
            why=why,
        )


@dataclass(frozen=True, slots=True)
class Kinship:
    """What a new film inherits from the listed entries of its work."""

    name: str  # of the first of these entries
    group: str
    split: Split


@dataclass(frozen=True, slots=True)
class Listed:
    """The entries of an existing configuration."""

    paths: Mapping[str, int] = field(default_factory=dict)  # path -> position in `videos`
    gone: Collection[int] = ()  # positions of files below the scanned folders that no longer exist
    moved: Mapping[int, str] = field(default_factory=dict)  # position -> new path of a moved file


def listed_in(settings: Settings, folders: Sequence[Path]) -> Listed:
    """Return the entries of a configuration, and those below the folders whose files no longer exist."""
    paths = {video.path: place for place, video in enumerate(settings.videos)}
    tops = [os.path.abspath(folder) for folder in folders]  # noqa: PTH100 - keeps links as they are
    gone = {place for path, place in paths.items() if is_below(path, tops) and not os.path.lexists(path)}
    return Listed(paths, gone)


def is_below(path: str, tops: Sequence[str]) -> bool:
    """Return whether a path lies below one of the folders, by its text."""
    return any(path.startswith(f"{top.rstrip(os.sep)}{os.sep}") for top in tops)


@dataclass(frozen=True, slots=True)
class Findings:
    """All results of one scan."""

    request: ScanRequest
    base: Path  # the configuration with the settings and rules
    settings: Settings
    films: tuple[FoundFilm, ...]
    minor: tuple[tuple[VideoFile, str], ...]  # files whose names are not those of films, with the reason
    unreadable: tuple[tuple[str, str], ...]  # paths that could not be read, with the reason
    listed: Listed
    found_again: int
    passed_over: str = ""  # a line about recycle bins, hidden files and so on
    rule_categories: tuple[str, ...] = ()
    # Path of a new film -> positions of the entries of the same work.
    kin: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    probes: Mapping[str, ProbeFacts] = field(default_factory=dict)  # by path

    @property
    def categories(self) -> tuple[str, ...]:
        """The names of the categories in which films may have a weight."""
        whole = (name for name in self.settings.categories if split_of(name) == TRAIN)
        return tuple(dict.fromkeys((*whole, *self.rule_categories)))

    @property
    def sources(self) -> tuple[FoundSource, ...]:
        """The films that the user may change before saving."""
        return tuple(film.source for film in self.films)

    def save(self, sources: Sequence[FoundSource]) -> list[str]:
        """Write the chosen films; return lines about what was written. Raises `ScanError`."""
        target, listed = self.request.target, self.listed
        entries = list(self._entries(sources))
        if not entries and not listed.paths:
            raise ScanError(*self._left_out(sources), "no film was found that can be taken")
        text, document = read_document(self.base)
        before, marked = text, edits.marked_as_gone(text, document)
        gone = {place for place in listed.gone if place not in listed.moved}
        text = edits.with_marks(text, document, gone | self._unseen(marked), said=GONE)
        text = edits.with_paths(text, parse(text), listed.moved)
        text = edits.with_fields(text, parse(text), self._grouped(sources))
        text = edits.with_entries(text, parse(text), entries)
        if text != before or self.base != target:
            _write(target, text)
        return list(self._said(sources, gone - marked, len(entries)))

    def _unseen(self, marked: Collection[int]) -> set[int]:
        """Return the marked entries whose files still do not exist."""
        return {
            place
            for path, place in self.listed.paths.items()
            if place in marked and not os.path.lexists(path)
        }

    def _entries(self, sources: Sequence[FoundSource]) -> Iterator[Entry]:
        films = {film.file.path: film for film in self.films}
        taken = [films[source.key] for source in sources if source.is_in]
        group_of = groups(film.candidate for film in taken if film.file.path not in self.kin)
        for source in sources:
            if source.is_in:
                kinship = self._kinship(films[source.key])
                group = kinship.group if kinship else group_of.get(source.key)
                split = kinship.split if kinship and kinship.split != TRAIN else None
                yield Entry(source.name, source.key, source.weights, source.priority, group, split)
            elif not films[source.key].left_out:
                # The user left it out: list it without weights, so that the next update does not add it
                # again.
                yield Entry(source.name, source.key, (), source.priority)

    def _kinship(self, film: FoundFilm) -> Kinship | None:
        """Return what a new film inherits from the entries of its work; None if it inherits nothing."""
        entries = [self.settings.videos[place] for place in self.kin.get(film.file.path, ())]
        if len({(entry.split, entry.group) for entry in entries if entry.group}) > 1:
            return None
        splits = {entry.split for entry in entries}
        if len(splits) != 1:
            return None
        group = next((entry.group for entry in entries if entry.group), film.film.work)
        return Kinship(entries[0].name, group, entries[0].split)

    def _grouped(self, sources: Sequence[FoundSource]) -> dict[int, tuple[str, object]]:
        """Return position -> the group to write into an entry, for entries that new films join."""
        films = {film.file.path: film for film in self.films}
        found: dict[int, tuple[str, object]] = {}
        for source in sources:
            kinship = self._kinship(films[source.key]) if source.is_in else None
            if kinship is not None:
                places = self.kin[source.key]
                ungrouped = [place for place in places if self.settings.videos[place].group is None]
                found |= dict.fromkeys(ungrouped, ("group", kinship.group))
        return found

    def _left_out(self, sources: Sequence[FoundSource]) -> Iterator[str]:
        films = {film.file.path: film for film in self.films}
        for file, reason in self.minor:
            yield f"left out: {file.path}: {reason}"
        for source in sources:
            if not source.is_in:
                yield f"left out: {source.key}: {films[source.key].left_out or 'by you'}"
        for path, reason in self.unreadable:
            yield f"not looked at: {path}: {reason}"
        if self.passed_over:
            yield self.passed_over

    def _said(self, sources: Sequence[FoundSource], newly_gone: Collection[int], added: int) -> Iterator[str]:
        films = {film.file.path: film for film in self.films}
        yield from self._left_out(sources)
        for source in sources:
            if source.is_in and films[source.key].unreadable:
                yield f"cannot be read now, listed all the same: {source.key}: {films[source.key].unreadable}"
            kinship = self._kinship(films[source.key]) if source.is_in else None
            if kinship is not None:
                part = f' and its part "{kinship.split}"' if kinship.split != TRAIN else ""
                yield f'joins the group "{kinship.group}" of "{kinship.name}"{part}: {source.key}'
        for path, place in self.listed.paths.items():
            if place in self.listed.moved:
                yield f"moved, the entry follows: {path} -> {self.listed.moved[place]}"
            elif place in newly_gone:
                yield f"gone, marked: {path}"
        out = sum(not source.is_in for source in sources) + len(self.minor)
        known = sum(source.is_in and films[source.key].matched is not None for source in sources)
        yield (
            f"{self.request.target}: {count(added)} videos added, {count(known)} of them by a rule, "
            f"{count(self.found_again)} listed before, {count(out)} left out"
        )
        yield from next_steps(load_settings(self.request.target), self.probes, self.request.target)


def _write(target: Path, text: str) -> None:
    try:
        edits.replace_file(target, text)
    except OSError as error:
        wrong = f"{target} cannot be written: {error.strerror}; name another file with -o"
        raise ScanError(wrong) from error
