"""The pane of sources: the state and progress of each source, and why a source gives no patches."""

from __future__ import annotations

from textual.geometry import Size

from tui_gen.base.formatting import count, display_name, percent, size
from tui_gen.base.nouns import Nouns
from tui_gen.engine.model.metrics import images_to_come, in_work_order, next_sources
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import SourceState
from tui_gen.tui.layout import PaneName
from tui_gen.tui.panes.pane import Page, Pane
from tui_gen.tui.panes.source_timelines import timeline_lines
from tui_gen.tui.view import ScreenView, labelled
from tui_gen.tui.widgets.styled_lines import (
    Line,
    Role,
    StyledText,
    fit,
    fit_end,
    fit_right,
    foreign,
    muted,
    name_cells,
    rail,
)

_STATE_ROLES: dict[str, Role] = {
    "working": "good",
    "failed": "bad",
    "quarantined": "bad",
    "unusable": "bad",
    "missing": "warn",
    "skipped": "muted",
    "done": "muted",
    "nothing to do": "muted",
}
_STATE_CELLS, _CLIPS_CELLS, _PERCENT_CELLS, _GOOD_CELLS, _PRIORITY_CELLS = 12, 13, 7, 9, 6
_LEAST_NAME = 20
_BAR_CELLS = 12
_LEAST_REASON = 16  # beside a bar
_LEAST_SHOWN = 40  # of a longer path or reason in a column of its own
DEFAULT_PRIORITY = 255


class SourcesPane(Pane):
    """One line per source, in the order of work, and a filter."""

    room = PaneName.SOURCES

    def __init__(self) -> None:
        """Show all sources."""
        super().__init__()
        self.filter = ""

    def page(self, view: ScreenView, size: Size) -> Page:
        """Return the sources that match the filter; only visible rows are written."""
        sources = ordered(view, self.filter)
        marks = {name: f"next {place}" for place, name in enumerate(next_sources(view.state), 1)}
        note = ""
        if self.filter:
            note = f"filter: {display_name(self.filter)}   {len(sources)} of {len(ordered(view, ''))}"
        noun = view.state.nouns.source
        columns = _Columns(size.width - 1, view.state)
        return Page(
            head=(*timeline_lines(view, sources, size), columns.heading()),
            keys=[source.id for source in sources],
            row=lambda index: columns.row(sources[index], marks.get(sources[index].id, "")),
            note=note,
            is_list=True,
            empty=f"no {noun.one} matches the filter" if self.filter else f"no {noun.many} known yet",
        )

    def source(self) -> str | None:
        """Return the id of the source under the cursor."""
        return self.chosen.key if isinstance(self.chosen.key, str) and self.row_count else None

    def copied(self) -> list[str]:
        """Return the path of the source under the cursor."""
        source = self._view.state.sources.get(self.source() or "") if self._view else None
        return [source.path] if source is not None else super().copied()


def ordered(view: ScreenView, wanted: str) -> list[SourceState]:
    """Return the matching sources in the order of work, in which a new priority has an effect."""
    folded = wanted.casefold()
    return in_work_order(
        source
        for source in view.state.sources.values()
        if not source.is_dataset and (not folded or folded in _searched(source))
    )


def _searched(source: SourceState) -> str:
    categories = " ".join(name for name, quota in source.quotas.items() if quota)
    return f"{source.name}\n{source.path}\n{source.phase}\n{categories}\n{source.reason}".casefold()


