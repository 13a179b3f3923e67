"""What a schedule says at a moment, also where the clock changes; dates of real zones."""

from __future__ import annotations

import os
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tui_gen.config.run_config import ScheduleEntry
from tui_gen.engine.model.schedule import Scheduled, scheduled

BERLIN = ZoneInfo("Europe/Berlin")
ALL = frozenset(range(7))
WORKDAYS = frozenset(range(5))


def entry(begin: str, end: str, workers: int, days: frozenset[int] = ALL) -> ScheduleEntry:
    """Return an entry from two times like "08:00"."""
    first, last = (int(text[:2]) * 60 + int(text[3:]) for text in (begin, end))
    return ScheduleEntry(days, first, last, workers)


def at(text: str, fold: int = 0) -> float:
    """Return the moment at which a clock in Berlin shows a time."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp()


def said(entries: list[ScheduleEntry], moment: float) -> tuple[int | None, str]:
    """Return the number of workers, and what a clock in Berlin shows at the next change."""
    found = scheduled(entries, moment, BERLIN)
    if found.until is None:
        return found.workers, "never"
    return found.workers, f"{datetime.fromtimestamp(found.until, BERLIN):%a %H:%M:%S%z}"


OFFICE = [entry("08:00", "18:00", 2, WORKDAYS)]


@pytest.mark.parametrize(
    ("moment", "workers", "until"),
    [
        ("2026-06-05 07:59:59", None, "Fri 08:00:00+0200"),
        ("2026-06-05 08:00", 2, "Fri 18:00:00+0200"),
        ("2026-06-05 17:59:59", 2, "Fri 18:00:00+0200"),
        ("2026-06-05 18:00", None, "Mon 08:00:00+0200"),
        ("2026-06-07 12:00", None, "Mon 08:00:00+0200"),
    ],
)
def test_an_entry_applies_on_its_days_from_its_begin_to_before_its_end(
    moment: str, workers: int | None, until: str
) -> None:
    assert said(OFFICE, at(moment)) == (workers, until)


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    night = [entry("22:00", "06:00", 8, frozenset({4}))]
    assert said(night, at("2026-06-05 21:00")) == (None, "Fri 22:00:00+0200")
    assert said(night, at("2026-06-06 05:59")) == (8, "Sat 06:00:00+0200")
    assert said(night, at("2026-06-06 23:00")) == (None, "Fri 22:00:00+0200")


def test_midnight_ends_a_day_and_days_that_meet_are_one_time() -> None:
    assert said([entry("00:00", "24:00", 3)], at("2026-06-05 12:00")) == (3, "never")
    weekend = [entry("00:00", "24:00", 0, frozenset({5, 6}))]
    assert said(weekend, at("2026-06-06 12:00")) == (0, "Mon 00:00:00+0200")


def test_of_two_times_that_overlap_the_later_entry_applies() -> None:
    lunch = entry("12:00", "13:00", 6)
    assert said([*OFFICE, lunch], at("2026-06-05 12:30")) == (6, "Fri 13:00:00+0200")
    assert said([*OFFICE, lunch], at("2026-06-05 11:00")) == (2, "Fri 12:00:00+0200")
    assert said([lunch, *OFFICE], at("2026-06-05 12:30")) == (2, "Fri 18:00:00+0200")


def test_without_entries_nothing_applies_and_nothing_changes() -> None:
    assert scheduled([], at("2026-06-05 12:00"), BERLIN) == Scheduled(None, None)


# The clock goes from 02:00 to 03:00 on 29 March 2026, and from 03:00 to 02:00 on 25 October 2026.


def test_a_begin_that_the_clock_skips_is_at_the_skip() -> None:
    skipped = [entry("02:30", "04:00", 5)]
    assert said(skipped, at("2026-03-29 01:59")) == (None, "Sun 03:00:00+0200")
    assert said(skipped, at("2026-03-29 03:00")) == (5, "Sun 04:00:00+0200")
    assert scheduled(skipped, at("2026-03-29 01:59"), BERLIN).until == at("2026-03-29 01:59") + 60


def test_an_end_that_the_clock_skips_is_at_the_skip() -> None:
    assert said([entry("01:00", "02:30", 5)], at("2026-03-29 01:30")) == (5, "Sun 03:00:00+0200")


def test_a_time_that_the_clock_skips_as_a_whole_is_left_out_that_day() -> None:
    assert said([entry("02:10", "02:50", 5)], at("2026-03-29 01:00")) == (None, "Mon 02:10:00+0200")


def test_a_time_that_comes_twice_counts_once() -> None:
    twice = [entry("02:10", "02:50", 5)]
    assert said(twice, at("2026-10-25 02:20")) == (5, "Sun 02:50:00+0200")
    assert said(twice, at("2026-10-25 02:20", fold=1)) == (None, "Mon 02:10:00+0100")


def test_a_night_is_an_hour_longer_in_autumn_and_shorter_in_spring() -> None:
    night = [entry("22:00", "06:00", 8)]
    for evening, hours in (("2026-10-24", 9), ("2026-03-28", 7), ("2026-06-05", 8)):
        begin = at(f"{evening} 22:00")
        until = scheduled(night, begin, BERLIN).until
        assert until is not None
        assert until - begin == hours * 3600


def test_times_that_follow_each_other_leave_no_gap_and_no_overlap_at_a_change() -> None:
    both = [entry("00:00", "02:30", 1), entry("02:30", "05:00", 2)]
    for midnight in ("2026-10-25 00:00", "2026-03-29 00:00"):
        moment, seen = at(midnight), []
        while moment < at(midnight[:10] + " 04:00"):
            seen.append(scheduled(both, moment, BERLIN).workers)
            moment += 300
        assert sorted(seen) == seen  # type: ignore[type-var]
        assert set(seen) == {1, 2}


minutes = st.integers(0, 24 * 60 - 1)
entries_drawn = st.builds(
    ScheduleEntry, st.frozensets(st.integers(0, 6), min_size=1), minutes, minutes, st.integers(0, 9)
)


@given(
    st.lists(entries_drawn, max_size=4),
    st.integers(int(at("2026-03-25 00:00")), int(at("2026-11-02 00:00"))),
    st.floats(0, 1, exclude_max=True),
)
def test_nothing_changes_before_the_next_change(
    entries: list[ScheduleEntry], moment: int, share: float
) -> None:
    found = scheduled(entries, moment, BERLIN)
    until = found.until if found.until is not None else moment + 15 * 86400
    assert until > moment
    later = moment + (until - moment) * share
    assume(later < until)  # a share just below 1 is rounded to the change itself
    assert scheduled(entries, later, BERLIN).workers == found.workers
    if found.until is not None:
        assert scheduled(entries, found.until, BERLIN).workers != found.workers


def test_the_zone_of_the_machine_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [at("2026-03-29 01:59"), at("2026-10-25 02:20"), at("2026-10-25 02:20", fold=1)]
    entries = [entry("02:10", "02:50", 5), entry("02:30", "04:00", 7)]
    wanted = [scheduled(entries, moment, BERLIN) for moment in moments]
    before = os.environ.get("TZ")
    try:
        monkeypatch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        assert [scheduled(entries, moment) for moment in moments] == wanted
    finally:
        monkeypatch.undo()
        assert os.environ.get("TZ") == before
        time.tzset()
