"""Draws the newest patches for the preview of the screen: one, or several side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from textual.geometry import Size

from tui_gen.contract.preview import Previewer
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Made
from tui_gen.tui.panes.preview import PreviewImage
from tui_gen.tui.panes.preview_strip import NamedPicture, pictures_in, side_by_side, size_of_each
from tui_gen.tui.view import name_of

Key = tuple[str, int]
"""A source and a clip."""


class PatchPreview:
    """Draws the newest patches of a state. Called by one thread at a time."""

    def __init__(self, previewer: Previewer, *, has_strip: bool = True) -> None:
        """Draw with `previewer`; without a strip, always the newest patch alone."""
        self._previewer, self._has_strip = previewer, has_strip
        self._room = Size(0, 0)
        self._drawn: list[tuple[Key, NamedPicture]] = []
        self._oldest = 0  # the place in `_drawn` of the picture to replace

    def __call__(self, state: RunState, room: Size) -> PreviewImage | None:
        """Return the newest patches as a picture, None before the first. Raises OSError, ValueError."""
        count = pictures_in(room) if self._has_strip else 1
        newest = state.newest_patch
        if newest is None:
            return None
        if count == 1:
            picture = self._previewer.draw(newest, columns=room.width, rows=room.height)
            return PreviewImage(picture.cells, picture.caption)
        each = size_of_each(room, count)
        if room != self._room:
            self._room, self._drawn, self._oldest = room, [], 0
        if len(self._drawn) < count:
            self._fill(state, each, count)
        elif _key(newest) not in {key for key, _ in self._drawn}:
            self._drawn[self._oldest] = _key(newest), self._draw(state, newest, each)
            self._oldest = (self._oldest + 1) % count
        return side_by_side([picture for _, picture in self._drawn], each)

    def _fill(self, state: RunState, each: Size, count: int) -> None:
        """Draw what is not drawn yet, the oldest first."""
        known = dict(self._drawn)
        newest = list(_newest_patches(state, count))[::-1]
        self._drawn = [
            (_key(patch), known.get(_key(patch)) or self._draw(state, patch, each)) for patch in newest
        ]

    def _draw(self, state: RunState, patch: Mapping[str, Any], each: Size) -> NamedPicture:
        """Draw a patch; the place of a patch that cannot be drawn says why, the others are shown."""
        name = name_of(state, str(patch["source"]))
        try:
            picture = self._previewer.draw(patch, columns=each.width, rows=each.height)
        except (OSError, ValueError) as error:
            return NamedPicture((), f"{name}: cannot be drawn: {error}")
        return NamedPicture(picture.cells, f"{name}  {picture.caption}")


def _key(patch: Mapping[str, Any]) -> Key:
    return str(patch["source"]), int(patch["clip"])


def _newest_patches(state: RunState, count: int) -> Iterator[Mapping[str, Any]]:
    """Yield the ledger entries of one patch for each of the newest clips that have one, the newest first."""
    found = dict[Key, Mapping[str, Any]]()
    if state.newest_patch is not None:
        found[_key(state.newest_patch)] = state.newest_patch
    for _, event in reversed(state.recent):
        if len(found) >= count:
            break
        outcome = event.outcome if isinstance(event, ev.ClipEnded) else None
        if isinstance(outcome, Made) and outcome.patches:
            patch = outcome.patches[-1]
            place = {"source": outcome.clip.source, "clip": outcome.clip.index, "category": patch.category}
            found.setdefault((outcome.clip.source, outcome.clip.index), {**place, **patch.record})
    yield from found.values()
