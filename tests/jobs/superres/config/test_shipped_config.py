"""The configuration that comes with the program is complete, and names no file that cannot exist."""

from pathlib import Path

import pytest

from tui_gen.jobs.superres.config.defaults import DEFAULT_DISTRIBUTIONS, DEFAULT_FOLDERS
from tui_gen.jobs.superres.config.load import load_rules, load_settings, shipped_config
from tui_gen.jobs.superres.films.scanning.weighing import best_rule


def test_it_holds_the_settings_of_old_with_full_chroma_and_no_videos() -> None:
    settings = load_settings(shipped_config())
    assert settings.videos == ()
    assert settings.chroma == "444"
    assert settings.output == Path("/mnt/data/training/dataset")
    assert (settings.base_frame_limit, settings.max_workers) == (3000, 12)
    assert (settings.max_retry_attempts, settings.retry_skip_seconds) == (10, 60)
    assert {name: category.target for name, category in settings.categories.items()} == {
        "general": 80000,
        "space": 55000,
        "toon": 30000,
    }


def test_its_formats_and_folders_are_the_built_in_ones() -> None:
    for name, category in load_settings(shipped_config()).categories.items():
        assert {fmt.name: share for fmt, share in category.distribution} == DEFAULT_DISTRIBUTIONS[name]
        assert category.folder == DEFAULT_FOLDERS[name]


MIXED = {"general": 0.3, "space": 0.4, "toon": 0.3}
GENERAL, SPACE, TOON = {"general": 1.0}, {"space": 1.0}, {"toon": 1.0}


@pytest.mark.parametrize(
    ("film", "weights"),
    [
        ("Ready Player One (2018)", {"general": 0.4, "space": 0.3, "toon": 0.3}),
        ("Avatar (2009)", MIXED),
        ("Avatar.2.The.Way.of.Water", MIXED),
        ("Dune (2021)", {"general": 0.5, "space": 0.5}),
        ("Dune.Part.Two.2024", {"general": 0.5, "space": 0.5}),
        ("Interstellar", {"general": 0.3, "space": 0.7}),
        ("Passengers", {"general": 0.3, "space": 0.7}),
        ("Planet Earth 2 - S01E04 - Deserts", GENERAL),
        ("Oppenheimer", GENERAL),
        ("Top Gun: Maverick", GENERAL),
        ("Gladiator II", GENERAL),
        ("Batman Begins", GENERAL),
        ("The Dark Knight Rises", GENERAL),
        ("Forrest_Gump", GENERAL),
        ("Star Trek Into Darkness", SPACE),
        ("Star Trek: Strange New Worlds", SPACE),
        ("Star Wars - Episode IV", SPACE),
        ("Obi-Wan Kenobi S01E01", SPACE),
        ("Ahsoka", SPACE),
        ("2001: A Space Odyssey", SPACE),
        ("Arrival", SPACE),
        ("Event Horizon", SPACE),
        ("Shrek the Third", TOON),
        ("How to Train Your Dragon 2", TOON),
        ("Despicable Me 3", TOON),
        ("The Super Mario Bros. Movie", TOON),
        ("Barbie", {"toon": 0.7, "general": 0.3}),
    ],
)
def test_its_rules_know_the_films_by_name(film: str, weights: dict[str, float]) -> None:
    rule = best_rule(film, load_rules(shipped_config()))
    assert rule is not None
    assert dict(rule.weights) == weights
