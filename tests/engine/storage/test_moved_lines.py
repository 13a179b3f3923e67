"""A move in the ledger: as it is written now, and as earlier versions wrote it (a loss and a clip)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_gen.engine.run.session import LEDGER_NAME, replay
from tui_gen.engine.storage.history import read_history

BEGIN = b"""\
{"at":0.0,"kind":"run","job":"toy","recipe":{},"config":"c","output":"o","pid":1,"host":"h","version":"1"}
{"at":0.0,"kind":"phase","phase":"running","reason":""}
{"at":60.0,"kind":"clip","stage":"extract","id":"a:1","source":"a","outcome":"made","attempts":2,"seconds":9.0,\
"pts_seconds":1.0,"patches":[{"category":"general","bytes":7,"hash":"00000000000000ff","format":"x",\
"files":{"gt":"General/Patches/GT/1.png"}}],"rejected":[]}
{"at":120.0,"kind":"end","result":"finished","exit_code":0,"reason":""}
"""
PATCH = b"""{"category":"general/val","bytes":7,"hash":"00000000000000ff","format":"x",\
"files":{"gt":"General/Val/GT/1.png"}}"""
PAIR = (
    b"""\
{"at":900.0,"kind":"lost","source":"a","category":"general","clips":[1],"size_bytes":7}
{"at":900.0,"kind":"clip","stage":"split","id":"a:1","source":"a","outcome":"made","attempts":2,"seconds":9.0,\
"pts_seconds":1.0,"patches":["""
    + PATCH
    + b"""],"rejected":[]}
"""
)
MOVED = (
    b"""\
{"at":900.0,"kind":"moved","stage":"extract","source":"a","clip":1,"from_category":"general","patch":"""
    + PATCH
    + b"}\n"
)


@pytest.mark.parametrize(("move", "made"), [(PAIR, 2), (MOVED, 1)], ids=["earlier", "now"])
def test_a_move_counts_a_patch_elsewhere_and_only_earlier_versions_counted_it_as_made(
    move: bytes, made: int, tmp_path: Path
) -> None:
    (tmp_path / LEDGER_NAME).write_bytes(BEGIN + move)
    state, damage = replay(tmp_path)
    assert damage == []
    assert state.records["a"].stage("extract").made == {"general": 0, "general/val": 0b10}
    assert state.sources["a"].images == {"general": 0, "general/val": 1}
    assert state.sources["a"].size_bytes == 7
    assert [(c.images, c.size_bytes) for c in state.categories.values()] == [(0, 0), (1, 7)]
    assert (state.clips_made, state.attempts, state.sources["a"].ended) == (made, 2 * made, made)
    assert sum(minute.patches for minute in state.minutes) == made
    assert state.newest_patch is not None
    assert state.newest_patch["files"] == {"gt": "General/Val/GT/1.png"}


@pytest.mark.parametrize(("move", "made"), [(PAIR, 2), (MOVED, 1)], ids=["earlier", "now"])
def test_a_history_moves_a_patch_between_its_curves(move: bytes, made: int, tmp_path: Path) -> None:
    (tmp_path / LEDGER_NAME).write_bytes(BEGIN + move)
    history = read_history(tmp_path)
    assert sum(part.patches for part in history.bins(10)) == made
    assert {name: points[-1][1] for name, points in history.growth(10).items()} == {
        "general": 0,
        "general/val": 1,
    }
    assert history.work_seconds == 120
    assert history.source_seconds == {"a": 9.0 * made}
    assert history.formats["general/val"] == {"x": 1}
    assert history.runs[-1].clips == made


def test_a_history_knows_no_move_of_a_patch_that_does_not_stand(tmp_path: Path) -> None:
    (tmp_path / LEDGER_NAME).write_bytes(BEGIN + MOVED + MOVED)
    history = read_history(tmp_path)
    assert list(history.moves.patches) == [-1, 1]
    assert history.growth(10)["general/val"][-1][1] == 1


def test_the_time_up_to_a_move_after_a_crash_is_in_no_history(tmp_path: Path) -> None:
    (tmp_path / LEDGER_NAME).write_bytes(BEGIN.rpartition(b'{"at":120')[0] + MOVED)
    history = read_history(tmp_path)
    assert (history.work_seconds, history.runs[-1].last_at) == (60, 60)
