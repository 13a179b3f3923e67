from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.jobs.anime.films import nothing
from tui_gen.engine.model.clip_sets import bits_of
from tui_gen.jobs.anime.frames import near_duplicates
from tui_gen.jobs.anime.frames.chosen import ChosenFrames, chosen_frames, chosen_from_json, chosen_to_json
from tui_gen.jobs.anime.frames.near_duplicates import CHUNK, Thumbnails, Vectors, leaders_of, near_any
from tui_gen.jobs.anime.frames.options import DuplicateOptions
from tui_gen.jobs.anime.frames.survey_files import EpisodeSurvey

WITHIN = 28.0
Thumbs = NDArray[np.uint8]


def distance(one: Thumbs, other: Thumbs) -> float:
    """Return the distance, calculated pair by pair from its definition."""
    squares = ((one.astype(float) - other) ** 2).sum(axis=2)
    return float(
        max(squares[y : y + 4, x : x + 4].mean() for y in range(0, 16, 4) for x in range(0, 32, 4)) ** 0.5
    )


def thumbnails(count: int, seed: int, *, poses: int) -> Thumbs:
    """Return pictures of a few poses, which differ in one block, with noise."""
    draw = np.random.default_rng(seed)
    ground = np.kron(draw.integers(60, 190, (4, 8, 3)), np.ones((4, 4, 1)))
    found = np.empty((count, 16, 32, 3), np.uint8)
    for number in range(count):
        place, step = divmod(int(draw.integers(0, poses)), 4)
        picture = ground + draw.normal(0, 4, ground.shape)
        picture[:4, 4 * (place % 8) : 4 * (place % 8) + 4] += 14 * step
        found[number] = np.clip(np.rint(picture), 0, 255)
    return found


def episode(pictures: Thumbs, seed: int = 0) -> EpisodeSurvey:
    count, draw = len(pictures), np.random.default_rng(seed)
    numbers = np.arange(count) * 3 + 5
    vectors = pictures.reshape(count, 16 * 32 * 3).astype(np.float32) - 128
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    sharpness = draw.integers(0, 4, count).astype(np.float32)
    return EpisodeSurvey(Fraction(1, 1000), numbers * 40 + 7, numbers, pictures, sharpness, vectors)


EPISODES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), min_size=1, max_size=4)


def episodes_of(drawn: Sequence[tuple[int, int]]) -> list[EpisodeSurvey]:
    return [episode(thumbnails(count, seed, poses=20), seed) for count, seed in drawn]


@given(st.integers(0, 2**31))
@settings(max_examples=10)
def test_the_distance_is_that_of_the_worst_block(seed: int) -> None:
    one, other = np.random.default_rng(seed).integers(0, 256, (2, 16, 32, 3), np.uint8)
    found = Thumbnails.of(np.stack([one, other])).distances(np.array([0]), np.array([1]))
    assert found[0] == pytest.approx(distance(one, other), rel=1e-6)


