"""A run folder of an earlier version is resumed: nothing is made again and nothing is lost."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.golden.patches import versions
from tests.golden.program import read_json, read_ledger, run
from tests.golden.resuming import (
    CONFIG,
    LEDGER,
    RECORD,
    RUN_FOLDER,
    Resumed,
    lay_out,
    parts,
    patches_standing,
    resume,
    standing,
    without_sizes,
)

GOLDEN = read_json(RECORD)


@pytest.fixture(scope="module")
def gives_recorded_bytes(*, converts_as_recorded: bool) -> bool:
    """Return whether this machine makes the files that the record tells the sizes of."""
    return converts_as_recorded and bool(GOLDEN["versions"] == versions())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("resumed")
    lay_out(place)
    return place


@pytest.fixture(scope="module")
def parts_before(folder: Path) -> dict[str, dict[str, Any]]:
    return parts(folder)


@pytest.fixture(scope="module")
def resumed(folder: Path, parts_before: dict[str, dict[str, Any]]) -> Resumed:
    assert parts_before
    # Its recipe has the colour rules of its time, and names its ffmpeg and how that converts colours.
    return resume(folder, "--mix")


def losses(recorded: Any, found: Any, place: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield what a JSON value does not hold of a recorded one. Objects may have more keys."""
    if isinstance(recorded, dict) and isinstance(found, dict):
        for key, value in recorded.items():
            yield from losses(value, found.get(key), f"{place}/{key}")
    elif recorded != found:
        yield f"{place}: {recorded!r} -> {found!r}"


def test_the_run_folder_holds_every_kind_of_line() -> None:
    data = (RUN_FOLDER / LEDGER).read_bytes()
    assert not data.endswith(b"\n"), "no torn line"
    lines = read_ledger(RUN_FOLDER / LEDGER)
    kinds = {line["kind"] for line in lines}
    kinds |= {f"clip {line['outcome']}" for line in lines if line["kind"] == "clip"}
    kinds |= {f"clip by {line['stage']}" for line in lines if line["kind"] == "clip"}
    assert kinds == {
        *("run", "end", "phase", "skip", "unskip", "priority", "retry", "facts", "unusable", "lost"),
        *("clip", "clip made", "clip rejected", "clip failed", "clip by extract", "clip by split"),
    }
    made = [line for line in lines if line.get("patches")]
    assert any(line["rejected"] for line in made), "no clip that gave a part of its patches"
    assert all("hash" in patch for line in made for patch in line["patches"])
    assert "\udce9" in json.dumps(lines, ensure_ascii=False), "no name that is not UTF-8"


def test_every_line_can_be_read(tmp_path: Path) -> None:
    """Replace lines by ones that nobody can read: `verify` says so of each, which was read before."""
    unread, hidden = tmp_path / "unread", frozenset({"retry", "unusable"})
    for folder in (tmp_path, unread):
        folder.mkdir(exist_ok=True)
        shutil.copytree(RUN_FOLDER, folder, dirs_exist_ok=True)
    lines = (unread / LEDGER).read_bytes().splitlines(keepends=True)
    is_hidden = [any(f'"kind":"{kind}"'.encode() in line for kind in hidden) for line in lines]
    assert sum(is_hidden) == 5
    (unread / LEDGER).write_bytes(
        b"".join(b"{}\n" if is_it else line for is_it, line in zip(is_hidden, lines, strict=True))
    )
    said, said_unread = (run("verify", folder / CONFIG) for folder in (tmp_path, unread))
    assert said.code == said_unread.code == 0
    assert len(said_unread.err.splitlines()) == len(said.err.splitlines()) + 5, f"{said}\n{said_unread}"


def test_other_rules_for_colours_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    lay_out(tmp_path)
    refused = resume(tmp_path)
    assert refused.done.code == 2, str(refused.done)
    assert "colour_rules: 1 -> 2" in refused.done.err
    assert refused.new == []
    assert refused.stamps == refused.stamps_before


def test_the_ledger_tells_of_the_same_patches(parts_before: dict[str, dict[str, Any]]) -> None:
    assert list(losses(GOLDEN["parts before"], parts_before)) == []


def test_the_resumed_run_ends_as_recorded(
    resumed: Resumed, folder: Path, *, gives_recorded_bytes: bool
) -> None:
    recorded, found = GOLDEN["standing"], standing(folder)
    assert resumed.done.code == recorded["exit_code"], str(resumed.done)
    if not gives_recorded_bytes:
        recorded, found = without_sizes(recorded), without_sizes(found)
    assert list(losses(recorded, found)) == []
    assert list(losses(GOLDEN["parts after"], parts(folder))) == []


def test_the_resumed_run_makes_what_was_missing_and_nothing_again(resumed: Resumed) -> None:
    assert sorted(map(list, resumed.made)) == GOLDEN["made"]
    assert not set(resumed.made) & resumed.before.keys()
    assert len(set(resumed.made)) == len(resumed.made)


def test_the_resumed_run_looks_at_no_known_film_again(resumed: Resumed) -> None:
    known = looks(read_ledger(RUN_FOLDER / LEDGER))
    assert {("spiral", "probe"), ("spiral", "survey"), ("lights", "probe")} <= known
    assert not looks(resumed.new) & known


def test_the_resumed_run_writes_no_file_again(resumed: Resumed) -> None:
    files = [path for patch in resumed.before.values() for path in patch["files"].values()]
    assert len(files) >= 3 * len(resumed.before)
    assert [path for path in files if resumed.stamps.get(path) != resumed.stamps_before[path]] == []


def test_every_patch_in_the_ledger_has_its_files(resumed: Resumed, folder: Path) -> None:
    assert resumed.done.code == 3
    for patch in patches_standing(read_ledger(folder / LEDGER)).values():
        for kind, path in patch["files"].items():
            data = (folder / "dataset" / path).read_bytes()
            assert hashlib.sha256(data).hexdigest() == patch["sha256"][kind], path


def test_the_resumed_run_only_appends_to_the_ledger(resumed: Resumed) -> None:
    assert resumed.ledger.startswith(resumed.old_lines)
    assert len(resumed.ledger) > len(resumed.old_lines)


def looks(lines: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return the films of which lines tell what a probe or a survey has found."""
    facts = [line for line in lines if line["kind"] == "facts"]
    return {
        (line["source"], look) for line in facts for look in ("probe", "survey") if line["facts"].get(look)
    }
