"""The review of groups: groups and their images are changed with keys, at once, and changed back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import product
from typing import Any

import pytest
from textual.geometry import Size
from textual.pilot import Pilot

from tests.tui.groups.toy import NOISE, ToyReviewer, toy
from tests.tui.runs import text_of
from tests.tui.test_hostile_names import HOSTILE, assert_harmless
from tests.tui.test_snapshots import SnapCompare
from tui_gen.base.nouns import Noun, Nouns
from tui_gen.contract.groups import Group
from tui_gen.tui.groups import pictures
from tui_gen.tui.groups.app import GroupsApp
from tui_gen.tui.groups.grid import grid_of
from tui_gen.tui.groups.keys import GROUP_ACTIONS, GROUP_SIGNALS, MEMBER_ACTIONS
from tui_gen.tui.groups.members import MembersScreen
from tui_gen.tui.groups.pictures import Pictures
from tui_gen.tui.groups.rows import Columns, Reviewed
from tui_gen.tui.terminal.driver import AsciiDriver
from tui_gen.tui.widgets.styled_lines import width_of

NOUNS = Nouns(image=Noun("drawing", "drawings"))
PATIENCE_SECONDS = 20.0
TURNS = 40
"""Of the event loop: more than a key takes on its way from the list to the app and back to a field."""


def small() -> ToyReviewer:
    groups = {"Anna": ["a1", "a2", "a3"], "Boris": ["b1"], "0_abc": ["c1", "c2"], NOISE: ["n1"]}
    return ToyReviewer(groups, Anna=Group("Anna", "Anna", 3, 0.9), Boris=Group("Boris", "Boris", 1, 0.3))


@pytest.fixture(autouse=True)
def without_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the tests the rest before pictures, and after each key the wait for an idle processor."""
    monkeypatch.setattr(pictures, "REST_SECONDS", 0.001)

    async def all_messages(*_: float) -> None:
        for _turn in range(TURNS):
            await asyncio.sleep(0)

    monkeypatch.setattr("textual.app.wait_for_idle", all_messages)
    monkeypatch.setattr("textual.pilot.wait_for_idle", all_messages)


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until a change is made, and pictures are drawn and painted."""
    app = pilot.app
    assert isinstance(app, GroupsApp)
    end = time.monotonic() + PATIENCE_SECONDS

    def is_settled() -> bool:
        panes = [pane for pane in app.screen.query(Pictures) if pane.display]
        return app.drawer.is_idle and not app.is_changing and all(pane.is_settled for pane in panes)

    await pilot.pause()
    while not is_settled():
        assert time.monotonic() < end
        await pilot.pause(0.002)
    await pilot.pause()


@asynccontextmanager
async def opened(
    reviewer: ToyReviewer,
    *keys: str,
    size: tuple[int, int] = (100, 30),
    keymap: dict[str, str] | None = None,
) -> AsyncIterator[Pilot[Any]]:
    """Open the review and press keys; a change that a key begins is waited for."""
    app = GroupsApp(reviewer, reviewer.groups(), NOUNS, keymap=keymap)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
        yield pilot


def changes_of(pilot: Pilot[Any]) -> list[str]:
    """Return the changes that were made and not taken back."""
    assert isinstance(pilot.app, GroupsApp)
    return pilot.app.changes


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys, of which the last one alone may begin a change."""
    await pilot.press(*keys)
    await settle(pilot)


# ------------------------------------------------------------------ looking


async def test_groups_are_listed_with_what_is_known_of_them() -> None:
    async with opened(small()) as pilot:
        lines = text_of(pilot.app).splitlines()
    assert "/data/series/classified" in lines[0]
    assert "3 groups, 7 drawings, 1 of them noise" in lines[1]
    assert [line[:45].split("]")[1].split() for line in lines[4:8]] == [
        ["Anna", "3", "0.90"],
        ["Boris", "1", "0.30"],
        ["0_abc", "2", "-"],
        ["-1_noise", "1", "-", "noise"],
    ]


