import json
from dataclasses import asdict

import numpy as np
import pytest
from numpy.typing import NDArray

from tui_gen.jobs.superres.films.bars import Bars, are_alike, bars_from_json, picture_inside, vote
from tui_gen.media.geometry import Region, Size

FRAME = Size(384, 216)
WHOLE = Region(0, 0, 384, 216)


def frame(bars: Bars, *, level: float = 110.0, black: float = 16.0) -> NDArray[np.float32]:
    generator = np.random.default_rng(3)
    luma = generator.normal(level, 30, (FRAME.height, FRAME.width)).astype(np.float32)
    for lines, depth in (
        (luma, bars.top),
        (luma[::-1], bars.bottom),
        (luma.T, bars.left),
        (luma.T[::-1], bars.right),
    ):
        lines[:depth] = black + generator.normal(0, 0.7, lines[:depth].shape)
    return luma


@pytest.mark.parametrize("bars", [Bars(), Bars(27, 28), Bars(0, 0, 40, 41), Bars(10, 10, 12, 12), Bars(1, 2)])
def test_bars_are_found_to_the_line(bars: Bars) -> None:
    assert vote(frame(bars)) == bars


def test_a_dark_frame_does_not_vote() -> None:
    assert vote(frame(Bars(27, 27), level=20)) is None


def test_a_scene_that_fades_into_black_has_no_bar() -> None:
    luma = frame(Bars())
    luma *= np.clip((np.arange(FRAME.height) - 20) / 100, 0, 1)[:, None].astype(np.float32)
    found = vote(luma + 16)
    assert found is not None
    assert found.top == 0


def test_dark_but_textured_lines_are_no_bar() -> None:
    luma = frame(Bars())
    luma[:30] = 20 + np.random.default_rng(4).normal(0, 8, luma[:30].shape)
    assert vote(luma) == Bars()


def test_the_picture_is_inset_by_four_lines_where_there_is_a_bar() -> None:
    assert picture_inside([Bars(27, 28)] * 20, FRAME) == Region(0, 31, 384, 216 - 31 - 32)


def test_under_twelve_votes_nothing_is_cropped() -> None:
    assert picture_inside([Bars(27, 27)] * 11, FRAME) == WHOLE


def test_two_frames_that_agree_are_not_enough() -> None:
    assert picture_inside([Bars(27, 27)] * 2 + [Bars()] * 20, FRAME) == WHOLE
    assert picture_inside([Bars(27, 27)] * 3 + [Bars()] * 20, FRAME) != WHOLE


def test_a_film_that_changes_its_shape_gives_the_intersection() -> None:
    votes = [Bars(27, 27)] * 8 + [Bars()] * 8 + [Bars(0, 0, 40, 40)] * 4 + [Bars(70, 70)]
    assert picture_inside(votes, FRAME) == Region(44, 31, 384 - 88, 216 - 62)


@pytest.mark.parametrize(
    ("votes", "alike"),
    [
        ([Bars(276, 276), Bars(278, 274)] * 8, True),
        ([Bars(276, 276)] * 15 + [Bars()], False),
        ([Bars()] * 15 + [None], False),
        ([Bars(0, 0, 5, 0), Bars()], False),
        ([], True),
    ],
)
def test_frames_are_of_one_mind_when_all_tell_the_same(votes: list[Bars | None], *, alike: bool) -> None:
    assert are_alike(votes) == alike


def test_of_a_deep_picture_the_bars_are_the_same() -> None:
    bars = Bars(27, 28, 12, 0)
    deep = np.round(frame(bars) * 4).clip(0, 1023).astype(np.uint16)
    assert vote(deep, depth=10) == bars


def seen(count: int, *, edge: NDArray[np.float64], changes: float = 40.0) -> list[Bars]:
    """Return the votes of frames whose first lines are `edge`, above a picture that changes."""
    votes = []
    for number in range(count):
        luma = frame(Bars()) + changes * np.sin(number + np.arange(FRAME.width) / 30).astype(np.float32)
        luma[: len(edge)] = edge + np.random.default_rng(number).normal(0, 0.5, edge.shape)
        votes.append(vote(luma.clip(0, 255).astype(np.uint8)))
    return [found for found in votes if found is not None]


def flat(level: float, lines: int, noise: float = 0.0) -> NDArray[np.float64]:
    return (
        level + np.random.default_rng(9).normal(0, noise, (lines, FRAME.width))
        if noise
        else np.full((lines, FRAME.width), level)
    )


@pytest.mark.parametrize(
    ("level", "noise", "lines"), [(34.0, 5.0, 26), (150.0, 0.0, 8), (128.0, 1.0, 4), (0.0, 0.0, 8)]
)
def test_bars_with_noise_and_padding_that_is_not_dark_are_found(
    level: float, noise: float, lines: int
) -> None:
    picture = picture_inside(seen(16, edge=flat(level, lines, noise)), FRAME)
    assert picture == Region(0, lines + 4, FRAME.width, FRAME.height - lines - 4)


def test_a_logo_and_subtitles_in_a_bar_do_not_end_it() -> None:
    edge = flat(16.0, 37)
    edge[12:20, 40:120] = 180.0  # the logo, a fifth of the width
    votes = seen(12, edge=edge)
    edge[24:34, 100:220] = 235.0  # subtitles, in some of the frames
    votes += seen(4, edge=edge)
    assert picture_inside(votes, FRAME).y == 41


def test_flat_lines_of_changing_level_or_depth_are_a_scene() -> None:
    skies = [found for level in range(60, 220, 10) for found in seen(1, edge=flat(float(level), 26))]
    assert picture_inside(skies, FRAME) == WHOLE
    horizons = [found for lines in range(4, 68, 4) for found in seen(1, edge=flat(150.0, lines))]
    assert picture_inside(horizons, FRAME) == WHOLE


def test_bars_of_some_frames_must_be_black() -> None:
    votes = seen(8, edge=flat(150.0, 26)) + seen(8, edge=flat(110.0, 0))
    assert picture_inside(votes, FRAME) == WHOLE


def test_a_dark_picture_is_not_cut() -> None:
    rows = np.arange(FRAME.height)[:, None]
    lit = np.where(rows < 60, 24.0, 24.0 + (rows - 60) * 1.5) + np.zeros((1, FRAME.width))
    votes = [
        vote((lit + np.random.default_rng(n).normal(0, 4, lit.shape)).astype(np.float32)) for n in range(16)
    ]
    assert picture_inside([found for found in votes if found is not None], FRAME) == WHOLE


def test_a_vote_survives_its_json_form() -> None:
    (found,) = seen(1, edge=flat(150.0, 8))
    again = bars_from_json(json.loads(json.dumps(asdict(found))))
    assert (again, again.steady) == (found, found.steady)
