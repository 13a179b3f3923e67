"""The page of a first start: what this is, and two ways to begin."""

from pathlib import Path

from textual.widgets import Input

from tests.tui.runs import text_of
from tui_gen.tui.dialogs.first_run import FirstRunApp, NextStep


async def test_it_says_what_is_missing_and_how_to_begin() -> None:
    async with FirstRunApp("There is no ./generator_config.json.").run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        seen = text_of(pilot.app)
    for words in ("There is no ./generator_config.json.", "tui-gen scan DIR", "tui-gen demo", "q leave"):
        assert words in seen


async def test_the_demo_is_one_choice() -> None:
    app = FirstRunApp("")
    async with app.run_test() as pilot:
        await pilot.press("down", "enter")
    assert app.return_value == NextStep("demo")


async def test_a_folder_to_scan_is_asked_for_until_there_is_one(tmp_path: Path) -> None:
    app = FirstRunApp("")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("enter")
        await pilot.press("enter")
        await pilot.pause()
        assert "type the path of a folder first" in text_of(app)
        assert "esc back" in text_of(app)
        assert "q leave" not in text_of(app)
        field = app.query_one(Input)
        field.value = "/nosuch"
        await pilot.press("enter")
        await pilot.pause()
        assert "no such folder" in text_of(app)
        field.value = str(tmp_path)
        await pilot.press("enter")
        await pilot.pause()
    assert app.return_value == NextStep("scan", str(tmp_path))


async def test_leaving_is_no_next_step() -> None:
    app = FirstRunApp("")
    async with app.run_test() as pilot:
        await pilot.press("q")
    assert app.return_value is None
