"""The main screen: arranges all panes for its size, and binds the keys that navigate and control the run."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from tui_gen.base.formatting import display_name
from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.engine.scheduling import commands as do
from tui_gen.tui.action_rules import Situation, can, why_not
from tui_gen.tui.actions import ACTIONS, Action, bindings_of
from tui_gen.tui.dialogs.details import details_of
from tui_gen.tui.dialogs.dialogs import TextDialog
from tui_gen.tui.dialogs.help import help_lines, more_keys, offered_keys
from tui_gen.tui.dialogs.palette import keys_of
from tui_gen.tui.layout import ASIDE, FACTS, NUMBERED, Arrangement, LayoutRequest, PaneName, arrange, numbered
from tui_gen.tui.panes.categories import CategoriesPane
from tui_gen.tui.panes.disk import DiskPane
from tui_gen.tui.panes.history import HistoryPane
from tui_gen.tui.panes.key_line import KeysPane
from tui_gen.tui.panes.log import EnginePane, LogPane
from tui_gen.tui.panes.machines import MachinesPane
from tui_gen.tui.panes.pane import Pane
from tui_gen.tui.panes.preview import PreviewPane
from tui_gen.tui.panes.problems import ProblemsPane
from tui_gen.tui.panes.result import ResultPane
from tui_gen.tui.panes.sources import SourcesPane
from tui_gen.tui.panes.summary import OverallPane
from tui_gen.tui.panes.system import SystemPane
from tui_gen.tui.panes.workers import NowPane
from tui_gen.tui.screen_services import ScreenServices
from tui_gen.tui.steering_actions import SteeringActions
from tui_gen.tui.view import ScreenView
from tui_gen.tui.widgets.partial_compositor import SpansCompositor
from tui_gen.tui.worker_entry import WorkerEntry


class MainScreen(SteeringActions):
    """Shows the panes of a view; imports neither controller nor job."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(ACTIONS)]

    def __init__(self, services: ScreenServices) -> None:
        """Use the services `services`."""
        super().__init__()
        self._compositor = SpansCompositor()
        self._services = services
        self._view: ScreenView | None = None
        self._room, self._is_zoomed = PaneName.NOW, False
        self._was_dead = self._was_ended = False
        self.more_actions: tuple[Action, ...] = ()  # of the app
        self._arrangement: Arrangement | None = None
        self._workers_field = WorkerEntry(self.situation, self.ask)
        self._field = Input(placeholder="a name, a state, a category", id="filter", compact=True)
        head = OverallPane()
        head.key_of = self._key_of
        self.sources, self.keys, self.log_pane = SourcesPane(), KeysPane(), LogPane(services.clip_describer)
        self.picture, self.history = PreviewPane(services.preview), HistoryPane()
        self.machines = MachinesPane()
        self._panes: dict[PaneName, Pane] = {
            pane.room: pane
            for pane in (
                head,
                *(CategoriesPane(), NowPane(), ResultPane(), DiskPane(), SystemPane(), ProblemsPane()),
                self.machines,
                *(self.log_pane, EnginePane(), self.sources, self.picture, self.history),
                self.keys,
            )
        }

    def compose(self) -> ComposeResult:
        """Lay out the panes and the fields of the last line."""
        yield from self._panes.values()
        yield from (self._field, self._workers_field)

    def on_mount(self) -> None:
        """Focus the workers."""
        self._field.display = self._workers_field.display = False
        self.set_focus(self._panes[PaneName.NOW])
        self.show(self._services.look())

    # ------------------------------------------------------------------ showing

    def show(self, view: ScreenView) -> None:
        """Show a view in all panes."""
        self._view = view
        if view.condition.is_dead and not self._was_dead:
            self._go_to(PaneName.ENGINE)
        elif self._was_dead and not view.condition.is_dead and self._room is PaneName.ENGINE:
            self._go_to(PaneName.NOW)
        elif view.condition.is_ended is not self._was_ended and self._room not in ASIDE:
            self._go_to(PaneName.RESULT if view.condition.is_ended else PaneName.NOW)
        self._was_dead, self._was_ended = view.condition.is_dead, view.condition.is_ended
        self._arrange(view)
        for pane in self._panes.values():
            pane.show(view)
        self._show_keys(view)
        if isinstance(self.app.screen, TextDialog):
            self.app.screen.reread()

    def on_resize(self) -> None:
        """Arrange the panes for another size."""
        if self._view is not None:
            self.show(self._view)

    def _arrange(self, view: ScreenView) -> None:
        counted = [PaneName.CATEGORIES, PaneName.NOW, PaneName.DISK, PaneName.SYSTEM, PaneName.PROBLEMS]
        counted += [PaneName.MACHINES] if view.machines else []
        lines = {room: self._panes[room].wanted_lines(view, self.size.width) for room in counted}
        arrangement = arrange(self.size, LayoutRequest(lines, self._room, self._is_zoomed, self._was_ended))
        if arrangement == self._arrangement:
            return
        self._arrangement = arrangement
        for room, pane in self._panes.items():
            self._place(room, pane, arrangement)
        keys = arrangement.regions.get(PaneName.KEYS)
        if keys is not None:
            for field in (self._field, self._workers_field):
                field.styles.offset, field.styles.width = keys.offset, keys.width

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
        offered = offered_keys(self.app, self.can_do, is_paused=is_paused)
        self.keys.offered = [*more_keys(self.app, self.more_actions), *offered]
        self.keys.show(view)

    def _key_of(self, name: str) -> str | None:
        """Return the key of an action by the action's id."""
        return next((keys_of(self.app, action)[0] for action in ACTIONS if action.id == name), None)

    def notice(self, text: str) -> None:
        """Show a text in the last line for a moment."""
        if self._view is not None:
            self.keys.notice(text, self._view.looked_at)
            self.keys.show(self._view)

    @property
    def nouns(self) -> Nouns:
        """The job's nouns for sources, clips and patches."""
        return self._view.state.nouns if self._view is not None else USUAL_NOUNS

    # ------------------------------------------------------------------ what can be done

    def situation(self) -> Situation:
        """Return the conditions on which actions depend."""
        pane = self._panes[self._room]
        return Situation(
            view=self._view or self._services.look(),
            room=self._room,
            source=pane.source(),
            is_elsewhere=self._is_zoomed or self._room in ASIDE or self._is_opened_fact(),
            has_filter=bool(self.sources.filter),
            has_rows=pane.row_count > 0,
            can_restart=self._services.on_restart is not None,
            can_preview=self.picture.is_possible,
            machine=self.machines.machine() if self._room is PaneName.MACHINES else None,
        )

    def _is_opened_fact(self) -> bool:
        arrangement = self._arrangement
        is_single = arrangement is not None and arrangement.is_single
        is_small = arrangement is not None and arrangement.shape in {"tiny", "single"}
        return is_single and not is_small and self._room is not PaneName.RESULT

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable the actions that are possible now."""
        number = parameters[0] if parameters and isinstance(parameters[0], int) else 0
        situation = self.situation()
        return can(situation, action, number) or bool(why_not(situation, action, number))

    def _is_in_vain(self, action: str, number: int = 0) -> bool:
        """Return whether a key has no effect, and say why."""
        words = why_not(self.situation(), action, number)
        if words:
            self.notice(words)
        return bool(words)

    def can_do(self, action: Action) -> bool:
        """Return whether an action of the table is possible now."""
        name, _, rest = action.action.partition("(")
        return can(self.situation(), name, int(rest.rstrip(")")) if rest else 0)

    # ------------------------------------------------------------------ looking

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Follow the focus, whether a key or the program moved it."""
        pane = event.widget
        # A late event, of a pane without focus: to show it may hide the focused one, which loses it then.
        if pane is self.focused and isinstance(pane, Pane) and pane.room is not self._room:
            self._room = pane.room
            self._reshow()

    @property
    def _numbered(self) -> tuple[PaneName, ...]:
        has_machines = self._view is not None and bool(self._view.machines)
        return numbered(is_ended=self._was_ended, has_machines=has_machines)

    def _go_to(self, room: PaneName) -> None:
        self._room = room
        pane = self._panes[room]
        pane.display = True
        self.set_focus(pane, scroll_visible=False)

    def _reshow(self) -> None:
        if self._view is not None:
            self.show(self._view)

    def action_room(self, number: int) -> None:
        """Focus a pane."""
        if number > len(self._numbered):
            return
        self._go_to(self._numbered[number - 1])
        self._reshow()

    def action_next_room(self, step: int) -> None:
        """Focus the next pane."""
        rooms = self._numbered
        place = rooms.index(self._room) if self._room in rooms else 0
        self._go_to(rooms[(place + step) % len(rooms)])
        self._reshow()

    def action_zoom(self) -> None:
        """Show only this pane, or all panes again."""
        self._is_zoomed = not self._is_zoomed
        self._reshow()

    def action_back(self) -> None:
        """Return to all panes; if all are shown, clear the filter."""
        if self.situation().is_elsewhere:
            self._is_zoomed = False
            self._go_to(self._numbered[NUMBERED.index(PaneName.NOW)])
        else:
            self._filter_by("")
        self._reshow()

    def action_log(self) -> None:
        """Show the log, or return from it."""
        first = self._numbered[NUMBERED.index(PaneName.NOW)]
        self._go_to(first if self._room is PaneName.LOG else PaneName.LOG)
        self._reshow()

    def action_history(self) -> None:
        """Show the curves; if they are shown, over the next span."""
        if self.history.display:
            self.history.turn()
        else:
            self._go_to(PaneName.HISTORY)
        self._reshow()

    def action_log_clips(self) -> None:
        """Show clips in the log, or only messages."""
        self.log_pane.are_clips_shown = not self.log_pane.are_clips_shown
        self._reshow()

    def action_preview(self) -> None:
        """Show the newest patch; if the preview is shown, draw the newest patch again."""
        self._go_to(PaneName.PREVIEW)
        self._reshow()
        # Its size is only known after the layout.
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
        is_read_only = self._view is not None and self._view.is_read_only
        lines = help_lines(self.app, self.nouns, is_read_only=is_read_only, more=self.more_actions)
        self.app.push_screen(TextDialog("Keys", lines))

    def action_copy(self) -> None:
        """Copy the lines under the cursor, without characters that are harmful when pasted."""
        text = "\n".join(display_name(each) for each in self._panes[self._room].copied())
        self.app.copy_to_clipboard(text)
        self.notice(f"copied: {text}")

    @on(Pane.RowOpened)
    def action_details(self) -> None:
        """Show the details of the line under the cursor."""
        view = self._view
        if view is None or not can(self.situation(), "details"):
            return
        write = details_of(self._panes[self._room])
        page = write(view) if write is not None else None
        if write is not None and page is not None:
            self.app.push_screen(TextDialog(*page, lambda: write(self._view or view)))

    # ------------------------------------------------------------------ the filter

    def action_filter(self) -> None:
        """Ask for the filter of the sources."""
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
        """Leave the field of the filter and clear the filter."""
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

    def ask(self, command: do.Command) -> None:
        """Carry out a command, and show at once that it was requested."""
        carry_out = self._services.steering.ask(command)
        if carry_out is not None:
            self.app.run_worker(carry_out(), group="steering")
        self.show(self._services.look())

    @on(WorkerEntry.Closed)
    def _on_workers_closed(self, event: WorkerEntry.Closed) -> None:
        self._workers_field.display, self.keys.display = False, True
        self._go_to(self._room)
        self.notice(event.refusal)
        self._reshow()
