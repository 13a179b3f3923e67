"""The last line of a review: the keys of a table of actions, or the result of the last action."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui_gen.base.formatting import display_name
from tui_gen.tui.actions import Action
from tui_gen.tui.widgets.fixed_lines import FixedLines
from tui_gen.tui.widgets.styled_lines import Line, StyledText, joined, line, muted, spread, width_of


class ActionLine(FixedLines):
    """The keys of the actions that have a position in the line; the last two are always shown."""

    def __init__(self, name: str, actions: Sequence[Action], label_of: Callable[[Action], str]) -> None:
        """Show `actions` with the keys that `label_of` returns."""
        super().__init__(name)
        self._actions, self._label_of = actions, label_of
        self.notice = ""

    def _written(self) -> list[Line]:
        width = self.size.width
        actions = sorted((action for action in self._actions if action.shown), key=lambda each: each.shown)
        parts = [
            line(StyledText(self._label_of(action), "key"), muted(f" {action.words}")) for action in actions
        ]
        last = joined(parts[-2:], width - 2)
        first = joined(parts[:-2], width - 5 - width_of(last))
        if self.notice:
            first = line(StyledText(display_name(self.notice), "accent"))
        return [spread((StyledText(" "), *first), (*last, StyledText(" ")), width)]
