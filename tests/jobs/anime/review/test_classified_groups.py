"""Groups are changed as hands would change the folders, and every change can be taken back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.jobs.anime.review.classified import CLASSIFIED, Dataset, files_of, write_image
from tui_gen.base.errors import RefusedError
from tui_gen.contract.groups import GroupReviewer

MEMORY = Path("/dev/shm")  # noqa: S108 - the one other file system that every Linux has
DROPPED = f".tui-gen/superseded/dropped/{CLASSIFIED}"


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    made = Dataset(tmp_path / "out")
    made.add("Anna", "a1", "a2", "a3")
    made.add("Anna/school", "s1", "s2")
    made.add("Boris", "b1")
    made.add("3_abcdef", "c1", "c2")
    made.add("-1_noise", "n1", "n2")
    return made


def test_it_is_a_reviewer_of_groups(data: Dataset) -> None:
    reviewer: GroupReviewer = data.groups
    assert reviewer.place == str(data.classified)
    assert reviewer.noise == "-1_noise"


# ------------------------------------------------------------------ looking


def test_groups_are_folders_at_any_depth_with_the_noise_last(data: Dataset) -> None:
    data.add("10_abcdef", "d1")
    data.add("2_abcdef", "e1")
    data.add("Zoe/winter/hat+scarf", "z1")
    (data.classified / "empty").mkdir()
    (data.classified / ".hidden").mkdir()
    write_image(data.classified / ".hidden" / "h.png")
    assert data.images() == {
        "Anna": 3,
        "Anna/school": 2,
        "Boris": 1,
        "Zoe": 0,
        "Zoe/winter": 0,
        "Zoe/winter/hat+scarf": 1,
        "2_abcdef": 1,
        "3_abcdef": 2,
        "10_abcdef": 1,
        "-1_noise": 2,
    }
    assert list(data.images()) == [group.name for group in data.groups.groups()]


def test_a_group_is_told_by_what_was_measured_of_it(data: Dataset) -> None:
    data.measure(**{"Anna": (0.91, ["a3", "gone", "a1"]), "3_abcdef": (None, []), "Boris": (0.4, ["b1"])})
    write_image(data.references / "Anna" / "r.png")
    write_image(data.references / "Boris_02.png")
    groups = {group.id: group for group in data.groups.groups()}
    assert groups["Anna"].cohesion == 0.91
    assert groups["Anna"].medoids == ("Anna/a3.png", "Anna/a1.png")
    assert [member.id for member in data.groups.members("Anna")] == [
        "Anna/a3.png",
        "Anna/a1.png",
        "Anna/a2.png",
    ]
    assert [member.file.is_file() for member in data.groups.members("Anna")] == [True] * 3
    assert groups["3_abcdef"].cohesion is None
    assert {name for name, group in groups.items() if group.is_reference} == {"Anna", "Boris"}
    assert {name for name, group in groups.items() if group.is_noise} == {"-1_noise"}
    assert {name for name, group in groups.items() if group.is_pinned} == {"Anna/school"}


def test_a_renamed_group_is_known_by_its_medoids(data: Dataset) -> None:
    data.measure(**{"3_abcdef": (0.8, ["c2", "c1"]), "Anna": (0.9, ["a1"])})
    data.groups.rename("3_abcdef", "Clara")
    clara = next(group for group in data.groups.groups() if group.id == "Clara")
    assert (clara.cohesion, clara.medoids) == (0.8, ("Clara/c2.png", "Clara/c1.png"))
    assert clara.is_pinned


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"groups": 3}', '{"groups": {"Anna": 3}}', "\x00\xff"])
def test_a_damaged_file_of_measurements_costs_the_measurements_alone(data: Dataset, text: str) -> None:
    data.measure()
    (data.output / ".tui-gen" / "anime" / "groups.json").write_text(text, encoding="latin-1")
    assert data.images()["Anna"] == 3
    assert [member.id for member in data.groups.members("Boris")] == ["Boris/b1.png"]


def test_without_folders_it_is_said_what_makes_them(tmp_path: Path) -> None:
    empty = Dataset(tmp_path)
    with pytest.raises(RefusedError, match="there are no groups yet; a run makes them in its stage classify"):
        empty.groups.groups()


def test_an_image_is_drawn_with_its_own_aspect_ratio(data: Dataset) -> None:
    picture = data.groups.draw(data.groups.members("Boris")[0], columns=20, rows=6)
    assert [len(row) for row in picture.cells] == [8] * 6  # 24x36 pixels in 12 half cells of height
    (red, *_), blue = picture.cells[0][0], picture.cells[-1][0][1]
    assert red[0] > 0
    assert blue[2] > 0
    assert (red[2], blue[0]) == (0, 0)


def test_what_is_no_image_is_not_drawn(data: Dataset) -> None:
    for content in (b"", b"no image"):
        (data.classified / "Boris" / "b1.png").write_bytes(content)
        with pytest.raises(ValueError, match=r"b1.png: not an image"):
            data.groups.draw(data.groups.members("Boris")[0], columns=20, rows=6)


# ------------------------------------------------------------------ changing, and taking back


def followers(stem: str) -> list[str]:
    return [f".{stem}_meta.json", f"{stem}.characters", f"{stem}.png", f"{stem}.tags", f"{stem}.txt"]


def test_a_renamed_group_takes_all_along(data: Dataset) -> None:
    assert data.groups.rename("Anna", "Clara") == 'renamed "Anna" to "Clara"'
    assert data.images() == {"Boris": 1, "Clara": 3, "Clara/school": 2, "3_abcdef": 2, "-1_noise": 2}
    assert files_of(data.classified / "Clara" / "school") == sorted([*followers("s1"), *followers("s2")])


def test_a_cluster_becomes_an_appearance_of_a_character(data: Dataset) -> None:
    data.groups.rename("3_abcdef", "Boris/winter/coat+hat")
    assert data.images()["Boris/winter/coat+hat"] == 2
    assert "3_abcdef" not in data.images()


def test_a_folder_above_goes_when_nothing_is_left_in_it(data: Dataset) -> None:
    data.groups.move([member.id for member in data.groups.members("Anna")], "Boris")
    assert files_of(data.classified / "Anna") == ["school"]
    data.groups.rename("Anna/school", "Clara")
    assert not (data.classified / "Anna").exists()


def test_another_case_of_the_own_name_is_a_new_name(data: Dataset) -> None:
    data.groups.rename("Boris", "BORIS")
    assert "BORIS" in files_of(data.classified)


def test_a_name_that_exists_merges(data: Dataset) -> None:
    assert data.groups.rename("3_abcdef", "Boris") == 'moved 2 images of "3_abcdef" to "Boris"'
    assert files_of(data.classified / "Boris") == sorted(
        [*followers("b1"), *followers("c1"), *followers("c2")]
    )
    assert not (data.classified / "3_abcdef").exists()


def test_groups_are_merged_with_the_groups_below_them(data: Dataset) -> None:
    data.add("Boris/school", "t1")
    said = data.groups.merge(["Anna", "Anna/school", "3_abcdef", "Boris"], "Boris")
    assert said == 'moved 7 images of "3_abcdef" and "Anna" to "Boris"'
    assert data.images() == {"Boris": 6, "Boris/school": 3, "-1_noise": 2}


def test_an_appearance_is_merged_into_its_character(data: Dataset) -> None:
    data.groups.merge(["Anna/school"], "Anna")
    assert data.images() == {"Anna": 5, "Boris": 1, "3_abcdef": 2, "-1_noise": 2}


def test_files_of_no_image_go_along_where_there_is_room(data: Dataset) -> None:
    (data.classified / "3_abcdef" / "notes").write_text("c", encoding="utf-8")
    (data.classified / "3_abcdef" / ".DS_Store").write_text("c", encoding="utf-8")
    (data.classified / "Boris" / ".DS_Store").write_text("b", encoding="utf-8")
    data.groups.merge(["3_abcdef"], "Boris")
    assert files_of(data.classified / "3_abcdef") == [".DS_Store"]
    assert "notes" in files_of(data.classified / "Boris")
    assert (data.classified / "Boris" / ".DS_Store").read_text(encoding="utf-8") == "b"


def test_groups_go_to_the_noise(data: Dataset) -> None:
    assert data.groups.to_noise(["Anna", "Boris"]) == 'moved 6 images of "Anna" and "Boris" to the noise'
    assert data.images() == {"3_abcdef": 2, "-1_noise": 8}


def test_images_are_moved_with_the_files_that_follow_them(data: Dataset) -> None:
    assert data.groups.move(["Anna/a1.png", "-1_noise/n1.png"], "Boris") == 'moved 2 images to "Boris"'
    assert files_of(data.classified / "Boris") == sorted(
        [*followers("a1"), *followers("b1"), *followers("n1")]
    )
    assert files_of(data.classified / "-1_noise") == followers("n2")


def test_images_are_moved_to_a_new_group_and_to_the_noise(data: Dataset) -> None:
    assert data.groups.move(["Anna/a1.png"], "Clara/x") == 'moved 1 image to the new group "Clara/x"'
    assert data.groups.move(["Clara/x/a1.png"], "-1_noise") == "moved 1 image to the noise"
    assert "Clara" not in data.images()
    assert "-1_noise/a1.png" in [member.id for member in data.groups.members("-1_noise")]


def test_dropped_images_are_kept_under_their_paths(data: Dataset) -> None:
    said = data.groups.drop(["Boris/b1.png"])
    assert said == 'dropped 1 image of "Boris"; kept in .tui-gen/superseded/dropped'
    assert files_of(data.output / DROPPED / "Boris") == followers("b1")
    assert "Boris" not in data.images()
    data.add("Boris", "b1")
    data.groups.drop_groups(["Boris", "Anna"])
    assert files_of(data.output / DROPPED / "Boris") == sorted(
        [*followers("b1"), *(f"{name}.2" for name in followers("b1"))]
    )
    assert files_of(data.output / DROPPED / "Anna" / "school") == sorted([*followers("s1"), *followers("s2")])
    assert data.images() == {"3_abcdef": 2, "-1_noise": 2}


def test_references_are_links_to_the_images(data: Dataset) -> None:
    data.groups.rename("3_abcdef", "3_Clara")
    chosen = ["Anna/school/s1.png", "3_Clara/c1.png"]
    said = data.groups.make_reference(chosen)
    assert said == f"made 2 images references: {data.references / 'Anna/school'} and others"
    for name, image in (("Anna/school/s1.png", chosen[0]), ("Clara/c1.png", chosen[1])):
        assert (data.references / name).samefile(data.classified / image)
    assert {group.id for group in data.groups.groups() if group.is_reference} == {"Anna/school", "3_Clara"}
    with pytest.raises(RefusedError, match="are references already"):
        data.groups.make_reference(chosen)


def test_references_on_another_file_system_are_copies(data: Dataset, tmp_path: Path) -> None:
    far = MEMORY / f"tui-gen-{os.getpid()}"
    if not MEMORY.is_dir() or MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system")
    groups = type(data.groups)(data.classified, output=data.output, references=far)
    try:
        groups.make_reference(["Boris/b1.png"])
        copy = far / "Boris" / "b1.png"
        assert copy.read_bytes() == (data.classified / "Boris" / "b1.png").read_bytes()
        assert files_of(far / "Boris") == ["b1.png"]
        groups.undo()
        assert not far.exists()
    finally:
        if far.exists():
            for path in sorted(far.rglob("*"), reverse=True):
                path.unlink() if path.is_file() else path.rmdir()
            far.rmdir()


CHANGES: dict[str, Callable[[Dataset], str]] = {
    "rename": lambda data: data.groups.rename("Anna", "Clara"),
    "rename deeper": lambda data: data.groups.rename("Anna/school", "Clara/school/hat"),
    "another case": lambda data: data.groups.rename("Boris", "BORIS"),
    "rename merges": lambda data: data.groups.rename("Anna", "Boris"),
    "merge": lambda data: data.groups.merge(["3_abcdef", "Anna"], "Boris"),
    "merge upwards": lambda data: data.groups.merge(["Anna/school"], "Anna"),
    "to noise": lambda data: data.groups.to_noise(["Anna", "3_abcdef"]),
    "move": lambda data: data.groups.move(["Anna/a1.png", "Boris/b1.png"], "3_abcdef"),
    "move to a new group": lambda data: data.groups.move(["Boris/b1.png"], "Clara/x/y"),
    "drop": lambda data: data.groups.drop(["Anna/a1.png", "Boris/b1.png"]),
    "drop groups": lambda data: data.groups.drop_groups(["Anna", "-1_noise"]),
    "reference": lambda data: data.groups.make_reference(["Anna/a1.png"]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_taken_back(data: Dataset, change: Callable[[Dataset], str]) -> None:
    (data.classified / "Anna" / "notes").write_text("of no image", encoding="utf-8")
    before = data.tree()
    said = change(data)
    assert data.tree() != before
    assert data.groups.undo() == f"taken back: {said}"
    left = {path for path in data.tree() if path not in before}
    assert left <= {".tui-gen", ".tui-gen/superseded"}
    assert {path: content for path, content in data.tree().items() if path in before} == before
    with pytest.raises(RefusedError, match="nothing to undo"):
        data.groups.undo()


def test_all_changes_are_taken_back_one_after_the_other(data: Dataset) -> None:
    before = data.tree()
    names = ["move", "rename", "to noise", "merge"]
    data.groups.rename("Boris", "Dora")
    data.groups.rename("Dora", "Boris")
    for change in (CHANGES["move"], CHANGES["rename deeper"], CHANGES["merge"], CHANGES["drop groups"]):
        if change is CHANGES["drop groups"]:
            data.groups.drop_groups(["-1_noise"])
        elif change is CHANGES["merge"]:
            data.groups.merge(["3_abcdef"], "Anna")
        else:
            change(data)
    for _ in range(len(names) + 2):
        data.groups.undo()
    assert data.tree() == before


# ------------------------------------------------------------------ what is refused changes nothing

REFUSED: dict[str, tuple[Callable[[Dataset], str], str]] = {
    "empty": (lambda data: data.groups.rename("Boris", "  "), "type at least one letter"),
    "slash before": (lambda data: data.groups.rename("Boris", "/etc"), 'a "/" divides a character'),
    "slash behind": (lambda data: data.groups.rename("Boris", "x/"), 'a "/" divides a character'),
    "slashes": (lambda data: data.groups.rename("Boris", "x//y"), 'a "/" divides a character'),
    "above": (lambda data: data.groups.rename("Boris", "../x"), "begins with a dot is hidden"),
    "hidden": (lambda data: data.groups.rename("Boris", "x/.y"), "begins with a dot is hidden"),
    "nul": (lambda data: data.groups.rename("Boris", "x\0y"), "a control character is in it"),
    "newline": (lambda data: data.groups.rename("Boris", "x\ny"), "a control character is in it"),
    "blank": (lambda data: data.groups.rename("Boris", "x /y"), 'a blank beside a "/"'),
    "long": (lambda data: data.groups.rename("Boris", "é" * 128), "256 bytes, and a folder's name at most"),
    "noise": (lambda data: data.groups.rename("Boris", "-1_noise"), "press n to move images to -1_noise"),
    "like noise": (lambda data: data.groups.rename("Boris", "2_Noise x/y"), "begin with noise hold no char"),
    "forbidden": (lambda data: data.groups.rename("Boris", "a/b:c"), "some file systems forbid :"),
    "old noise": (lambda data: data.groups.move(["Boris/b1.png"], "0_noise"), "begin with noise hold no"),
    "of the noise": (lambda data: data.groups.rename("-1_noise", "x"), "-1_noise keeps its name"),
    "same": (lambda data: data.groups.rename("Boris", "Boris"), "has this name already"),
    "case": (lambda data: data.groups.rename("Boris", "anna"), '"anna" and the group "Anna" would be one'),
    "case above": (lambda data: data.groups.rename("Boris", "anna/x"), '"anna" and the group "Anna" would'),
    "case of a new one": (lambda data: data.groups.move(["Boris/b1.png"], "ANNA"), 'and the group "Anna"'),
    "inside": (lambda data: data.groups.rename("Anna", "Anna/x"), 'would be inside "Anna"'),
    "inside itself": (lambda data: data.groups.merge(["Anna"], "Anna/school"), 'is inside "Anna"'),
    "a file": (lambda data: data.groups.rename("Boris", "file"), "file: exists already; nothing was changed"),
    "below a file": (lambda data: data.groups.rename("Boris", "file/x"), "nothing was changed"),
    "gone": (lambda data: data.groups.rename("Nobody", "x"), 'the group "Nobody" is not there any more'),
    "gone into": (lambda data: data.groups.merge(["Boris"], "Nobody"), '"Nobody" is not there any more'),
    "gone image": (lambda data: data.groups.move(["Boris/x.png"], "Anna"), '"Boris/x.png" is not there any'),
    "gone dropped": (lambda data: data.groups.drop(["Boris/x.png"]), '"Boris/x.png" is not there any more'),
    "no move": (lambda data: data.groups.move(["Boris/b1.png"], "Boris"), "there is nothing to move"),
    "noise again": (lambda data: data.groups.to_noise(["-1_noise"]), "there is nothing to move"),
    "itself": (lambda data: data.groups.merge(["Boris"], "Boris"), "there is nothing to move"),
    "no drop": (lambda data: data.groups.drop([]), "there is no image to drop"),
    "noise reference": (lambda data: data.groups.make_reference(["-1_noise/n1.png"]), "is no character"),
    "unnamed": (lambda data: data.groups.make_reference(["3_abcdef/c1.png"]), "is no character: rename"),
    "gone reference": (lambda data: data.groups.make_reference(["Boris/x.png"]), "is not there any more"),
}


@pytest.mark.parametrize(("change", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_changes_nothing(data: Dataset, change: Callable[[Dataset], str], said: str) -> None:
    (data.classified / "file").write_text("in the way", encoding="utf-8")
    before = data.tree()
    with pytest.raises(RefusedError) as refused:
        change(data)
    assert said in str(refused.value)
    assert data.tree() == before
    with pytest.raises(RefusedError, match="nothing to undo"):
        data.groups.undo()


def test_a_name_in_another_form_of_its_accents_is_the_same_name(data: Dataset) -> None:
    data.add("Andr\u00e9", "e1")
    with pytest.raises(RefusedError, match="would be one folder"):
        data.groups.rename("Boris", "Andre\u0301")


def test_without_a_folder_for_references_it_is_said_how_to_name_one(data: Dataset) -> None:
    groups = type(data.groups)(data.classified, output=data.output, references=None)
    with pytest.raises(RefusedError, match='"character_ref_dir" in the configuration'):
        groups.make_reference(["Boris/b1.png"])
    assert not any(group.is_reference for group in groups.groups())


@pytest.mark.parametrize("other", ["a1.png", "A1.PNG", "a1.webp"])
def test_an_image_never_takes_the_name_of_another(data: Dataset, other: str) -> None:
    write_image(data.classified / "Boris" / other.lower())
    (data.classified / "Boris" / other.lower()).rename(data.classified / "Boris" / other)
    before = data.tree()
    changes: list[Callable[[], str]] = [
        lambda: data.groups.move(["Anna/a2.png", "Anna/a1.png"], "Boris"),
        lambda: data.groups.merge(["Anna"], "Boris"),
        lambda: data.groups.to_noise(["Anna", "Boris"]),
        lambda: data.groups.rename("Anna", "Boris"),
    ]
    for change in changes:
        with pytest.raises(RefusedError, match=rf'"Boris/{other}".* cannot be in one folder') as refused:
            change()
        assert "nothing was moved" in str(refused.value)
        assert data.tree() == before


def test_a_reference_never_takes_the_name_of_another(data: Dataset) -> None:
    write_image(data.references / "Anna" / "a1.png")
    before = data.tree()
    with pytest.raises(RefusedError, match="another image has this name already"):
        data.groups.make_reference(["Anna/a2.png", "Anna/a1.png"])
    assert data.tree() == before


def test_what_two_images_of_one_stem_share_follows_the_last(data: Dataset) -> None:
    write_image(data.classified / "Boris" / "b1.webp")
    data.groups.move(["Boris/b1.png"], "Clara")
    assert files_of(data.classified / "Clara") == ["b1.png"]
    data.groups.undo()
    data.groups.move(["Boris/b1.png", "Boris/b1.webp"], "Clara")
    assert files_of(data.classified / "Clara") == sorted([*followers("b1"), "b1.webp"])


def test_a_change_that_fails_in_the_middle_is_taken_back(data: Dataset) -> None:
    long = f"{'n' * 251}.png"
    write_image(data.classified / "Boris" / long)
    data.groups.drop([f"Boris/{long}"])
    write_image(data.classified / "Boris" / long)
    before = data.tree()
    with pytest.raises(RefusedError, match=r"File name too long; nothing was changed"):
        data.groups.drop(["Anna/a1.png", "Boris/b1.png", f"Boris/{long}"])
    assert data.tree() == before


def test_what_a_stranger_moved_meanwhile_is_not_taken_back(data: Dataset) -> None:
    data.groups.move(["Anna/a1.png", "Anna/a2.png"], "Boris")
    (data.classified / "Boris" / "a1.png").unlink()
    before = data.tree()
    with pytest.raises(RefusedError, match=r"Boris/a1.png -> .*: No such file or directory; cannot be taken"):
        data.groups.undo()
    assert data.tree() == before


def test_a_new_group_with_a_strangers_file_stays(data: Dataset) -> None:
    data.groups.move(["Boris/b1.png"], "Clara")
    (data.classified / "Clara" / "x.txt").write_text("a stranger's", encoding="utf-8")
    data.groups.undo()
    assert files_of(data.classified / "Clara") == ["x.txt"]
    assert data.images()["Boris"] == 1


def test_a_comma_in_a_name_is_remarked(data: Dataset) -> None:
    assert data.groups.rename("Boris", "Boris, older").endswith(
        "a comma divides tags in captions: better without"
    )
    assert "Boris, older" in data.images()


def test_hostile_names_are_moved_and_said_harmlessly(data: Dataset) -> None:
    hostile = "x [/b] \x1b[2J\n\u202e \udcff"
    data.add(hostile, "h1")
    assert hostile in data.images()
    said = data.groups.merge([hostile], "Boris")
    assert said.isprintable()
    assert data.images()["Boris"] == 2
    data.groups.undo()
    assert data.groups.rename(hostile, "Clara").isprintable()
    write_image(data.classified / "Clara" / "\udcff\x1b.png")
    (member,) = [each for each in data.groups.members("Clara") if "\x1b" in each.id]
    assert data.groups.draw(member, columns=4, rows=4).cells
    assert data.groups.move([member.id], "Boris") == 'moved 1 image to "Boris"'


def test_links_to_folders_are_no_groups(data: Dataset) -> None:
    (data.classified / "loop").symlink_to(data.classified)
    assert "loop" not in data.images()
