"""The message on the terminal after the screen has ended: the state of the run, and how to return. Pure.

Invariant: the message says whether the engine continues without the screen.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tui_gen.base.formatting import display_name
from tui_gen.tui.view import ScreenView
from tui_gen.views.text.final_lines import card_lines
from tui_gen.views.text.tables import LineWidth

_UNCUT = LineWidth(80, is_cut=False)


def exit_lines(view: ScreenView, config: str, width: LineWidth = _UNCUT) -> Iterator[str]:
    """Yield the lines of the message; `config` is the configuration as the user typed it.

    After the end of the run they are a card: what the run came to, and what to do next.
    """
    words = "tui-gen" if config == "generator_config.json" else f"tui-gen {shlex.quote(config)}"
    named = "" if words == "tui-gen" else f" -c {shlex.quote(config)}"
    command, stop = display_name(words), display_name(f"tui-gen ctl{named} drain")
    state, condition = view.state, view.condition
    images = state.nouns.image.counted(view.metrics.total.images)
    made = f"{images} in {display_name(state.output)}"
    if condition.is_dead:
        yield f"The engine is gone; what it had finished is safe. It goes on with: {command}"
    elif condition.is_ended:
        reason = f", {display_name(condition.reason)}" if condition.reason else ""
        yield f"{condition.word.capitalize()}{reason}: {made}"
        if view.totals is not None:
            yield from card_lines(state, view.metrics, view.totals, width)
        if view.end is not None:
            yield from map(display_name, view.end.steps)
        if state.phase != "finished":
            yield f"Go on with: {command}"
    else:
        yield f"{'The work is paused' if state.is_paused else 'The work goes on without the screen'}: {made}"
        yield f"Come back to it with: {command}   finish and stop it with: {stop}"
