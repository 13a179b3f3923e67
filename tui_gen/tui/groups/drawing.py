"""Reads members and draws pictures in a thread that nothing waits for, the newest request first.

    Pictures ── request ──> thread ── MembersRead, Drawn ──> Pictures

Invariant: a request that was replaced by a newer one is not drawn to its end.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tui_gen.contract.groups import GroupReviewer, Member
from tui_gen.contract.preview import RGB

KEPT_CELLS = 200_000
"""Pictures of so many cells together are kept: some hundred small ones, some dozen large ones."""
_STEP = 0xF8  # of a colour: neighbours that differ less are one run of cells, which is shorter to send


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture as lines of cells, or why there is none."""

    lines: tuple[Strip, ...] = ()
    failure: str = ""


class MembersRead(Message):
    """The members of a request were read, or could not be read."""

    def __init__(self, request: Request, members: Sequence[Member], failure: str) -> None:
        """Carry the members."""
        super().__init__()
        self.request, self.members, self.failure = request, members, failure


class Drawn(Message):
    """A picture was drawn, or could not be drawn."""

    def __init__(self, member: str, size: Size) -> None:
        """Name the picture."""
        super().__init__()
        self.member, self.size = member, size


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """Members to read, and which of them to draw."""

    members: Callable[[], Sequence[Member]]
    first: int
    count: int
    size: Size
    tell: Callable[[Message], object]  # from the thread


@dataclass(slots=True)
class Drawer:
    """Draws for all screens of the review, and keeps the last pictures."""

    reviewer: GroupReviewer
    is_ascii: bool = False
    _waiting: Request | None = None
    _is_drawing: bool = False
    _kept: OrderedDict[tuple[str, Size], Drawing] = field(default_factory=OrderedDict)
    _cells: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None

    def find(self, member: str, size: Size) -> Drawing | None:
        """Return a picture that was drawn, or None."""
        with self._changed:
            return self._kept.get((member, size))

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being drawn or waits for it."""
        with self._changed:
            return self._waiting is None and not self._is_drawing

    def request(self, request: Request) -> None:
        """Read and draw, instead of what was requested before."""
        with self._changed:
            self._waiting = request
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="pictures")
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._is_drawing = False
                self._changed.wait_for(lambda: self._waiting is not None)
                request, self._waiting, self._is_drawing = self._waiting, None, True
            if request is not None:
                self._carry_out(request)

    def _carry_out(self, request: Request) -> None:
        try:
            members, failure = request.members(), ""
        except Exception as error:  # noqa: BLE001 - whatever the job raises is shown, not lost
            members, failure = (), f"the group cannot be read: {error}"
        request.tell(MembersRead(request, members, failure))
        for member in members[request.first : request.first + request.count]:
            if self._waiting is not None:
                return
            if self.find(member.id, request.size) is None:
                self._keep((member.id, request.size), self._drawn(member, request.size))
            request.tell(Drawn(member.id, request.size))

    def _drawn(self, member: Member, size: Size) -> Drawing:
        try:
            picture = self.reviewer.draw(member, columns=size.width, rows=size.height)
        except Exception as error:  # noqa: BLE001 - as above
            return Drawing(failure=str(error))
        cell = _ascii_cell if self.is_ascii else _half_block
        rows = picture.cells[: size.height]
        return Drawing(tuple(Strip(cell(*each) for each in row[: size.width]).simplify() for row in rows))

    def _keep(self, key: tuple[str, Size], drawing: Drawing) -> None:
        with self._changed:
            self._kept[key] = drawing
            self._cells += key[1].area
            while self._cells > KEPT_CELLS and len(self._kept) > 1:
                (_, size), _ = self._kept.popitem(last=False)
                self._cells -= size.area


def _half_block(upper: RGB, lower: RGB) -> Segment:
    return Segment("▀", Style(color=_colour(upper), bgcolor=_colour(lower)))


def _ascii_cell(upper: RGB, lower: RGB) -> Segment:
    """Return a cell without half blocks: in the mean of both colours."""
    red, green, blue = ((one + other) // 2 for one, other in zip(upper, lower, strict=True))
    return Segment(" ", Style(bgcolor=_colour((red, green, blue))))


def _colour(rgb: RGB) -> Color:
    return Color.from_rgb(*(value & _STEP for value in rgb))
