"""Scans folders of films for a configuration: finds, names, probes, weighs and chooses the films.

    finding ─> lengths ─> film_names ─> weighing ─> editions ─> Findings ─ review ─> save
    (files)    (probes)   (guessit)     (rules)     (best copy)            (the user)

Invariant: every film that is left out is reported, and nothing is written before `Findings.save`.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from tui_gen.base.formatting import duration
from tui_gen.contract.scan import ScanRequest
from tui_gen.engine.model.work import JsonObject
from tui_gen.engine.run.session import LEDGER_NAME, replay
from tui_gen.jobs.superres.config.load import CategoryRule, load_rules, load_settings
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.films.scanning.editions import (
    FilmKey,
    Look,
    film_key,
    lesser_copies,
    lines_of,
)
from tui_gen.jobs.superres.films.scanning.film_names import FilePlace, FilmName, name_film
from tui_gen.jobs.superres.films.scanning.finding import (
    EXTENSIONS,
    FolderError,
    Found,
    VideoFile,
    find_videos,
)
from tui_gen.jobs.superres.films.scanning.findings import (
    Findings,
    FoundFilm,
    Listed,
    ScanError,
    is_below,
    listed_in,
)
from tui_gen.jobs.superres.films.scanning.following import follow, listed_films
from tui_gen.jobs.superres.films.scanning.lengths import NoFacts, Probed
from tui_gen.jobs.superres.films.scanning.next_steps import probes_of
from tui_gen.jobs.superres.films.scanning.passed_over import passed_over_line
from tui_gen.jobs.superres.films.scanning.weighing import OTHERWISE, rule_for
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.names.numbered_files import numbered_names
from tui_gen.media.names.release_names import Reading

Progress = Callable[[str, int, int], None]
"""Gets the current activity, the number done, and the total."""
ProbeFiles = Callable[[Sequence[str], Settings, Callable[[int], None]], Mapping[str, Probed]]
"""Probes files; gets a callback for the number of files done."""

_RIPPED = re.compile(r"(?:.*[_-])?t\d\d", re.IGNORECASE)


def scan(
    request: ScanRequest, *, shipped: Path, probe: ProbeFiles, progress: Progress, this_year: int
) -> Findings:
    """Scan the folders of a request; nothing is written.

    Settings and rules come from the target if it exists, else from `shipped`. Raises `ScanError` if there are
    no video files, or if the target has videos and no update is requested. Raises `ConfigurationError` if the
    target is faulty.
    """
    target = request.target
    base = target if target.exists() else shipped
    settings = load_settings(base)
    listed = listed_in(settings, request.folders) if base is target else Listed()
    if listed.paths and not request.may_update:
        many = len(listed.paths)
        wrong = f"{target} has {many} videos already; add --update to add to them, or -o for another file"
        raise ScanError(wrong)
    found = _found(request)
    films = _named(found.files, this_year, progress)
    new = [film for film in films if film.file.path not in listed.paths]
    probed = _probed(new, settings, probe, progress) if request.is_probed and new else {}
    new = [_judged(film, probed.get(film.file.path), request.least_seconds) for film in new]
    new = _weighed(new, load_rules(base))
    named = {film.file.path: film.film for film in films}
    entries = listed_films(
        settings if base is target else replace(settings, videos=()),
        gone=listed.gone,
        known=_known(settings) if listed.paths else {},
        name_of=partial(_name_at, named=named, request=request, this_year=this_year),
    )
    followed = follow(entries, new, [film for film in films if film.file.path in listed.paths])
    known = {film_key(each.film): each.video.name for each in entries}
    new = [_left_out(film, followed.copies) for film in new]
    followers = set(followed.moved.values())
    chosen = _chosen([film for film in new if film.file.path not in followers], known, request, followed.same)
    return Findings(
        request=request,
        base=base,
        settings=settings,
        films=tuple(chosen),
        minor=tuple(found.left_out),
        unreadable=tuple(found.unreadable),
        passed_over=passed_over_line(found.passed_over),
        listed=replace(listed, moved=followed.moved),
        found_again=sum(film.file.path in listed.paths for film in films),
        kin=followed.kin,
        probes=probes_of(probed),
        rule_categories=tuple(dict.fromkeys(name for rule in load_rules(base) for name, _ in rule.weights)),
    )


def _unread_lines(found: Found) -> list[str]:
    return [f"not looked at: {path}: {reason}" for path, reason in found.unreadable]


def _known(settings: Settings) -> dict[str, tuple[JsonObject, float | None]]:
    """Return path -> the "file" fact and the duration in seconds, of the films in the ledger."""
    if not (settings.run_folder / LEDGER_NAME).is_file():
        return {}
    state, _ = replay(settings.run_folder)
    known = {}
    for record in state.records.values():
        if file := record.facts.get("file"):
            probe = record.facts.get("probe")
            known[file["path"]] = (file, probe["duration_seconds"] if probe else None)
    return known


def _left_out(found: FoundFilm, copies: Mapping[str, str]) -> FoundFilm:
    return replace(found, left_out=found.left_out or copies.get(found.file.path, ""))


def _found(request: ScanRequest) -> Found:
    try:
        found = find_videos(request.folders, follows_links=request.follows_links)
    except FolderError as error:
        raise ScanError(str(error)) from error
    if not found.files and not found.left_out:
        names = ", ".join(map(str, request.folders))
        wrong = f"no video files below {names}; looked for {', '.join(sorted(EXTENSIONS))}"
        passed_over = passed_over_line(found.passed_over)
        raise ScanError(*_unread_lines(found), *filter(None, [passed_over]), wrong)
    return found


# ---------------------------------------------------------------------------------------- naming


def _named(files: Sequence[VideoFile], this_year: int, progress: Progress) -> list[FoundFilm]:
    neighbours = Counter(file.folder for file in files)
    films = []
    for done, file in enumerate(files, 1):
        place = FilePlace(file.stem, file.folders, neighbours[file.folder] == 1, this_year)
        films.append(_film(file, place))
        progress("reading names", done, len(files))
    return list(_told_apart(list(_numbered(films, this_year))))


def _name_at(path: str, *, named: Mapping[str, FilmName], request: ScanRequest, this_year: int) -> FilmName:
    """Return the name of the film at a path: as found by this scan, else as it would be found there."""
    if path in named:
        return named[path]
    tops = [os.path.abspath(folder) for folder in request.folders]  # noqa: PTH100 - keeps links as they are
    above = os.path.dirname(os.path.dirname(path))  # noqa: PTH120 - a plain string keeps odd names as they are
    file = VideoFile(path, 0, next((top for top in tops if is_below(path, [top])), above))
    return name_film(FilePlace(file.stem, file.folders, this_year=this_year))[0]


def _numbered(films: Sequence[FoundFilm], this_year: int) -> Iterator[FoundFilm]:
    """Name films again that their folder shows to be the episodes of a series."""
    folders: dict[str, list[str]] = defaultdict(list)
    for found in films:
        if _may_be_numbered(found):
            folders[found.file.folder].append(found.file.stem)
    names = {folder: numbered_names(stems) for folder, stems in folders.items()}
    for found in films:
        name = names[found.file.folder].get(found.file.stem) if _may_be_numbered(found) else None
        if name is None:
            yield found
        else:
            place = FilePlace(name.stem, found.file.folders, this_year=this_year)
            yield replace(found, film=name_film(place)[0], copy=found.file.path)


def _may_be_numbered(found: FoundFilm) -> bool:
    is_disc = found.copy != found.file.path
    return not (found.film.episode or found.film.part or is_disc)


def _film(file: VideoFile, place: FilePlace) -> FoundFilm:
    film, said = name_film(place)
    folder = file.folder
    if place.on_disc:
        # .../Dune/BDMV/STREAM, .../Dune/VIDEO_TS
        folder = os.path.dirname(folder)  # noqa: PTH120 - a plain string keeps odd names as they are
        if file.folders[0].casefold() == "stream":
            folder = os.path.dirname(folder)  # noqa: PTH120
    if film.part and not film.part.startswith("VTS") and not said.part:
        folder = os.path.dirname(folder)  # noqa: PTH120 - the number of the disc is its folder's
    is_part = bool(film.part) or place.on_disc or bool(_RIPPED.fullmatch(file.stem))
    copy = f"{folder}\0{film.edition}" if is_part else file.path
    return FoundFilm(file, film, _look_by_name(file, said), copy)


def _look_by_name(file: VideoFile, said: Reading) -> Look:
    return Look(said.lines, said.is_hdr, said.is_3d, None, file.size_bytes)


def _told_apart(films: Sequence[FoundFilm]) -> Iterator[FoundFilm]:
    """Make the names of editions of one film differ, and those of titles of one disc."""
    editions: dict[FilmKey, set[str]] = defaultdict(set)
    for found in films:
        editions[film_key(found.film)].add(found.film.edition)
    shared = Counter((found.copy, found.film) for found in films)
    for found in films:
        has_others = len(editions[film_key(found.film)]) > 1
        film = found.film
        if shared[found.copy, film] > 1 and not film.part:
            film = replace(film, part=found.file.stem.upper())
        yield replace(found, film=film, has_other_editions=has_others)


# --------------------------------------------------------------------------------------- probing


def _probed(
    films: Sequence[FoundFilm], settings: Settings, probe: ProbeFiles, progress: Progress
) -> Mapping[str, Probed]:
    paths = [film.file.path for film in films]
    return probe(paths, settings, lambda done: progress("probing", done, len(paths)))


def _judged(found: FoundFilm, facts: Probed | None, least_seconds: float) -> FoundFilm:
    """Leave out a file that its probe shows is not a film. A file that cannot be probed now is kept."""
    if facts is None:
        return found
    if isinstance(facts, NoFacts):
        if facts.is_no_film:
            return replace(found, left_out=facts.reason)
        return replace(found, unreadable=facts.reason)
    look = _measured(facts, found.look)
    seconds = facts.duration_seconds
    if seconds < least_seconds:
        short = f"{duration(seconds)} long, under {duration(least_seconds)}"
        return replace(found, look=look, left_out=short)
    return replace(found, look=look)


def _measured(facts: ProbeFacts, by_name: Look) -> Look:
    upright = facts.upright
    return replace(
        by_name,
        lines=lines_of(upright.width, upright.height),
        is_hdr=facts.hdr_class != "sdr",
        seconds=facts.duration_seconds,
    )


# -------------------------------------------------------------------------- weighing and choosing


def _weighed(films: Sequence[FoundFilm], rules: Sequence[CategoryRule]) -> list[FoundFilm]:
    weighed = []
    for found in films:
        rule = rule_for(found.film, found.file, rules)
        weights = rule.weights if rule else OTHERWISE
        weighed.append(replace(found, weights=weights, matched=rule.match if rule else None))
    return weighed


def _chosen(
    films: Sequence[FoundFilm], known: Mapping[FilmKey, str], request: ScanRequest, same: Mapping[str, str]
) -> list[FoundFilm]:
    """Leave out lesser copies of a film, and copies of films that the configuration lists."""
    if request.keeps_editions:
        return list(films)
    chosen = []
    for found in films:
        name = known.get(film_key(found.film)) or same.get(found.file.path)
        is_copy = name is not None and not found.left_out
        chosen.append(replace(found, left_out=f'a copy of "{name}", which is listed') if is_copy else found)
    candidates = [found.candidate for found in chosen if not found.left_out]
    lesser = lesser_copies(candidates)
    return [replace(found, left_out=found.left_out or lesser.get(found.file.path, "")) for found in chosen]
