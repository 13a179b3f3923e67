"""How often and how far from its first window a clip is tried again if the data there are bad. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tui_gen.jobs.superres.config.settings import Settings

SHORT_FILM_STEP = 0.382
"""Share of the duration by which a window moves in films too short for `retry_skip_seconds`."""


@dataclass(frozen=True, slots=True)
class Retries:
    """The retries of a window with bad data."""

    attempts: int  # in all, including the first
    skip_seconds: float

    def step_seconds(self, duration_seconds: float) -> float:
        """Return the distance of one retry on a film of this length, in seconds."""
        if duration_seconds < 2 * self.skip_seconds:
            return SHORT_FILM_STEP * duration_seconds
        return self.skip_seconds


def retries(settings: Settings) -> Retries:
    """Return the retries under these settings."""
    return Retries(attempts=settings.max_retry_attempts, skip_seconds=settings.retry_skip_seconds)
