"""The entries of `schedule` in a configuration: days, times of day, and a number of workers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from tui_gen.config.keys import KeysModel
from tui_gen.config.run_config import ScheduleEntry

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_WORKERS = 256


def days_of(text: str) -> frozenset[int]:
    """Return the days in a text like "mon-fri" or "sat,sun": 0 (Monday) to 6. Raises ValueError."""
    found = set[int]()
    for part in text.casefold().split(","):
        first, dash, last = (each.strip() for each in part.partition("-"))
        begin, end = DAYS.index(first), DAYS.index(last if dash else first)
        found.update((begin + step) % len(DAYS) for step in range((end - begin) % len(DAYS) + 1))
    return frozenset(found)


def _known_days(text: str) -> str:
    days_of(text)
    return text


def _another_time(text: str, info: ValidationInfo) -> str:
    if text == info.data.get("from_"):
        wrong = "the same as from"
        raise ValueError(wrong)
    return text


class ScheduleKeys(KeysModel):
    """A time of the week, and the number of workers in it."""

    days: Annotated[str, AfterValidator(_known_days)] = Field(
        default="mon-sun", description='days like "mon-fri", "sat,sun" or "mon-sun"'
    )
    """The days on which the time begins, like "mon-fri" or "sat,sun"."""
    from_: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = Field(
        alias="from", description='a time of day like "08:00"'
    )
    """The begin, by the local clock."""
    to: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"), AfterValidator(_another_time)] = (
        Field(description='a time of day like "18:00", other than "from"; "24:00" is midnight')
    )
    """The end, by the local clock; a time before `from` is on the next day."""
    workers: Annotated[int, Field(ge=0, le=MOST_WORKERS)] = Field(
        description=f"a whole number from 0 to {MOST_WORKERS}"
    )
    """The number of workers in this time; 0 is a pause."""


Schedule = Annotated[
    list[ScheduleKeys],
    Field(
        description='a list of times like {"days": "mon-fri", "from": "08:00", "to": "18:00", "workers": 2}'
    ),
]


def schedule_of(entries: Iterable[ScheduleKeys]) -> tuple[ScheduleEntry, ...]:
    """Return the entries of a file in the form for a run."""
    return tuple(
        ScheduleEntry(days_of(each.days), _minute(each.from_), _minute(each.to), each.workers)
        for each in entries
    )


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
