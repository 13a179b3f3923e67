"""The sine is right, bounded, and has the same bits everywhere."""

import hashlib
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.jobs.videomnist.motion.sine import sine


@given(st.floats(-50, 50))
def test_it_is_the_sine_of_turns(turns: float) -> None:
    part = math.fmod(turns, 1.0)
    assert abs(float(sine(turns)) - math.sin(2 * math.pi * part)) < 2e-15


@given(st.floats(-3, 3))
def test_a_quarter_of_a_turn_on_is_the_cosine(turns: float) -> None:
    assert abs(float(sine(turns + 0.25)) - math.cos(2 * math.pi * math.fmod(turns, 1.0))) < 4e-15


def test_quarters_of_a_turn_are_exact() -> None:
    assert sine(np.arange(-8, 9) / 4).tolist() == [0, 1, 0, -1] * 4 + [0]


def test_it_never_leaves_minus_one_to_one() -> None:
    near = 0.25 + np.arange(-2000, 2000) * 2.0**-54
    assert np.abs(sine(np.concatenate([near, near + 0.5, near + 7]))).max() == 1.0


def test_its_bits_are_those_of_every_machine() -> None:
    bits = sine(np.arange(-2000, 2000) / 1237).astype("<f8").tobytes()
    assert hashlib.sha256(bits).hexdigest()[:16] == "07f92f2043b4f281"
