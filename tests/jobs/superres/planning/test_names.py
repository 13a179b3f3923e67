"""File names: plain, unlike each other, and kept by whoever used them first."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.jobs.superres.planning.geometry import PatchFormat
from tui_gen.jobs.superres.planning.names import file_stem, slug, slug_of, wanted_slugs
from tui_gen.media.geometry import Size

NAMES = st.one_of(st.text(max_size=12), st.sampled_from(["Dune", "dune", "Dune!", "Dune aa", "???", ""]))
IDS = st.sampled_from(["aa", "bb", "cc", "dd", "../x", "A", "a", "ee"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dune (2021)", "dune_2021"),
        ("Amélie", "amelie"),
        ("../../etc/passwd", "etc_passwd"),
        ("½ Life", "12_life"),
        ("x" * 200, "x" * 100),
        ("千と千尋の神隠し", ""),
        ("film\udcff", "film"),
    ],
)
def test_slugs_are_plain(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_a_name_without_letters_is_called_by_its_id() -> None:
    assert slug_of("0123456789", "千と千尋") == "video_0123456789"


def test_an_id_that_cannot_stand_in_a_file_name_is_hashed() -> None:
    assert re.fullmatch(r"video_[0-9a-f]{10}", slug_of("../x", "?"))


def test_a_stem_has_the_index_and_the_suffix() -> None:
    medium = PatchFormat("medium_169", Size(720, 405), Size(240, 135), "Patches_Medium169", "_med169")
    assert file_stem("dune_2021", 42, medium) == "patch_dune_2021_idx0042_med169"
    assert file_stem("dune_2021", 123456, medium) == "patch_dune_2021_idx123456_med169"


def test_owners_keep_theirs_and_each_of_the_others_gets_its_id() -> None:
    names = {"aa": "Dune", "bb": "dune", "cc": "Dune!", "dd": "Alien"}
    assert wanted_slugs(names, {}) == {"aa": "dune_aa", "bb": "dune_bb", "cc": "dune_cc", "dd": "alien"}
    owned = {"aa": "dune", "gone": "alien"}
    assert wanted_slugs(names, owned) == {"bb": "dune_bb", "cc": "dune_cc", "dd": "alien_dd"}


@given(st.dictionaries(IDS, NAMES), st.dictionaries(IDS, st.sampled_from(["dune", "dune_aa", "video_bb"])))
def test_no_two_films_ever_share_a_slug(names: dict[str, str], owned: dict[str, str]) -> None:
    wanted = wanted_slugs(names, owned)
    assert wanted.keys() == names.keys() - owned.keys()
    assert len(set(wanted.values())) == len(wanted)
    assert not set(wanted.values()) & set(owned.values())
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in wanted.values())


@given(st.dictionaries(IDS, NAMES))
def test_slugs_do_not_depend_on_the_order(names: dict[str, str]) -> None:
    assert wanted_slugs(names, {}) == wanted_slugs(dict(reversed(names.items())), {})


@given(st.dictionaries(IDS, NAMES), st.sets(IDS))
def test_slugs_do_not_depend_on_who_became_an_owner_first(names: dict[str, str], first: set[str]) -> None:
    together = wanted_slugs(names, {})
    owned = {video: taken for video, taken in together.items() if video in first}
    assert wanted_slugs(names, owned) == {v: taken for v, taken in together.items() if v not in owned}
