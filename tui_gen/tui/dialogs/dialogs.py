"""Dialogs and pages in front of the panes. They make all text passed to them printable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui_gen.base.formatting import display_name
from tui_gen.base.nouns import Nouns
from tui_gen.tui.widgets.styled_lines import Line, Role

LEAVE_TITLE = "Leave"
_PAGE_KEYS = "y copy   esc close"
TextLine = str | Line
TextPage = tuple[str, Sequence[TextLine]]
"""A title and lines."""
_STYLES: Mapping[Role, str] = {
    "muted": "$foreground 60%",
    "strong": "bold",
    "good": "$success",
    "warn": "$warning bold",
    "bad": "$error bold",
    "bar": "$primary",
}
_BESIDE_TEXT_CELLS = 8  # border, padding and scroll bar
Leaving = Literal["leave", "finish", "stop"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question."""

    id: str
    words: str
    meaning: str = ""


class QuestionDialog(ModalScreen[str | None]):
    """A question with a few answers; the result is None after escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="question.cancel", show=False),
    ]

    def __init__(self, title: str, lines: list[str], choices: list[Choice]) -> None:
        """Ask `title`, with `lines` below it."""
        super().__init__(name=title)
        self._title, self._said, self._choices = title, lines, choices

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        with Vertical(classes="dialog"):
            yield Static(Content(display_name(self._title)), classes="dialog-title")
            if self._said:
                yield Static(_text(self._said), classes="dialog-text")
            longest = max(len(display_name(each.words)) for each in self._choices)
            yield OptionList(*(Option(_choice(each, longest), id=each.id) for each in self._choices))
            yield Static(Content("enter choose   esc cancel"), classes="dialog-keys")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer."""
        self.dismiss(event.option.id)


def _choice(choice: Choice, cells: int) -> Content:
    return Content(f"{display_name(choice.words):<{cells}}   {display_name(choice.meaning)}".rstrip())


def _text(lines: Sequence[TextLine]) -> Content:
    return Content("\n").join(_content(each) for each in lines)


def _content(written: TextLine) -> Content:
    if isinstance(written, str):
        return Content(display_name(written))
    return Content.assemble(*((display_name(span.text), _STYLES.get(span.role, "")) for span in written))


def _plain(written: TextLine) -> str:
    """Return the text of a line, printable."""
    return display_name(written if isinstance(written, str) else "".join(span.text for span in written))


class TextDialog(ModalScreen[str | None]):
    """A page of text of any length, as wide as its text; `reread` writes it anew."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,question_mark,f1", "dismiss(None)", "Close", id="reading.close", show=False),
        Binding("y", "copy", "Copy", id="reading.copy", show=False),
        Binding("up,k", "scroll(-1)", "Up", id="reading.up", show=False),
        Binding("down,j", "scroll(1)", "Down", id="reading.down", show=False),
    ]

    def __init__(
        self, title: str, lines: Sequence[TextLine], read: Callable[[], TextPage | None] | None = None
    ) -> None:
        """Show `lines` under `title`; `read` returns both as they are later, None if they stay."""
        super().__init__()
        self._title, self._said, self._read = title, lines, read
        self._heading = Static(Content(display_name(title)), classes="dialog-title")
        self._page = Static(_text(lines))

    def compose(self) -> ComposeResult:
        """Lay out the page."""
        with Vertical(classes="dialog reading") as dialog:
            dialog.styles.width = self._cells()
            yield self._heading
            with VerticalScroll(classes="dialog-scroll"):
                yield self._page
            yield Static(Content(_PAGE_KEYS), classes="dialog-keys")

    def _cells(self) -> int:
        """Return the width that the text fills."""
        lines = (self._title, _PAGE_KEYS, *self._said)
        return max(cell_len(_plain(each)) for each in lines) + _BESIDE_TEXT_CELLS

    def reread(self) -> None:
        """Show the text as it is now; the page becomes wider with it, and not narrower."""
        page = self._read() if self._read is not None else None
        if page is None or page == (self._title, self._said) or not self.is_mounted:
            return
        before = self._cells()
        self._title, self._said = page
        self._heading.update(Content(display_name(self._title)))
        self._page.update(_text(self._said))
        if self._cells() > before:
            self.query_one(".dialog").styles.width = self._cells()

    def action_scroll(self, rows: int) -> None:
        """Scroll."""
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)

    def action_copy(self) -> None:
        """Copy the whole page."""
        text = "\n".join(_plain(each) for each in (self._title, *self._said))
        self.app.copy_to_clipboard(text)


def page_cells(screen_width: int) -> int:
    """Return how wide the text of a page may be: the style sheet gives a page nine tenths of the screen."""
    return screen_width * 9 // 10 - _BESIDE_TEXT_CELLS


def leave_question(nouns: Nouns, *, is_paused: bool, is_ending: bool) -> QuestionDialog:
    """Return the question how to leave an active run."""
    clips = nouns.clip.many
    running = "it stays paused" if is_paused else "the work goes on; tui-gen comes back to it"
    choices = [
        Choice("leave", "leave it running", running),
        Choice("finish", "finish and stop", f"the {clips} in hand are finished first"),
        Choice("stop", "stop now", f"the {clips} in hand are made again next time"),
    ]
    if is_ending:
        choices.pop(1)
    return QuestionDialog(LEAVE_TITLE, [], choices)


def skip_question(name: str, costs: list[str], nouns: Nouns) -> QuestionDialog:
    """Return the question whether to skip a source; `costs` are the lines about the consequences."""
    said = [
        "It would still have given",
        *(f"  {cost}" for cost in costs),
        f"Other {nouns.source.many} take its place where they can.",
    ]
    if not costs:
        said = ["It has nothing more to give."]
    choices = [Choice("keep", "keep it"), Choice("skip", "skip it", "u takes it back in")]
    return QuestionDialog(f"Skip {name}?", [*said, ""], choices)
