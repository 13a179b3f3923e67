"""Files are found under the right title, year and episode, however their releases are named.

`release_names.tsv` holds a thousand invented names, some three hundred of them written by hand, with the
title, the year and the episode that a person reads in them; the year is empty where none can be known.
"""

import csv
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pytest

from tui_gen.contract.scan import ScanRequest
from tui_gen.jobs.superres.config.load import load_settings, shipped_config
from tui_gen.jobs.superres.films.scanning.film_names import FilePlace, FilmName, name_film
from tui_gen.jobs.superres.films.scanning.scan import scan

LIST = Path(__file__).with_name("release_names.tsv")
RIGHT_AT_LEAST = 0.98


@dataclass(frozen=True)
class Truth:
    path: str
    title: str
    year: str
    episode: str


def truths() -> list[Truth]:
    with LIST.open(encoding="utf-8", newline="") as file:
        return [Truth(**row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def letters(text: str) -> str:
    """Return what two ways of writing a title have in common: no case, accents, marks or blanks."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("&", "and"))
    return "".join(char for char in plain if char.isalnum())


def is_right(film: FilmName, truth: Truth) -> bool:
    return letters(film.title) == letters(truth.title) and str(film.year or "") == truth.year


@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.soak)])
def test_of_a_thousand_release_names_98_percent_are_found_under_title_and_year(
    step: int, tmp_path: Path
) -> None:
    """Read every third name, and all of them in long runs of the tests."""
    films, target = tmp_path / "films", tmp_path / "c.json"
    assert len(truths()) == 1000
    known = {str(films / truth.path): truth for truth in truths()[::step]}
    for path in known:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    request = ScanRequest((films,), target, is_probed=False)
    findings = scan(
        request,
        shipped=shipped_config(),
        probe=lambda *_: {},
        progress=lambda *_: None,
        this_year=2026,
    )
    found = {film.file.path: film.film for film in findings.films}
    assert found.keys() == known.keys()
    misses = [
        f"{truth.path} -> {found[path].work}"
        for path, truth in known.items()
        if not is_right(found[path], truth)
    ]
    assert 1 - len(misses) / len(known) >= RIGHT_AT_LEAST, "\n".join(misses)
    episodes = [path for path, truth in known.items() if truth.episode]
    assert sum(found[path].episode == known[path].episode for path in episodes) >= RIGHT_AT_LEAST * len(
        episodes
    )
    findings.save(findings.sources)
    for video in load_settings(target).videos:
        assert letters(video.name).startswith(letters(known[video.path].title + known[video.path].year))


def named(path: str, *, is_alone: bool = True) -> FilmName:
    *folders, name = path.split("/")
    stem = name.rpartition(".")[0]
    return name_film(FilePlace(stem, [*reversed(folders), "films"], is_alone, this_year=2026))[0]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Dune.Part.Two.2024.2160p.UHD.BluRay.x265-GROUP.mkv", "Dune Part Two (2024)"),
        ("dune.part.two.2024.2160p.mkv", "Dune Part Two (2024)"),
        ("Mr. Nobody.mkv", "Mr. Nobody"),
        ("2046.mkv", "2046"),
        ("Blade Runner 2049.mkv", "Blade Runner 2049"),
        ("Planet Earth 2/Season 1/S01E04.mkv", "Planet Earth 2 - S01E04"),
        ("Planet Earth 2/Season 1/04 - Deserts.mkv", "Planet Earth 2 - S01E04"),
        ("Show/Specials/E02.mkv", "Show - S00E02"),
        ("Dune (2021)/title_t00.mkv", "Dune (2021)"),
        ("Dune (2021)/BDMV/STREAM/00800.m2ts", "Dune (2021)"),
        ("Dune (2021)/DISC_2/BDMV/STREAM/00800.m2ts", "Dune (2021) - DISC 2"),
        ("Dune (2021)/VIDEO_TS/VTS_01_2.VOB", "Dune (2021) - VTS_01_2"),
        ("Ben Hur (1959) CD2.avi", "Ben Hur (1959) - CD 2"),
        ("The.Daily.Show.2023.01.15.720p.mkv", "The Daily Show - 2023-01-15"),
        ("Star.Wars.Collection.1977-2005/Star.Wars.mkv", "Star Wars"),
        ("title_t00.mkv", "Title T00"),
        ("\t\x1b[31m.mkv", "31m"),
        ("\udcff\udcfe.mkv", "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"),
        ("[].mkv", "untitled"),
    ],
)
def test_a_film_gets_a_name_that_people_can_read(path: str, name: str) -> None:
    assert str(named(path)) == name


def test_a_folder_names_a_film_only_where_nothing_else_lies_in_it() -> None:
    assert str(named("Noir (1950)/Laura.mkv", is_alone=True)) == "Noir (1950)"
    assert str(named("Noir (1950)/Laura.mkv", is_alone=False)) == "Laura"
    assert str(named("Numbers/300.mkv", is_alone=False)) == "300"
    assert str(named("300 (2006)/1.mkv", is_alone=False)) == "300 (2006)"


@pytest.mark.parametrize(
    ("path", "edition"),
    [
        ("Blade.Runner.1982.The.Final.Cut.2160p.mkv", "Final Cut"),
        ("Alien (1979) {edition-Director's Cut}.mkv", "Director's Cut"),
        ("Sin.City.2005.RECUT.EXTENDED.mkv", "Extended Recut"),
        ("The.Final.Cut.2004.1080p.mkv", ""),
        ("Uncut.Gems.2019.mkv", ""),
    ],
)
def test_an_edition_is_known_by_its_name_and_is_no_part_of_a_title(path: str, edition: str) -> None:
    assert named(path).edition == edition
