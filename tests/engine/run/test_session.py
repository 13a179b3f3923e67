"""A recipe key that one side lacks has its legacy value there; other keys of one side change nothing."""

from tui_gen.engine.run.session import recipe_differences

LEGACY = {"frames": 7}


def test_a_key_that_an_old_run_folder_lacks_has_its_legacy_value() -> None:
    assert recipe_differences({"seed": 0}, {"seed": 0, "frames": 7}, legacy=LEGACY) == []
    differences = recipe_differences({"seed": 0}, {"seed": 0, "frames": 5}, legacy=LEGACY)
    assert differences == ["frames: 7 -> 5"]


def test_a_key_without_a_legacy_value_belongs_to_something_that_is_new_or_gone() -> None:
    before, now = {"crop of a": None, "frames": 7}, {"crop of b": [0, 0, 2, 2], "frames": 7}
    assert recipe_differences(before, now, legacy=LEGACY) == []


def test_a_key_on_both_sides_is_compared_whatever_its_legacy_value() -> None:
    assert recipe_differences({"frames": 5}, {"frames": 5}, legacy=LEGACY) == []
    assert recipe_differences({"frames": 5}, {"frames": 7}, legacy=LEGACY) == ["frames: 5 -> 7"]


def test_a_folder_without_a_recipe_agrees_with_every_recipe() -> None:
    assert recipe_differences({}, {"frames": 5}, legacy=LEGACY) == []