async def test_pictures_follow_the_text_when_the_cursor_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    reviewer = small()
    async with opened(reviewer) as pilot:
        assert reviewer.drawn == ["Anna/a1", "Anna/a2", "Anna/a3"]
        assert "▀" in text_of(pilot.app)
        monkeypatch.setattr(pictures, "REST_SECONDS", 3600.0)
        await pilot.press("down")
        await pilot.pause()
        assert "Boris ─" in text_of(pilot.app)
        assert "▀" not in text_of(pilot.app)
        await pilot.press("up")
        await pilot.pause()
        assert "▀" not in text_of(pilot.app)  # though Anna's are drawn already
        await pilot.press("down")
        monkeypatch.setattr(pictures, "REST_SECONDS", 0.001)
        await press(pilot, "down")
        assert "▀" in text_of(pilot.app)
        assert reviewer.drawn[3:] == ["0_abc/c1", "0_abc/c2"]  # not those of the group that was passed by
        await press(pilot, "g")
        assert "▀" in text_of(pilot.app)
        assert len(reviewer.drawn) == 5  # Anna's are kept


async def test_one_pages_through_the_pictures_of_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(toy(), "right", "right", "left", size=(80, 24)) as pilot:
        assert "7-12 of 412" in text_of(pilot.app)
        monkeypatch.setattr(pictures, "REST_SECONDS", 3600.0)
        await pilot.press("left")
        await pilot.pause()
        assert "1-6 of 412" in text_of(pilot.app)
        assert "▀" not in text_of(pilot.app)


async def test_pictures_for_a_terminal_without_utf_8_are_cells_in_colour() -> None:
    reviewer = small()
    app = GroupsApp(reviewer, reviewer.groups(), is_ascii=True)
    assert app.driver_class is AsciiDriver
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "▀" not in text_of(app)
        strips = [app.screen.query_one(Pictures).render_line(y) for y in range(8)]
        colours = {segment.style.bgcolor for strip in strips for segment in strip if segment.style}
    assert len(colours) > 3
    assert reviewer.drawn == ["Anna/a1", "Anna/a2", "Anna/a3"]


async def test_a_picture_that_cannot_be_drawn_says_so() -> None:
    async with opened(ToyReviewer({"Anna": ["broken1", "a1"]}), size=(120, 36)) as pilot:
        seen = text_of(pilot.app)
    assert "no picture" in seen
    assert "not an image" in seen
    assert "▀" in seen


async def test_a_group_that_cannot_be_read_says_so() -> None:
    reviewer = small()

    def fail(group: str) -> Any:  # noqa: ANN401
        raise OSError(5, "Input/output error", group)

    reviewer.members = fail  # type: ignore[method-assign]
    async with opened(reviewer) as pilot:
        assert "the group cannot be read: [Errno 5] Input/output" in text_of(pilot.app)


async def test_groups_are_filtered_and_sorted() -> None:
    async with opened(small(), "slash", *"ann", "enter") as pilot:
        seen = text_of(pilot.app)
        assert "filter: ann   1 of 4" in seen
        assert "Boris" not in seen
        await press(pilot, "escape", "s")
        assert "sorted by size" in text_of(pilot.app)
        order = [text_of(pilot.app).index(name) for name in ("0_abc  ", "Boris  ")]
        assert order == sorted(order)
        await press(pilot, "s")
        order = [text_of(pilot.app).index(name) for name in ("Boris  ", "0_abc  ")]
        assert order == sorted(order)


async def test_details_show_the_name_whole() -> None:
    name = "n" * 200
    async with opened(ToyReviewer({name: ["a"]}), "i") as pilot:
        rows = text_of(pilot.app).split("\n")
    inside = "".join(row.split("│")[1].strip() for row in rows if row.count("│") == 2)
    assert inside.count("n") > 2 * 200


async def test_the_help_names_every_key_in_the_nouns_of_the_job() -> None:
    for keys, actions in (((), (*GROUP_ACTIONS, *GROUP_SIGNALS)), (("enter",), MEMBER_ACTIONS)):
        async with opened(small(), *keys, "question_mark", size=(120, 60)) as pilot:
            seen = text_of(pilot.app)
        for action in actions:
            assert action.meaning_with(NOUNS) in seen
        assert "image" not in seen


async def test_keys_are_changed_by_their_ids() -> None:
    reviewer = small()
    async with opened(reviewer, "f7", keymap={"groups.drop": "f7", "unknown": "x"}, size=(120, 30)) as pilot:
        assert reviewer.now["Anna"] == []
        await press(pilot, "down")
        assert "f7 drop" in text_of(pilot.app).splitlines()[-1]


