"""The review of a scan: rows are edited with keys, saved as they are shown, or left as they were."""

from collections.abc import Sequence
from typing import Any

import pytest
from rich.cells import cell_len

from tests.tui.runs import text_of
from tests.tui.test_hostile_names import HOSTILE, assert_harmless
from tests.tui.test_snapshots import SnapCompare, pressing
from tui_gen.base.nouns import USUAL_NOUNS
from tui_gen.tui.dialogs.dialogs import QuestionDialog
from tui_gen.tui.review.keys import REVIEW_ACTIONS, REVIEW_SIGNALS
from tui_gen.tui.review.review import ReviewApp
from tui_gen.tui.review.rows import Columns, Reviewed, ReviewRow

FILMS = (
    ("Dune Part Two (2024)", {"general": 0.5, "space": 0.5}, 'rule "dune part two"'),
    ("Planet Earth 2 - S01E04", {"general": 1.0}, 'rule "planet earth 2"'),
    ("Arrival (2016)", {"space": 1.0}, 'rule "arrival"'),
    ("Heat (1995)", {"general": 1.0}, ""),
)


def row_of(number: int) -> ReviewRow:
    name, weights, why = FILMS[number % len(FILMS)]
    if number >= len(FILMS):
        name = f"Film {number:03d} ({1950 + number % 70})"
    is_in = number % 5 != 4
    return ReviewRow(
        key=f"/films/{name}.mkv",
        name=name,
        weights=tuple(weights.items()),
        priority=255,
        is_in=is_in,
        facts="2160p HDR 2h 46m 61.0 GB",
        why=why if is_in else "a copy of a film that is taken in 2160p HDR",
    )


def review(count: int = 40, categories: Sequence[str] = ("general", "space", "toon")) -> ReviewApp:
    return ReviewApp("/films for generator_config.json", categories, [row_of(n) for n in range(count)])


async def after(*keys: str, count: int = 6) -> tuple[ReviewRow, ...] | None:
    """Press keys and return what is to be saved."""
    app = review(count)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
    return app.return_value


def weights(rows: tuple[ReviewRow, ...] | None, place: int) -> dict[str, float]:
    assert rows is not None
    return dict(rows[place].weights)


async def test_rows_that_nobody_changed_are_saved_as_they_were() -> None:
    assert await after("s") == tuple(row_of(n) for n in range(6))


async def test_a_weight_is_raised_and_lowered_in_the_chosen_column() -> None:
    rows = await after("plus", "right", "minus", "minus", "right", "plus", "s")
    assert weights(rows, 0) == {"general": 0.6, "space": 0.3, "toon": 0.1}


async def test_a_weight_goes_no_lower_than_none() -> None:
    assert weights(await after("right", *["minus"] * 9, "s"), 0) == {"general": 0.5}


async def test_a_value_is_typed() -> None:
    assert weights(await after("v", *"0,35", "enter", "s"), 0) == {"general": 0.35, "space": 0.5}


@pytest.mark.parametrize("typed", ["", "x", "-1", "nan", "inf", "101"])
async def test_what_is_no_weight_changes_nothing(typed: str) -> None:
    keys = ["minus" if char == "-" else char for char in typed]
    assert await after("v", *keys, "enter", "s") == tuple(row_of(n) for n in range(6))


async def test_the_priority_is_edited_in_its_column_and_with_its_keys() -> None:
    rows = await after("left", "minus", "left_square_bracket", "down", "v", "7", "enter", "s")
    assert rows is not None
    assert [row.priority for row in rows[:3]] == [249, 7, 255]


async def test_films_are_left_out_and_taken() -> None:
    rows = await after("space", "down", "down", "down", "down", "space", "s")
    assert rows is not None
    assert [row.is_in for row in rows] == [False, True, True, True, True, True]


async def test_a_film_gets_another_name() -> None:
    rows = await after("n", "end", *"!", "enter", "n", "escape", "s")
    assert rows is not None
    assert rows[0].name == "Dune Part Two (2024)!"


async def test_all_that_are_shown_are_changed_at_once_and_the_rest_is_not() -> None:
    rows = await after("slash", *"planet", "enter", "x", "escape", "down", "down", "a", "u", "s")
    assert rows is not None
    assert [row.is_in for row in rows] == [True, False, True, True, False, False]
    assert [row.weights for row in rows] == [row_of(n).weights for n in range(6)]
    spread = await after("o", "a", "s")
    assert [weights(spread, place) for place in range(4)] == [{"general": 0.5, "space": 0.5}] * 4
    assert weights(spread, 4) == dict(row_of(4).weights)


