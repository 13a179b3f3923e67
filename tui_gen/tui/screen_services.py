"""The services outside the main screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui_gen.contract.clips import ClipDescriber
from tui_gen.tui.command_queue import CommandQueue
from tui_gen.tui.panes.preview import Preview
from tui_gen.tui.view import ScreenView


@dataclass(frozen=True, slots=True)
class ScreenServices:
    """The services outside the screen: commands, previews, a new engine, the current view."""

    steering: CommandQueue
    preview: Preview | None
    clip_describer: ClipDescriber | None
    on_restart: Callable[[], None] | None
    look: Callable[[], ScreenView]
