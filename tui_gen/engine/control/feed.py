"""Limits the ends of clips that are sent to a screen: on average so many a second, whatever the run makes.

Everything else that has happened is sent. Entries are numbered without gaps, so a reader knows from a gap how
many were left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state_views import Recent

CLIPS_PER_SECOND = 5.0
BURST = 50
"""So many are sent at once after a quiet time: about a screen of lines."""
RECENT_SENT = 200


def to_send(recent: Iterable[tuple[int, Recent]], after: int) -> deque[tuple[int, Recent]]:
    """Return the entries with a number above `after` that are sent, at most the newest RECENT_SENT.

    `recent` are all entries that are kept, oldest first: which are left out depends on those before.
    """
    return deque((each for each in _limited(recent) if each[0] > after), maxlen=RECENT_SENT)


def _limited(recent: Iterable[tuple[int, Recent]]) -> Iterator[tuple[int, Recent]]:
    allowed, before = float(BURST), None
    for number, event in recent:
        if isinstance(event, ev.ClipEnded | ev.ClipRetried):
            elapsed = max(0.0, event.at - before) if before is not None else 0.0
            allowed, before = min(float(BURST), allowed + elapsed * CLIPS_PER_SECOND), event.at
            if allowed < 1.0:
                continue
            allowed -= 1.0
        yield number, event
