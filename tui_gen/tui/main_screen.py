"""The main screen: all rooms, arranged for its size, and the keys that look at them and steer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Input

from tui_gen.base.formatting import display_name
from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.engine.scheduling import commands as do
from tui_gen.tui.action_rules import Situation, can, workers_after
from tui_gen.tui.actions import ACTIONS, Action, bindings_of
from tui_gen.tui.command_queue import CommandQueue
from tui_gen.tui.dialogs.dialogs import TextDialog, skip_question
from tui_gen.tui.dialogs.help import help_lines, offered_keys
from tui_gen.tui.layout import ASIDE, FACTS, NUMBERED, Arrangement, LayoutRequest, PaneName, arrange
from tui_gen.tui.panes.categories import CategoriesPane, category_details
from tui_gen.tui.panes.disk import DiskPane
from tui_gen.tui.panes.key_line import KeysPane
from tui_gen.tui.panes.log import EnginePane, LogPane
from tui_gen.tui.panes.pane import Pane
from tui_gen.tui.panes.preview import Preview, PreviewPane
from tui_gen.tui.panes.problems import ProblemsPane, problem_details
from tui_gen.tui.panes.sources import SourcesPane, cost_of_skipping, source_details
from tui_gen.tui.panes.summary import OverallPane
from tui_gen.tui.panes.system import SystemPane
from tui_gen.tui.panes.workers import NowPane
from tui_gen.tui.view import ScreenView
from tui_gen.tui.widgets.partial_compositor import SpansCompositor


@dataclass(frozen=True, slots=True)
class ScreenServices:
    """What leads out of the screen: commands, pictures, a new engine, a terminal's mouse and clipboard."""

    steering: CommandQueue
    preview: Preview | None
    on_restart: Callable[[], None] | None
    look: Callable[[], ScreenView]


