import numpy as np
import pytest
from numpy.typing import NDArray

from tui_gen.jobs.superres.films.bars import Bars, are_alike, picture_inside, vote
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
