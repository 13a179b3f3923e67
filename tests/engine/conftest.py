"""After every test the states of its engines are checked, whatever the test itself looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine import invariants
from tests.engine.toy import Bench


@pytest.fixture(autouse=True)
def invariants_hold() -> Iterator[None]:
    """Check each bench that the test made."""
    Bench.all_made.clear()
    yield
    benches, Bench.all_made = Bench.all_made, []
    for bench in benches:
        invariants.check(bench.state)
    for bench in {bench.ledger_path: bench for bench in benches}.values():  # the latest of each ledger
        if bench.keeps_rules:
            invariants.check_replayed(bench.state, bench.ledger_path)
            invariants.check_planned(bench.state, bench.stage)
