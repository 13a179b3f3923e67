"""Two engines in one list: found without a configuration, attached to from a terminal, and returned from."""

from __future__ import annotations

import json
import shlex
import shutil
import time
from collections.abc import Iterator
from functools import partial

import pytest

from tests.acceptance.conftest import Films, write_config
from tests.acceptance.program import Dataset, command, entry, load, run, run_inside
from tests.acceptance.tmux import Tmux

pytestmark = pytest.mark.timeout(120)


def can_pause(data: Dataset) -> bool:
    return run_inside("ctl", "-c", data.config, "pause").code == 0


@pytest.fixture(scope="module")
def both(films: Films, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Dataset, Dataset]]:
    """Yield the configurations of two engines that are paused."""
    folder = tmp_path_factory.mktemp("two")
    made = [
        write_config(
            folder,
            [entry(path, path.stem, {"general": 1.0})],
            name=name,
            targets={},
            base_frame_limit=1000,
            max_workers=1,
        )
        for name, path in (("one", films.alpha), ("two", films.gamma))
    ]
    with made[0].start() as first, made[1].start() as second:
        for data, engine in zip(made, (first, second), strict=True):
            engine.wait_until(partial(can_pause, data), "it can be paused")
        deadline = time.monotonic() + 30 * load()
        while any(data.status()["state"] != "paused" for data in made):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield made[0], made[1]
        assert first.process.poll() is None
        assert second.process.poll() is None


def test_the_engines_of_this_machine_are_found(both: tuple[Dataset, Dataset]) -> None:
    done = run("top", "--once")
    assert done.code == 0, str(done)
    lines = done.out.splitlines()
    assert lines[0].split() == [
        "job",
        "folder",
        "configuration",
        "state",
        "done",
        "left",
        "per",
        "min",
        "verdict",
    ]
    for data in both:
        (line,) = (line for line in lines if f" {data.output} " in line)
        assert line.split()[:4] == ["superres", str(data.output), str(data.config), "PAUSED"]
        said = run_inside("monitor", "--once", data.config).out.splitlines()
        assert line.endswith(said[1])
    told = json.loads(run_inside("top", "--json").out)["runs"]
    found = {entry["output"]: entry for entry in told}
    for data in both:
        status = data.status()
        row = found[str(data.output)]
        assert (row["pid"], row["state"], row["verdict"]) == (status["pid"], "paused", status["verdict"])
        assert row["share_done"] == status["progress"]["share_done"]


def test_named_configurations_are_listed_alone_and_in_their_order(both: tuple[Dataset, Dataset]) -> None:
    one, two = both
    never = write_config(one.config.parent, [], name="never", targets={})
    done = run_inside(two.config, never.config, one.config)
    assert done.code == 0, str(done)
    words = [line.split()[1:5:2] for line in done.out.splitlines()[1:]]
    assert words == [
        [str(two.output), "PAUSED"],
        [str(never.output), "NO"],
        [str(one.output), "PAUSED"],
    ]
    refused = run_inside(two.config, "missing.json")
    assert refused.code == 2
    assert "missing.json" in refused.err


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_one_attaches_from_the_list_and_returns_to_it(both: tuple[Dataset, Dataset], tmux: Tmux) -> None:
    one, two = both
    line = f"{shlex.join(command(one.config, two.config))}; echo ended with $?; sleep 100"
    terminal = tmux.open("list", line, width=120, height=36)
    terminal.shows("2 runs: 2 paused", "/one", "/two", "Paused by hand")
    terminal.press("j", "Enter")
    terminal.shows("PAUSED  by hand", str(two.output)[-20:], "Videos")
    terminal.press("q")
    terminal.shows("Leave")
    terminal.press("Enter")
    terminal.shows("2 runs: 2 paused", "enter attach")
    terminal.press("q")
    terminal.shows("ended with 0")
    assert two.status()["state"] == "paused"
