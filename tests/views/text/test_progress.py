"""A line of progress is renewed in its place on a terminal, and nothing of it reaches a pipe."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.text import Text

from tests.views.text.test_tables import Terminal
from tui_gen.views.text.progress import Progress


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an ordinary terminal of 60 columns."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")


def seen(talk: Terminal) -> str:
    """Return the text of the last line, without colours."""
    return Text.from_ansi(talk.getvalue().rpartition("\r")[2]).plain


def test_the_line_says_how_far_and_how_long() -> None:
    talk = Terminal()
    progress = Progress(talk, 1200, "videos")
    progress.began -= 30
    progress.show(300)
    assert "checked 300 of 1,200 videos" in seen(talk)
    assert seen(talk).endswith("25.0 % 1m 30s left")
    assert cell_len(seen(talk)) < 60
    assert "\n" not in talk.getvalue()


def test_the_line_is_not_renewed_more_often_than_it_can_be_read() -> None:
    talk = Terminal()
    progress = Progress(talk, 100, "videos")
    for done in range(100):
        progress.show(done)
    assert talk.getvalue().count("\r") == 1


def test_a_line_that_was_shown_is_taken_away_and_the_cursor_is_left_alone() -> None:
    talk = Terminal()
    progress = Progress(talk, 0, "[b]things[/b]", doing="exported")
    progress.show(0)
    assert "exported 0 of 0 [b]things[/b]" in seen(talk)
    progress.clear()
    assert talk.getvalue().endswith("\r\x1b[K")
    assert "\x1b[?25l" not in talk.getvalue()


def test_nothing_is_taken_away_where_nothing_was_shown() -> None:
    talk = Terminal()
    Progress(talk, 5, "videos").clear()
    assert talk.getvalue() == ""


def test_a_pipe_and_a_dumb_terminal_get_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    for talk in (io.StringIO(), Terminal()):
        progress = Progress(talk, 5, "videos")
        progress.show(1)
        progress.clear()
        assert talk.getvalue() == ""
