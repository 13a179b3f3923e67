"""The actions of the main screen that steer the run: each asks the engine for a command."""

from __future__ import annotations

from textual.screen import Screen

from tui_gen.base.nouns import Nouns
from tui_gen.engine.scheduling import commands as do
from tui_gen.tui.action_rules import Situation
from tui_gen.tui.dialogs.dialogs import skip_question
from tui_gen.tui.panes.key_line import KeysPane
from tui_gen.tui.panes.sources import cost_of_skipping
from tui_gen.tui.screen_services import ScreenServices
from tui_gen.tui.view import ScreenView
from tui_gen.tui.worker_entry import WorkerEntry


class SteeringActions(Screen[None]):
    """What the keys that steer do; `MainScreen` has the panes."""

    _services: ScreenServices
    _view: ScreenView | None
    _workers_field: WorkerEntry
    keys: KeysPane

    def ask(self, command: do.Command) -> None:
        """Carry out a command, and show at once that it was requested."""
        raise NotImplementedError

    def situation(self) -> Situation:
        """Return what the screen shows and what is chosen."""
        raise NotImplementedError

    @property
    def nouns(self) -> Nouns:
        """The words of the job."""
        raise NotImplementedError

    def _is_in_vain(self, action: str, number: int = 0) -> bool:
        """Return whether an action would have no effect now, after saying why."""
        raise NotImplementedError

    def _is_pause_asked(self) -> bool:
        asked = self._services.steering.asked("pause")
        if asked is not None:
            return isinstance(asked, do.Pause)
        return self._view is not None and self._view.state.is_paused

    def action_pause(self) -> None:
        """Pause the run, or resume it."""
        self.ask(do.Resume() if self._is_pause_asked() else do.Pause())

    def action_workers(self, change: int) -> None:
        """Increase or decrease the number of workers; ask once beyond what the machine bears."""
        self._workers_field.change(change)

    def action_set_workers(self) -> None:
        """Open the field for the number of workers."""
        self.keys.display = False
        self._workers_field.begin()

    def action_retry(self) -> None:
        """Retry all failed clips."""
        if self._is_in_vain("retry"):
            return
        self.ask(do.Retry())

    def action_retry_this(self) -> None:
        """Retry the failed clips of one source."""
        if self._is_in_vain("retry_this"):
            return
        self.ask(do.Retry(self.situation().source))

    def action_priority(self, change: int) -> None:
        """Move a source one step earlier or later."""
        chosen = self.situation().chosen
        if chosen is None or self._is_in_vain("priority", change):
            return
        asked = self._services.steering.asked("priority", chosen.id)
        before = asked.priority if isinstance(asked, do.SetPriority) else chosen.priority
        self.ask(do.SetPriority(chosen.id, max(0, min(255, before + change))))

    def action_skip(self) -> None:
        """Ask whether to leave a source out, and show the consequences."""
        now = self.situation()
        chosen = now.to_skip
        if chosen is None or self._is_in_vain("skip"):
            return

        def answered(answer: str | None) -> None:
            if answer == "skip":
                self.ask(do.Skip(chosen.id))

        self.app.push_screen(
            skip_question(chosen.name, cost_of_skipping(now.view, chosen.id), self.nouns), answered
        )

    def action_unskip(self) -> None:
        """Undo the skipping of a source."""
        chosen = self.situation().chosen
        if chosen is not None and not self._is_in_vain("unskip"):
            self.ask(do.Unskip(chosen.id))

    def action_restart(self) -> None:
        """Start a new engine."""
        if self._services.on_restart is not None:
            self._services.on_restart()
