"""The golden run folder: the films it was made from, a run that resumes it, and how it stands then."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.golden.program import FILMS, HERE, Ended, read_json, read_ledger, run

RUN_FOLDER = HERE / "run_folder"
RECORD = HERE / "run_folder.json"
CONFIG = "generator_config.json"
LEDGER = Path("dataset", ".tui-gen", "ledger.jsonl")
STATUS = Path("dataset", ".generator_status.json")

FILM_NAMES = {
    "caf\udce9.mp4": "sdr_tagged.mp4",
    "river.mkv": "sdr_untagged_sd.mkv",
    "spiral.mkv": "sdr_untagged_hd.mkv",
    "lights.mkv": "hdr10.mkv",
    "sport.mkv": "hlg.mkv",
}
"""The films of the run folder under their own names. One name is not UTF-8."""
BROKEN_NAME, BROKEN = "broken.mkv", b"This is no film.\n" * 64

OF_THE_WHOLE = ("state", "status", "exit_code", "started_at", "clips_before", "elapsed_seconds_before")
OF_THE_MOMENT = frozenset({"patches_per_minute"})
OF_THE_PLACE = frozenset({"path", "reason"})
"""What the status of a video tells by the place of its file, or in prose."""

Patch = tuple[str, str]
"""A patch by its clip and its category."""


def lay_out_films(folder: Path) -> None:
    """Put the films of the run folder into a folder."""
    films = folder / "films"
    films.mkdir()
    for name, source in FILM_NAMES.items():
        shutil.copy(FILMS / source, films / name)
    (films / BROKEN_NAME).write_bytes(BROKEN)


def lay_out(folder: Path) -> None:
    """Put the run folder, its configuration and its films into a folder."""
    shutil.copytree(RUN_FOLDER, folder, dirs_exist_ok=True)
    lay_out_films(folder)


def whole_lines(ledger: Path) -> bytes:
    """Return the bytes of a ledger up to and including its last newline."""
    data = ledger.read_bytes()
    return data[: data.rfind(b"\n") + 1]


def parts(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what `split --json` tells of the films that the ledger knows: their patches by part.

    The command opens no film: it does not know a film that has moved before a run has found it again.
    """
    done = run("split", "-c", folder / CONFIG, "--json")
    assert done.code == 0, str(done)
    known = {line.get("source") for line in read_ledger(folder / LEDGER)}
    return {film["id"]: film for film in json.loads(done.out) if film["id"] in known}


def standing(folder: Path) -> dict[str, Any]:
    """Return what the status file tells, without times, processes, places and prose."""
    status = read_json(folder / STATUS)
    return {
        **{key: status[key] for key in OF_THE_WHOLE},
        "progress": _without(status["progress"], OF_THE_MOMENT),
        "category_stats": status["category_stats"],
        "video_checkpoints": {
            source: _without(video, OF_THE_PLACE) for source, video in status["video_checkpoints"].items()
        },
    }


def _without(entries: dict[str, Any], left_out: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in entries.items() if key not in left_out}


def without_sizes(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a JSON value without the sizes of files, which another version of OpenCV may change."""
    if isinstance(value, dict):
        return {key: without_sizes(item) for key, item in value.items() if not key.startswith("disk_usage")}
    return value


def patches_standing(lines: list[dict[str, Any]]) -> dict[Patch, dict[str, Any]]:
    """Return the patches that ledger lines say were made and not lost, with their entries."""
    found: dict[Patch, dict[str, Any]] = {}
    for line in lines:
        if line["kind"] == "clip" and line["outcome"] == "made":
            found |= {(line["id"], patch["category"]): patch for patch in line["patches"]}
        elif line["kind"] == "lost":
            for index in line["clips"]:
                found.pop((f"{line['source']}:{index}", line["category"]), None)
    return found


@dataclass(frozen=True, slots=True)
class Resumed:
    """A run folder before and after a run that resumed it."""

    done: Ended
    old_lines: bytes
    ledger: bytes
    before: dict[Patch, dict[str, Any]]
    new: list[dict[str, Any]]  # the lines that the resumed run wrote
    stamps_before: dict[str, tuple[int, int]]
    stamps: dict[str, tuple[int, int]]

    @property
    def made(self) -> list[Patch]:
        """Return the patches that the resumed run made, in its order."""
        return [(line["id"], patch["category"]) for line in self.new for patch in line.get("patches", ())]


def resume(folder: Path, *flags: str) -> Resumed:
    """Resume the run folder that stands in a folder."""
    output, ledger = folder / "dataset", folder / LEDGER
    old_lines, before = whole_lines(ledger), read_ledger(ledger)
    stamps_before = _stamps(output)
    done = run("run", folder / CONFIG, *flags)
    new = read_ledger(ledger)[len(before) :]
    data = ledger.read_bytes()
    return Resumed(done, old_lines, data, patches_standing(before), new, stamps_before, _stamps(output))


def _stamps(output: Path) -> dict[str, tuple[int, int]]:
    """Return path -> inode and modification time: both change where a file is written again."""
    found = {str(path.relative_to(output)): path.stat() for path in output.rglob("*.png")}
    return {path: (status.st_ino, status.st_mtime_ns) for path, status in found.items()}