# ------------------------------------------------------------------ changing groups

CHANGES: dict[str, tuple[tuple[str, ...], dict[str, list[str]]]] = {
    "rename": (("r", *"Clara", "enter"), {"Clara": ["a1", "a2", "a3"]}),
    "rename merges": (("r", *"Bor", "right", "enter"), {"Boris": ["b1", "a1", "a2", "a3"]}),
    "merge": (("space", "space", "m"), {"0_abc": ["c1", "c2", "a1", "a2", "a3", "b1"]}),
    "merge all": (("x", "m"), {"Anna": ["a1", "a2", "a3", "n1", "c1", "c2", "b1"]}),
    "noise": (("n",), {NOISE: ["n1", "a1", "a2", "a3"]}),
    "noise of the marked": (("down", "space", "space", "n"), {NOISE: ["n1", "c1", "c2", "b1"]}),
    "drop": (("d",), {"Anna": []}),
    "drop all shown": (("x", "d"), {"Anna": [], "Boris": [], "0_abc": [], NOISE: []}),
}


async def test_groups_are_changed_at_once_and_each_change_is_taken_back() -> None:
    reviewer = small()
    async with opened(reviewer) as pilot:
        for name, (keys, changed) in CHANGES.items():
            await press(pilot, "escape", "g", *keys)
            assert {group: reviewer.now[group] for group in changed} == changed, name
            assert len(changes_of(pilot)) == 1, name
            await press(pilot, "u")
            assert {group: members for group, members in reviewer.now.items() if members} == small().now, name
            assert changes_of(pilot) == []
            assert "taken back" in text_of(pilot.app).splitlines()[-1]


async def test_what_was_done_is_said_and_shown() -> None:
    async with opened(small(), "n") as pilot:
        seen = text_of(pilot.app)
        assert "moved Anna to the noise (u takes it back)" in seen.splitlines()[-1]
        assert "2 groups, 7 drawings, 4 of them noise" in seen
        await press(pilot, "G", "d")
        assert "2 groups, 3 drawings " in text_of(pilot.app)
        await press(pilot, "up")
        assert "moved" not in text_of(pilot.app)


async def test_what_is_refused_is_said_and_changes_nothing() -> None:
    reviewer = small()
    async with opened(reviewer, "r", *"refused", "enter") as pilot:
        assert 'the name "refused" is refused' in text_of(pilot.app)
        assert changes_of(pilot) == []
    assert reviewer.now == small().now


async def test_a_field_left_with_escape_changes_nothing() -> None:
    reviewer = small()
    async with opened(reviewer, "r", *"Clara", "escape", "r", "enter", "slash", *"bor", "escape") as pilot:
        assert changes_of(pilot) == []
        assert "0_abc" in text_of(pilot.app)
    assert reviewer.now == small().now


async def test_letters_that_come_before_the_field_is_there_are_no_commands() -> None:
    reviewer = small()
    async with opened(reviewer) as pilot:
        for key in ("r", "d", "n", "q"):
            pilot.app.simulate_key(key)
        await settle(pilot)
        assert pilot.app.is_running
    assert reviewer.now == small().now


async def test_a_group_without_members_of_its_own_says_so() -> None:
    reviewer = ToyReviewer({"Anna": ["a1"]})

    def nothing(group: str) -> Any:  # noqa: ANN401, ARG001
        return []

    reviewer.members = nothing  # type: ignore[method-assign]
    async with opened(reviewer) as pilot:
        assert "nothing of its own, only groups below" in text_of(pilot.app)


async def test_a_group_is_meant_by_its_name_as_it_is_shown() -> None:
    reviewer = ToyReviewer({"Anna": ["a1"], "B\x07": ["b1"]})
    async with opened(reviewer, "r", "B", "right", "enter"):
        assert reviewer.now["B\x07"] == ["b1", "a1"]


async def test_marks_go_with_their_groups() -> None:
    async with opened(small(), "space", "g", "r", *"Clara", "enter") as pilot:
        assert "marked" not in text_of(pilot.app)
        await press(pilot, "space")
        assert "1 marked" in text_of(pilot.app)
        await press(pilot, "escape")
        assert "marked" not in text_of(pilot.app)


