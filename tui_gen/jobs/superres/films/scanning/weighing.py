"""Weighs films by the `category_rules` of a configuration. Pure.

Invariant: the longest rule whose words are in a name decides. The film's own name is tried before the
names of its folders, the nearest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui_gen.jobs.superres.config.load import CategoryRule
from tui_gen.jobs.superres.films.scanning.film_names import FilmName
from tui_gen.jobs.superres.films.scanning.finding import VideoFile
from tui_gen.media.names.release_names import without_group
from tui_gen.media.names.release_words import comparable

OTHERWISE = (("general", 1.0),)
"""The weights of films that match no rule."""


def rule_for(film: FilmName, file: VideoFile, rules: Sequence[CategoryRule]) -> CategoryRule | None:
    """Return the rule that decides for a film, or None if no rule matches."""
    return next((rule for name in _names(film, file) if (rule := best_rule(name, rules))), None)


def _names(film: FilmName, file: VideoFile) -> Iterator[str]:
    yield film.work
    if not film.episode:
        # Not for an episode: an episode may be called "Arrival".
        yield without_group(file.stem)
    yield from map(without_group, file.folders)


def best_rule(name: str, rules: Sequence[CategoryRule]) -> CategoryRule | None:
    """Return the rule with the longest text whose words are in the name, side by side, or None."""
    words = f" {comparable(name)} "
    fitting = [rule for rule in rules if (text := comparable(rule.match)) and f" {text} " in words]
    return max(fitting, key=lambda rule: len(comparable(rule.match)), default=None)
