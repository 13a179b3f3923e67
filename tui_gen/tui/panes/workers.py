"""The pane of the workers: their current activities, and the progress of active sources."""

from __future__ import annotations

from dataclasses import dataclass

from textual.geometry import Size

from tui_gen.base.formatting import count, display_name, duration, percent
from tui_gen.base.nouns import Nouns
from tui_gen.engine.model.metrics import worker_seconds
from tui_gen.engine.model.state_views import SlotState, SourceState
from tui_gen.tui.layout import PaneName
from tui_gen.tui.panes.pane import Page, Pane
from tui_gen.tui.view import ScreenView
from tui_gen.tui.widgets.styled_lines import (
    EMPTY,
    Line,
    StyledText,
    fit,
    fit_end,
    fit_right,
    foreign,
    line,
    muted,
    name_cells,
    rail,
)

_WIDE, _NARROW, _ROOMY = 90, 80, 72
_DOING_CELLS, _TIGHT_CELLS = 13, 10
_CLIPS_CELLS, _GOOD_CELLS, _TRIES_CELLS = 14, 9, 7
_BAR_GAP, _PATH_GAP = 2, 3
_LEAST_BAR, _LEAST_PATH = 10, 40
_ROWS_FOR_SOURCES = 4
_MOST_MACHINE, _TIGHT_MACHINE = 12, 6


class NowPane(Pane):
    """One line per worker; below them, if there is room, one line per active source."""

    room = PaneName.NOW

    def __init__(self) -> None:
        """Show no worker yet."""
        super().__init__()
        self._sources: dict[int, str] = {}
        self._most = 0  # the highest number of a worker so far, if that many are wanted

    def page(self, view: ScreenView, size: Size) -> Page:
        """Return a line for each worker, then the active sources."""
        slots = [view.state.slots[number] for number in sorted(view.state.slots)]
        self._sources = {slot.number: slot.source for slot in slots}
        numbers = self._numbers(view)
        lines = [
            self.slot_line(view, view.state.slots[number], size.width)
            if number in view.state.slots
            else (muted(fit_right(str(number), 3)), muted("  no work at the moment"))
            for number in numbers
        ]
        keys: list[object] = list(numbers)
        if slots and size.height - len(numbers) > _ROWS_FOR_SOURCES:
            below = _sources_in_hand(view, slots, size.width)
            lines += below
            keys += [f"below {number}" for number in range(len(below))]
        return Page(
            keys=tuple(keys),
            row=lambda index: lines[index],
            is_list=bool(slots),
            empty=_idle_words(view),
        )

    def _numbers(self, view: ScreenView) -> list[int]:
        """Return the numbers of the workers to show.

        A worker without work for a moment keeps its row, so that the cursor stays on its worker.
        """
        if not view.state.slots:
            return []
        self._most = max(*view.state.slots, min(self._most, view.state.workers_target))
        return list(range(1, self._most + 1))

    def wanted_lines(self, view: ScreenView, width: int) -> int:  # noqa: ARG002
        """Return the number of workers; active sources only get lines that are left over."""
        return max(1, len(view.state.slots), 0 if view.condition.is_ended else view.state.workers_allowed)

    def source(self) -> str | None:
        """Return the source of the worker under the cursor."""
        key = self.chosen.key
        return self._sources.get(key) if isinstance(key, int) else None

    def copied(self) -> list[str]:
        """Return the path of the source under the cursor."""
        source = self._view.state.sources.get(self.source() or "") if self._view else None
        return [source.path] if source is not None else super().copied()

    @staticmethod
    def slot_line(view: ScreenView, slot: SlotState, width: int) -> Line:
        """Return a line like ` 3  Arrival   clip 12   4/1,200   reading   11s`."""
        source = view.state.sources.get(slot.source)
        name = source.name if source is not None else slot.source
        done = f"{count(source.clips_made)}/{count(source.clips_wanted)}" if source is not None else ""
        seconds = worker_seconds(view.state, slot, view.now)
        is_again = slot.attempt > 1 and view.state.nouns.has_attempts
        doing = f"try {slot.attempt}" if is_again else display_name(slot.what)
        doing += ", last" if slot.is_draining else ""
        clip = "" if slot.clip is None else f"{view.state.nouns.clip.one} {slot.clip}"
        is_tight = width < _ROOMY
        right: Line = (
            StyledText(fit_right(done, 10 if is_tight else 14)),
            StyledText(
                "   " + fit(doing, _TIGHT_CELLS if is_tight else _DOING_CELLS),
                "warn" if is_again else "plain",
            ),
            StyledText(fit_right(duration(seconds), 8) + " "),
        )
        if width >= _WIDE:
            right = (muted(fit_right(clip, 12)), *right)
        where = _where(view, slot, width)
        room = width - 5 - sum(len(span.text) for span in (*where, *right))
        if room < _DOING_CELLS:  # a narrow screen: only the name and the activity
            right = right[1:3]
            room = width - 5 - sum(len(span.text) for span in (*where, *right))
        number = muted(fit_right(str(slot.number), 3))
        return (number, *where, StyledText("  " + foreign(name, room)), *right)


