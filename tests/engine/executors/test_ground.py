from __future__ import annotations

import pytest

from tui_gen.engine.executors.ground import Ground, WorkerCount

GROUND = Ground(WorkerCount(1), paths={"/films": "/mnt/nas", "/films/new/": "/mnt/ssd", "/out": "/srv/out"})


@pytest.mark.parametrize(
    ("home", "here"),
    [
        ("/films/a.mkv", "/mnt/nas/a.mkv"),
        ("/films/new/a\udcff.mkv", "/mnt/ssd/a\udcff.mkv"),
        ("/films", "/mnt/nas"),
        ("/films2/a.mkv", "/films2/a.mkv"),
        ("/other", "/other"),
        ("/out/General", "/srv/out/General"),
    ],
)
def test_the_longest_prefix_of_whole_parts_is_replaced(home: str, here: str) -> None:
    assert GROUND.here(home) == here
    assert GROUND.home(here) == home
