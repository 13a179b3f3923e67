"""Films are told apart by path and content: a moved one keeps its id, a replaced one gets a new one."""

import json
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.jobs.superres.config.settings import Video
from tui_gen.jobs.superres.films.identity import (
    Identified,
    LibraryError,
    identify,
    known_files,
    path_id,
    unreachable,
)
from tui_gen.media.film_files import FileLook, FolderLook, NoFile, look, look_at_folder

Records = dict[str, SourceRecord]


def video(path: str, video_id: str | None = None) -> Video:
    return Video("Film", path, (("general", 1.0),), id=video_id)


def seen(path: str, content: str) -> FileLook:
    return FileLook(path, len(content), 1, 7, content)


def identified(
    entries: Iterable[tuple[str, str | None]], records: Records, ids: dict[str, str] | None = None
) -> dict[str, Identified]:
    """Identify (path, content) entries, content None being missing; record what is to be recorded."""
    entries = list(entries)
    looks: dict[str, FileLook | NoFile] = {
        path: seen(path, content) if content else NoFile(path, "file not found", is_missing=True)
        for path, content in entries
    }
    found = identify([video(path, (ids or {}).get(path)) for path, _ in entries], looks, records)
    for film in found:
        records.setdefault(film.id, SourceRecord()).facts.update(film.facts)
    return {film.video.path: film for film in found}


def test_the_id_is_a_hash_of_the_path_first_seen() -> None:
    films = identified([("/films/dune.mkv", "dune")], {})
    assert films["/films/dune.mkv"].id == "53fe4b7395"


def test_a_moved_film_keeps_its_id_and_says_so_once() -> None:
    records: Records = {}
    before = identified([("/old/a", "A"), ("/old/b", "B")], records)
    after = identified([("/new/b", "B"), ("/new/a", "A")], records)
    assert after["/new/a"].id == before["/old/a"].id
    assert after["/new/b"].id == before["/old/b"].id
    assert after["/new/a"].announcements == (f"moved: /old/a -> /new/a is still {before['/old/a'].id}",)
    again = identified([("/new/a", "A"), ("/new/b", "B")], records)
    assert again["/new/a"].id == before["/old/a"].id
    assert again["/new/a"].announcements == ()
    assert again["/new/a"].facts == {}


def test_a_copy_beside_the_original_is_a_film_of_its_own() -> None:
    records: Records = {}
    before = identified([("/a", "A")], records)
    after = identified([("/a", "A"), ("/copy", "A")], records)
    assert after["/a"].id == before["/a"].id
    assert after["/copy"].id == path_id("/copy")


def test_other_content_under_a_known_path_is_a_new_film_and_is_announced() -> None:
    records: Records = {}
    before = identified([("/a", "A")], records)
    after = identified([("/a", "other")], records)
    assert after["/a"].id != before["/a"].id
    assert after["/a"].announcements == ("/a holds another film than before: it is new",)
    again = identified([("/a", "other")], records)
    assert (again["/a"].id, again["/a"].announcements) == (after["/a"].id, ())
    back = identified([("/a", "A")], records)
    assert back["/a"].id == before["/a"].id


def test_a_new_film_at_the_old_place_of_a_moved_one_does_not_inherit_its_work() -> None:
    records: Records = {}
    before = identified([("/a", "A")], records)
    identified([("/b", "A")], records)
    after = identified([("/b", "A"), ("/a", "new")], records)
    assert after["/b"].id == before["/a"].id
    assert after["/a"].id != before["/a"].id


def test_a_missing_film_keeps_its_id() -> None:
    records: Records = {}
    before = identified([("/a", "A"), ("/b", None)], records)
    after = identified([("/a", None), ("/b", "B")], records)
    assert {path: film.id for path, film in after.items()} == {path: film.id for path, film in before.items()}
    assert after["/a"].facts == {}


def test_an_id_in_the_configuration_wins() -> None:
    records: Records = {}
    films = identified([("/a", "A")], records, {"/a": "dune"})
    assert films["/a"].id == "dune"
    moved = identified([("/b", "A")], records, {"/b": "dune"})
    assert moved["/b"].announcements == ("moved: /a -> /b is still dune",)
    other = identified([("/b", "cut")], records, {"/b": "dune"})
    assert other["/b"].facts["probe"] is other["/b"].facts["survey"] is None
    assert len(other["/b"].announcements) == 1


def test_two_entries_with_one_id_or_one_path_are_refused_all_at_once() -> None:
    looks: dict[str, FileLook | NoFile] = {path: seen(path, path) for path in ("/a", "/b", "/c")}
    entries = [video("/a", "x"), video("/b", "x"), video("/c"), video("/c")]
    with pytest.raises(LibraryError) as raised:
        identify(entries, looks, {})
    assert raised.value.problems == ("/c is listed 2 times", "the id 'x' is that of /a and of /b")


def test_an_id_taken_by_hand_from_a_known_film_is_refused() -> None:
    records: Records = {}
    known = identified([("/a", "A")], records)["/a"].id
    with pytest.raises(LibraryError, match="/a and of /b"):
        identified([("/a", "A"), ("/b", "B")], records, {"/b": known})


