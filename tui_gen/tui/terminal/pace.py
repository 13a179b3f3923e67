"""How fast a line takes what is written: at most one frame is under way, and the next is the newest.

What was written to a terminal may lie in buffers of a network for a long time. So each frame ends with a
question that every terminal answers (where is the cursor: ECMA-48, 8.3.35), and the next frame waits for the
answer. A frame on a slow line is cut into pieces of half a second, so that a key is never answered later than
that. A terminal that does not answer the first question is not asked to be waited for.
"""

from __future__ import annotations

from dataclasses import dataclass

QUESTION = "\x1b[6n"
SLOW_BYTES_PER_SECOND = 16_000
"""A slower line gets no pictures: 4 kB/s of pictures would be more than a quarter of it."""
PICTURE_BYTES_PER_SECOND = 1_600
PICTURE_BURST_BYTES = 24_000
"""With the rate above: no ten seconds have more than 40 kB of pictures."""
_FIRST_ANSWER_SECONDS = 2.0
_LOST_SECONDS = 30.0  # an answer that takes longer will not come: another terminal may be there now
_PIECE_SECONDS = 0.5
_FIRST_PIECE_BYTES, _LEAST_PIECE_BYTES = 4096, 1024
_MEASURES = 3
_LEAST_MEASURED_BYTES = 1024  # less says more about the way than about the speed


@dataclass(slots=True)
class Pace:
    """What is under way, and what is known of the line."""

    asked_at: float | None = None
    asked_bytes: int = 0
    answers: bool | None = None  # None: not known yet
    way_seconds: float = 0.0  # the shortest time to an answer
    measured: tuple[float, ...] = ()  # the last speeds, in bytes a second
    _picture_bytes: float = float(PICTURE_BURST_BYTES)
    _pictures_at: float = 0.0

    @property
    def bytes_per_second(self) -> float | None:
        """The speed of the line: a busy machine makes it look slower, and nothing makes it look faster."""
        return max(self.measured, default=None)

    @property
    def is_slow(self) -> bool:
        """Whether the line is too slow for pictures; one slow answer does not say so."""
        return len(self.measured) > 1 and max(self.measured) < SLOW_BYTES_PER_SECOND

    @property
    def most_bytes(self) -> int:
        """The size of a piece, in bytes."""
        if self.answers is False:
            return 1 << 30
        if self.bytes_per_second is None:
            return _FIRST_PIECE_BYTES
        return max(_LEAST_PIECE_BYTES, int(self.bytes_per_second * _PIECE_SECONDS))

    def wait_seconds(self, now: float) -> float:
        """Return how long the next frame has to wait for an answer at the most."""
        if self.asked_at is None or self.answers is False:
            return 0.0
        most = _FIRST_ANSWER_SECONDS if self.answers is None else _LOST_SECONDS
        return max(0.0, self.asked_at + most - now)

    def give_up(self) -> None:
        """Stop waiting: the answer has not come."""
        self.asked_at = None
        if self.answers is None:
            self.answers = False

    def sent(self, count: int, now: float) -> None:
        """Note that so many bytes and a question were written."""
        self.asked_at, self.asked_bytes = now, count

    def answered(self, now: float) -> None:
        """Note an answer."""
        self.answers = True
        if self.asked_at is None:
            return
        took, self.asked_at = now - self.asked_at, None
        self.way_seconds = min(self.way_seconds or took, took)
        if self.asked_bytes >= _LEAST_MEASURED_BYTES:
            # The first piece has no shorter way to compare with: its whole time counts.
            way = self.way_seconds if self.way_seconds < took else 0.0
            speed = self.asked_bytes / max(1e-4, took - way)
            self.measured = (*self.measured, speed)[-_MEASURES:]

    def restart(self) -> None:
        """Wait for nothing: the terminal may be another one."""
        self.asked_at = None

    # ------------------------------------------------------------------ pictures

    def picture_bytes(self, now: float) -> int:
        """Return how many bytes of pictures may be sent now."""
        if self.is_slow:
            return 0
        elapsed, self._pictures_at = now - self._pictures_at, now
        self._picture_bytes = min(
            PICTURE_BURST_BYTES, self._picture_bytes + elapsed * PICTURE_BYTES_PER_SECOND
        )
        return int(self._picture_bytes)

    def sent_picture(self, count: int) -> None:
        """Note so many bytes of pictures."""
        self._picture_bytes -= count
