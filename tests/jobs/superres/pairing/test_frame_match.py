"""Frames of a release are those of a clip, or it is said why they are not surely."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tui_gen.jobs.superres.pairing.frame_match import Match, NoMatch, Planes, blurred, match

FRAMES, MARGIN = 7, 6
SIZE = 64


def texture(seed: int, side: int = 160) -> Planes:
    random = np.random.default_rng(seed)
    coarse = random.uniform(0, 255, (1, side // 4, side // 4)).astype(np.float32)
    return np.stack([cv2.resize(coarse[0], (side, side), interpolation=cv2.INTER_CUBIC)]).astype(np.float32)


def scene(seed: int, count: int, speed: float, first: int = 0) -> Planes:
    """Return a texture that moves by `speed` pixels a frame to the right, and half of it down."""
    ground = texture(seed)[0]
    frames = []
    for number in range(first, first + count):
        matrix = np.array([[1.0, 0.0, 20 + speed * number], [0.0, 1.0, 20 + speed * number / 2]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        frames.append(cv2.warpAffine(ground, matrix, (SIZE, SIZE), flags=flags))
    return np.stack(frames).astype(np.float32)


def noisy(planes: Planes, sigma: float, seed: int = 3) -> Planes:
    noise = np.random.default_rng(seed).normal(0, sigma, planes.shape)
    return (0.8 * planes + 20 + noise).astype(np.float32)


def both(seed: int, speed: float, sigma: float) -> tuple[Planes, Planes]:
    """Return a clip, and a release with frames on both sides of it: other levels, and noise."""
    release = scene(seed, FRAMES + 2 * MARGIN, speed)
    return blurred(release[MARGIN : MARGIN + FRAMES]), blurred(noisy(release, sigma))


@pytest.mark.parametrize("sigma", [1.0, 8.0])
@pytest.mark.parametrize("wrong", [-5, -2, -1, 0, 1, 2, 5])
def test_moving_pictures_match_at_their_frame_or_not_at_all(wrong: int, sigma: float) -> None:
    accepted = 0
    for seed in range(12):
        film, release = both(seed, 0.3 + seed / 8, sigma)
        found = match(film, release, expected=MARGIN + wrong)
        if isinstance(found, Match):
            accepted += 1
            assert (found.first, found.slid) == (MARGIN, -wrong)
    # Five frames off, the true frames are at the rim of what is compared: nothing there is sure.
    assert accepted == (0 if abs(wrong) == 5 else 12)


def test_another_film_does_not_match() -> None:
    for seed in range(20):
        film, _ = both(seed, 1.0, 2.0)
        _, release = both(seed + 100, 1.0, 2.0)
        found = match(film, release, expected=MARGIN)
        assert isinstance(found, NoMatch)
        assert "differs" in found.reason


def test_a_picture_that_hardly_moves_is_rejected_or_right() -> None:
    reasons = set[str]()
    for seed in range(6):
        for speed in (0.01, 0.03, 0.06, 0.1):
            film, release = both(seed, speed, 8.0)
            for wrong in (-2, -1, 0, 1, 2):
                found = match(film, release, expected=MARGIN + wrong)
                if isinstance(found, NoMatch):
                    reasons.add(found.reason.partition(":")[0])
                else:
                    assert found.is_still or found.first == MARGIN, (seed, speed, wrong)
    assert "still picture" in reasons


def test_frames_that_are_all_the_same_match_where_they_are_expected() -> None:
    film, release = both(1, 0.0, 2.0)
    found = match(film, release, expected=MARGIN + 1)
    assert isinstance(found, Match)
    assert found.is_still
    assert found.slid == 0


def test_a_still_clip_beside_a_moving_release_is_rejected() -> None:
    film, _ = both(1, 0.0, 2.0)
    release = scene(1, FRAMES + 2 * MARGIN, 0.6, first=-MARGIN)
    assert isinstance(match(film, blurred(noisy(release, 2.0)), expected=MARGIN), NoMatch)


def test_a_doubled_frame_is_found() -> None:
    clean = scene(2, FRAMES + 2 * MARGIN, 1.5)
    film = blurred(clean[MARGIN : MARGIN + FRAMES])
    reasons = []
    for place in range(MARGIN + 1, MARGIN + FRAMES - 1):
        release = np.concatenate([clean[: place + 1], clean[place:-1]])
        found = match(film, blurred(noisy(release, 2.0)), expected=MARGIN)
        assert isinstance(found, NoMatch), place
        reasons.append(found.reason)
    assert reasons[-1] == "frame 7 of the clip is doubled or left out"


def test_an_object_that_moves_in_a_still_picture_is_enough() -> None:
    ground, thing = texture(5)[0][:SIZE, :SIZE], texture(6)[0][:12, :12]
    frames = []
    for number in range(FRAMES + 2 * MARGIN):
        frame = ground.copy()
        frame[20:32, 10 + number : 22 + number] = thing
        frames.append(frame)
    release = np.stack(frames).astype(np.float32)
    film = blurred(release[MARGIN : MARGIN + FRAMES])
    for wrong in (-2, -1, 0, 1, 2):
        found = match(film, blurred(noisy(release, 3.0)), expected=MARGIN + wrong)
        assert isinstance(found, Match), found
        assert found.slid == -wrong


def test_every_second_frame_is_matched_with_every_second_frame() -> None:
    release = scene(4, 2 * FRAMES + 2 * MARGIN, 0.8)
    film = blurred(release[MARGIN : MARGIN + 2 * FRAMES : 2])
    found = match(film, blurred(noisy(release, 2.0)), expected=MARGIN + 1, step=2)
    assert isinstance(found, Match)
    assert found.first == MARGIN
