"""How times to come are written, by the local clock."""

from __future__ import annotations

from datetime import datetime

import pytest

from tui_gen.base.formatting import coming


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ("2026-06-05 18:00", "18:00"),
        ("2026-06-06 00:00", "Sat 00:00"),
        ("2026-06-11 08:05", "Thu 08:05"),
        ("2026-06-12 08:05", "Fri 12 Jun 08:05"),
        ("2026-06-04 08:05", "Thu 04 Jun 08:05"),
        ("2027-06-05 08:05", "Sat 05 Jun 2027 08:05"),
    ],
)
def test_a_time_to_come_needs_a_day_only_if_it_is_another_and_a_date_after_a_week(
    then: str, words: str
) -> None:
    now = datetime.fromisoformat("2026-06-05 12:00").timestamp()
    assert coming(datetime.fromisoformat(then).timestamp(), now) == words
