"""The page at a first start: describes the program and offers two ways to begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui_gen.base.files import expanded
from tui_gen.base.formatting import display_name
from tui_gen.base.nouns import USUAL_NOUNS, Nouns
from tui_gen.tui.base_app import TerminalApp

_STEERING = "It runs for days; you watch and steer it here, and may leave it at any time."

_CHOOSING, _NAMING = "enter choose   q leave", "enter look through it   esc back   ctrl+c leave"


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do after the first start's page."""

    kind: Literal["scan", "demo"]
    folder: str = ""


class FirstRunApp(TerminalApp[NextStep | None]):
    """A short page; its result is what to do next, or None."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+c,ctrl+q", "leave", "Leave", id="first.leave", show=False),
        Binding("escape", "choose", "Back", id="first.back", show=False),
        Binding("t", "theme", "Theme", id="first.theme", show=False),
    ]

    def __init__(self, reason: str, about: str = "", nouns: Nouns = USUAL_NOUNS) -> None:
        """Show `reason`, what is missing, and `about`, what the job makes."""
        super().__init__()
        self._reason, self._nouns = reason, nouns
        self._what = f"{about} {_STEERING}".strip()

    def compose(self) -> ComposeResult:
        """Lay out the page."""
        sources = self._nouns.source.many
        with Vertical(id="welcome"):
            yield Static(Content("tui-gen"), classes="dialog-title")
            yield Static(Content(display_name(self._what)))
            yield Static(Content(f"\n{display_name(self._reason)}\n"))
            yield Static(Content("Two ways to begin:"))
            yield OptionList(
                Option(
                    _choice(f"scan a folder of {sources}", "tui-gen scan DIR   writes a configuration"),
                    id="scan",
                ),
                Option(_choice("run the demo", "tui-gen demo       makes its own short clips"), id="demo"),
            )
            yield Input(placeholder=f"the folder with your {sources}", id="folder")
            yield Static(Content(_CHOOSING), classes="dialog-keys")

    def on_mount(self) -> None:
        """Focus the choice."""
        self.query_one(Input).display = False
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def _on_chosen(self, event: OptionList.OptionSelected) -> None:
        if event.option.id == "demo":
            self.exit(NextStep("demo"))
            return
        field = self.query_one(Input)
        field.display = True
        field.focus()
        self._say_keys(_NAMING)

    @on(Input.Submitted)
    def _on_folder(self, event: Input.Submitted) -> None:
        folder = expanded(event.value)
        if event.value and folder.is_dir():
            self.exit(NextStep("scan", str(folder)))
        elif not event.value:
            self.notify("type the path of a folder first", severity="warning", markup=False)
        else:
            self.notify(f"no such folder: {display_name(event.value)}", severity="warning", markup=False)

    def action_choose(self) -> None:
        """Return to the choice."""
        self.query_one(Input).display = False
        self.query_one(OptionList).focus()
        self._say_keys(_CHOOSING)

    def _say_keys(self, keys: str) -> None:
        self.query_one(".dialog-keys", Static).update(Content(keys))

    def action_leave(self) -> None:
        """Leave without a next step."""
        self.exit(None)


def _choice(words: str, meaning: str) -> Content:
    return Content(f"{words:<26}{meaning}")
