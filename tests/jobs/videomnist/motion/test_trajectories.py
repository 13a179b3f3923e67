"""Each motion is what its name says, and stays in its box for every number of frames."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_gen.jobs.videomnist.model import MOTIONS, PARAMETERS
from tui_gen.jobs.videomnist.motion.box import Box
from tui_gen.jobs.videomnist.motion.trajectories import MOTION_FUNCTIONS, PARAMETER_NAMES, Course, Track

BOX = Box(20.0, 50.0, 22.0, 46.0)
SEEDS = range(40)


def tracked(motion: str, seed: int, frames: int = 17, jitter: float = 0.0, box: Box = BOX) -> Track:
    return MOTION_FUNCTIONS[motion](Course(Random(seed), box, frames, jitter))


def named(motion: str, track: Track) -> dict[str, float]:
    return dict(zip(PARAMETER_NAMES[motion], track.params, strict=True))


@pytest.mark.parametrize("motion", MOTIONS)
@settings(max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    frames=st.integers(1, 200),
    box=st.builds(
        lambda x, y, width, height: Box(x, x + width, y, y + height),
        st.floats(0, 100),
        st.floats(0, 100),
        st.sampled_from([0.0, 1e-9, 1.0, 33.3, 500.0]),
        st.floats(0, 300),
    ),
    jitter=st.floats(0, 20),
)
def test_no_motion_leaves_its_box(
    motion: str,
    seed: int,
    frames: int,
    box: Box,
    jitter: float,
) -> None:
    track = tracked(motion, seed, frames, jitter, box)
    assert track.x.shape == track.y.shape == (frames,)
    slack = 1e-12 * (1 + box.x1 + box.y1)
    assert box.x0 - slack <= track.x.min()
    assert track.x.max() <= box.x1 + slack
    assert box.y0 - slack <= track.y.min()
    assert track.y.max() <= box.y1 + slack
    assert len(track.params) == len(PARAMETER_NAMES[motion]) <= PARAMETERS


@pytest.mark.parametrize("motion", MOTIONS)
def test_no_two_videos_move_alike(motion: str) -> None:
    tracks = [tracked(motion, seed) for seed in SEEDS]
    starts = {(round(track.x[0], 6), round(track.y[0], 6)) for track in tracks}
    assert len(starts) == len(SEEDS)


def test_bounce_hops_on_the_lower_side() -> None:
    for seed in SEEDS:
        track = tracked("bounce", seed, 400)
        made = named("bounce", track)
        assert BOX.y1 - track.y.max() < 1.0
        assert 0.6 * BOX.height * 0.99 <= BOX.y1 - track.y.min() <= BOX.height
        assert made["hops"] in {2, 3, 4}
        travelled = np.abs(np.diff(track.x)).sum() / BOX.width
        assert math.isclose(travelled, made["crossings"], abs_tol=0.02)
        assert np.sign(track.x[1] - track.x[0]) == made["direction"]


def test_the_hops_of_a_bounce_are_as_many_as_it_says() -> None:
    for seed in SEEDS:
        track = tracked("bounce", seed, 4000)
        made = named("bounce", track)
        height = (BOX.y1 - track.y) / BOX.height
        valleys = np.flatnonzero((height[1:-1] <= height[:-2]) & (height[1:-1] < height[2:]))
        assert made["hops"] - 1 <= len(valleys) <= made["hops"]


def test_circular_goes_round_once_and_closes() -> None:
    for seed in SEEDS:
        track = tracked("circular", seed, 16)
        made = named("circular", track)
        x, y = track.x - made["centre_x"], track.y - made["centre_y"]
        assert np.allclose(np.hypot(x, y), made["radius"])
        assert 0.5 <= made["radius"] / (BOX.height / 2) <= 1
        turned = np.diff(np.unwrap(np.arctan2(np.append(y, y[0]), np.append(x, x[0]))))
        assert np.allclose(turned, made["direction"] * 2 * math.pi / 16)


def test_linear_is_straight_and_long_and_reaches_its_end() -> None:
    for seed in SEEDS:
        track = tracked("linear", seed)
        x, y = (track.x - BOX.x0) / BOX.width, (track.y - BOX.y0) / BOX.height
        assert np.allclose(np.diff(x), np.diff(x)[0])
        assert np.allclose(np.diff(y), np.diff(y)[0])
        assert math.hypot(x[-1] - x[0], y[-1] - y[0]) >= 0.5 - 1e-9


def test_jitter_has_the_deviation_that_is_asked_for() -> None:
    wide = Box(0.0, 1000.0, 0.0, 1000.0)
    shaken = []
    for seed in SEEDS:
        straight, track = tracked("linear", seed, 100, 0.0, wide), tracked("linear", seed, 100, 2.0, wide)
        shaken.append(np.stack([track.x - straight.x, track.y - straight.y]))
    assert math.isclose(float(np.std(shaken)), 2.0, rel_tol=0.05)
    assert abs(float(np.mean(shaken))) < 0.1


def test_spiral_goes_round_twice_between_a_third_and_its_radius() -> None:
    for seed in SEEDS:
        track = tracked("spiral", seed, 101)
        made = named("spiral", track)
        x, y = track.x - made["centre_x"], track.y - made["centre_y"]
        away = np.hypot(x, y) / made["radius"]
        ends = (1 / 3, 1.0) if made["outwards"] else (1.0, 1 / 3)
        assert np.allclose((away[0], away[-1]), ends)
        assert np.all(np.diff(away) * (1 if made["outwards"] else -1) > 0)
        turned = np.unwrap(np.arctan2(y, x))
        assert math.isclose(turned[-1] - turned[0], made["direction"] * 4 * math.pi, rel_tol=1e-9)


@pytest.mark.parametrize("motion", ["reflect", "vertical", "horizontal"])
def test_a_reflected_digit_keeps_its_speed(motion: str) -> None:
    for seed in SEEDS:
        track = tracked(motion, seed, 60)
        made = named(motion, track)
        for along, side, share in (
            (track.x, BOX.width, math.cos(2 * math.pi * made["heading"])),
            (track.y, BOX.height, math.sin(2 * math.pi * made["heading"])),
        ):
            steps = np.abs(np.diff(along)) / side
            assert math.isclose(float(steps.max()), made["speed"] * abs(share), abs_tol=1e-9)
        assert 0.05 <= made["speed"] <= 0.15


def test_vertical_and_horizontal_keep_to_their_axis() -> None:
    for seed in SEEDS:
        down, across = tracked("vertical", seed), tracked("horizontal", seed)
        assert np.ptp(down.x) == 0
        assert np.ptp(down.y) > 0
        assert np.ptp(across.y) == 0
        assert np.ptp(across.x) > 0
    assert {named("vertical", tracked("vertical", seed))["heading"] for seed in SEEDS} == {0.25, 0.75}
    assert {named("horizontal", tracked("horizontal", seed))["heading"] for seed in SEEDS} == {0.0, 0.5}


def test_stochastic_changes_its_way_at_the_sides_alone() -> None:
    for seed in SEEDS:
        track = tracked("stochastic", seed, 80)
        x, y = (track.x - BOX.x0) / BOX.width, (track.y - BOX.y0) / BOX.height
        steps = np.stack([np.diff(x), np.diff(y)])
        changed = np.flatnonzero(np.abs(np.diff(steps)).max(axis=0) > 1e-9) + 1
        at_side = np.min([x, 1 - x, y, 1 - y], axis=0) < 1e-12
        clipped = changed[~at_side[changed]]
        assert all(at_side[place + 1] for place in clipped)  # the step that ends at a side is cut short
        assert named("stochastic", track)["turns"] == at_side.sum() > 0


def test_stochastic_leaves_a_side_at_once() -> None:
    for seed in SEEDS:
        track = tracked("stochastic", seed, 200)
        for along, side in ((track.x, BOX.x0), (track.x, BOX.x1), (track.y, BOX.y0), (track.y, BOX.y1)):
            there = np.abs(along - side) < 1e-9
            assert not (there[1:] & there[:-1]).any()


@pytest.mark.parametrize("motion", MOTIONS)
def test_one_frame_is_a_video_too(motion: str) -> None:
    assert np.isfinite(tracked(motion, 1, 1, 1.0).x).all()
