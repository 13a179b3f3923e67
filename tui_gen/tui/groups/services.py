"""What the screens of the review share: the reviewer, the groups as they are now, and the door to changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui_gen.contract.groups import Group, GroupReviewer
from tui_gen.tui.groups.drawing import Drawer
from tui_gen.tui.groups.rows import Reviewed


@dataclass(frozen=True, slots=True)
class ReviewServices:
    """What a screen of the review uses."""

    reviewer: GroupReviewer
    reviewed: Reviewed
    drawer: Drawer
    change: Callable[[Callable[[], str]], None]
    """Make a change in another thread, one at a time; then the screens show what it said and led to."""
    open_members: Callable[[Group], None]
