"""What a finished run leaves to look at, made by the real program from real patches."""

from __future__ import annotations

from typing import Any

from tests.acceptance.conftest import Configure
from tests.acceptance.program import run
from tests.pages import check_needs_nothing


def test_a_run_leaves_a_report_and_ends_no_differently_without_one(
    configure: Configure, two_films: list[dict[str, Any]]
) -> None:
    data = configure(two_films, targets={"general": 6, "space": 2})
    page_path = data.output / ".tui-gen" / "report.html"
    done = data.complete()
    assert f"Report: {page_path}" in done.out
    page = check_needs_nothing(page_path.read_text(encoding="utf-8"))
    assert "GENERAL: met, 6 of 6 images." in page.text
    assert "Alpha" in page.text

    before = data.stamps()
    done = run("sheet", data.config)
    assert (done.code, done.err.splitlines()[0]) == (0, "8 patches; open in a browser:"), str(done)
    sheet = check_needs_nothing(
        (data.output / ".tui-gen" / "sheet" / "sheet.html").read_text(encoding="utf-8")
    )
    assert "scene_difference, highest" in sheet.text
    assert data.stamps() == before

    page_path.unlink()
    page_path.mkdir()
    done = data.complete()
    assert "No report: " in done.out
    assert "Dataset generation complete" in done.out
