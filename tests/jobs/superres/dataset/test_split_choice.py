"""Films are chosen with their groups, written without touching anything else, and suggested in balance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.base.errors import RefusedError
from tui_gen.jobs.superres.config.load import load_settings
from tui_gen.jobs.superres.config.settings import Settings, Video
from tui_gen.jobs.superres.dataset.split import Split, part_name
from tui_gen.jobs.superres.dataset.split_choice import suggested, with_splits
from tui_gen.jobs.superres.planning.footage import Sources

WRITTEN = """{
  // mine
  "base_settings": {"output_base_dir": "out"},
  "videos": [
    {"name": "A", "path": "/a.mkv", "categories": {"general": 1.0}},   // first
    {"name": "B", "path": "/b.mkv", "categories": {"general": 1.0}, "group": "G",},
    {"name": "C", "path": "/c.mkv", "categories": {"general": 1.0}, "group": "G", "split": "val"},
    {
      "name": "D",
      "path": "/d.mkv", // fourth
      "categories": {}
    }
  ]
}
"""


@pytest.fixture
def read(tmp_path: Path) -> tuple[Settings, Sources]:
    path = tmp_path / "c.json"
    path.write_text(WRITTEN, encoding="utf-8")
    settings = load_settings(path)
    return settings, tuple((video.name.lower(), video) for video in settings.videos)


def after(read: tuple[Settings, Sources], chosen: Mapping[str, Split], tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "c.json"
    path.write_text(with_splits(WRITTEN, *read, chosen), encoding="utf-8")
    return {video.name: video.split for video in load_settings(path).videos}


def test_a_film_is_chosen_and_every_other_letter_stays(
    read: tuple[Settings, Sources], tmp_path: Path
) -> None:
    assert after(read, {"a": "test", "d": "val"}, tmp_path) == {
        "A": "test",
        "B": "val",
        "C": "val",
        "D": "val",
    }
    text = (tmp_path / "c.json").read_text(encoding="utf-8")
    left = (
        text.replace(', "split": "test"', "")
        .replace(',\n      "split": "val"', "")
        .replace('{}, "split": "val"', "{}")
    )
    assert left == WRITTEN


def test_a_whole_group_is_chosen_with_one_of_it(read: tuple[Settings, Sources], tmp_path: Path) -> None:
    assert after(read, {"b": "test"}, tmp_path) == {"A": "train", "B": "test", "C": "test", "D": "train"}
    assert after(read, {"c": "train"}, tmp_path)["B"] == "train"


def test_a_group_cannot_have_two_parts(read: tuple[Settings, Sources]) -> None:
    with pytest.raises(RefusedError, match="one group"):
        with_splits(WRITTEN, *read, {"b": "val", "c": "test"})


FILMS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(["general", "space"]), st.sampled_from([0.3, 0.5, 1.0]), min_size=1),
        st.sampled_from([None, None, "G", "H"]),
        st.sampled_from(["train", "train", "val", "test"]),
    ),
    max_size=30,
)


@given(FILMS, st.sampled_from([0.05, 0.1, 0.3]), st.integers(0, 3))
def test_a_suggestion_takes_whole_groups_and_brings_the_share_nearer(
    films: list[tuple[dict[str, float], str | None, Split]], share: float, seed: int
) -> None:
    of_group: dict[str, Split] = {}
    sources: list[tuple[str, Video]] = []
    for number, (weights, group, written) in enumerate(films):
        split = of_group.setdefault(group, written) if group else written
        named = tuple((part_name(name, split), weight) for name, weight in weights.items())
        sources.append((f"{number:02}", Video(f"{number}", f"/{number}", named, split=split, group=group)))
    settings = Settings(Path("/c.json"), Path("/o"), (), {}, seed=seed)
    chosen = set(suggested(settings, sources, share))

    def distance(kept: set[str]) -> float:
        total, have = {"general": 0.0, "space": 0.0}, {"general": 0.0, "space": 0.0}
        for source, video in sources:
            for name, weight in video.weights:
                total[name.partition("/")[0]] += weight
                have[name.partition("/")[0]] += weight if source in kept else 0.0
        return sum(abs(have[name] / total[name] - share) for name in total if total[name])

    before = {source for source, video in sources if video.split == "val"}
    assert distance(before | chosen) <= distance(before) + 1e-9
    for source, video in sources:
        if source in chosen:
            assert video.split == "train"
            assert {other for other, its in sources if video.group and its.group == video.group} <= chosen


def test_of_many_equal_films_the_share_is_met() -> None:
    settings = Settings(Path("/c.json"), Path("/o"), (), {})
    sources = [(f"{n}", Video(f"{n}", f"/{n}", (("general", 0.5), ("toon", 0.5)))) for n in range(100)]
    assert len(suggested(settings, sources, 0.05)) == 5