class _Columns:
    """The columns for a width, and the widths of the name, the bar and the last column."""

    def __init__(self, width: int, state: RunState) -> None:
        """Divide the width: name, state and clips always, other columns if there is room.

        The name and the last column are as wide as the longest text of them, and the bar gets the rest.
        """
        self._nouns = state.nouns
        room = width - 1 - _LEAST_NAME - _STATE_CELLS - _CLIPS_CELLS
        self.has_percent = room >= _PERCENT_CELLS
        room -= _PERCENT_CELLS if self.has_percent else 0
        self.has_priority = room >= _PRIORITY_CELLS
        room -= _PRIORITY_CELLS if self.has_priority else 0
        self.has_rate = room >= _GOOD_CELLS
        room -= _GOOD_CELLS if self.has_rate else 0
        self.has_bar = room >= _BAR_CELLS + _LEAST_REASON
        room -= _BAR_CELLS + 2 if self.has_bar else 0
        self.name, self.bar, self.reason, self.has_path = _LEAST_NAME + max(0, room), _BAR_CELLS, 0, False
        if not self.has_bar:
            return
        sources = [source for source in state.sources.values() if not source.is_dataset]
        longest = max((name_cells(source.name) for source in sources), default=0)
        self.name = min(self.name, max(_LEAST_NAME, longest))
        room -= self.name - _LEAST_NAME
        reason = max((name_cells(source.reason) for source in sources), default=0)
        path = max((name_cells(source.path) for source in sources), default=0)
        self.has_path = path > 0 and room - 2 >= min(path, _LEAST_SHOWN)
        wanted = max(reason, path if self.has_path else 0)
        if wanted and room - 2 >= min(wanted, _LEAST_SHOWN):
            self.reason = min(wanted, room - 2)
            room -= self.reason + 2
        self.bar += room

    def heading(self) -> Line:
        """Return the names of the columns."""
        parts = [
            StyledText(" "),
            muted(fit(self._nouns.source.one, self.name)),
            muted(fit(" state", _STATE_CELLS)),
        ]
        parts += [muted(fit_right(self._nouns.clip.many, _CLIPS_CELLS))]
        parts += [StyledText(" " * (self.bar + 2))] if self.has_bar else []
        parts += [muted(fit_right("made", _PERCENT_CELLS))] if self.has_percent else []
        parts += [muted(fit_right("good", _GOOD_CELLS))] if self.has_rate else []
        parts += [muted(fit_right("prio", _PRIORITY_CELLS))] if self.has_priority else []
        last = "path, or why it gives nothing" if self.has_path else "why"
        return (*parts, muted(f"  {last}" if self.reason else ""))

    def row(self, source: SourceState, mark: str = "") -> Line:
        """Return the line of one source; `mark` is its place in the queue if it is one of the next.

        A reason without its own column replaces the numbers.
        """
        phase = source.phase
        role = _STATE_ROLES.get(phase, "plain")
        name_role: Role = "muted" if role == "muted" else "plain"
        start = (
            StyledText(" "),
            StyledText(foreign(source.name, self.name), name_role),
            StyledText(" " + fit(mark or phase, _STATE_CELLS - 1), "accent" if mark else role),
        )
        reason = source.reason
        if reason and not self.reason:
            return (*start, muted("  " + display_name(reason)))
        share = source.share_done
        parts = [
            StyledText(fit_right(f"{count(source.clips_made)}/{count(source.clips_wanted)}", _CLIPS_CELLS))
        ]
        parts += [StyledText("  "), *rail(share, self.bar)] if self.has_bar else []
        parts += [StyledText(fit_right(percent(share, 0), _PERCENT_CELLS))] if self.has_percent else []
        parts += [StyledText(fit_right(percent(source.success_rate), _GOOD_CELLS))] if self.has_rate else []
        parts += [_priority(source)] if self.has_priority else []
        if self.has_path and not reason:
            return (*start, *parts, muted("  " + fit_end(display_name(source.path), self.reason)))
        return (*start, *parts, *([muted("  " + display_name(reason))] if self.reason else []))


def _priority(source: SourceState) -> StyledText:
    is_default = source.priority == DEFAULT_PRIORITY
    return StyledText(
        fit_right("-" if is_default else str(source.priority), _PRIORITY_CELLS),
        "muted" if is_default else "plain",
    )


def source_details(view: ScreenView, name: str) -> list[str]:
    """Return all details about one source, with its whole name and path."""
    source, nouns = view.state.sources[name], view.state.nouns
    why = display_name(source.reason.removeprefix(f"{source.phase} "))  # avoids "skipped: skipped by hand"
    lost = f"{count(source.rejected)} rejected, {count(source.failed)} failed"
    tries = _tries(nouns, source)
    facts = [
        ("path", display_name(source.path)),
        ("id", display_name(source.id)),
        ("state", source.phase + (f": {why}" if why else "")),
        (nouns.clip.many, f"{count(source.clips_made)} made of {count(source.clips_wanted)}, {lost}"),
        (
            "good",
            f"{percent(source.success_rate)} of {nouns.clip.counted(source.ended)}{tries}",
        ),
        ("priority", f"{source.priority} (0 is first, {DEFAULT_PRIORITY} the default)"),
        ("size", size(source.size_bytes)),
    ]
    for category, quota in sorted(source.quotas.items()):
        made = count(source.images.get(category, 0))
        facts.append(("gives", f"{display_name(category)}: {made} of {_counted(nouns, category, quota)}"))
    return labelled(facts, least_cells=9)


def _counted(nouns: Nouns, category: str, number: int) -> str:
    return nouns.image.counted(number) if nouns.is_image(category) else count(number)


def _tries(nouns: Nouns, source: SourceState) -> str:
    average = source.average_attempts
    if not nouns.has_attempts:
        return ""
    return f", {'-' if average is None else f'{average:.2f}'} tries {nouns.clip.with_article}"


def cost_of_skipping(view: ScreenView, name: str) -> list[str]:
    """Return the patches that each category would lose if a source was skipped."""
    source, nouns = view.state.sources[name], view.state.nouns
    return [
        f"{display_name(category)}: {_counted(nouns, category, left)}"
        for category, left in images_to_come(source).items()
    ]
