"""The screen of a run: polls a controller twice per second, and sends commands through it.

It imports no job and holds no data that the run needs. It may end at any moment without affecting the run.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.command import Provider
from textual.screen import Screen

from tui_gen.base.detached_call import detached_call
from tui_gen.base.formatting import display_name
from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.contract.clips import ClipDescriber
from tui_gen.engine.model.run_course import EndFacts
from tui_gen.engine.model.state import RunState
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.commands import CommandRefusedError
from tui_gen.tui.actions import ACTIONS, APP_ACTIONS, IDS, SIGNAL_ACTIONS, bindings_of
from tui_gen.tui.base_app import TerminalApp
from tui_gen.tui.command_queue import CommandQueue
from tui_gen.tui.dialogs.dialogs import LEAVE_TITLE, QuestionDialog, leave_question
from tui_gen.tui.dialogs.palette import Actions
from tui_gen.tui.groups.keys import GROUP_IDS
from tui_gen.tui.main_screen import MainScreen
from tui_gen.tui.notices import Caller, Notices
from tui_gen.tui.panes.preview import Preview
from tui_gen.tui.screen_services import ScreenServices
from tui_gen.tui.terminal.driver import PatientDriver
from tui_gen.tui.timelines import Timelines
from tui_gen.tui.view import ScreenController, ScreenView, condition_of

POLLS_PER_SECOND = 2
DEAD_CODE = 1


class TuiGenApp(TerminalApp[None]):
    """The app that shows a run."""

    TITLE = "tui-gen"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of(APP_ACTIONS),
        *bindings_of(SIGNAL_ACTIONS, are_first=True),
    ]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Actions}

    def __init__(  # noqa: PLR0913  (each stands for one thing outside the screen)
        self,
        controller: ScreenController,
        *,
        clock: Callable[[], float] = time.time,
        keymap: Mapping[str, str] | None = None,
        notices: Notices = "none",
        preview: Preview | None = None,
        on_restart: Callable[[], Awaitable[str]] | None = None,
        is_read_only: bool = False,
        watch_reason: str = "",
        nouns: Nouns = USUAL_NOUNS,
        end_of: Callable[[RunState], EndFacts] | None = None,
        timelines: Timelines | None = None,
        clip_describer: ClipDescriber | None = None,
    ) -> None:
        """Show `controller`'s run; `preview` draws patches, `on_restart` starts a new engine.

        `watch_reason` answers the keys that steer, where nothing can be steered. `nouns` are the words of
        the screen until the engine has sent its own. `end_of` reads what else is known of a run that has
        ended; the call may take long. `timelines` are those that the controller fetches. `clip_describer`
        describes clips in the log.
        """
        super().__init__()
        self.controller, self.clock, self.is_read_only = controller, clock, is_read_only
        self.steering = CommandQueue(controller, clock, self._tell)
        self._on_restart, self._watch_reason = on_restart, watch_reason
        restart = self._restart if on_restart is not None else None
        self._services = ScreenServices(self.steering, preview, clip_describer, restart, self.look)
        self._keys = dict(keymap or {})
        self._caller = Caller(notices)
        self._nouns, self._timelines = nouns, timelines or Timelines()
        self._is_leaving_when_ended = False
        self._end_of, self._end = end_of, EndFacts(None)
        self._ended_run: tuple[object, ...] = ()  # of which the end is read
        self.left: ScreenView | None = None  # the last view, when the user left the screen by a key
        if self._keys:
            self.set_keymap({name: keys for name, keys in self._keys.items() if name in IDS})

    def get_default_screen(self) -> Screen[None]:
        """Return the main screen."""
        return MainScreen(self._services)

    def on_mount(self) -> None:
        """Start polling. Textual calls this in addition to the base class's method."""
        self.set_interval(1 / POLLS_PER_SECOND, self.poll)
        unknown = sorted(set(self._keys) - IDS - GROUP_IDS)
        if unknown:
            self._tell(f"keymap: no action is called {', '.join(unknown)}", True)  # noqa: FBT003

    # ------------------------------------------------------------------ looking

    @property
    def rooms(self) -> MainScreen:
        """The main screen, also while a dialog covers it."""
        rooms = self.screen_stack[0]
        if not isinstance(rooms, MainScreen):
            message = f"the first screen is {rooms!r}"
            raise TypeError(message)
        return rooms

    def look(self) -> ScreenView:
        """Return the current view of the run."""
        looked_at = self.clock()
        found, engine = self.controller.snapshot(), self.controller.engine_info()
        now = looked_at if engine.now is None else engine.now
        state = found if found is not None else RunState(nouns=self._nouns)
        condition = condition_of(found, engine)
        if found is not None:
            self._forget_what_is_done(state)
        if (condition.is_dead or condition.is_ended) and state.last_at:
            now = min(now, state.last_at)
        return ScreenView(
            state=state,
            now=now,
            condition=condition,
            is_read_only=self.is_read_only,
            workers_asked=self._workers_asked(),
            workers_asked_on=self._workers_asked_on(state),
            engine=engine,
            looked_at=looked_at,
            end=self._end if condition.is_ended else None,
            timelines=self._timelines,
        )

    def _follow_end(self, view: ScreenView) -> None:
        """Begin to read what is known of the end of a run, once for each run."""
        run = (view.state.pid, view.state.started_at, view.condition.is_ended)
        if self._end_of is not None and view.condition.is_ended and run != self._ended_run:
            self._ended_run, self._end = run, EndFacts(None)
            self.run_worker(self._read_end(self._end_of, view.state), group="end")

    async def _read_end(self, read: Callable[[RunState], EndFacts], state: RunState) -> None:
        self._end = await detached_call(lambda: read(state))
        self.poll()

    def poll(self) -> None:
        """Read the current view and show it, unless the timer fires while the app closes."""
        if not self.screen_stack:
            return
        view = self.look()
        self.rooms.show(view)
        self._follow_end(view)
        if view.condition.is_ended or view.condition.is_dead:
            self._take_question_back()
        self._call(self._caller.look(view.state, view.now))
        if self._is_leaving_when_ended and (view.condition.is_ended or view.condition.is_dead):
            self._leave(view)

    def _take_question_back(self) -> None:
        """Close the question how to leave: there is no run any more that could go on."""
        if isinstance(self.screen, QuestionDialog) and self.screen.name == LEAVE_TITLE:
            self.screen.dismiss(None)
            self.rooms.notice("the run has ended meanwhile: q leaves")

    def _workers_asked(self) -> int | None:
        asked = self.steering.asked("workers")
        return asked.count if isinstance(asked, do.SetWorkers) else None

    def _workers_asked_on(self, state: RunState) -> dict[str, int]:
        asked = {name: self.steering.asked("workers", name) for name in state.machines}
        return {name: found.count for name, found in asked.items() if isinstance(found, do.SetWorkers)}

    def _forget_what_is_done(self, state: RunState) -> None:
        for name, count in self._workers_asked_on(state).items():
            if state.machines[name].workers == count:
                self.steering.forget("workers", name)
        if self._workers_asked() == state.workers_target:
            self.steering.forget("workers")
        asked = self.steering.asked("pause")
        if asked is not None and isinstance(asked, do.Pause) == state.is_paused:
            self.steering.forget("pause")

    def _tell(self, text: str, is_refusal: bool) -> None:  # noqa: FBT001
        """Show a result in the last line, and a refusal as a notification."""
        if is_refusal:
            self.notify(display_name(text), severity="warning", markup=False)
        else:
            self.rooms.notice(text)
        self.poll()

    def _restart(self) -> None:
        """Start a new engine in place of the dead one, and show the result."""
        self.rooms.notice("starting the engine again")
        self.run_worker(self._await_restart(), group="restart")

    async def _await_restart(self) -> None:
        if self._on_restart is None:
            return
        try:
            answer, is_refusal = await self._on_restart(), False
        except CommandRefusedError as refusal:
            answer, is_refusal = str(refusal), True
        self._tell(answer, is_refusal)

    def on_key(self, event: events.Key) -> None:
        """Answer a key that would steer, on a screen that only watches."""
        if self._watch_reason and isinstance(self.screen, MainScreen) and self._is_steering(event.key):
            self.rooms.notice(self._watch_reason)

    def _is_steering(self, key: str) -> bool:
        return any(
            key in self._keys.get(action.id, action.keys).split(",")
            for action in ACTIONS
            if action.is_steering
        )

    # ------------------------------------------------------------------ leaving

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable leaving and the palette while a question is open."""
        if action in {"leave", "command_palette"} and isinstance(self.screen, QuestionDialog):
            return False
        return super().check_action(action, parameters)

    async def action_leave(self) -> None:
        """Ask how to leave; if no engine runs, leave at once."""
        view = self.look()
        condition = view.condition
        is_over = condition.is_ended or condition.is_dead or condition.is_awaited
        if self.is_read_only or is_over or view.engine.reach == "none":
            self._leave(view)
            return
        is_ending = view.state.phase in {"draining", "stopping"}
        question = leave_question(view.state.nouns, is_paused=view.state.is_paused, is_ending=is_ending)
        self.push_screen(question, self._on_leaving_chosen)

    def _on_leaving_chosen(self, answer: str | None) -> None:
        if answer == "leave":
            self._leave(self.look())
        elif answer in {"finish", "stop"}:
            self._is_leaving_when_ended = True
            self.rooms.ask(do.Drain() if answer == "finish" else do.Stop())

    def _leave(self, view: ScreenView) -> None:
        """End the screen; if the run has ended, with the run's exit code."""
        code, self.left = 0, view
        if view.condition.is_dead and not self.is_read_only:
            code = DEAD_CODE
        elif view.condition.is_ended:
            code = view.state.exit_code or 0
        self.exit(return_code=code)

    # ------------------------------------------------------------------ the terminal

    def _call(self, sequence: str) -> None:
        """Write an escape sequence that notifies the user to the terminal."""
        if sequence and self._driver is not None:
            self._driver.write(sequence)

    def action_mouse(self) -> None:
        """Turn the mouse over to the terminal, or take it back."""
        driver = self._driver
        if isinstance(driver, PatientDriver):
            is_on = driver.toggle_mouse()
            self.rooms.notice("mouse on" if is_on else "mouse off: the terminal selects text itself")