@given(
    st.sampled_from([0, 1, 40]),
    st.integers(0, 1000),
    st.sampled_from([0.0, WITHIN]),
    st.sampled_from([8, 64]),
)
@settings(max_examples=8)
@example(40, 1, WITHIN, 8)
@example(40, 2, WITHIN, 64)
def test_leaders_are_those_of_the_plain_rule(count: int, seed: int, within: float, chunk: int) -> None:
    pictures = thumbnails(count, seed, poses=20)
    leaders, expected = list[int](), list[int]()
    for number in range(count):
        if not any(distance(pictures[number], pictures[leader]) <= within for leader in leaders):
            leaders.append(number)
    for number in range(count):
        # The nearest leader, the earliest of several; a leader is its own.
        apart = {leader: distance(pictures[number], pictures[leader]) for leader in leaders}
        known = {leader: each for leader, each in apart.items() if leader <= number}
        expected.append(min(known, key=lambda leader: (known[leader], leader)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_duplicates, "CHUNK", chunk)
        found = leaders_of(Thumbnails.of(pictures), np.arange(count), within, alive=nothing)
    assert found.tolist() == expected


def test_leaders_cover_all_and_are_far_apart_beyond_one_chunk() -> None:
    pictures = thumbnails(3 * CHUNK + 17, 5, poses=32)
    measure = Thumbnails.of(pictures)
    found = leaders_of(measure, np.arange(len(pictures)), WITHIN, alive=nothing)
    assert (measure.distances(np.arange(len(pictures)), found) <= WITHIN).all()
    own = np.unique(found)
    assert 1 < len(own) < len(pictures)
    assert (found[own] == own).all()
    left, right, _ = measure.near(own, own, WITHIN)
    assert (left == right).all()


def test_the_work_is_known_to_be_alive() -> None:
    calls = list[int]()
    pictures = Thumbnails.of(thumbnails(3 * CHUNK, 5, poses=4))
    leaders_of(pictures, np.arange(len(pictures)), WITHIN, alive=lambda: calls.append(1))
    assert len(calls) == 3


@given(EPISODES, st.sampled_from(["thumb", "embedding"]))
@settings(max_examples=10)
def test_an_episode_added_at_the_end_changes_nothing_before_it(
    drawn: list[tuple[int, int]], method: str
) -> None:
    episodes = episodes_of(drawn)
    options = DuplicateOptions(duplicate_method="thumb" if method == "thumb" else "embedding")
    whole = chosen_frames(episodes, options, alive=nothing)
    assert chosen_frames(episodes[:-1], options, alive=nothing) == whole[:-1]


@given(EPISODES)
@settings(max_examples=10)
def test_chosen_frames_are_the_sharpest_of_their_groups(drawn: list[tuple[int, int]]) -> None:
    episodes = episodes_of(drawn)
    standing = list[Thumbs]()
    for survey, chosen in zip(
        episodes, chosen_frames(episodes, DuplicateOptions(), alive=nothing), strict=True
    ):
        leaders = leaders_of(Thumbnails.of(survey.thumbnails), np.arange(len(survey)), WITHIN, alive=nothing)
        groups = [np.flatnonzero(leaders == leader) for leader in np.unique(leaders)]
        new = [
            group
            for group in groups
            if not any(distance(survey.thumbnails[group[0]], each) <= WITHIN for each in standing)
        ]
        sharpest = sorted(int(group[np.argmax(survey.sharpness[group])]) for group in new)
        assert chosen.frames == tuple((int(survey.numbers[at]), int(survey.pts[at])) for at in sharpest)
        assert chosen.repeated == len(groups) - len(new)
        assert chosen.bits == sum(1 << number for number, _ in chosen.frames)
        standing += [survey.thumbnails[group[0]] for group in new]
        assert chosen_from_json(chosen_to_json(chosen)) == chosen


def test_an_episode_shown_twice_gives_its_frames_once() -> None:
    survey = episode(thumbnails(50, 1, poses=20))
    first, second = chosen_frames([survey, survey], DuplicateOptions(), alive=nothing)
    assert first.frames
    assert not second.frames
    assert second.repeated == len(first.frames)


def test_all_candidates_are_chosen_on_request() -> None:
    survey = episode(thumbnails(9, 1, poses=1))
    (chosen,) = chosen_frames([survey], DuplicateOptions(remove_similar=False), alive=nothing)
    assert [number for number, _ in chosen.frames] == survey.numbers.tolist()


def test_vectors_are_near_from_a_cosine_on() -> None:
    angles = np.array([0.0, 0.1, 0.2, 1.0], np.float32)
    measure = Vectors(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    found = leaders_of(measure, np.arange(4), 1 - 0.985, alive=nothing)
    assert found.tolist() == [0, 0, 2, 3]
    assert near_any(measure, np.array([1, 3]), np.array([0]), 1 - 0.985, alive=nothing).tolist() == [
        True,
        False,
    ]


def test_chosen_frames_can_be_asked_for_in_part() -> None:
    chosen = ChosenFrames(Fraction(1, 25), ((3, 3), (5, 5), (900, 900)), 7, 1)
    assert chosen.only(1 << 3 | 1 << 900).frames == ((3, 3), (900, 900))
    assert bits_of([]) == 0
