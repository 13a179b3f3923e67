"""The table keeps to its width and lets no foreign text command a terminal; the JSON says everything."""

from __future__ import annotations

import json

import pytest
from rich.cells import cell_len

from tui_gen.commands.check.table import CheckFindings, json_of, lines_of
from tui_gen.contract.inspect import Condition, Inspected
from tui_gen.engine.model.disk_estimate import Need
from tui_gen.engine.model.time_estimate import TimeEstimate
from tui_gen.jobs.superres.films.inspection.film_report import COLUMNS
from tui_gen.views.text.tables import LineWidth

HOSTILE = [
    "\x1b]0;PWNED\x07Dune",
    "[/red] [b]bold",
    "\x9b2J\x7f\r\nrow",
    "lone \udcff surrogate",
    "\u202eright to left",
    "映画" * 30,
    "e\u0301" * 50,
    "",
]
CELLS = {
    "codec": "mpeg2video",
    "size": "3840x2160",
    "aspect": "2.40",
    "colour": "SDR 2020",
    "light": "1000/4000 DV 8.1",
    "bars": "280/280/0/0",
    "fps": "23.98",
    "length": "2:35:01",
    "keys": "10.4s",
    "cost": "~10.1s",
    "test": "3/3",
}
OK = Condition("ffmpeg", "good", "9.0.2, embedded (/" + "a/very/long/path" * 10 + ")")


def video(name: str, state: str = "good", **more: object) -> Inspected:
    return Inspected("id", name, f"/films/{name}", state, **more)  # type: ignore[arg-type]


def findings(*sources: Inspected, conditions: tuple[Condition, ...] = (OK,)) -> CheckFindings:
    return CheckFindings(conditions, COLUMNS, sources)


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_no_name_commands_it(width: int) -> None:
    sources = [
        video(name, "unusable", reason=f"corrupt: {name}", cells=CELLS, remarks=(name, "key frames apart"))
        for name in HOSTILE
    ]
    lines = list(lines_of(findings(*sources), LineWidth(width, is_cut=True)))
    assert max(cell_len(line) for line in lines) <= width
    for line in lines:
        assert line.isprintable() or not any(ord(character) < 32 for character in line)
        assert not any(character in line for character in "\x1b\x9b\x7f\r\n\u202e\udcff")
        line.encode("utf-8")


def test_what_has_no_column_of_its_own_is_told_below() -> None:
    narrow = "\n".join(lines_of(findings(video("Dune", cells=CELLS)), LineWidth(80, is_cut=True)))
    wide = "\n".join(lines_of(findings(video("Dune", cells=CELLS)), LineWidth(130, is_cut=True)))
    assert "    light 1000/4000 DV 8.1; bars 280/280/0/0" in narrow
    assert "    light" not in wide
    for value in CELLS.values():
        assert value in wide


def test_every_state_is_told_with_its_reason_and_counted() -> None:
    sources = [
        video("A", cells=CELLS),
        video("B", "flawed", reason="damaged data at 1 of 3 places tried", cells=CELLS),
        video("C", "unusable", reason="encrypted"),
        video("D", "missing", reason="file not found"),
        video("E", "left out", reason="no category has a weight for it"),
    ]
    text = "\n".join(lines_of(findings(*sources), LineWidth(100, is_cut=True)))
    assert "PARTLY USABLE: damaged data at 1 of 3 places tried" in text
    assert "CANNOT BE USED: encrypted" in text
    assert "NOT THERE: file not found" in text
    assert "left out by the configuration: no category" in text
    assert "Videos: 5; 1 good, 1 partly usable, 1 cannot be used, 1 not there, 1 left out" in text
    assert text.endswith("Not all is well: see above.")


@pytest.mark.parametrize("level", ["good", "unknown", "warning"])
@pytest.mark.parametrize("state", ["good", "left out"])
def test_what_is_not_wrong_is_ready(level: str, state: str) -> None:
    condition = Condition("logout", level, "says")  # type: ignore[arg-type]
    assert findings(video("A", state), conditions=(condition,)).is_ready


@pytest.mark.parametrize(
    ("level", "state"), [("wrong", "good"), ("good", "flawed"), ("good", "missing"), ("good", "unusable")]
)
def test_what_is_wrong_is_not_ready(level: str, state: str) -> None:
    condition = Condition("space", level, "says")  # type: ignore[arg-type]
    assert not findings(video("A", state), conditions=(condition,)).is_ready


def test_json_holds_names_of_any_bytes() -> None:
    found = findings(*[video(name, cells=CELLS, record={"codec": "hevc"}) for name in HOSTILE])
    text = json_of(found)
    assert text.isascii()
    assert [source["name"] for source in json.loads(text)["videos"]] == HOSTILE
    assert json.loads(text)["ready"] is True


def test_work_that_was_not_all_tried_is_a_lower_bound() -> None:
    need = Need(clips=1200, patches=1300, files=3900, size_bytes=1e9, is_measured=False)

    def told(*, is_all_known: bool) -> str:
        time = TimeEstimate(
            3700.0,
            {"v": 3700.0},
            is_by_runs=False,
            is_all_known=is_all_known,
            processor_seconds=7400.0,
            workers=2,
        )
        found = CheckFindings((OK,), COLUMNS, (video("A"),), need, time=time)
        return "\n".join(lines_of(found, LineWidth(100, is_cut=True)))

    assert "1,200 clips, 1,300 patches; about 1h 01m with 2 workers" in told(is_all_known=True)
    assert "at least 1h 01m" in told(is_all_known=False)


def rows_of(*sources: Inspected) -> list[str]:
    lines = lines_of(findings(*sources), LineWidth(200, is_cut=False))
    return [line.partition(CELLS["codec"])[0].strip() for line in lines if CELLS["codec"] in line]


def test_sources_of_a_group_that_are_alike_share_a_row() -> None:
    few = {**CELLS, "keys": "0.1s"}
    train = [video(f"train {n}", cells=CELLS, group="train") for n in range(4)]
    odd = video("train 4", cells=few, group="train")
    tests = [video(f"test {n}", cells={**CELLS, "fps": str(n)}, group="test") for n in range(2)]
    alone = [video("alone", cells=CELLS), video("alone", cells=CELLS)]
    assert rows_of(*train) == ["train"]
    assert rows_of(*train[:2], odd, *train[2:]) == ["train, other videos", "train 4"]
    assert rows_of(*tests, *alone) == ["test 0", "test 1", "alone", "alone"]
    assert "Videos: 4; 4 good" in lines_of(findings(*train), LineWidth(200, is_cut=False))
