"""The sections of a report that are a job's own, as text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tui_gen.base.formatting import display_name
from tui_gen.contract.report import ReportSection
from tui_gen.views.text.tables import Column, LineWidth, table_lines, wrapped_lines


def section_lines(sections: Iterable[ReportSection], width: LineWidth) -> Iterator[str]:
    """Yield the sections that belong to a summary: an empty line, title, text and table of each."""
    for section in sections:
        if section.is_detail:
            continue
        yield ""
        yield f"{display_name(section.title)}:"
        if section.text:
            yield from (f"  {line}" for line in wrapped_lines(section.text, width.cells - 2))
        if section.rows:
            columns = [
                Column(heading, is_number=place >= section.words, may_be_cut=place < section.words)
                for place, heading in enumerate(section.headings)
            ]
            yield from table_lines(columns, section.rows, width, indent=2)
