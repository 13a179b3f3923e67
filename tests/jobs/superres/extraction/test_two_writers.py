"""Two processes write the same patch, are stopped and killed at random, and fail at random.

No final name has a torn file, a patch that one process completed stays, and no process removes a file of
another one.
"""

import pickle
import random
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.superres.extraction.test_patches import CUT, SMALL
from tui_gen.jobs.superres.dataset.folders import TEMPORARY_FOLDER, prepare_folders
from tui_gen.jobs.superres.dataset.leftovers import sweep_leftovers
from tui_gen.jobs.superres.units import Cut

FILES = {"gt": b"gt" * 40_000, "lr": b"lr" * 30_000, "lr7": b"lr7" * 50_000}
FOLDERS = {"gt": "GT", "lr": "LR", "lr7": "LR_7frames"}
ROUNDS = 100

WRITER = textwrap.dedent("""
    import errno, os, pickle, random, sys
    from pathlib import Path
    from tui_gen.jobs.superres.extraction.patches import write_patch

    output, chance = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
    rename = os.rename

    def failing_rename(*arguments, **folders):
        if chance.random() < 0.15:
            raise OSError(errno.EIO, "injected")
        rename(*arguments, **folders)

    print("ready", flush=True)
    for line in sys.stdin:
        files, cut = pickle.loads(bytes.fromhex(line))
        os.rename = failing_rename
        try:
            write_patch(files, cut, output=output, scale=1.0)
            told = "written"
        except OSError as error:
            told = error.strerror
        os.rename = rename
        print(told, flush=True)
""")


class Writer:
    """One of the two processes."""

    def __init__(self, output: Path, seed: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, output, str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.hear() == "ready"

    def begin(self, cut: Cut) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(pickle.dumps((FILES, cut)).hex() + "\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], 30)[0], "nothing was told"
        return self.process.stdout.readline().strip()

    def kill(self) -> str | None:
        """Kill the process; return what it told before."""
        self.process.kill()
        told, _ = self.process.communicate()
        return told.strip() or None


@pytest.fixture
def output(tmp_path: Path) -> Path:
    prepare_folders(tmp_path / "out", CUT.category_folder, [SMALL])
    return tmp_path / "out"


@pytest.fixture
def writers(output: Path) -> Iterator[list[Writer]]:
    pair = [Writer(output, seed) for seed in (1, 2)]
    yield pair
    for writer in pair:
        writer.process.send_signal(signal.SIGCONT)
        with writer.process as process:
            process.kill()


def standing(output: Path, cut: Cut) -> set[str]:
    """Return the kinds whose files stand; each must be whole."""
    found = set()
    for kind, folder in FOLDERS.items():
        file = output / cut.category_folder / "Patches" / folder / f"{cut.file_stem}.png"
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            continue
        assert content == FILES[kind], f"{file} is torn"
        found.add(kind)
    return found


def interfere(writer: Writer, chance: random.Random) -> None:
    """Stop a writer somewhere in its work."""
    time.sleep(chance.random() * 0.004)
    writer.process.send_signal(signal.SIGSTOP)


def test_two_writers_of_one_patch_never_harm_each_other(output: Path, writers: list[Writer]) -> None:
    chance, restarts = random.Random(17), 0
    outcomes = set()
    for number in range(ROUNDS):
        cut = replace(CUT, file_stem=f"patch_dune_idx{number:04d}")
        told: list[str | None] = []
        for writer in writers:
            writer.begin(cut)
        victim, other = chance.sample(writers, 2)
        interfere(victim, chance)
        standing(output, cut)
        if number % 10 == 9:
            told.append(victim.kill())
            # What is swept at a start meanwhile is not the living writer's.
            sweep_leftovers(output, cut.category_folder, lambda _: True, whose="dead")
            restarts += 1
        elif chance.random() < 0.5:
            victim.process.send_signal(signal.SIGCONT)
        told.append(other.hear())
        if "written" in told:
            assert standing(output, cut) == set(FILES)
        if number % 10 == 9:
            writers[writers.index(victim)] = Writer(output, 2 + restarts)
        else:
            victim.process.send_signal(signal.SIGCONT)
            told.append(victim.hear())
        assert set(told) <= {"written", "injected", None}
        is_made = "written" in told
        if is_made:
            assert standing(output, cut) == set(FILES)
        outcomes.add(tuple(sorted(map(str, told))))
        sweep_leftovers(output, cut.category_folder, lambda _, made=is_made: made)  # type: ignore[misc]
        left = standing(output, cut)
        # Where both have failed, each may have left a stack to the other. Nothing counts without its GT.
        # A writer that was killed before it told may have written all files.
        is_whole = is_made or (None in told and "gt" in left)
        assert left == set(FILES) if is_whole else "gt" not in left
        assert not (output / CUT.category_folder / TEMPORARY_FOLDER).exists()
    assert {("injected", "injected"), ("injected", "written"), ("written", "written")} <= outcomes
