"""What is sent of the ends of clips: everything of a slow run, five a second of a fast one."""

from collections import deque

from tui_gen.engine.control.feed import BURST, RECENT_SENT, to_send
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state_views import Recent
from tui_gen.engine.model.work import Clip, Made

Numbered = deque[tuple[int, Recent]]


def made(at: float) -> ev.ClipEnded:
    return ev.ClipEnded(at, "make", Made(Clip("a", 0), (), 1, 0.1))


def run(seconds: float, per_second: float) -> Numbered:
    count = int(seconds * per_second)
    return deque(((number, made(number / per_second)) for number in range(1, count + 1)), maxlen=1000)


def test_a_slow_run_is_sent_whole() -> None:
    slow = run(30, 4)
    assert to_send(slow, 0) == slow
    assert [number for number, _ in to_send(slow, 118)] == [119, 120]


def test_a_fast_run_is_sent_at_five_a_second() -> None:
    fast = run(60, 100)
    assert len(to_send(fast, 0)) <= BURST + 10 * 5
    assert 1 <= len(to_send(fast, 6000 - 50)) <= 3


def test_a_problem_is_sent_among_thousands_of_clips() -> None:
    fast = run(60, 100)
    fast.append((6001, ev.ProblemNoted(60.0, "error", "gone")))
    fast.extend((6001 + number, made(60.0)) for number in range(1, 900))
    assert 6001 in [number for number, _ in to_send(fast, 6000)]


def test_a_screen_that_comes_late_gets_the_newest() -> None:
    slow = run(300, 4)
    assert len(to_send(slow, 0)) == RECENT_SENT
    assert to_send(slow, 0)[-1] == slow[-1]
