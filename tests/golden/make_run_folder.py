"""Write the golden run folder with the program version that it shall describe.

The tests do not run this script. It steers several runs so that their ledger holds every kind of line,
and cuts the last line as a crash would. The place of the runs is named in the ledger, so it is a fixed
one: a resumed run has to cope with another place.

    python -m tests.golden.make_run_folder
"""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from tests.golden.program import Ended, Engine, environment, read_ledger, run
from tests.golden.resuming import CONFIG, LEDGER, RUN_FOLDER, STATUS, lay_out_films

PLACE = Path("/tmp/tui-gen-golden")  # noqa: S108 - made anew, and it stands in the ledger
DYING = 'case "$*" in *256x128*) ;; *bgr24*) kill -SEGV $$ ;; esac'
"""Let ffmpeg die wherever it shall give pixels, but not where it is only examined."""

SETTINGS: dict[str, Any] = {
    "seed": 11,
    "base_settings": {
        "output_base_dir": "dataset",
        "base_frame_limit": 4,
        "max_workers": 1,
        "min_free_gb": 0.01,
        "nice": 0,
    },
    "scores": {
        "fade": {"do": "reject", "over": 1.0},
        "flat": {"do": "reject", "under": 0.55},
        "near_duplicate": {"do": "reject", "under": 10},
    },
    "category_paths": {"general": "General", "toon": "Toon"},
    "format_config": {
        "general": {"mini": {"gt_size": [24, 24], "lr_size": [8, 8], "probability": 1.0}},
        "toon": {"strip": {"gt_size": [30, 18], "lr_size": [10, 6], "probability": 1.0}},
    },
    "videos": [
        {
            "name": "Caf\udce9 (2001)",
            "path": "films/caf\udce9.mp4",
            "crop": [75, 36, 31, 25],
            "categories": {"general": 1, "toon": 0.5},
        },
        {
            "name": "River",
            "path": "films/river.mkv",
            "id": "river",
            "categories": {"general": 0.5, "toon": 0.5},
        },
        {
            "name": "Spiral",
            "path": "films/spiral.mkv",
            "id": "spiral",
            "categories": {"general": 1, "toon": 1},
        },
        {"name": "Lights", "path": "films/lights.mkv", "id": "lights", "categories": {"general": 0.5}},
        {"name": "Sport", "path": "films/sport.mkv", "id": "sport", "categories": {"general": 1}},
        {"name": "Broken", "path": "films/broken.mkv", "id": "broken", "categories": {"general": 1}},
    ],
}


def main() -> None:
    """Make the run folder and copy what the tests need of it."""
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir()
    lay_out_films(PLACE)
    config = PLACE / CONFIG
    config.write_text(json.dumps(SETTINGS, indent=1) + "\n", encoding="ascii")
    sport = PLACE / "films" / "sport.mkv"
    whole_film = sport.read_bytes()
    sport.write_bytes(b"Not copied yet.\n")  # its entry is given up, and tried again when the film is there
    _steered_run(config)
    sport.write_bytes(whole_film)
    _ended(run("run", config, "--only", "caf", "--limit", "3"), 0)
    _ended(run("run", config, "--only", "river", "--limit", "2"), 0)
    _ended(run("run", config, "--only", "sport", "--limit", "1"), 0)
    _lose_patches(config)
    _ended(run("split", "-c", config, "--val", "river", "--move"), 0)
    _ended(run("run", config, "--only", "sport", "--limit", "1"), 0)
    _tear(PLACE / LEDGER)
    shutil.rmtree(RUN_FOLDER, ignore_errors=True)
    shutil.copytree(PLACE / "dataset", RUN_FOLDER / "dataset", ignore=_is_of_no_use)
    shutil.copy(config, RUN_FOLDER)
    shutil.rmtree(PLACE)


def _ended(done: Ended, code: int) -> None:
    assert done.code == code, str(done)


def _steered_run(config: Path) -> None:
    """Steer a run by every order that leaves a line, and drain it after two clips."""
    ledger = PLACE / LEDGER
    with Engine(config) as engine:
        engine.wait_for_socket()
        engine.wait_until(lambda: b'"kind":"unusable"' in ledger.read_bytes(), "an unusable film")
        for order in (
            ("pause",),
            ("skip", "lights"),
            ("skip", "sport"),
            ("unskip", "sport"),
            ("priority", "spiral", "5"),
            ("retry", "broken"),
            ("resume",),
        ):
            _ended(run("ctl", "-c", config, *order), 0)
        engine.wait_until(lambda: ledger.read_bytes().count(b'"kind":"clip"') >= 2, "two clips")
        _ended(run("ctl", "-c", config, "drain"), 0)
        assert engine.end() == 4


def _lose_patches(config: Path) -> None:
    """Lose a patch and have it made again; lose another one while ffmpeg dies, so that it stays lost."""
    first, second, *_ = [path for path in _made_files() if "caf" in path]
    (PLACE / "dataset" / first).unlink()
    _ended(run("verify", config, "--repair"), 0)
    (PLACE / "dataset" / second).unlink()
    dying = PLACE / "ffmpeg"
    dying.write_text(
        f"#!/bin/bash\n{DYING}\nexec '{imageio_ffmpeg.get_ffmpeg_exe()}' \"$@\"\n", encoding="utf-8"
    )
    dying.chmod(stat.S_IRWXU)
    _ended(run("verify", config, "--repair", env=environment(TUI_GEN_FFMPEG=str(dying))), 5)


def _made_files() -> list[str]:
    """Return the GT file of every patch in the ledger, in its order."""
    return [patch["files"]["gt"] for line in read_ledger(PLACE / LEDGER) for patch in line.get("patches", ())]


def _tear(ledger: Path) -> None:
    """Cut the ledger in the middle of the line of the last clip: its files stand, its line does not."""
    lines = ledger.read_bytes().splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if b'"outcome":"made"' in line)
    ledger.write_bytes(b"".join(lines[:last]) + lines[last][: len(lines[last]) // 2])


def _is_of_no_use(folder: str, names: list[str]) -> list[str]:
    """Leave out what a resumed run does not need: all but the patches and the ledger."""
    if Path(folder).name == ".tui-gen":
        return [name for name in names if name != LEDGER.name]
    return [name for name in names if name == STATUS.name]


if __name__ == "__main__":
    main()
