"""The sections of a job's own in a summary: titles, texts and tables, and no control codes."""

from __future__ import annotations

from tui_gen.contract.report import ReportSection
from tui_gen.views.text.sections import section_lines
from tui_gen.views.text.tables import LineWidth

CAST = ReportSection("Cast", "Who is seen.", ("name", "images"), (("Rei", "7"), ("Mizuki", "12")))
DETAIL = ReportSection("Groups", is_detail=True)


def test_a_section_is_a_title_a_text_and_a_table() -> None:
    assert list(section_lines([CAST, DETAIL], LineWidth(80, is_cut=False))) == [
        "", "Cast:", "  Who is seen.", "  name    images", "  Rei          7", "  Mizuki      12",
    ]  # fmt: skip


def test_names_cannot_draw_on_the_terminal() -> None:
    hostile = ReportSection("\x1b[2J", "a\x07b", ("", ""), (("\x1b]0;x\x07", "1"),))
    assert all(line.isprintable() for line in section_lines([hostile], LineWidth(80, is_cut=True)))