def _where(view: ScreenView, slot: SlotState, width: int) -> Line:
    """Return the machine of a worker in a column of its own; nothing in a run at home."""
    if not view.machines:
        return EMPTY
    longest = max(name_cells(machine.name) for machine in view.machines)
    cells = min(longest, _MOST_MACHINE if width >= _ROOMY else _TIGHT_MACHINE)
    return (muted("  " + foreign(slot.machine, cells)),)


def _idle_words(view: ScreenView) -> str:
    if view.engine.replay:
        return "the ledger does not record what workers do"
    if view.condition.is_ended or view.condition.is_dead:
        return "no worker is active"
    return "no worker has work yet"


def _sources_in_hand(view: ScreenView, slots: list[SlotState], width: int) -> list[Line]:
    """Return a heading and one line for each source that the workers process."""
    ids = dict.fromkeys(slot.source for slot in slots)
    sources = [view.state.sources[name] for name in ids if name in view.state.sources]
    columns = _SourceColumns.of(sources, width, view.state.nouns)
    return [EMPTY, columns.heading(), *(columns.row(source) for source in sources)]


@dataclass(frozen=True, slots=True)
class _SourceColumns:
    """The width of each column in cells. Zero leaves a column out."""

    nouns: Nouns
    name: int
    tries: int
    bar: int
    path: int

    @classmethod
    def of(cls, sources: list[SourceState], width: int, nouns: Nouns) -> _SourceColumns:
        """Divide the width: numbers and name, then the path if most of it is shown; the bar gets the rest.

        A narrow pane has no bar, and shows the end of a path.
        """
        tries = _TRIES_CELLS if nouns.has_attempts else 0
        longest = max((name_cells(source.name) for source in sources), default=0)
        longest_path = max((name_cells(source.path) for source in sources), default=0)
        name = max(16, min(longest, width - 40))
        if width <= _NARROW:
            path = width - name - 40
            return cls(nouns, name, tries, bar=0, path=path if path > _DOING_CELLS else 0)
        room = width - 2 - name - _CLIPS_CELLS - _GOOD_CELLS - tries
        path = min(longest_path, room - _PATH_GAP)
        if path < min(longest_path, _LEAST_PATH):
            path = 0
        bar = room - (path + _PATH_GAP if path else 0) - _BAR_GAP
        return cls(nouns, name, tries, bar if bar >= _LEAST_BAR else 0, path)

    def heading(self) -> Line:
        """Return the names of the columns."""
        nouns = self.nouns
        return line(
            muted(" " + fit(nouns.source.one, self.name)),
            muted(fit_right(nouns.clip.many, _CLIPS_CELLS) + fit_right("good", _GOOD_CELLS)),
            muted(fit_right("tries", self.tries)),
            muted(" " * (self.bar + _BAR_GAP) if self.bar else ""),
            muted(" " * _PATH_GAP + "path" if self.path else ""),
        )

    def row(self, source: SourceState) -> Line:
        """Return the line of one source."""
        attempts = source.average_attempts
        tries = f"{attempts:.1f}" if attempts is not None else "-"
        counted = f"{count(source.clips_made)}/{count(source.clips_wanted)}"
        path = " " * _PATH_GAP + fit_end(display_name(source.path), self.path) if self.path else ""
        return line(
            " " + foreign(source.name, self.name),
            fit_right(counted, _CLIPS_CELLS) + fit_right(percent(source.success_rate), _GOOD_CELLS),
            fit_right(tries, self.tries),
            " " * _BAR_GAP if self.bar else "",
            *rail(source.share_done, self.bar),
            muted(path),
        )
