"""What was done by hand is recognised by stem, then by content, and nothing is guessed from it."""

from __future__ import annotations

from tui_gen.jobs.anime.images.hand_work import Earlier, Known, LevelWork, Surroundings, hand_work

NOTHING = Earlier()
THREE = {name: Known((f"a/{name}.png",), f"sha-{name}") for name in ("x", "y", "z")}
ALL = ["a/x.png", "a/y.png", "a/z.png"]


def test_untouched_images_are_no_hand_work() -> None:
    assert hand_work(THREE, ALL, NOTHING) == LevelWork()


def test_a_moved_image_is_pinned_to_its_folder_and_stays_pinned() -> None:
    work = hand_work(THREE, ["a/x.png", "b/c/y.png", "a/z.png"], NOTHING)
    assert work == LevelWork(moved={"y": "b/c/y.png"}, pinned={"y": "b/c"})
    placed_there = {**THREE, "y": Known(("b/c/y.png",), "sha-y")}
    later = hand_work(placed_there, ["a/x.png", "b/c/y.png", "a/z.png"], Earlier.of(work.to_json()))
    assert (later.moved, later.pinned) == ({}, {"y": "b/c"})


def test_a_deleted_image_is_dropped_until_it_is_put_back() -> None:
    work = hand_work(THREE, ALL[:2], NOTHING)
    assert work.dropped == {"z"}
    assert hand_work(THREE, ALL[:2], Earlier.of(work.to_json())).dropped == {"z"}
    assert hand_work(THREE, ALL, Earlier.of(work.to_json())).dropped == frozenset()


def test_an_image_stays_dropped_when_the_program_has_forgotten_it() -> None:
    two = {name: THREE[name] for name in ("x", "y")}
    assert hand_work(two, ALL[:2], Earlier(dropped=frozenset({"z"}))).dropped == {"z"}


def test_an_image_with_a_new_stem_and_old_content_was_renamed() -> None:
    work = hand_work(
        THREE, ["a/x.png", "a/new.png", "a/z.png"], NOTHING, Surroundings(sha256_of=lambda _: "sha-y")
    )
    assert (work.moved, work.pinned) == ({"y": "a/new.png"}, {"y": "a"})
    assert (work.added, work.dropped) == ({}, frozenset())


def test_an_image_with_a_new_stem_and_new_content_was_added() -> None:
    work = hand_work(
        THREE, ["a/x.png", "a/new.png", "a/z.png"], NOTHING, Surroundings(sha256_of=lambda _: "other")
    )
    assert work.added == {"new": "a/new.png"}
    assert work.dropped == {"y"}


def test_content_is_read_only_where_an_image_is_missing() -> None:
    def refuse(path: str) -> str:
        raise AssertionError(path)

    assert hand_work(THREE, [*ALL, "a/new.png"], NOTHING, Surroundings(sha256_of=refuse)).added == {
        "new": "a/new.png"
    }
    assert hand_work(THREE, ALL[:2], NOTHING, Surroundings(sha256_of=refuse)).dropped == {"z"}


def test_a_stem_that_is_there_twice_waits_and_is_neither_moved_nor_dropped() -> None:
    work = hand_work(THREE, [*ALL, "b/y.png"], NOTHING)
    assert work == LevelWork(waiting={"y": ("a/y.png", "b/y.png")})


def test_a_removed_folder_drops_no_image() -> None:
    work = hand_work(THREE, [], NOTHING)
    assert work.is_gone
    assert work.dropped == frozenset()


def test_images_of_a_later_level_are_not_missing() -> None:
    assert hand_work(THREE, ALL[:2], NOTHING, Surroundings(elsewhere=frozenset({"z"}))) == LevelWork()


def test_what_a_killed_run_wrote_was_not_added_by_hand() -> None:
    work = hand_work(THREE, [*ALL, "a/w.png"], NOTHING, Surroundings(is_expected=lambda image: image == "w"))
    assert work == LevelWork()


def test_a_killed_move_is_no_hand_work() -> None:
    known = {**THREE, "y": Known(("new/y.png", "a/y.png"))}
    assert hand_work(known, ALL, NOTHING) == LevelWork()
    assert hand_work(known, ["a/x.png", "new/y.png", "a/z.png"], NOTHING) == LevelWork()