PATHS = st.sampled_from(["/a", "/b", "/c", "/d", "/e"])
LIBRARY = st.dictionaries(PATHS, st.sampled_from(["A", "B", "C", "D", "E", None]), max_size=5)


@given(st.lists(LIBRARY, min_size=1, max_size=4), st.data())
def test_ids_are_unchanged_by_reordering_and_never_shared(
    history: list[dict[str, str | None]], data: st.DataObject
) -> None:
    records: Records = {}
    contents: dict[str, str] = {}
    for library in history:
        shuffled = data.draw(st.permutations(list(library.items())))
        copy = {source: SourceRecord(facts=dict(record.facts)) for source, record in records.items()}
        films = identified(library.items(), records)
        mixed = identified(shuffled, copy)
        assert {path: film.id for path, film in films.items()} == {
            path: film.id for path, film in mixed.items()
        }
        assert len({film.id for film in films.values()}) == len(films)
        for path, content in library.items():
            if content:
                assert contents.setdefault(films[path].id, content) == content


# -------------------------------------------------------------------------------------------- looking


def test_a_file_is_read_only_when_its_size_or_time_changed(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    path.write_bytes(b"film")
    first = look(str(path), None)
    assert isinstance(first, FileLook)
    pretended = {**first.facts, "fingerprint": "as known"}
    assert look(str(path), pretended) == replace(first, fingerprint="as known")
    os.utime(path, ns=(1, 1))
    again = look(str(path), pretended)
    assert isinstance(again, FileLook)
    assert again.fingerprint == first.fingerprint


def test_the_fingerprint_sees_both_ends_and_the_size(tmp_path: Path) -> None:
    base = bytearray(3 << 20)
    contents = [bytes(base), bytes(base + b"\0")]
    for place in (0, len(base) - 1):
        changed = bytearray(base)
        changed[place] = 1
        contents.append(bytes(changed))
    prints = set()
    for number, content in enumerate(contents):
        path = tmp_path / str(number)
        path.write_bytes(content)
        found = look(str(path), None)
        assert isinstance(found, FileLook)
        prints.add(found.fingerprint)
    assert len(prints) == len(contents)


def test_a_name_that_is_not_utf_8_is_looked_at_and_survives_the_ledger(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/film\xff.mkv")
    Path(path).write_bytes(b"film")
    found = look(path, None)
    assert isinstance(found, FileLook)
    facts = json.loads(json.dumps(found.facts))
    (film,) = identify([video(path)], {path: found}, {path_id(path): SourceRecord(facts={"file": facts})})
    assert (film.id, film.facts, film.announcements) == (path_id(path), {}, ())
    assert list(known_files({film.id: SourceRecord(facts={"file": facts})})) == [path]


def test_what_is_no_file_is_refused_without_opening_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    pipe, folder, nothing = (look(str(tmp_path / name), None) for name in ("pipe", "", "none"))
    assert pipe == NoFile(str(tmp_path / "pipe"), "a named pipe, not a file", is_missing=False)
    assert isinstance(folder, NoFile)
    assert (folder.reason, folder.is_missing) == ("a folder, not a file", False)
    assert nothing == NoFile(str(tmp_path / "none"), "file not found", is_missing=True)
    below_a_file = tmp_path / "file"
    below_a_file.write_bytes(b"")
    assert look(str(below_a_file / "film"), None) == NoFile(
        str(below_a_file / "film"), "file not found", is_missing=True
    )


# -------------------------------------------------------------------------------------- missing disks

KNOWN = {"path": "/films/a", "size": 1, "mtime_ns": 1, "folder_device": 7, "fingerprint": "A"}


@pytest.mark.parametrize(
    ("folder", "waits"),
    [
        (FolderLook(is_empty=False, device=7), {}),
        (FolderLook(is_empty=True, device=7), {"/films/a": "/films is empty"}),
        (FolderLook(is_empty=None, device=None), {"/films/a": "/films is missing or cannot be listed"}),
        (FolderLook(is_empty=False, device=8), {"/films/a": "/films is on another device than before"}),
    ],
)
def test_a_missing_file_is_waited_for_only_where_its_folder_is_gone(
    folder: FolderLook, waits: dict[str, str]
) -> None:
    assert unreachable(["/films/a"], folders={"/films": folder}, known=[KNOWN], present=[]) == waits


def test_nothing_is_waited_for_where_no_film_was_ever_seen() -> None:
    empty = FolderLook(is_empty=True, device=7)
    assert unreachable(["/other/a"], folders={"/other": empty}, known=[KNOWN], present=[]) == {}


def test_a_device_with_another_number_after_a_boot_is_known_by_the_films_on_it() -> None:
    folders = {"/films": FolderLook(is_empty=False, device=9)}
    other = {**KNOWN, "path": "/films/b"}
    present = [FileLook("/films/b", 1, 1, 9, "B")]
    assert unreachable(["/films/a"], folders=folders, known=[KNOWN, other], present=present) == {}


def test_folders_are_looked_at(tmp_path: Path) -> None:
    assert look_at_folder(str(tmp_path)) == FolderLook(is_empty=True, device=tmp_path.stat().st_dev)
    (tmp_path / "film").touch()
    assert look_at_folder(str(tmp_path)).is_empty is False
    assert look_at_folder(str(tmp_path / "none")) == FolderLook(is_empty=None, device=None)