class MainScreen(Screen[None]):
    """Rooms over a view; knows neither controller nor job."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(ACTIONS)]

    def __init__(self, doors: ScreenServices) -> None:
        """Show what `doors` lead to."""
        super().__init__()
        self._compositor = SpansCompositor()
        self._doors = doors
        self._view: ScreenView | None = None
        self._room, self._is_zoomed = PaneName.NOW, False
        self._was_dead = False
        self._arrangement: Arrangement | None = None
        self._field = Input(placeholder="a name, a state, a category", id="filter", compact=True)
        self.sources, self.keys, self.picture = SourcesPane(), KeysPane(), PreviewPane(doors.preview)
        self._panes: dict[PaneName, Pane] = {
            pane.room: pane
            for pane in (
                OverallPane(),
                CategoriesPane(),
                NowPane(),
                self.sources,
                DiskPane(),
                SystemPane(),
                ProblemsPane(),
                self.picture,
                LogPane(),
                EnginePane(),
                self.keys,
            )
        }

    def compose(self) -> ComposeResult:
        """Lay out the rooms and the field of the filter."""
        yield from self._panes.values()
        yield self._field

    def on_mount(self) -> None:
        """Begin with the workers."""
        self._field.display = False
        self.set_focus(self._panes[PaneName.NOW])
        self.show(self._doors.look())

    # ------------------------------------------------------------------ showing

    def show(self, view: ScreenView) -> None:
        """Show a moment."""
        self._view = view
        if view.condition.is_dead and not self._was_dead:
            self._go_to(PaneName.ENGINE)
        elif self._was_dead and not view.condition.is_dead and self._room is PaneName.ENGINE:
            self._go_to(PaneName.NOW)
        self._was_dead = view.condition.is_dead
        self._arrange(view)
        for pane in self._panes.values():
            pane.show(view)
        self._show_keys(view)

    def on_resize(self) -> None:
        """Arrange for another size."""
        if self._view is not None:
            self.show(self._view)

    def _arrange(self, view: ScreenView) -> None:
        counted = (PaneName.CATEGORIES, PaneName.NOW, PaneName.DISK, PaneName.SYSTEM, PaneName.PROBLEMS)
        lines = {room: self._panes[room].wanted_lines(view, self.size.width) for room in counted}
        arrangement = arrange(self.size, LayoutRequest(lines, self._room, self._is_zoomed))
        if arrangement == self._arrangement:
            return
        self._arrangement = arrangement
        for room, pane in self._panes.items():
            self._place(room, pane, arrangement)
        keys = arrangement.regions.get(PaneName.KEYS)
        if keys is not None:
            self._field.styles.offset, self._field.styles.width = keys.offset, keys.width

    def _place(self, room: PaneName, pane: Pane, arrangement: Arrangement) -> None:
        region = arrangement.regions.get(room)
        pane.display = region is not None
        if region is None:
            return
        is_fact = arrangement.shape == "stack" and not arrangement.is_single and room in FACTS
        pane.is_summary = room in {PaneName.OVERALL, PaneName.KEYS} or is_fact
        pane.is_tabbed = arrangement.is_single
        pane.styles.offset, pane.styles.width, pane.styles.height = region.offset, region.width, region.height

    @on(Pane.Turned)
    def _on_turned(self) -> None:
        if self._view is not None:
            self._show_keys(self._view)

    def _show_keys(self, view: ScreenView) -> None:
        is_paused = self._is_pause_asked()
        self.keys.offered = offered_keys(self.app, self.can_do, is_paused=is_paused)
        self.keys.show(view)

    def notice(self, text: str) -> None:
        """Say something in the last line for a moment."""
        if self._view is not None:
            self.keys.notice(text, self._view.looked_at)
            self.keys.show(self._view)

    @property
    def nouns(self) -> Nouns:
        """What the job calls its sources, clips and patches."""
        return self._view.state.nouns if self._view is not None else USUAL_NOUNS

    # ------------------------------------------------------------------ what can be done

    def situation(self) -> Situation:
        """Return what decides about actions."""
        pane = self._panes[self._room]
        return Situation(
            view=self._view or self._doors.look(),
            room=self._room,
            source=pane.source(),
            is_elsewhere=self._is_zoomed or self._room in ASIDE or self._is_opened_fact(),
            has_filter=bool(self.sources.filter),
            has_rows=pane.row_count > 0,
            can_restart=self._doors.on_restart is not None,
            can_preview=self.picture.is_possible,
        )

    def _is_opened_fact(self) -> bool:
        arrangement = self._arrangement
        return (
            arrangement is not None and arrangement.is_single and arrangement.shape not in {"tiny", "single"}
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what can be done now."""
        number = parameters[0] if parameters and isinstance(parameters[0], int) else 0
        return can(self.situation(), action, number)

    def can_do(self, action: Action) -> bool:
        """Whether an action of the table can be carried out now."""
        name, _, rest = action.action.partition("(")
        return can(self.situation(), name, int(rest.rstrip(")")) if rest else 0)

    # ------------------------------------------------------------------ looking

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Follow the focus, whether a key or the program moved it."""
        if isinstance(event.widget, Pane) and event.widget.room is not self._room:
            self._room = event.widget.room
            self._reshow()

    def _go_to(self, room: PaneName) -> None:
        self._room = room
        pane = self._panes[room]
        pane.display = True
        self.set_focus(pane, scroll_visible=False)

    def _reshow(self) -> None:
        if self._view is not None:
            self.show(self._view)

    def action_room(self, number: int) -> None:
        """Look at a room."""
        self._go_to(NUMBERED[number - 1])
        self._reshow()

    def action_next_room(self, step: int) -> None:
        """Look at the next room."""
        place = NUMBERED.index(self._room) if self._room in NUMBERED else 0
        self._go_to(NUMBERED[(place + step) % len(NUMBERED)])
        self._reshow()

    def action_zoom(self) -> None:
        """Show this room alone, or all."""
        self._is_zoomed = not self._is_zoomed
        self._reshow()

    def action_back(self) -> None:
        """Back to all rooms; once there, the filter goes."""
        if self.situation().is_elsewhere:
            self._is_zoomed = False
            self._go_to(PaneName.NOW)
        else:
            self._filter_by("")
        self._reshow()

    def action_log(self) -> None:
        """Show the log, or go back."""
        self._go_to(PaneName.NOW if self._room is PaneName.LOG else PaneName.LOG)
        self._reshow()

    def action_preview(self) -> None:
        """Show the newest patch; again, the newest by then."""
        self._go_to(PaneName.PREVIEW)
        self._reshow()
        # Its size is known only after the layout.
        self.call_after_refresh(self._take_picture)

    def _take_picture(self) -> None:
        if self._view is not None:
            self.picture.take(self._view.state)
            self.picture.show(self._view)

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self._panes[self._room].move(rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by pages."""
        pane = self._panes[self._room]
        pane.move(pages * pane.rows_per_page)

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(TextDialog("Keys", help_lines(self.app, self.nouns)))

    def action_copy(self) -> None:
        """Copy what the cursor stands on, harmless to paste."""
        text = "\n".join(display_name(each) for each in self._panes[self._room].copied())
        self.app.copy_to_clipboard(text)
        self.notice(f"copied: {text}")

    @on(Pane.RowOpened)
    def action_details(self) -> None:
        """Show all about the chosen line."""
        view, pane = self._view, self._panes[self._room]
        if view is None or not can(self.situation(), "details"):
            return
        source = pane.source()
        if isinstance(pane, ProblemsPane):
            problem = pane.problem()
            if problem is not None:
                self.app.push_screen(TextDialog(problem.level, problem_details(view, problem)))
        elif isinstance(pane, CategoriesPane):
            name = pane.category()
            if name is not None:
                self.app.push_screen(TextDialog(name, category_details(view, name)))
        elif source is not None:
            self.app.push_screen(TextDialog(view.state.sources[source].name, source_details(view, source)))

    # ------------------------------------------------------------------ the filter

    def action_filter(self) -> None:
        """Ask which sources to show."""
        self.action_room(NUMBERED.index(PaneName.SOURCES) + 1)
        self._field.display, self.keys.display = True, False
        self.set_focus(self._field, scroll_visible=False)

    @on(Input.Changed, "#filter")
    def _on_typed(self, event: Input.Changed) -> None:
        self.sources.filter = event.value
        self._reshow()

    @on(Input.Submitted, "#filter")
    def _on_filter_kept(self) -> None:
        self._close_filter()

    def key_escape(self) -> None:
        """Leave the field of the filter, and the filter with it."""
        if self._field.has_focus:
            self._filter_by("")
            self._close_filter()

    def _filter_by(self, text: str) -> None:
        self._field.value = text
        self.sources.filter = text

    def _close_filter(self) -> None:
        self._field.display, self.keys.display = False, True
        self._go_to(PaneName.SOURCES)
        self._reshow()

    # ------------------------------------------------------------------ steering

    def ask(self, command: do.Command) -> None:
        """Have a command carried out, and show at once that it was asked for."""
        carry_out = self._doors.steering.ask(command)
        if carry_out is not None:
            self.app.run_worker(carry_out(), group="steering")
        self.show(self._doors.look())

    def _is_pause_asked(self) -> bool:
        asked = self._doors.steering.asked("pause")
        if asked is not None:
            return isinstance(asked, do.Pause)
        return self._view is not None and self._view.state.is_paused

    def action_pause(self) -> None:
        """Pause, or go on."""
        self.ask(do.Resume() if self._is_pause_asked() else do.Pause())

    def action_workers(self, change: int) -> None:
        """More or fewer workers."""
        self.ask(do.SetWorkers(workers_after(self.situation(), change)))

    def action_retry(self) -> None:
        """Try again all that failed."""
        self.ask(do.Retry())

    def action_retry_this(self) -> None:
        """Try again what failed of one source."""
        self.ask(do.Retry(self.situation().source))

    def action_priority(self, change: int) -> None:
        """One step earlier or later."""
        chosen = self.situation().chosen
        if chosen is None:
            return
        asked = self._doors.steering.asked("priority", chosen.id)
        before = asked.priority if isinstance(asked, do.SetPriority) else chosen.priority
        self.ask(do.SetPriority(chosen.id, max(0, min(255, before + change))))

    def action_skip(self) -> None:
        """Leave a source out, once its cost is seen."""
        now = self.situation()
        chosen = now.chosen
        if chosen is None:
            return

        def answered(answer: str | None) -> None:
            if answer == "skip":
                self.ask(do.Skip(chosen.id))

        self.app.push_screen(
            skip_question(chosen.name, cost_of_skipping(now.view, chosen.id), self.nouns), answered
        )

    def action_unskip(self) -> None:
        """Take a source back in."""
        chosen = self.situation().chosen
        if chosen is not None:
            self.ask(do.Unskip(chosen.id))

    def action_restart(self) -> None:
        """Start the engine again."""
        if self._doors.on_restart is not None:
            self._doors.on_restart()
