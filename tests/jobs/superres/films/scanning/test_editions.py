"""Of the copies of one film the best is taken, whole, and what belongs together stays in one group."""

import itertools

import pytest

from tui_gen.jobs.superres.films.scanning.editions import Candidate, Look, groups, lesser_copies, lines_of
from tui_gen.jobs.superres.films.scanning.film_names import FilmName

DUNE = FilmName("Dune", 2021)
GB = 10**9


def candidate(path: str, look: Look, film: FilmName = DUNE, copy: str = "") -> Candidate:
    return Candidate(path, film, look, copy or path)


BEST_FIRST = [
    candidate("uhd-hdr", Look(2160, is_hdr=True, seconds=9000, size_bytes=20 * GB)),
    candidate("uhd", Look(2160, seconds=9000, size_bytes=60 * GB)),
    candidate("hd-large", Look(1080, seconds=9000, size_bytes=30 * GB)),
    candidate("hd-long", Look(1080, seconds=12000, size_bytes=31 * GB)),
    candidate("hd-small", Look(1080, seconds=9000, size_bytes=3 * GB)),
    candidate("unknown", Look(size_bytes=90 * GB)),
    candidate("3d", Look(2160, is_hdr=True, is_3d=True, seconds=9000, size_bytes=90 * GB)),
]


@pytest.mark.parametrize(("better", "worse"), list(itertools.combinations(BEST_FIRST, 2)))
def test_the_best_copy_is_taken_whatever_the_order(better: Candidate, worse: Candidate) -> None:
    assert lesser_copies([better, worse]).keys() == {worse.path}
    assert lesser_copies([worse, better]).keys() == {worse.path}


def test_what_is_left_out_says_what_is_taken_instead() -> None:
    cut = candidate("cut", Look(1080), FilmName("DUNE", 2021, edition="Director's Cut"))
    why = lesser_copies([BEST_FIRST[0], BEST_FIRST[1], cut])
    assert why == {
        "uhd": "a copy of a film that is taken in 2160p HDR",
        "cut": "an edition of a film that is taken in 2160p HDR",
    }


def test_films_of_one_title_and_other_years_or_episodes_are_no_copies() -> None:
    films = [DUNE, FilmName("Dune", 1984), FilmName("Dune"), FilmName("Dune", None, "S01E01")]
    assert lesser_copies([candidate(str(film), Look(), film) for film in films]) == {}


def test_a_film_in_two_files_is_taken_or_left_out_whole() -> None:
    parts = [
        candidate(f"cd{n}", Look(480, size_bytes=GB), FilmName("Dune", 2021, part=f"CD {n}"), "cds")
        for n in (1, 2)
    ]
    assert lesser_copies(parts) == {}
    assert lesser_copies([*parts, BEST_FIRST[0]]).keys() == {"cd1", "cd2"}


def test_equal_copies_leave_one() -> None:
    assert lesser_copies([candidate(path, Look(1080)) for path in "cab"]).keys() == {"b", "c"}


def test_editions_parts_and_episodes_share_a_group_and_single_films_have_none() -> None:
    films = [
        DUNE,
        FilmName("Dune", 2021, edition="Extended"),
        FilmName("Planet Earth 2", None, "S01E01"),
        FilmName("Planet Earth 2", None, "S01E02"),
        FilmName("Heat", 1995),
        FilmName("Alien", 1979),
    ]
    found = groups(candidate(film.with_edition, Look(), film) for film in films)
    assert found == {
        "Dune (2021)": "Dune (2021)",
        "Dune (2021) - Extended": "Dune (2021)",
        "Planet Earth 2 - S01E01": "Planet Earth 2",
        "Planet Earth 2 - S01E02": "Planet Earth 2",
    }


@pytest.mark.parametrize(
    ("width", "height", "lines"),
    [(3840, 2160, 2160), (3840, 1600, 2160), (1440, 1080, 1080), (720, 576, 576)],
)
def test_lines_are_those_of_the_frame_a_picture_fits(width: int, height: int, lines: int) -> None:
    assert lines_of(width, height) == lines
