"""Captions say what can be seen."""

from random import Random

import numpy as np
import pytest

from tui_gen.jobs.videomnist.model import MOTIONS
from tui_gen.jobs.videomnist.motion.box import Box
from tui_gen.jobs.videomnist.motion.captions import CLAUSES, caption
from tui_gen.jobs.videomnist.motion.trajectories import MOTION_FUNCTIONS, PARAMETER_NAMES, Course, Track

BOX = Box(0.0, 100.0, 0.0, 60.0)


def tracks(motion: str) -> list[Track]:
    return [MOTION_FUNCTIONS[motion](Course(Random(seed), BOX, 17, 1.0)) for seed in range(60)]


def moving(x: list[float], y: list[float], *params: float) -> Track:
    return Track(np.array(x), np.array(y), params)


def test_clauses_are_joined() -> None:
    still = moving([0], [0])
    assert caption([(3, "vertical", still), (7, "horizontal", still)]) == (
        "digit 3 is moving up and down and digit 7 is moving left and right"
    )


@pytest.mark.parametrize("motion", MOTIONS)
def test_every_motion_has_a_clause(motion: str) -> None:
    for track in tracks(motion):
        assert caption([(0, motion, track)]).startswith("digit 0 is ")


def test_a_bounce_goes_where_it_goes_most_of_the_time() -> None:
    assert CLAUSES["bounce"](moving([1, 2, 3, 2], [0] * 4, 0, -1)) == "bouncing to the right"
    assert CLAUSES["bounce"](moving([3, 2, 1, 2], [0] * 4, 0, 1)) == "bouncing to the left"
    assert CLAUSES["bounce"](moving([1], [0], 0, -1)) == "bouncing to the left"


def test_a_line_is_named_for_its_longer_axis() -> None:
    ends = {
        (9.0, 1.0): "to the right",
        (-9.0, 1.0): "to the left",
        (1.0, 9.0): "downwards",
        (1.0, -9.0): "upwards",
    }
    for (x, y), words in ends.items():
        assert caption([(1, "linear", moving([0, x], [0, y]))]).endswith(f"in a straight line {words}")


def test_clockwise_is_clockwise_on_the_screen() -> None:
    for track in tracks("circular"):
        x, y = track.x - track.params[0], track.y - track.params[1]
        turned = x[0] * y[1] - y[0] * x[1]  # above 0: from the right towards down
        way = "clockwise" if turned > 0 else "counter-clockwise"
        assert CLAUSES["circular"](track) == f"moving in a circle {way}"


def test_outwards_is_away_from_the_centre() -> None:
    for track in tracks("spiral"):
        away = np.hypot(track.x - track.params[0], track.y - track.params[1])
        way = "outwards" if away[-1] > away[0] else "inwards"
        assert CLAUSES["spiral"](track) == f"spiralling {way}"


def test_both_words_of_every_motion_occur() -> None:
    for motion, kinds in {"bounce": 2, "circular": 2, "linear": 4, "spiral": 2}.items():
        assert len({CLAUSES[motion](track) for track in tracks(motion)}) == kinds
        assert PARAMETER_NAMES[motion]
