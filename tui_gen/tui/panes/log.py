"""The panes of the log and of the engine's last messages. The log is written at most once per second."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from textual.geometry import Size

from tui_gen.base.formatting import display_name
from tui_gen.contract.clips import ClipDescriber
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import Recent
from tui_gen.tui.layout import PaneName
from tui_gen.tui.panes.log_lines import event_line, gap_line
from tui_gen.tui.panes.pane import Page, Pane
from tui_gen.tui.view import ScreenView
from tui_gen.tui.widgets.scroll_list import Chosen
from tui_gen.tui.widgets.styled_lines import Line, StyledText, line, muted, wrapped

_EVERY_SECONDS = 1.0
_EVERY_SECONDS_WITH_CLIPS = 2.0
"""Each clip moves all rows: on a slow line that is most of the traffic."""
_LEAST_HEIGHT, _REPEATED = 10, 3
_OF_CLIPS = ev.ClipEnded | ev.ClipRetried
_GONE = "The engine is gone. What it had finished is safe; started again, it goes on from there."

_UNKNOWN = "How it ended is not known here: its exit code is told to the program that started it."


class LogPane(Pane):
    """The latest events, the newest first: messages, and the ends of clips unless they are hidden.

    Messages of problems that clips have pushed off the first page are repeated above the rows.
    """

    room = PaneName.LOG

    def __init__(self, describer: ClipDescriber | None = None) -> None:
        """Make an empty log; `describer` describes clips, None: they are shown as they are recorded."""
        super().__init__()
        self.describer = describer
        self.are_clips_shown = True
        self._shown_at, self._shown_clips = float("-inf"), True
        self._entries: list[Entry] = []

    def page(self, view: ScreenView, size: Size) -> Page:
        """Return the events; read them again if the last page is a second old, with clips two seconds."""
        self._read(view)
        entries = self._entries
        return Page(
            head=tuple(self._repeated(view, size)),
            keys=[entry.key for entry in entries],
            row=lambda index: entries[index].line(view.state, self.describer),
            note="" if self.are_clips_shown else f"without {view.state.nouns.clip.many}",
            is_list=True,
            empty="nothing has happened yet",
        )

    def _read(self, view: ScreenView) -> None:
        every = _EVERY_SECONDS_WITH_CLIPS if self.are_clips_shown else _EVERY_SECONDS
        is_recent = abs(view.looked_at - self._shown_at) < every
        if is_recent and self._shown_clips == self.are_clips_shown and not view.condition.is_ended:
            return
        self._shown_at, self._shown_clips = view.looked_at, self.are_clips_shown
        self._entries = entries_of(view.state, with_clips=self.are_clips_shown)

    def _repeated(self, view: ScreenView, size: Size) -> Iterator[Line]:
        """Yield the newest problems that are not on the first page, and a rule below them."""
        if not self.are_clips_shown or size.height < _LEAST_HEIGHT:
            return
        shown = {entry.number for entry in self._entries[: size.height - _REPEATED - 2]}
        hidden = (event for number, event in reversed(view.state.messages) if number not in shown)
        repeated = list(islice(hidden, _REPEATED))
        yield from (event_line(view.state, event) for event in repeated)
        if repeated:
            yield line(muted(" " + "┄" * (size.width - 2)))

    def _find_chosen(self, keys: Sequence[Hashable]) -> None:
        """Keep the cursor on the newest event, or on its event; the rows around the event stay still."""
        if self.chosen.index == 0:
            self.chosen = Chosen(keys[0], 0)
            return
        before = self.chosen.index
        super()._find_chosen(keys)
        self._top += self.chosen.index - before

    def event(self) -> Recent | None:
        """Return the event under the cursor; None between events."""
        key = self.chosen.key
        return next((entry.event for entry in self._entries if entry.key == key), None)

    def source(self) -> str | None:
        """Return the source of the event under the cursor."""
        event = self.event()
        return source_of(event) if event is not None else None

    def copied(self) -> list[str]:
        """Return the line under the cursor."""
        event = self.event()
        if event is None or self._view is None:
            return super().copied()
        return ["".join(span.text for span in event_line(self._view.state, event, self.describer)).strip()]


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the log: an event, or how many entries are not shown before it."""

    number: int
    event: Recent | None = None
    left_out: int = 0

    @property
    def key(self) -> Hashable:
        """What the cursor follows."""
        return self.number, self.event is None

    def line(self, state: RunState, describer: ClipDescriber | None) -> Line:
        """Return the row."""
        return gap_line(self.left_out) if self.event is None else event_line(state, self.event, describer)


def entries_of(state: RunState, *, with_clips: bool) -> list[Entry]:
    """Return the rows of the log, the newest first. Numbers without an event are clips that were not sent."""
    shown = (each for each in state.recent if with_clips or not isinstance(each[1], _OF_CLIPS))
    known = dict(state.messages) | dict(shown)
    entries: list[Entry] = []
    for number in sorted(known, reverse=True):
        before = entries[-1].number if entries else state.recent_count + 1
        if with_clips and before - number > 1:
            entries.append(Entry(number, None, before - number - 1))
        entries.append(Entry(number, known[number]))
    return entries


def source_of(event: Recent) -> str | None:
    """Return the source of an event."""
    if isinstance(event, ev.ClipEnded):
        return event.outcome.clip.source
    return event.clip.source if isinstance(event, ev.ClipRetried) else event.source


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