async def test_changes_are_taken_back_one_by_one() -> None:
    rows = await after("plus", "plus", "space", "u", "u", "s")
    assert weights(rows, 0)["general"] == pytest.approx(0.6)
    assert await after("u", "s") == tuple(row_of(n) for n in range(6))


async def test_leaving_asks_where_something_was_changed() -> None:
    assert await after("q") is None
    app = review()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space", "ctrl+c")
        await pilot.pause()
        assert isinstance(app.screen, QuestionDialog)
        await pilot.press("down", "enter")
        await pilot.pause()
    assert app.return_value is None
    assert await after("space", "q", "enter") is not None
    assert await after("space", "q", "escape", "s") is not None


async def test_letters_that_come_before_the_field_is_there_are_no_commands() -> None:
    app = review()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for key in ("slash", "s", "x"):
            app.simulate_key(key)
        await pilot.pause()
        assert app.is_running
        assert not app.reviewed.is_changed


async def test_everything_about_a_film_is_shown_whole_where_it_is_asked_for() -> None:
    app = review()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        seen = text_of(app)
    for words in (
        "/films/Dune Part Two (2024).mkv",
        "2160p HDR 2h 46m",
        'rule "dune part two"',
        "general 0.5",
    ):
        assert words in seen


async def test_the_help_names_every_key() -> None:
    app = review()
    async with app.run_test(size=(100, 60)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        seen = text_of(app)
    for action in (*REVIEW_ACTIONS, *REVIEW_SIGNALS):
        assert action.meaning_with(USUAL_NOUNS) in seen


async def test_of_a_thousand_rows_only_those_that_are_seen_are_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = 0
    write = Columns.row

    def counted(columns: Columns, row: ReviewRow) -> Any:  # noqa: ANN401
        nonlocal written
        written += 1
        return write(columns, row)

    monkeypatch.setattr(Columns, "row", counted)
    app = review(1000)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        written = 0
        await pilot.press("down", "space", "plus", "G")
        await pilot.pause()
        assert 0 < written <= 24 * 8
        assert "Film 999" in text_of(app)


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (200, 50)])
async def test_hostile_text_is_harmless(size: tuple[int, int]) -> None:
    rows = [
        ReviewRow(f"{n}{text}", text, ((text or "c", 1.0),), 255, bool(n % 2), text, text)
        for n, text in enumerate(HOSTILE)
    ]
    app = ReviewApp("\n".join(HOSTILE), HOSTILE, rows)
    async with app.run_test(size=size, notifications=True) as pilot:
        for key in ("down", "right", "space", "enter", "escape", "n", "enter", "slash", "[", "enter", "plus"):
            await pilot.press(key)
            await pilot.pause()
            assert_harmless(pilot, size)


@pytest.mark.parametrize("width", [20, 41, 80, 120, 200])
@pytest.mark.parametrize("categories", [0, 1, 3, 9])
def test_columns_fit_where_they_can(width: int, categories: int) -> None:
    names = [f"category {n}" for n in range(categories)]
    for chosen in range(categories + 1):
        columns = Columns(width, Reviewed("", tuple(names), ()), chosen)
        heading = "".join(span.text for span in columns.heading())
        assert "[" in heading
        if width >= 80:
            assert cell_len(heading) <= width


SIZES = [(60, 16), (80, 24), (120, 36)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_review(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    app: Any = review()
    assert snap_compare(app, terminal_size=size, run_before=pressing("down", "down", "right", "plus"))


def test_a_review_with_a_filter_in_a_light_theme(snap_compare: SnapCompare) -> None:
    app: Any = review()
    keys = ("t", "slash", "f", "i", "l", "m", "enter", "space")
    assert snap_compare(app, terminal_size=(80, 24), run_before=pressing(*keys))


@pytest.mark.parametrize("width", range(40, 200, 7))
def test_facts_are_whole_or_not_shown(width: int) -> None:
    reviewed = Reviewed("", ("general", "space", "toon"), tuple(row_of(n) for n in range(6)))
    columns = Columns(width, reviewed, 0)
    for row in reviewed.rows:
        text = "".join(span.text for span in columns.row(row))
        shown = text[:width]
        assert (row.facts in shown) or (row.facts.split()[0] not in shown) or row.facts.split()[0] in row.why
