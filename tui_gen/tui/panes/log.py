"""The panes of the log and of the engine's last messages. The log is written at most once per second."""

from __future__ import annotations

import time
from typing import assert_never

from textual.geometry import Size

from tui_gen.base.formatting import display_name, size
from tui_gen.base.nouns import Nouns
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import Recent
from tui_gen.engine.model.work import Made, Outcome, Rejected
from tui_gen.tui.layout import PaneName
from tui_gen.tui.panes.pane import Page, Pane
from tui_gen.tui.view import ScreenView, name_of
from tui_gen.tui.widgets.styled_lines import Line, Role, StyledText, line, muted, wrapped

_EVERY_SECONDS = 1.0
_GONE = "The engine is gone. What it had finished is safe; started again, it goes on from there."

_UNKNOWN = "How it ended is not known here: its exit code is told to the program that started it."


class LogPane(Pane):
    """The latest events, the newest first."""

    room = PaneName.LOG

    def __init__(self) -> None:
        """Make an empty log."""
        super().__init__()
        self._shown_at = float("-inf")
        self._events: list[tuple[int, Recent]] = []

    def page(self, view: ScreenView, size: Size) -> Page:  # noqa: ARG002
        """Return the events; read them again if the last page is a second old."""
        if abs(view.looked_at - self._shown_at) >= _EVERY_SECONDS:
            self._shown_at = view.looked_at
            self._events = list(view.state.recent)[::-1]
        found = self._events
        return Page(
            keys=range(len(found)),
            row=lambda index: event_line(view.state, found[index][1]),
            empty="nothing has happened yet",
        )


class EnginePane(Pane):
    """How an engine died, and the end of its log."""

    room = PaneName.ENGINE

    def page(self, view: ScreenView, size: Size) -> Page:
        """Return the possible actions, how the engine ended, and below that the end of its log."""
        said, width = view.engine.log_lines, size.width - 4
        ending = view.engine.ending or (_UNKNOWN,)
        rows: list[Line] = [
            *(line(f" {each}") for each in wrapped(_GONE, size.width - 2)),
            (),
            *(line(StyledText(f" {each}", "bad")) for words in ending for each in wrapped(words, width)),
            (),
            line(muted(" The end of its log:" if said else " Its log is empty.")),
            *(line(StyledText("   " + display_name(each))) for each in said),
        ]
        return Page(keys=range(len(rows)), row=lambda index: rows[index])


def event_line(state: RunState, event: Recent) -> Line:
    """Return a line like `14:20:03  made       Arrival  clip 12: 3 patches, 4.1 MB`."""
    when = time.strftime("%H:%M:%S", time.localtime(event.at))
    word, role, source, words = _told(event, state.nouns)
    name = display_name(name_of(state, source))
    return line(
        muted(f" {when}  "), StyledText(f"{word:<10}", role), StyledText(f"{name}  " if name else ""), words
    )


def _told(event: Recent, nouns: Nouns) -> tuple[str, Role, str | None, str]:
    """Return the kind of an event, its role, its source and its text."""
    match event:
        case ev.ClipEnded(outcome=outcome):
            word, role, words = _ended(outcome, nouns)
            return word, role, outcome.clip.source, words
        case ev.ClipRetried():
            words = f"{nouns.clip.one} {event.clip.index}, try {event.attempt}: {display_name(event.reason)}"
            return "again", "plain", event.clip.source, words
        case ev.ProblemNoted():
            level: Role = "bad" if event.level == "error" else "warn"
            return event.level, level, event.source, display_name(event.text)
        case ev.FactsLearned():
            return "learned", "muted", event.source, f"by {display_name(event.stage)}"
        case ev.SourceFoundUnusable():
            return "unusable", "bad", event.source, display_name(event.reason)
    assert_never(event)


def _ended(outcome: Outcome, nouns: Nouns) -> tuple[str, Role, str]:
    clip = f"{nouns.clip.one} {outcome.clip.index}"
    if isinstance(outcome, Made):
        taken = sum(patch.size_bytes for patch in outcome.patches)
        gave = nouns.patch.counted(len(outcome.patches))
        if not all(nouns.is_image(patch.category) for patch in outcome.patches):
            gave = ", ".join(display_name(patch.category) for patch in outcome.patches)
        return "made", "good", f"{clip}: {gave}, {size(taken)}, {outcome.seconds:.1f} s"
    words = f"{clip}: {display_name(outcome.reason)}"
    return ("rejected", "warn", words) if isinstance(outcome, Rejected) else ("failed", "bad", words)