async def test_keys_of_the_list_do_nothing_while_a_name_is_typed() -> None:
    reviewer = small()
    async with opened(reviewer, "r", "down", "pagedown", *"Clara", "enter"):
        assert reviewer.now["Clara"] == ["a1", "a2", "a3"]


async def test_merging_needs_marks() -> None:
    reviewer = small()
    async with opened(reviewer, "m") as pilot:
        assert "mark groups with space" in text_of(pilot.app).splitlines()[-1]
    assert reviewer.now == small().now


async def test_the_last_group_may_go() -> None:
    async with opened(ToyReviewer({"Anna": ["a1"]}), "d") as pilot:
        assert "no groups are left" in text_of(pilot.app)
        await press(pilot, "enter", "r", "n", "d", "f", "m", "i", "space", "x", "u")
        assert "Anna" in text_of(pilot.app)


# ------------------------------------------------------------------ the members of a group

MEMBER_CHANGES: dict[str, tuple[tuple[str, ...], dict[str, list[str]]]] = {
    "move": (("right", "v", *"Boris", "enter"), {"Anna": ["a1", "a3"], "Boris": ["b1", "a2"]}),
    "move completed": (("v", *"bo", "right", "enter"), {"Anna": ["a2", "a3"], "Boris": ["b1", "a1"]}),
    "move to a new group": (("v", *"Clara", "enter"), {"Anna": ["a2", "a3"], "Clara": ["a1"]}),
    "noise": (("space", "space", "n"), {"Anna": ["a3"], NOISE: ["n1", "a1", "a2"]}),
    "drop": (("space", "d"), {"Anna": ["a2", "a3"]}),
    "drop all": (("x", "d"), {"Anna": []}),
    "reference": (("x", "f"), {}),
}


async def test_members_are_changed_at_once_and_each_change_is_taken_back() -> None:
    reviewer = small()
    async with opened(reviewer) as pilot:
        for name, (keys, changed) in MEMBER_CHANGES.items():
            await press(pilot, "g", "enter")
            await press(pilot, *keys)
            assert {group: reviewer.now[group] for group in changed} == changed, name
            assert len(changes_of(pilot)) == 1, name
            await press(pilot, "u")
            assert {group: members for group, members in reviewer.now.items() if members} == small().now, name
            while isinstance(pilot.app.screen, MembersScreen):
                await press(pilot, "escape")


async def test_members_that_are_gone_are_no_longer_chosen() -> None:
    async with opened(small(), "enter") as pilot:
        await press(pilot, "space", "d")
        assert "chosen" not in text_of(pilot.app)


async def test_members_are_paged_chosen_and_seen_alone() -> None:
    async with opened(toy(), "enter", size=(80, 24)) as pilot:
        await press(pilot, "down", "down", "space")
        seen = text_of(pilot.app)
        assert "1 chosen   11-20 of 412" in seen
        await press(pilot, "enter")
        assert "12 of 412" in text_of(pilot.app)
        await press(pilot, "right")
        assert "13 of 412" in text_of(pilot.app)
        await press(pilot, "escape")
        assert "11-20 of 412" in text_of(pilot.app)
        await press(pilot, "escape", "escape")  # the choice, then the screen
        assert "10 groups" in text_of(pilot.app)


async def test_pictures_come_back_with_the_screen() -> None:
    async with opened(small(), size=(80, 24)) as pilot:
        await pilot.press("down", "down", "enter")  # before the pictures of the group are drawn
        await settle(pilot)
        await press(pilot, "d")
        assert "▀" in text_of(pilot.app)
        await press(pilot, "escape")
        lines = text_of(pilot.app).splitlines()
        assert "0_abc ─" in lines[2]
        assert "▀" in text_of(pilot.app)
        assert pilot.app.screen.query_one(Pictures).is_settled


async def test_a_group_whose_members_are_gone_is_left() -> None:
    async with opened(small(), "down", "enter") as pilot:
        await press(pilot, "d")
        assert not isinstance(pilot.app.screen, MembersScreen)
        assert "Boris  " not in text_of(pilot.app)


async def test_changes_of_both_screens_are_taken_back_in_turn() -> None:
    reviewer = small()
    async with opened(reviewer, "enter") as pilot:
        for keys in (("d",), ("escape", "n"), ("u",), ("enter",), ("u",)):
            await press(pilot, *keys)
        assert {name: sorted(members) for name, members in reviewer.now.items()} == small().now
        assert changes_of(pilot) == []


