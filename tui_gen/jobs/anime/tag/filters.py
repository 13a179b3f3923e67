"""What happens to the tags of one image: threshold, blacklist, overlaps, counts of people, order.

Tags are given as a mapping from name to score, in their original order; the result keeps that order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from tui_gen.jobs.anime.model import ImageTags
from tui_gen.jobs.anime.tag.lists import Overlaps
from tui_gen.jobs.anime.tag.options import SortMode
from tui_gen.jobs.anime.tag.seeded import rank
from tui_gen.jobs.anime.tag.words import is_count, parts_of, with_spaces, words_of

MANY = 6
"""From so many people on a caption says "many"."""
_PEOPLE = {
    **{
        f"{number}{kind}{'s' if number > 1 else ''}": number
        for number in range(1, MANY)
        for kind in ("girl", "boy")
    },
    **{f"{MANY}+{kind}s": MANY for kind in ("girl", "boy")},
}


def thresholded(tags: ImageTags, threshold: float) -> dict[str, float]:
    """Return the general tags whose score is above a threshold, the best first; ties by name."""
    above = [(name, score) for name, score in tags.general.items() if score > threshold]
    return dict(sorted(above, key=lambda pair: (-pair[1], pair[0])))


def best_rating(tags: ImageTags) -> str:
    """Return the rating with the largest score; "" from a tagger that gives none."""
    return min(tags.rating, key=lambda name: (-tags.rating[name], name), default="")


def spaced(tags: Mapping[str, float]) -> dict[str, float]:
    """Return tags with spaces; of tags that become the same the larger score."""
    found: dict[str, float] = {}
    for tag, score in tags.items():
        name = with_spaces(tag)
        found[name] = max(score, found.get(name, score))
    return found


def without_blacklisted(tags: Iterable[str], blacklist: AbstractSet[str]) -> list[str]:
    """Return the tags that are not in a blacklist of tags with spaces."""
    return [tag for tag in tags if with_spaces(tag) not in blacklist]


def without_overlaps(tags: Iterable[str], overlaps: Overlaps, *, contained: bool = True) -> list[str]:
    """Return the tags that no other tag makes superfluous.

    A tag goes if one of its overlaps is there, and, if `contained`, where its words are part of a longer tag.
    Tags that go count as there: the result does not depend on the order.
    """
    given = list(tags)
    names = {with_spaces(tag) for tag in given}
    parts = {part for tag in given for part in parts_of(words_of(tag))} if contained else set()
    return [
        tag
        for tag in given
        if not (overlaps.get(with_spaces(tag), frozenset()) & names) and words_of(tag) not in parts
    ]


def n_people(tags: Iterable[str]) -> int | None:
    """Return how many people the tags tell: the largest number of girls and that of boys, added; 6 is many.

    Without a number "solo" tells 1 and "no humans" 0. None: the tags do not tell.
    """
    names = {with_spaces(tag) for tag in tags}
    numbers = [(name.rstrip("s"), _PEOPLE[name]) for name in names if name in _PEOPLE]
    if not numbers:
        return 1 if "solo" in names else 0 if "no humans" in names else None
    largest = (
        max((number for name, number in numbers if name.endswith(kind)), default=0)
        for kind in ("girl", "boy")
    )
    return min(sum(largest), MANY)


def ordered(
    tags: Iterable[str], scores: Mapping[str, float], mode: SortMode, *, seed: int, image: str
) -> list[str]:
    """Return the tags in the order of a caption: solo, the counts of people, the others.

    score: the best first, ties by name; a tag without a score comes after the others, in its place.
    shuffle: decided by seed and image alone. original: as given. The counts of people are not shuffled.
    """
    given = list(tags)
    place = {tag: number for number, tag in enumerate(given)}

    def by_score(tag: str) -> tuple[float, str, int]:
        return (-scores[tag], tag, 0) if tag in scores else (1.0, "", place[tag])

    first = ["solo"] if "solo" in place else []
    people = [tag for tag in given if is_count(tag)]
    others = [tag for tag in given if tag != "solo" and not is_count(tag)]
    if mode != "original":
        people.sort(key=by_score)
    if mode == "score":
        others.sort(key=by_score)
    elif mode == "shuffle":
        others.sort(key=lambda tag: rank(seed, "order of tags", image, tag))
    return [*first, *people, *others]
