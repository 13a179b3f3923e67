"""The lists: the user's files are read in every form, and a wrong one is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_gen.config.faults import ConfigurationError
from tui_gen.jobs.anime.tag.lists import (
    CharacterWords,
    TagLists,
    read_blacklist,
    read_character_words,
    read_overlaps,
)
from tui_gen.jobs.anime.tag.words import with_spaces

FILE = Path("/lists/mine")


def problems(error: pytest.ExceptionInfo[ConfigurationError]) -> list[str]:
    return str(error.value).splitlines()


def test_a_blacklist_has_a_tag_a_line() -> None:
    assert read_blacklist("\ufeffofficial_art\n\n  casual \r\n^_^\n".encode(), FILE) == {
        "official art",
        "casual",
        "^_^",
    }
    assert read_blacklist(b"", FILE) == frozenset()


def test_a_blacklist_that_is_not_utf8_is_told_with_its_line() -> None:
    with pytest.raises(ConfigurationError) as error:
        read_blacklist(b"hat\nb\xe4r\n", FILE)
    assert problems(error) == ["/lists/mine:2: byte 0xe4 is not UTF-8; save it as UTF-8"]


def test_overlaps_are_read_in_both_forms() -> None:
    short = b'{"long_hair": ["very_long_hair"], "hat": []}'
    long = (
        b'[{"query": "long_hair", "count": 3, "has_overlap": ["very_long_hair"]},'
        b' {"query": "hat", "has_overlap": []}, {"query": "bow"}]'
    )
    assert read_overlaps(short, FILE) == read_overlaps(long, FILE) == {"long hair": {"very long hair"}}


def test_entries_for_one_tag_count_together() -> None:
    data = b'[{"query": "long_hair", "has_overlap": ["a"]}, {"query": "long hair", "has_overlap": ["b"]}]'
    assert read_overlaps(data, FILE) == {"long hair": {"a", "b"}}


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b'{\n"a": ["b"],\n"c": "d"\n}', 3, 'c: not a list of tags; write ["tag", ...]'),
        (b'{\n"a": ["b",\n 5]\n}', 3, "a[1]: not a tag; write the tag in quotation marks"),
        (
            b'[\n{"has_overlap": []}\n]',
            2,
            '[0]: no entry with a "query"; {"query": "tag", "has_overlap": ["tag"]}',
        ),
        (
            b'[\n{"query": "a",\n "has_overlap": {}}\n]',
            3,
            '[0].has_overlap: not a list of tags; write ["tag", ...]',
        ),
        (b"5", 1, 'neither an object nor a list; write {"tag": ["tag", ...]}'),
        (b"\n", 1, "the file is empty; write {} for no tags"),
        (b'{"a": ["b"],\n"a": ["c"]}', 2, "a: stands twice, in line 1 too; keep one of the two"),
        (b'{\n"a": [\n"b"', 2, 'the "[" opened here is never closed; add the missing "]"'),
    ],
)
def test_a_wrong_overlap_file_is_told_with_line_and_reason(data: bytes, line: int, reason: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_overlaps(data, FILE)
    assert problems(error) == [f"/lists/mine:{line}: {reason}"]


def test_character_words_are_read() -> None:
    data = (
        b'{"whitelist": ["closed eyes"],'
        b' "suffixes": [["hair", "eyes"], ["horn"]], "prefixes": [[], ["scar"]]}'
    )
    words = read_character_words(data, FILE)
    assert words == CharacterWords(("closed eyes",), (("hair", "eyes"), ("horn",)), ((), ("scar",)))
    assert read_character_words(b"{}", FILE) == CharacterWords((), (), ())


def test_all_that_is_wrong_with_character_words_is_told_at_once() -> None:
    data = b'{\n"suffixes": [["hair"],\n "eyes"],\n"whitelist": [1],\n"sufixes": []\n}'
    with pytest.raises(ConfigurationError) as error:
        read_character_words(data, FILE)
    assert problems(error) == [
        '/lists/mine:3: suffixes[1]: not a list of tags; write ["tag", ...]',
        "/lists/mine:4: whitelist[0]: not a tag; write the tag in quotation marks",
        "/lists/mine:5: sufixes: unknown key; the keys are whitelist, suffixes, prefixes",
    ]


WORDS = CharacterWords(
    ("closed eyes", "drill"), (("hair", "eyes", "drill"), ("horn",)), (("hair over",), ("scar",))
)


@pytest.mark.parametrize(
    ("tag", "lowest", "below", "fits"),
    [
        ("long hair", 0, 1, True),
        ("long_hair", 0, 1, True),
        ("red eye", 0, 1, True),  # the singular of the suffix
        ("hair over one eye", 0, 1, True),
        ("hair ornament", 0, 1, False),  # "hair" is no prefix
        ("chair", 0, 1, False),  # whole words
        ("closed eyes", 0, 1, False),  # the whitelist
        ("drills", 0, 1, False),  # the whitelist in the plural
        ("demon horns", 0, 1, False),
        ("demon horns", 1, 2, True),
        ("long hair", 1, 2, False),
        ("scar on cheek", 0, 2, True),
        ("scar on cheek", 0, 99, True),
        ("long hair", 0, 0, False),
        ("long hair", 2, 1, False),
        ("hair", 0, 1, True),
    ],
)
def test_a_tag_fits_by_its_end_or_beginning_and_difficulty(
    tag: str, lowest: int, below: int, *, fits: bool
) -> None:
    assert WORDS.between(lowest, below).fits(tag) is fits


@pytest.mark.parametrize(
    ("tag", "difficulty"),
    [
        *(
            (tag, 0)
            for tag in ("long hair", "blue eyes", "twintails", "dark skin", "ahoge", "hair between eyes")
        ),
        *(
            (tag, 1)
            for tag in ("demon horns", "cat ears", "fox tail", "angel wings", "mole under mouth", "cat girl")
        ),
        *(
            (tag, None)
            for tag in ("smile", "closed eyes", "hair ornament", "school uniform", "sky", "sitting")
        ),
    ],
)
def test_the_programs_own_words_have_the_usual_difficulties(tag: str, difficulty: int | None) -> None:
    words = CharacterWords()
    found = [number for number in range(3) if words.between(number, number + 1).fits(tag)]
    assert found == ([] if difficulty is None else [difficulty])


def test_the_programs_own_lists_have_spaces_and_no_circles() -> None:
    lists = TagLists()
    listed = {*lists.blacklist, *lists.overlaps, *(tag for tags in lists.overlaps.values() for tag in tags)}
    assert {tag for tag in listed if with_spaces(tag) != tag} == set()
    assert not [tag for tag, others in lists.overlaps.items() if tag in others]
    circles = [
        (tag, other)
        for tag, others in lists.overlaps.items()
        for other in others
        if tag in lists.overlaps.get(other, ())
    ]
    assert circles == []