# ------------------------------------------------------------------ one change at a time


async def test_a_slow_change_holds_up_neither_the_screen_nor_another_change() -> None:
    reviewer = small()
    may_end, drop = False, reviewer.drop_groups

    def slow(groups: Any) -> str:  # noqa: ANN401
        while not may_end:
            time.sleep(0.005)
        return drop(groups)

    reviewer.drop_groups = slow  # type: ignore[method-assign]
    async with opened(reviewer) as pilot:
        await pilot.press("d", "down", "n")
        await pilot.pause()
        seen = text_of(pilot.app)
        assert "not finished yet" in seen
        assert "Boris ─" in seen
        may_end = True
        await settle(pilot)
        assert len(changes_of(pilot)) == 1
    assert {name for name, members in reviewer.now.items() if members} == {"Boris", "0_abc", NOISE}


async def test_a_change_that_was_begun_is_made_to_its_end_when_the_user_leaves() -> None:
    reviewer = small()
    drop = reviewer.drop_groups

    def slow(groups: Any) -> str:  # noqa: ANN401
        time.sleep(0.3)
        return drop(groups)

    reviewer.drop_groups = slow  # type: ignore[method-assign]
    async with opened(reviewer) as pilot:
        await pilot.press("d", "q")
        while pilot.app.is_running:
            await pilot.pause(0.01)
    assert reviewer.now["Anna"] == []
    assert changes_of(pilot) == ["dropped Anna"]


# ------------------------------------------------------------------ every size, every name


@pytest.mark.parametrize("size", [(40, 10), (120, 36)], ids=str)
async def test_hostile_text_is_harmless(size: tuple[int, int]) -> None:
    names = [text.replace("/", "") or "x" for text in HOSTILE]  # "/" divides the toy's ids
    reviewer = ToyReviewer({name: [name, f"{name}2"] for name in names})
    reviewer.place = "\n".join(HOSTILE)
    app = GroupsApp(reviewer, reviewer.groups())
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        assert_harmless(pilot, size)
        for keys in (
            "G i",
            "escape r",
            "! enter",
            "space up m",
            "u",
            "enter",
            "space i",
            "escape v",
            "[ enter",
        ):
            await press(pilot, *keys.split())
            assert_harmless(pilot, size)


@pytest.mark.parametrize("width", [12, 20, 38, 41, 60, 120])
def test_columns_have_exactly_their_width(width: int) -> None:
    reviewed = Reviewed("", tuple(toy().groups()))
    columns = Columns(width, reviewed)
    if width >= 20:
        assert width_of(columns.heading()) == width_of(columns.row(reviewed.groups[0])) <= width
    names = "".join(span.text for span in columns.row(reviewed.groups[1]))
    assert width < 38 or "0.88" in names


def test_pictures_lie_inside_the_room_and_apart() -> None:
    for width, height, is_single in product(range(1, 200, 13), range(1, 60, 7), (False, True)):
        grid = grid_of(Size(width, height), is_single=is_single)
        assert grid.count == 1 or not is_single
        regions = [grid.region(place) for place in range(grid.count)]
        assert all(region.area for region in regions)
        if width > 3 and height > 2:
            assert all(region.right < width and region.bottom < height for region in regions)
        assert not any(one.overlaps(other) for one in regions for other in regions if one is not other)


def looking(*keys: str) -> Callable[[Pilot[object]], Awaitable[None]]:
    async def before(pilot: Pilot[object]) -> None:
        await settle(pilot)
        for key in keys:
            await press(pilot, key)

    return before


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 36)], ids=str)
def test_a_review_of_groups(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    app = GroupsApp(toy(), toy().groups())
    assert snap_compare(app, terminal_size=size, run_before=looking("down", "down", "space", "space"))


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=str)
def test_the_members_of_a_group(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    app = GroupsApp(toy(), toy().groups())
    assert snap_compare(app, terminal_size=size, run_before=looking("enter", "right", "space", "down"))


def test_a_member_alone_in_a_light_theme(snap_compare: SnapCompare) -> None:
    app = GroupsApp(toy(), toy().groups())
    assert snap_compare(app, terminal_size=(80, 24), run_before=looking("t", "enter", "right", "enter"))
