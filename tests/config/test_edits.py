"""A configuration's text is edited where it must be, and stays as it is everywhere else."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.users import ANNA, BORIS, GROUP, acting_as, shared_by_group
from tui_gen.config.commented_json import parse
from tui_gen.config.edits import Entry, marked_as_gone, replace_file, with_entries, with_marks, with_paths

NEW = Entry("New", "/new.mkv", (("general", 1.0),))
WRITTEN = {"name": "New", "path": "/new.mkv", "categories": {"general": 1.0}}
BLANK = st.sampled_from(["", " ", "\n", "\n  ", " // ] } , \n", '\n// "x"\n'])


@given(st.lists(BLANK, min_size=8, max_size=8), st.integers(0, 3), st.booleans())
def test_entries_are_added_to_any_layout(blanks: list[str], count: int, comma: bool) -> None:  # noqa: FBT001
    elements = f"{blanks[0]},{blanks[1]}".join(f"[{index}{blanks[2]}]" for index in range(count))
    trailing = f",{blanks[3]}" if comma and count else ""
    text = f'{{{blanks[4]}"videos": [{blanks[5]}{elements}{blanks[6]}{trailing}]{blanks[7]}}}'
    written = parse(with_entries(text, parse(text), [NEW, NEW])).value["videos"]
    assert written == [*([index] for index in range(count)), WRITTEN, WRITTEN]


@pytest.mark.parametrize("text", ["{}", '{"a": 1}', '{"a": 1, // x\n}', '{ // "videos": [\n}'])
def test_a_text_without_videos_gets_them(text: str) -> None:
    document = parse(text)
    value = parse(with_entries(text, document, [NEW])).value
    assert [video["name"] for video in value.pop("videos")] == ["New"]
    assert json.dumps(value) == json.dumps(document.value)


def test_priority_and_group_are_written_where_they_say_something() -> None:
    entry = Entry("New", "/new.mkv", (), 7, "Dune (2021)")
    written = parse(with_entries("{}", parse("{}"), [entry])).value["videos"]
    assert written == [
        {"name": "New", "path": "/new.mkv", "categories": {}, "priority": 7, "group": "Dune (2021)"}
    ]


def test_names_that_are_not_utf8_are_written_as_escapes() -> None:
    text = with_entries("{}", parse("{}"), [Entry("x", "/\udcff\x85.mkv", ())])
    text.encode()
    assert parse(text).value["videos"][0]["path"] == "/\udcff\x85.mkv"


LISTED = """{
  "videos": [
    {"name": "A", "path": "/a.mkv", "categories": {}}, // mine
    // a note
    {"name": "B",
     "path": "/b.mkv", "categories": {}},
    {"name": "C", "path": "/c.mkv", "categories": {}}, {"name": "D", "path": "/d.mkv", "categories": {}}
  ]
}
"""


def marked(text: str, *gone: int) -> str:
    return with_marks(text, parse(text), set(gone), said="not found")


def test_a_gone_entry_gets_a_comment_and_nothing_else_changes() -> None:
    text = marked(LISTED, 1)
    assert text == LISTED.replace('    {"name": "B"', '    // gone: not found\n    {"name": "B"')
    assert parse(text).value == parse(LISTED).value
    assert marked_as_gone(text, parse(text)) == {1}


def test_a_mark_is_set_once_and_taken_off_again() -> None:
    once = marked(LISTED, 0, 1)
    assert marked(once, 0, 1) == once
    assert marked(once) == LISTED


def test_a_note_under_a_mark_does_not_hide_it() -> None:
    text = marked(LISTED, 1).replace("not found\n", "not found\n    // it is on the other disk\n")
    assert marked(text, 1) == text
    assert "gone" not in marked(text)


@given(st.lists(BLANK, min_size=4, max_size=4), st.sets(st.integers(0, 2)))
def test_marks_fit_into_any_layout(blanks: list[str], gone: set[int]) -> None:
    entries = f"{blanks[0]},{blanks[1]}".join(f'{{"name": {index}}}' for index in range(3))
    text = f'{{"videos": [{blanks[2]}{entries}{blanks[3]}]}}'
    once = marked(text, *gone)
    assert parse(once).value == parse(text).value
    assert marked(once, *gone) == once
    assert marked_as_gone(once, parse(once)) == gone


def test_a_moved_file_gets_its_new_path_and_keeps_the_rest() -> None:
    text = with_paths(LISTED, parse(LISTED), {0: "/\udcffnew.mkv", 3: "/new.mkv"})
    assert text == LISTED.replace('"/a.mkv"', r'"/\udcffnew.mkv"').replace('"/d.mkv"', '"/new.mkv"')


def test_a_replaced_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old", encoding="utf-8")
    (tmp_path / "real.json").chmod(0o640)
    (tmp_path / "link.json").symlink_to("real.json")
    replace_file(tmp_path / "link.json", "new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text(encoding="utf-8") == "new"
    assert (tmp_path / "real.json").stat().st_mode & 0o7777 == 0o640
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(("umask", "mode"), [(0o002, 0o664), (0o077, 0o600)])
def test_a_new_file_has_the_mode_of_the_umask(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        replace_file(tmp_path / "new.json", "{}")
    finally:
        os.umask(before)
    assert (tmp_path / "new.json").stat().st_mode & 0o7777 == mode


def test_a_file_of_the_group_stays_with_the_group_when_another_user_edits_it() -> None:
    with shared_by_group() as folder:
        folder.chmod(0o775)  # new files get the group of whoever makes them
        path = folder / "c.json"
        path.write_text("old", encoding="utf-8")
        os.chown(path, ANNA, GROUP)
        path.chmod(0o664)
        with acting_as(BORIS):
            replace_file(path, "new")
        found = path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (BORIS, GROUP, 0o664)
