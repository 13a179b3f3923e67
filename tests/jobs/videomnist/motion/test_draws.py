"""Random numbers belong to what they are for, and shuffles are even."""

from collections import Counter
from random import Random

from tui_gen.jobs.videomnist.motion.draws import below, between, draws, shuffled, sign


def test_the_numbers_of_a_name_never_change() -> None:
    chance = draws(42, "train", 3, 7, 0, 0)
    assert [chance.random() for _ in range(3)] == [
        0.27829963623360465,
        0.9953026317918303,
        0.022025873811049257,
    ]


def test_other_names_give_other_numbers() -> None:
    names = [
        (1, "train", 2, 3, 0, 0),
        (1, "test", 2, 3, 0, 0),
        (1, "train", 23, 0, 0),
        (12, "train", 2, 3, 0),
    ]
    assert len({draws(*name).random() for name in names}) == len(names)


def test_a_shuffle_holds_every_value_once() -> None:
    assert sorted(shuffled(Random(1), range(1000))) == list(range(1000))


def test_every_order_is_equally_likely() -> None:
    chance = Random(5)
    seen = Counter(tuple(shuffled(chance, "abc")) for _ in range(6000))
    assert len(seen) == 6
    assert all(abs(count - 1000) < 150 for count in seen.values())


def test_ranges_are_kept() -> None:
    chance = Random(3)
    assert {below(chance, 3) for _ in range(99)} == {0, 1, 2}
    assert {sign(chance) for _ in range(99)} == {-1, 1}
    assert all(-2 <= between(chance, -2, 5) < 5 for _ in range(999))
