"""Pages are well-formed whatever is written on them, and written whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pages import HOSTILE, ReadPage, check_needs_nothing
from tui_gen.base.formatting import display_name, duration
from tui_gen.base.html import page, table, tag, write_page
from tui_gen.views.html.plots import Axis, Curve, PlotColumn, columns_plot, curves_plot, share_bar


@given(st.text(), st.text())
def test_any_text_arrives_as_it_is_shown_everywhere(title: str, text: str) -> None:
    read = check_needs_nothing(page(title, tag("p", text, title=text)))
    assert display_name(text) in read.text or not text
    assert ("title", display_name(text)) in read.attributes


def test_a_hostile_name_changes_nothing_of_a_page() -> None:
    plain = page("name", table(("video", "clips"), [["name", "1"]]))
    hostile = page(HOSTILE, table(("video", "clips"), [[HOSTILE, "1"]]))
    assert ReadPage.of(hostile).elements == ReadPage.of(plain).elements
    assert "\x1b" not in hostile
    assert "\u202e" not in hostile
    hostile.encode("utf-8")


def test_the_reader_of_these_tests_refuses_what_is_not_well_formed() -> None:
    with pytest.raises(AssertionError):
        ReadPage.of("<!DOCTYPE html>\n<p><b></p></b>")
    with pytest.raises(AssertionError):
        check_needs_nothing('<!DOCTYPE html>\n<img src="https://example.org/x.png">')


def test_plots_hold_what_they_show_and_nothing_outside() -> None:
    x, y = Axis(7200.0, duration, (600, 1800, 3600)), Axis(10.0, lambda value: f"{value:g}")
    columns = [PlotColumn(0, 3600, 10, "full"), PlotColumn(3600, 7200, 5, HOSTILE)]
    drawn = columns_plot("Rate", columns, x=x, y=y, borders=[3600])
    read = check_needs_nothing(page("plots", drawn, share_bar([("made", 0.5), ("left", 0.5)], "half")))
    assert ("height", "1000") in read.attributes
    assert ("height", "500") in read.attributes
    assert display_name(HOSTILE) in read.text
    assert [word for word in read.words if word in {"0s", "30m 00s", "1h 00m", "1h 30m", "2h 00m"}] == [
        "0s", "30m 00s", "1h 00m", "1h 30m", "2h 00m",
    ]  # fmt: skip


def test_curves_have_a_legend_and_lie_in_their_plot() -> None:
    curves = [Curve(f"c{number}", [(0, 0), (10, 10 * number)], "note") for number in range(10)]
    drawn = curves_plot("Growth", curves, x=Axis(10, str), y=Axis(90, str))
    read = check_needs_nothing(page("plots", drawn))
    assert "c9 note" in read.text
    points = [value for name, value in read.attributes if name == "points"]
    assert points[9] == "0.0,1000.0 1000.0,0.0"
    assert points[1].endswith("1000.0,888.9")


@pytest.mark.parametrize("end", [0.0, 0.3, 1.0, 9.0, 99.0, 12_345.0])
def test_ticks_are_few_and_end_within_the_axis(end: float) -> None:
    ticks = Axis(end, str).ticks()
    assert ticks[0] == 0.0
    assert len(ticks) <= 6
    assert ticks[-1] <= end * 1.0001


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_page(path, "old")
    (tmp_path / f".report.html.{os.getpid()}.part").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_page(path, "new")
    assert path.read_text(encoding="utf-8") == "old"


WRITING = """
import sys
from pathlib import Path
from tui_gen.base.html import write_page
for _ in range(100):
    write_page(Path(sys.argv[1]), sys.argv[2] * 5000)
"""


def test_two_programs_write_one_page_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    writers = [subprocess.Popen([sys.executable, "-c", WRITING, str(path), letter]) for letter in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert path.read_text(encoding="utf-8") in {"a" * 5000, "b" * 5000}
    assert [found.name for found in tmp_path.iterdir()] == ["report.html"]


def test_what_a_killed_program_left_beside_a_page_is_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(60)
    (tmp_path / f".report.html.{ended.pid}.part").write_text("half", encoding="ascii")
    (tmp_path / ".report.html.1.part").write_text("at work", encoding="ascii")
    write_page(tmp_path / "report.html", "whole")
    assert sorted(found.name for found in tmp_path.iterdir()) == [".report.html.1.part", "report.html"]
